"""The network is the paper's, and its shortcuts change no value."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from ecgcore.beats.cutting import normalise
from ecgcore.chapters import training
from ecgcore.constants import BEAT_LENGTH, CLASSES, RR_FEATURES
from ecgcore.errors import ConfigError
from ecgcore.models import networks
from ecgcore.models.config import train_config

PARAMETERS = 182_917  # of the network of the paper


@pytest.fixture
def model():
    torch.manual_seed(0)
    return networks.build(train_config()).eval()


@pytest.fixture(scope="module")
def x(small_beats):
    """(64, 187) real beats, z-scored."""
    return torch.from_numpy(normalise(small_beats.signal[:: len(small_beats) // 64][:64]))


def test_number_of_parameters(model):
    assert networks.parameter_count(model) == PARAMETERS


@pytest.mark.parametrize("n", [1, 2, 64])
def test_logits_have_a_column_a_class(model, x, n):
    logits = model(x[:n])
    assert logits.shape == (n, len(CLASSES))
    assert logits.dtype == torch.float32
    assert logits.isfinite().all()


def test_a_beats_logits_do_not_depend_on_its_batch(model, x):
    with torch.inference_mode():
        together, alone = model(x), torch.cat([model(beat[None]) for beat in x])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def plain_forward(model, x):
    """The network as the paper words it: 1-D convolutions, ReLU before pooling."""
    x = x[:, None]
    for block in model.blocks:
        weight = block.conv.weight.squeeze(2)
        x = functional.conv1d(x, weight, block.conv.bias, padding=weight.shape[-1] // 2)
        norm = block.norm
        x = functional.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias)
        x = functional.max_pool1d(functional.relu(x), 2)
    output, _ = model.lstm(x.transpose(1, 2))
    half = output.shape[-1] // 2
    return model.head(torch.cat([output[:, -1, :half], output[:, 0, half:]], dim=1))


def test_pooling_before_relu_and_2d_kernels_change_no_value(model, x):
    for block in model.blocks:  # some negative factors, as training may well find them
        nn.init.normal_(block.norm.weight)
        nn.init.normal_(block.norm.running_mean)
    with torch.inference_mode():
        torch.testing.assert_close(model(x), plain_forward(model, x), rtol=1e-4, atol=1e-5)


def test_filters_and_hidden_units_are_taken_from_the_config(x):
    model = networks.build(train_config(filters=(4, 6, 8), lstm_hidden=5)).eval()
    assert [block.conv.out_channels for block in model.blocks] == [4, 6, 8]
    assert model.lstm.hidden_size == 5
    assert model(x).shape == (len(x), len(CLASSES))


def test_dropout_rates_are_taken_from_the_config():
    model = networks.build(train_config(conv_dropout=0.3, head_dropout=0.4))
    rates = [m.p for m in model.modules() if isinstance(m, nn.Dropout)]
    assert rates == [0.3, 0.3, 0.3, 0.4]


@pytest.mark.parametrize("filters", [(64, 128), (64, 128, 128, 128), ()])
def test_a_wrong_number_of_filters_is_refused(filters):
    with pytest.raises(ConfigError, match=f"3 filters, not {len(filters)}"):
        networks.build(train_config(filters=filters))


def test_an_unknown_model_is_named_with_the_known_ones():
    with pytest.raises(ConfigError, match="'transformer' is unknown; choose from cnn_lstm"):
        networks.build(train_config(model="transformer"))


def test_the_layer_table_tells_the_shapes_and_parameters_of_the_network(x):
    """What each layer puts out for one real beat, without the dimensions of size 1."""
    config, shapes = train_config(filters=(4, 6, 8), lstm_hidden=5), []
    model = networks.build(config).eval()
    for layer in (*model.blocks, model.head[0], model.head[-1]):
        layer.register_forward_hook(lambda _, inputs, output: shapes.append(output.squeeze().shape))
    model.head.register_forward_pre_hook(lambda _, inputs: shapes.append(inputs[0].squeeze().shape))
    model(x[:1])
    rows = training.layer_table(config)
    assert rows[0][1:] == ((1, BEAT_LENGTH), 0)
    assert [shape for _, shape, _ in rows[1:]] == [tuple(shape) for shape in shapes]
    assert sum(count for _, _, count in rows) == networks.parameter_count(model)
    assert sum(count for _, _, count in training.layer_table(train_config())) == PARAMETERS


@pytest.mark.parametrize("name", networks.MODELS)
def test_every_network_learns_and_does_not_look_at_its_neighbours(name, x):
    """Gradients reach every weight; a beat's logits do not depend on its batch."""
    torch.manual_seed(0)
    model = networks.build(train_config(model=name))
    widths = {"rr": RR_FEATURES, "before": BEAT_LENGTH}
    inputs = (x, *(torch.randn(len(x), widths[name]) for name in model.contexts))
    model(*inputs).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
    model.eval()
    with torch.inference_mode():
        together = model(*inputs)
        alone = torch.cat([model(*(part[i : i + 1] for part in inputs)) for i in range(len(x))])
    assert together.shape == (len(x), len(CLASSES))
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_rr_intervals_change_the_answer(x):
    model = networks.build(train_config(model="cnn_lstm_rr")).eval()
    with torch.inference_mode():
        usual, early = (model(x, torch.full((len(x), RR_FEATURES), v)) for v in (0.0, -0.5))
    assert not torch.allclose(usual, early)


def test_attention_weighs_all_states(x):
    """With equal scores, attention is the mean of the LSTM's states."""
    model = networks.build(train_config(model="cnn_lstm_attention")).eval()
    for p in model.score.parameters():
        nn.init.zeros_(p)
    with torch.inference_mode():
        states, _ = model.lstm(model.blocks(networks._image(x)).squeeze(2).transpose(1, 2))
        torch.testing.assert_close(model.features(x), states.mean(dim=1))
