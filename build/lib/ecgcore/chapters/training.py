"""Chapter 2, training: its figures, and the facts that its text rests on."""

from collections.abc import Mapping, Sequence

import pandas as pd

from ecgcore.colours import PROTOCOL_COLOURS
from ecgcore.constants import BEAT_LENGTH, PROTOCOL_TITLES
from ecgcore.models.config import TrainConfig
from ecgcore.models.networks import CNNLSTM, parameter_count
from ecgcore.plots.style import FancyBboxPatch, Figure, MaxNLocator, canvas, panels


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


def network(layers: Sequence[tuple[str, tuple[int, ...], int]]) -> Figure:
    """A network as a row of boxes, each with its output shape and parameters.

    layers: (text, shape without the batch, number of parameters).
    """
    figure, ax = canvas(size=(7.6, 2.7))
    tints = {"Conv": "#CFE3F3", "Bi": "#FBE3B5", "Linear": "#DDEBDD", "Input": "#EEEEEE"}
    for number, (text, shape, parameters) in enumerate(layers):
        tint = next((c for start, c in tints.items() if text.startswith(start)), "#F6DCE8")
        box = FancyBboxPatch(
            (number, 0), 0.78, 1, boxstyle="round,pad=0.03", facecolor=tint, edgecolor="#444444"
        )
        ax.add_patch(box)
        ax.text(number + 0.39, 0.62, text, ha="center", va="center", fontsize=8)
        sizes = " × ".join(map(str, shape))
        ax.text(number + 0.39, 0.14, sizes, ha="center", fontsize=8.5, fontweight="bold")
        if parameters:
            ax.text(number + 0.39, -0.28, f"{parameters:,}", ha="center", fontsize=8.5)
        if number:
            arrow = {"arrowstyle": "->", "color": "#444444"}
            ax.annotate("", (number - 0.02, 0.5), (number - 0.2, 0.5), arrowprops=arrow)
    ax.text(-0.1, -0.28, "parameters", ha="right", fontsize=8, color="#555555")
    ax.text(-0.1, 0.14, "output", ha="right", fontsize=8, color="#555555")
    ax.set(xlim=(-0.95, len(layers)), ylim=(-0.45, 1.15))
    ax.axis("off")
    return figure


def learning_curves(histories: Mapping[str, pd.DataFrame]) -> Figure:
    """Loss and validation scores by epoch, one line a protocol. histories: name to history."""
    figure, axes = panels(3, 2.7)
    for name, history in histories.items():
        colour, epoch = PROTOCOL_COLOURS.get(name, "#333333"), history["epoch"]
        label = PROTOCOL_TITLES.get(name, name)
        axes[0].plot(epoch, history["loss"], color=colour, label=label)
        axes[0].plot(epoch, history["val_loss"], "--", color=colour)
        axes[1].plot(epoch, history["val_accuracy"], color=colour, label=label)
        axes[2].plot(epoch, history["val_macro_f1"], color=colour, label=label)
        best = history["val_macro_f1"].idxmax()
        axes[2].plot(epoch[best], history["val_macro_f1"][best], "o", color=colour)
    axes[0].set(title="loss (dashed: validation)", yscale="log", ylabel="cross-entropy (nat)")
    axes[1].set(title="validation accuracy", ylabel="share of beats")
    axes[2].set(title="validation macro-F1", ylabel="F1")
    for ax in axes:
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[2].legend(loc="best", fontsize=7)
    return figure


def facts(histories: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, float]]:
    """What the chapter's text says of each run's curves, by protocol.

    loss, val_loss: training and validation loss of the last epoch; val_loss_rise: the latter as a
    multiple of the lowest.
    """
    found = {}
    for name, history in histories.items():
        last = history.iloc[-1]
        found[name] = {
            "loss": float(last["loss"]),
            "val_loss": float(last["val_loss"]),
            "val_loss_rise": float(last["val_loss"] / history["val_loss"].min()),
        }
    return found
