"""What a training run can be told: frozen, typed, and strict about names and values."""

import re
from dataclasses import asdict, dataclass, fields
from math import inf
from types import UnionType
from typing import Literal, get_args, get_origin, get_type_hints

from ecgcore.errors import ConfigError

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class TrainConfig:
    """One training run. Raises ConfigError for a value of the wrong type or out of range."""

    model: str = "cnn_lstm"  # a name that models.build knows
    filters: tuple[int, ...] = (64, 128, 128)  # output channels of the three convolutions
    lstm_hidden: int = 64  # units in each direction
    conv_dropout: float = 0.2
    head_dropout: float = 0.5

    epochs: int = 16  # at most, where early stopping is on
    batch_size: int = 128
    optimizer: Literal["adam", "adamw"] = "adamw"
    learning_rate: float = 3e-3  # the peak, for one_cycle
    weight_decay: float = 1e-2
    schedule: Literal["one_cycle", "plateau", "constant"] = "one_cycle"
    patience: int = 0  # epochs without a better validation macro-F1 before stopping; 0: never stop
    balance: Literal["none", "sampler", "loss", "both"] = "none"
    augment: tuple[str, ...] = ()  # names that augment.AUGMENTATIONS knows

    val_share: float = 0.1  # of the training beats (random) or training records (inter_patient)
    precision: Literal["auto", "bf16", "fp32"] = "auto"  # auto: bf16 where the hardware has it
    device: str = "auto"  # auto, cpu, cuda, cuda:1, …
    seed: int = 0
    deterministic: bool = True

    def __post_init__(self):
        hints = get_type_hints(type(self))
        for field in fields(self):
            value = as_type(getattr(self, field.name), hints[field.name])
            check_type(f"TrainConfig.{field.name}", value, hints[field.name])
            object.__setattr__(self, field.name, value)
        self._check_ranges()

    def _check_ranges(self) -> None:
        positive = ("epochs", "batch_size", "lstm_hidden", "learning_rate")
        rules = {
            "be positive": (positive, lambda x: 0 < x < inf),
            "not be negative": (("weight_decay", "patience", "seed"), lambda x: 0 <= x < inf),
            "lie in [0, 1)": (("conv_dropout", "head_dropout"), lambda x: 0 <= x < 1),
            "lie between 0 and 1": (("val_share",), lambda x: 0 < x < 1),
            "hold positive numbers": (("filters",), lambda x: all(size > 0 for size in x)),
        }
        for rule, (names, holds) in rules.items():
            for name in names:
                value = getattr(self, name)
                if not holds(value):
                    raise ConfigError(f"TrainConfig.{name} must {rule}, not {value}")

    def as_dict(self) -> dict:
        return asdict(self)


# Named configurations. `original` is the recipe that this project set out to reproduce.
RECIPES: dict[str, dict] = {
    "one_cycle": {},
    "original": {
        "epochs": 50,
        "batch_size": 128,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "schedule": "plateau",
        "patience": 10,
        "balance": "both",
        "precision": "fp32",
    },
}


def train_config(recipe: str = "one_cycle", **overrides) -> TrainConfig:
    """A named configuration with some fields changed. Raises ConfigError for unknown names."""
    if recipe not in RECIPES:
        raise ConfigError(f"recipe {recipe!r} is unknown; choose from {', '.join(RECIPES)}")
    known = {field.name for field in fields(TrainConfig)}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise ConfigError(f"TrainConfig has no field {', '.join(unknown)}")
    return TrainConfig(**RECIPES[recipe] | overrides)


def as_type(value, expected):
    """A value in the type that is expected, where it cannot be mistaken; else as it is.

    JSON and YAML know no tuples, write 1.0 as 1, and YAML reads 1e-3 as a text and a record's
    name 232 as a number.
    """
    origin, args = get_origin(expected), get_args(expected)
    if isinstance(value, list | tuple) and origin in (list, tuple):
        return origin(as_type(v, args[0]) for v in value)
    if expected is float and type(value) is int:
        return float(value)
    if expected is float and isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value)
    if expected is str and type(value) is int:
        return str(value)
    return value


def check_type(name: str, value, expected) -> None:
    """Raise ConfigError if `value` is not of the type `expected`, a plain or generic type."""
    if not _matches(value, expected):
        wanted = getattr(expected, "__name__", None) if not get_args(expected) else expected
        wanted = str(wanted or expected).replace("typing.", "")
        raise ConfigError(f"{name} must be {wanted}, not {value!r}")


def _matches(value, expected) -> bool:
    origin, args = get_origin(expected), get_args(expected)
    if origin is Literal:
        return value in args
    if origin is UnionType:
        return any(_matches(value, arg) for arg in args)
    if origin is tuple:
        return isinstance(value, tuple) and all(_matches(v, args[0]) for v in value)
    if origin is list:
        return isinstance(value, list) and all(_matches(v, args[0]) for v in value)
    if origin is dict:
        return isinstance(value, dict) and all(_matches(k, args[0]) for k in value)
    if expected is float:
        return type(value) in (int, float)
    return type(value) is expected  # a bool is no int here
