"""The networks, built by name."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ecgcore.config import TrainConfig
from ecgcore.constants import BEAT_LENGTH, CLASSES
from ecgcore.errors import ConfigError


class Dropout(nn.Dropout):
    """nn.Dropout that draws 16 random bits an element on the CPU, several times faster there.

    The rate is rounded to a multiple of 2^-16.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0 or x.device.type != "cpu":
            return super().forward(x)
        bits = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        threshold = round(self.p * 2**16) - 2**15
        keep = (bits.view(torch.int16)[: x.numel()] >= threshold).view_as(x)
        return x * (keep.to(x.dtype) / (1 - self.p))


class ConvBlock(nn.Module):
    """Convolution, batch normalisation, ReLU, max-pooling by 2, dropout.

    The 1-D convolution is written as a 2-D one of height 1: only those kernels take the
    channels-last layout, which is faster on CPU and GPU. Pooling comes before ReLU, which
    gives the same values from half the work.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, dropout: float):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, (1, kernel), padding=(0, kernel // 2))
        self.norm = nn.BatchNorm2d(outputs)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:  # (B, C, 1, T) -> (B, C', 1, T // 2)
        x = self.norm(self.conv(x))
        return self.dropout(functional.relu(functional.max_pool2d(x, (1, 2))))


class CNNLSTM(nn.Module):
    """The network of the paper: three convolutions, a bidirectional LSTM, two dense layers.

    Input (B, 187) float32, z-scored beats; output (B, 5) logits. 182,917 parameters as built
    by default.
    """

    def __init__(self, config: TrainConfig):
        super().__init__()
        channels, kernels = (1, *config.filters), (5, 3, 3)
        if len(config.filters) != len(kernels):
            raise ConfigError(f"cnn_lstm takes {len(kernels)} filters, not {len(config.filters)}")
        self.blocks = nn.Sequential(
            *(
                ConvBlock(channels[i], channels[i + 1], kernel, config.conv_dropout)
                for i, kernel in enumerate(kernels)
            )
        )
        hidden = config.lstm_hidden
        self.lstm = nn.LSTM(channels[-1], hidden, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(
            nn.Linear(2 * hidden, 64),
            nn.ReLU(),
            nn.Dropout(config.head_dropout),
            nn.Linear(64, len(CLASSES)),
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, None, None, :].contiguous(memory_format=torch.channels_last)  # (B, 1, 1, 187)
        x = self.blocks(x).squeeze(2)  # (B, 128, 23)
        _, (last, _) = self.lstm(x.transpose(1, 2))  # (2, B, 64): last state of both directions
        return self.head(torch.cat([last[0], last[1]], dim=1))


MODELS = {"cnn_lstm": CNNLSTM}


def build(config: TrainConfig) -> nn.Module:
    """The network that `config` names. Raises ConfigError if there is none of that name."""
    if config.model not in MODELS:
        raise ConfigError(f"model {config.model!r} is unknown; choose from {', '.join(MODELS)}")
    return MODELS[config.model](config)


def parameter_count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def layer_table(config: TrainConfig) -> list[tuple[str, tuple[int, ...], int]]:
    """(text, output shape without the batch, parameters) along the CNN-LSTM, for its figure."""
    model, length = CNNLSTM(config), BEAT_LENGTH
    rows = [("Input", (1, length), 0)]
    for block in model.blocks:
        length //= 2
        kernel, channels = block.conv.kernel_size[1], block.conv.out_channels
        text = f"Conv {kernel}\nBatchNorm\nReLU, pool 2"
        rows.append((text, (channels, length), parameter_count(block)))
    dense, output = model.head[0], model.head[-1]
    rows.append(("Bi-LSTM\nlast states", (dense.in_features,), parameter_count(model.lstm)))
    rows.append(("Linear\nReLU", (dense.out_features,), parameter_count(dense)))
    rows.append(("Linear", (output.out_features,), parameter_count(output)))
    return rows
