"""Which beats a network gets wrong: tables for the chapter on errors."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ecgcore.beats.cutting import Beats
from ecgcore.colours import COLOURS, PROTOCOL_COLOURS
from ecgcore.constants import CLASSES, PROTOCOL_TITLES
from ecgcore.evaluation.metrics import confusion_matrix
from ecgcore.evaluation.predictions import Predictions
from ecgcore.plots.style import Figure, beat_time, canvas, panels


def error_rates(predictions: Mapping[str, Predictions]) -> Figure:
    """Share of misclassified beats in each record, a panel a protocol, worst record first."""
    figure, axes = canvas(len(predictions), 1, size=(8.2, 2.4 * len(predictions)), squeeze=False)
    for ax, (protocol, p) in zip(axes[:, 0], predictions.items(), strict=True):
        rate = 100 * pd.Series(~p.correct).groupby(p.record).mean().sort_values(ascending=False)
        ax.bar(rate.index, rate, color=PROTOCOL_COLOURS.get(protocol))
        ax.axhline(100 * (~p.correct).mean(), color="#D55E00", linewidth=1, linestyle="--")
        ax.set(title=PROTOCOL_TITLES.get(protocol, protocol), ylabel="beats wrong (%)")
        ax.tick_params(axis="x", rotation=90, labelsize=7)
        ax.grid(visible=False, axis="x")
        ax.margins(x=0.01)
    axes[-1, 0].set_xlabel("record")
    return figure


def confidences(predictions: Mapping[str, Predictions]) -> Figure:
    """Distribution of the confidence of right and wrong answers."""
    figure, axes = panels(len(predictions), 2.9, sharey=True)
    bins = np.linspace(0.2, 1, 41)
    for ax, (protocol, p) in zip(axes, predictions.items(), strict=True):
        for mask, colour, label in (
            (p.correct, "#0072B2", "right"),
            (~p.correct, "#D55E00", "wrong"),
        ):
            counts, _ = np.histogram(p.confidence[mask], bins)
            ax.stairs(counts, bins, color=colour, fill=True, alpha=0.35)
            ax.stairs(counts, bins, color=colour, label=f"{label} ({mask.sum():,})")
        ax.set(title=PROTOCOL_TITLES.get(protocol, protocol), yscale="log")
        ax.set(xlabel="probability of the predicted class")
        ax.legend(loc="upper left")
    axes[0].set_ylabel("test beats (log scale)")
    return figure


def class_confidences(predictions: Mapping[str, Predictions]) -> Figure:
    """Quartiles and 5th to 95th percentile of the confidence by annotated class."""
    figure, axes = panels(len(predictions), 2.7, sharey=True)
    for ax, (protocol, p) in zip(axes, predictions.items(), strict=True):
        groups = [p.confidence[p.true == number] for number in range(len(CLASSES))]
        boxes = ax.boxplot(
            [g if len(g) else [np.nan] for g in groups],
            whis=(5, 95),
            showfliers=False,
            patch_artist=True,
            tick_labels=CLASSES,
            medianprops={"color": "black"},
        )
        for box, letter in zip(boxes["boxes"], CLASSES, strict=True):
            box.set(facecolor=COLOURS[letter], alpha=0.6)
        ax.set(title=PROTOCOL_TITLES.get(protocol, protocol), xlabel="annotated class")
    axes[0].set_ylabel("probability of the predicted class")
    return figure


def selective_accuracy(predictions: Mapping[str, Predictions]) -> Figure:
    """Accuracy of the beats above a confidence threshold, and the share that lies below it."""
    figure, axes = panels(2, 2.9)
    thresholds = np.linspace(0.3, 0.999, 120)
    for protocol, p in predictions.items():
        order = np.argsort(-p.confidence)
        kept = np.searchsorted(-p.confidence[order], -thresholds, side="right")
        right = np.r_[0, np.cumsum(p.correct[order])]
        accuracy = np.divide(right[kept], kept, out=np.full(len(kept), np.nan), where=kept > 0)
        colour, title = PROTOCOL_COLOURS.get(protocol), PROTOCOL_TITLES.get(protocol, protocol)
        axes[0].plot(thresholds, 100 * accuracy, color=colour, label=title)
        axes[1].plot(thresholds, 100 * (1 - kept / len(p)), color=colour, label=title)
    axes[0].set(ylabel="accuracy of the beats above (%)")
    axes[1].set(ylabel="beats below (%)")
    axes[1].legend()
    for ax in axes:
        ax.set_xlabel("confidence threshold")
    return figure


def mistakes(beats: Beats, p: Predictions, pairs: Iterable[tuple[str, str]]) -> Figure:
    """A panel a confused pair: misclassified beats, and the mean beat of both classes.

    beats and p: the same test beats; pairs: (annotated, predicted) class letters.
    """
    pairs = list(pairs)
    figure, axes = canvas(2, -(-len(pairs) // 2), size=(8.2, 4.2), sharey=True, squeeze=False)
    for ax in axes.flat[len(pairs) :]:
        ax.axis("off")
    for ax, (true, predicted) in zip(axes.flat, pairs, strict=False):
        t, q = CLASSES.index(true), CLASSES.index(predicted)
        wrong = np.flatnonzero((p.true == t) & (p.predicted == q))
        worst = wrong[np.argsort(-p.confidence[wrong])][:8]
        for row in worst:
            ax.plot(beat_time(), beats.signal[row], color="#777777", linewidth=0.5, alpha=0.8)
        for number, dash in ((t, "-"), (q, "--")):
            letter = CLASSES[number]
            right = beats.signal[(p.true == number) & p.correct]
            if len(right):
                mean = right.mean(axis=0)
                ax.plot(beat_time(), mean, dash, color=COLOURS[letter], label=f"mean {letter}")
        ax.set(title=f"{true} taken for {predicted} ({len(wrong):,})", xlabel="time after R (s)")
        if ax.lines[len(worst) :]:
            ax.legend(fontsize=6.5)
    for ax in axes[:, 0]:
        ax.set_ylabel("amplitude (0 to 1)")
    return figure


def confused_pairs(p: Predictions) -> pd.DataFrame:
    """A row a pair of classes that were confused, most frequent first."""
    confusion = confusion_matrix(p.true, p.predicted)
    rows = [
        {
            "annotated": CLASSES[t],
            "predicted": CLASSES[q],
            "beats": int(n),
            "share of class": n / confusion[t].sum(),
            "share of errors": n / (~p.correct).sum(),
        }
        for (t, q), n in np.ndenumerate(confusion)
        if t != q and n
    ]
    columns = ["annotated", "predicted", "beats", "share of class", "share of errors"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("beats", ascending=False, ignore_index=True)


def pair_letters(pairs: pd.DataFrame, count: int) -> list[tuple[str, str]]:
    """The first `count` rows of confused_pairs as (annotated, predicted) letters."""
    return list(zip(pairs["annotated"][:count], pairs["predicted"][:count], strict=True))


def class_errors(p: Predictions) -> pd.DataFrame:
    """A row a class that occurs: beats, wrong ones, error rate, median confidence."""
    frame = pd.DataFrame({"class": p.true, "wrong": ~p.correct, "confidence": p.confidence})
    table = frame.groupby("class").agg(
        beats=("wrong", "size"),
        wrong=("wrong", "sum"),
        rate=("wrong", "mean"),
        confidence=("confidence", "median"),
    )
    table.index = [CLASSES[number] for number in table.index]
    names = {"rate": "error rate", "confidence": "median confidence"}
    return table.rename_axis("class").reset_index().rename(columns=names)


def below(p: Predictions, threshold: float) -> dict:
    """How many beats lie below a confidence, and the accuracy on either side (NaN: none there)."""
    low = p.confidence < threshold
    return {
        "beats below": int(low.sum()),
        "share below": float(low.mean()),
        "accuracy below": float(p.correct[low].mean()) if low.any() else float("nan"),
        "accuracy above": float(p.correct[~low].mean()) if not low.all() else float("nan"),
    }
