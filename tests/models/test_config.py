"""A training run is told only what it knows, in the right type and range."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgcore.errors import ConfigError
from ecgcore.models.config import RECIPES, TrainConfig, train_config


def test_an_unknown_field_is_named():
    with pytest.raises(ConfigError, match="no field epoch, lr"):
        train_config(epoch=3, lr=0.1)


def test_an_unknown_recipe_is_named_with_the_known_ones():
    with pytest.raises(ConfigError, match="'paper' is unknown; choose from one_cycle, original"):
        train_config("paper")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 1.0),
        ("epochs", "12"),
        ("epochs", True),
        ("epochs", None),
        ("learning_rate", "fast"),
        ("learning_rate", False),
        ("filters", 64),
        ("filters", (64, 128.0, 128)),
        ("augment", "noise"),
        ("augment", [1.5]),
        ("deterministic", 1),
        ("model", 3.5),
        ("optimizer", "sgd"),
        ("schedule", "cosine"),
        ("balance", "weights"),
        ("precision", "fp16"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(field, value):
    with pytest.raises(ConfigError, match=f"TrainConfig.{field} must be "):
        train_config(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("batch_size", -1),
        ("lstm_hidden", 0),
        ("filters", [64, 0, 128]),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("weight_decay", -1e-3),
        ("patience", -1),
        ("seed", -1),
        ("conv_dropout", 1.0),
        ("head_dropout", -0.1),
        ("head_dropout", float("nan")),
        ("val_share", 0),
        ("val_share", 1),
    ],
)
def test_a_value_out_of_range_is_named(field, value):
    with pytest.raises(ConfigError, match=f"TrainConfig.{field} must "):
        train_config(**{field: value})


def test_lists_and_whole_numbers_of_json_are_taken():
    config = train_config(filters=[8, 8, 8], learning_rate=1, augment=[])
    assert config.filters == (8, 8, 8)
    assert config.augment == ()
    assert isinstance(config.learning_rate, float)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_config_survives_json(recipe):
    config = train_config(recipe)
    assert train_config(**json.loads(json.dumps(config.as_dict()))) == config


def test_the_original_recipe_is_the_published_one():
    config = train_config("original")
    published = {
        "batch_size": 128, "optimizer": "adam", "learning_rate": 1e-3, "schedule": "plateau",
        "epochs": 50, "balance": "both", "conv_dropout": 0.2, "head_dropout": 0.5,
    }  # fmt: skip
    assert published.items() <= config.as_dict().items()
    assert config.patience > 0


def test_overrides_change_a_recipe():
    assert train_config("original", epochs=3).epochs == 3
    assert train_config("original", epochs=3).batch_size == train_config("original").batch_size


@given(
    st.sampled_from(list(TrainConfig.__dataclass_fields__)), st.none() | st.binary() | st.dates()
)
def test_no_field_takes_what_no_yaml_value_is(field, value):
    with pytest.raises(ConfigError, match=field):
        train_config(**{field: value})
