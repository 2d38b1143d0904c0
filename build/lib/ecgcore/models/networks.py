"""The networks, built by name."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ecgcore.constants import BEAT_LENGTH, CLASSES, RR_FEATURES
from ecgcore.errors import ConfigError
from ecgcore.models import cpu
from ecgcore.models.config import TrainConfig


class BatchNorm(nn.BatchNorm2d):
    """nn.BatchNorm2d whose output may be multiplied by a gain, which costs nothing."""

    def forward(self, x: Tensor, gain: float = 1.0) -> Tensor:
        if gain == 1.0:
            return super().forward(x)
        self.num_batches_tracked += self.training
        statistics = self.running_mean, self.running_var
        factors = self.weight * gain, self.bias * gain
        return functional.batch_norm(
            x, *statistics, *factors, self.training, self.momentum, self.eps
        )


class ConvBlock(nn.Module):
    """Convolution, batch normalisation, ReLU, max-pooling by 2, dropout.

    The 1-D convolution is written as a 2-D one of height 1: only those kernels take the
    channels-last layout, which is faster on CPU and GPU. Pooling comes before ReLU, which
    gives the same values from half the work.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, dropout: float):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, (1, kernel), padding=(0, kernel // 2))
        self.norm = BatchNorm(outputs)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:  # (B, C, 1, T) -> (B, C', 1, T // 2)
        x = self.conv(x)
        rate = self.dropout.p
        if self.training and cpu.can_pool(x) and cpu.rounded(rate) < 1:
            # Dropout's scale, taken along by the layer before.
            return cpu.pooled(self.norm(x, gain=1 / (1 - cpu.rounded(rate))), rate)
        return self.dropout(functional.relu(functional.max_pool2d(self.norm(x), (1, 2))))


def _image(*channels: Tensor) -> Tensor:
    """(B, 187) each -> (B, channels, 1, 187), channels last."""
    x = torch.stack(channels, dim=1)[:, :, None, :]
    return x.contiguous(memory_format=torch.channels_last)


def _blocks(config: TrainConfig, inputs: int = 1) -> nn.Sequential:
    """The paper's three convolutions: (B, inputs, 1, 187) -> (B, filters[-1], 1, 23)."""
    channels, kernels = (inputs, *config.filters), (5, 3, 3)
    if len(config.filters) != len(kernels):
        raise ConfigError(f"{config.model} takes {len(kernels)} filters, not {len(config.filters)}")
    sizes = zip(channels, channels[1:], kernels, strict=False)
    return nn.Sequential(*(ConvBlock(*size, config.conv_dropout) for size in sizes))


def _head(inputs: int, config: TrainConfig) -> nn.Sequential:
    """The paper's two dense layers: (B, inputs) -> (B, 5) logits."""
    return nn.Sequential(
        nn.Linear(inputs, 64),
        nn.ReLU(),
        nn.Dropout(config.head_dropout),
        nn.Linear(64, len(CLASSES)),
    )


def _lstm(inputs: int, config: TrainConfig) -> nn.LSTM:
    return nn.LSTM(inputs, config.lstm_hidden, batch_first=True, bidirectional=True)


def _last_states(lstm: nn.LSTM, x: Tensor) -> Tensor:
    """(B, T, C) -> (B, 2 hidden): where each direction of the LSTM ends."""
    _, (last, _) = lstm(x)
    return torch.cat([last[0], last[1]], dim=1)


class CNNLSTM(nn.Module):
    """The network of the paper: three convolutions, a bidirectional LSTM, two dense layers.

    Input (B, 187) float32, z-scored beats; output (B, 5) logits. 182,917 parameters as built
    by default.
    """

    contexts: tuple[str, ...] = ()  # what it reads beside the beat: names that beats.CONTEXTS knows
    channels = 1
    extra = 0  # numbers that reach the head beside the LSTM's

    def __init__(self, config: TrainConfig):
        super().__init__()
        self.blocks = _blocks(config, self.channels)
        self.lstm = _lstm(config.filters[-1], config)
        self.head = _head(2 * config.lstm_hidden + self.extra, config)
        self.to(memory_format=torch.channels_last)

    def features(self, *channels: Tensor) -> Tensor:  # (B, 187) each -> (B, 128)
        x = self.blocks(_image(*channels)).squeeze(2)  # (B, 128, 23)
        return _last_states(self.lstm, x.transpose(1, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


class CNNLSTMRR(CNNLSTM):
    """The CNN-LSTM with a second input: the RR intervals about the beat, (B, 5) float32 as
    beats.rr_context gives them. A small dense layer leads them past the LSTM to the head."""

    contexts = ("rr",)
    extra = 32

    def __init__(self, config: TrainConfig):
        super().__init__(config)
        self.rhythm = nn.Sequential(nn.Linear(RR_FEATURES, self.extra), nn.ReLU())

    def forward(self, x: Tensor, rr: Tensor) -> Tensor:
        return self.head(torch.cat([self.features(x), self.rhythm(rr)], dim=1))


class CNNLSTMContext(CNNLSTMRR):
    """The CNN-LSTM with RR intervals and, as a second channel, the beat before: (B, 187) float32 as
    beats.beat_before gives it."""

    contexts = ("rr", "before")
    channels = 2

    def forward(self, x: Tensor, rr: Tensor, before: Tensor) -> Tensor:
        return self.head(torch.cat([self.features(x, before), self.rhythm(rr)], dim=1))


class CNNLSTMAttention(CNNLSTM):
    """The CNN-LSTM that weighs all states of the LSTM by attention, rather than take the last.

    Additive attention with one learnt query (Bahdanau et al. 2015).
    """

    def __init__(self, config: TrainConfig):
        super().__init__(config)
        width = 2 * config.lstm_hidden
        self.score = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def features(self, x: Tensor) -> Tensor:
        states, _ = self.lstm(self.blocks(_image(x)).squeeze(2).transpose(1, 2))  # (B, 23, 128)
        return (states * self.score(states).softmax(dim=1)).sum(dim=1)


class CNN(nn.Module):
    """The paper's convolutions without its LSTM: their mean over time goes to the head."""

    contexts: tuple[str, ...] = ()

    def __init__(self, config: TrainConfig):
        super().__init__()
        self.blocks = _blocks(config)
        self.head = _head(config.filters[-1], config)
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(_image(x)).mean(dim=(2, 3)))


class LSTM(nn.Module):
    """The paper's LSTM without its convolutions: it reads the samples one after the other."""

    contexts: tuple[str, ...] = ()

    def __init__(self, config: TrainConfig):
        super().__init__()
        self.lstm = _lstm(1, config)
        self.head = _head(2 * config.lstm_hidden, config)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(_last_states(self.lstm, x[:, :, None]))


class ResidualBlock(nn.Module):
    """Two convolutions of kernel 5 that the input skips; then max-pooling, kernel 5, stride 2."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, (1, 5), padding=(0, 2))
        self.second = nn.Conv2d(channels, channels, (1, 5), padding=(0, 2))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(x + self.second(functional.relu(self.first(x))))
        return functional.max_pool2d(x, (1, 5), stride=(1, 2))


class ResNet(nn.Module):
    """The residual network of Kachuee et al. (2018), who cut the Kaggle files' beats.

    A convolution of 32 channels, five residual blocks, two dense layers of 32.
    """

    contexts: tuple[str, ...] = ()

    def __init__(self, config: TrainConfig):
        super().__init__()
        channels, length = 32, BEAT_LENGTH
        for _ in range(5):
            length = (length - 5) // 2 + 1
        blocks = [ResidualBlock(channels) for _ in range(5)]
        self.blocks = nn.Sequential(nn.Conv2d(1, channels, (1, 5), padding=(0, 2)), *blocks)
        self.head = nn.Sequential(
            nn.Linear(channels * length, 32), nn.ReLU(), nn.Linear(32, len(CLASSES))
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(_image(x)).flatten(1))


MODELS = {
    "cnn_lstm": CNNLSTM,
    "cnn_lstm_rr": CNNLSTMRR,
    "cnn_lstm_context": CNNLSTMContext,
    "cnn_lstm_attention": CNNLSTMAttention,
    "cnn": CNN,
    "lstm": LSTM,
    "resnet": ResNet,
}


def build(config: TrainConfig) -> nn.Module:
    """The network that `config` names. Raises ConfigError if there is none of that name."""
    if config.model not in MODELS:
        raise ConfigError(f"model {config.model!r} is unknown; choose from {', '.join(MODELS)}")
    return MODELS[config.model](config)


def parameter_count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())
