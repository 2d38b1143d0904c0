"""Chapter 3, the results: its figures, and the facts that its text rests on."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve

from ecgcore.beats.splits import SCORED_CLASSES
from ecgcore.colours import COLOURS, DASHES, PROTOCOL_COLOURS
from ecgcore.constants import CLASSES, PROTOCOL_TITLES
from ecgcore.evaluation.operating import hindsight
from ecgcore.evaluation.predictions import Predictions
from ecgcore.plots.style import Figure, canvas, panels, sns


def protocol_scores(metrics: Mapping[str, dict]) -> Figure:
    """F1 of each class under each protocol, side by side: the key result.

    A class that a protocol does not score has no bar, but the number of its beats.
    """
    figure, ax = canvas(size=(7.2, 3.0))
    width, names = 0.8 / len(metrics), ["macro-F1", *CLASSES]
    for number, (protocol, values) in enumerate(metrics.items()):
        scored = [c in values["scored_classes"] for c in CLASSES]
        each = [values["per_class"][c] for c in CLASSES]
        f1 = [c["f1"] if told else np.nan for c, told in zip(each, scored, strict=True)]
        f1 = [values["macro_f1"], *f1]
        at = np.arange(len(names)) + (number - (len(metrics) - 1) / 2) * width
        title = PROTOCOL_TITLES.get(protocol, protocol)
        bars = ax.bar(at, f1, 0.92 * width, color=PROTOCOL_COLOURS.get(protocol), label=title)
        labels = [f"{value:.2f}" if np.isfinite(value) else "" for value in f1]
        ax.bar_label(bars, labels, fontsize=8, padding=2)
        for x, c, told in zip(at[1:], each, scored, strict=True):
            if not told:
                text = f"not scored\n({c['support']:,} beats)"
                ax.text(x, 0.02, text, rotation=90, ha="center", va="bottom", fontsize=7)
    ax.set_xticks(range(len(names)), names)
    ax.set(ylabel="F1 on test beats", ylim=(0, 1.12))
    ax.grid(visible=False, axis="x")
    ax.legend(loc="upper right", ncols=2, bbox_to_anchor=(1, 1.08))
    return figure


def confusion(matrices: Mapping[str, Sequence[Sequence[int]]]) -> Figure:
    """Confusion matrices: shade and percentage by row, counts beneath. A panel a protocol."""
    figure, axes = panels(len(matrices), 3.9)
    for ax, (protocol, matrix) in zip(axes, matrices.items(), strict=True):
        counts = np.asarray(matrix)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        text = np.array(
            [
                [f"{100 * s:.1f} %\n{n:,}" for s, n in zip(*row, strict=True)]
                for row in zip(share, counts, strict=True)
            ]
        )
        sns.heatmap(
            share,
            annot=text,
            fmt="",
            cmap="Blues",
            vmin=0,
            vmax=1,
            cbar=False,
            square=True,
            linewidths=0.5,
            xticklabels=CLASSES,
            yticklabels=CLASSES,
            annot_kws={"fontsize": 6.8},
            ax=ax,
        )
        ax.set(title=PROTOCOL_TITLES.get(protocol, protocol), xlabel="predicted class")
        ax.set_ylabel("annotated class")
        ax.grid(visible=False)
    return figure


def precision_recall(predictions: Mapping[str, Predictions]) -> Figure:
    """Positive predictivity against sensitivity as the threshold moves, one line a scored class."""
    figure, axes = panels(len(predictions), 3.3, sharey=True)
    for ax, (protocol, p) in zip(axes, predictions.items(), strict=True):
        for number, letter in enumerate(CLASSES):
            positive = p.true == number
            if not positive.any() or letter not in SCORED_CLASSES[protocol]:
                continue
            score = p.probabilities[:, number]
            precision, recall, _ = precision_recall_curve(positive, score, drop_intermediate=True)
            area = average_precision_score(positive, score)
            step = max(1, len(recall) // 400)  # as fine as the eye can see, and a light file
            kept = np.unique(np.r_[0 : len(recall) : step, len(recall) - 1])
            ax.plot(
                recall[kept],
                precision[kept],
                linestyle=DASHES[letter],
                color=COLOURS[letter],
                label=f"{letter}: {area:.3f}",
            )
        ax.set(title=PROTOCOL_TITLES.get(protocol, protocol), xlabel="sensitivity")
        ax.set(xlim=(-0.02, 1.02), ylim=(0, 1.04))
        ax.legend(title="average precision", fontsize=7, title_fontsize=7, loc="lower left")
    axes[0].set_ylabel("positive predictivity")
    return figure


def best_f1(p: Predictions, scored: Sequence[str]) -> dict[str, float]:
    """The F1 of each class at the threshold that is best on these very beats: no result, a bound.

    NaN where no beat is annotated with the class.
    """
    return {letter: hindsight(p, letter)["f1"] for letter in scored}
