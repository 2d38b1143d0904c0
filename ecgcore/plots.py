"""Figures in one style. Each function returns a matplotlib Figure; `save` files it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.transforms import Bbox
from sklearn.metrics import average_precision_score, precision_recall_curve

from ecgcore import paths
from ecgcore.beats import Beats
from ecgcore.constants import BEAT_LENGTH, CLASSES, FS, PROTOCOL_TITLES
from ecgcore.evaluation import Predictions
from ecgcore.files import replacing
from ecgcore.records import Record

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLOURS = dict(zip(CLASSES, ("#0072B2", "#E69F00", "#D55E00", "#CC79A7", "#009E73"), strict=True))
DASHES = dict(zip(CLASSES, ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))), strict=True))
PROTOCOL_COLOURS = {"random": "#7A7A7A", "inter_patient": "#0B3C5D", "kaggle": "#B08D57"}
STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "font.size": 9.5,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "ecgcore",  # the same figure gives the same file
}


@contextmanager
def style():
    with matplotlib.rc_context(STYLE):
        yield


def canvas(rows: int = 1, columns: int = 1, size: tuple[float, float] = (7.2, 3.2), **options):
    """A figure of `size` inches and its axes, drawn in the project's style."""
    with style():
        return plt.subplots(rows, columns, figsize=size, **options)


def save(figure: Figure, name: str, profile: str) -> Path:
    """Write a figure as SVG into the profile's figures folder, and close it."""
    path = paths.figures_dir(profile) / f"{name}.svg"
    with replacing(path) as temporary, style():
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    plt.close(figure)
    return path


def panels(count: int, height: float = 3.4, **options) -> tuple[Figure, list[Axes]]:
    """A row of `count` panels."""
    figure, axes = canvas(1, count, size=(7.4, height), squeeze=False, **options)
    return figure, list(axes[0])


def beat_time() -> np.ndarray:
    """(187,) s, time of each sample of a beat after its R peak."""
    return np.arange(BEAT_LENGTH) / FS


def record_composition(table: pd.DataFrame) -> Figure:
    """Share of each class in each record, one bar a record. table: from records.overview."""
    figure, ax = canvas(size=(7.4, 7.6))
    share = 100 * table[list(CLASSES)].div(table[list(CLASSES)].sum(axis=1), axis=0)
    left = np.zeros(len(table))
    for letter in CLASSES:
        ax.barh(table["record"], share[letter], left=left, color=COLOURS[letter], label=letter)
        left += share[letter].to_numpy()
    ax.set(xlabel="share of the record's beats (%)", ylabel="record", xlim=(0, 100))
    ax.invert_yaxis()
    ax.margins(y=0.01)
    ax.tick_params(axis="y", labelsize=7)
    ax.grid(visible=False)
    figure.legend(loc="outside upper center", ncols=5, title="AAMI class")
    return figure


def class_shapes(beats: Beats, examples: int = 12, seed: int = 0) -> Figure:
    """A panel a class: the mean beat, its 10th to 90th percentile band, some examples."""
    figure, axes = canvas(1, len(CLASSES), size=(8.6, 2.5), sharey=True)
    rng = np.random.default_rng(seed)
    for number, (letter, ax) in enumerate(zip(CLASSES, axes, strict=True)):
        signal = beats.signal[beats.aami == number]
        ax.set(title=f"{letter} ({len(signal):,} beats)", xlabel="time after R (s)")
        if not len(signal):
            continue
        low, high = np.percentile(signal, [10, 90], axis=0)
        for row in rng.choice(len(signal), min(examples, len(signal)), replace=False):
            ax.plot(beat_time(), signal[row], color="#888888", linewidth=0.4, alpha=0.6)
        ax.fill_between(beat_time(), low, high, color=COLOURS[letter], alpha=0.25)
        ax.plot(beat_time(), signal.mean(axis=0), color=COLOURS[letter], linewidth=1.8)
    axes[0].set_ylabel("amplitude (0 to 1)")
    return figure


def rr_distributions(beats: Beats) -> Figure:
    """Distribution of the RR interval before and after a beat, by class."""
    figure, axes = panels(2, 3.0, sharey=True)
    bins = np.arange(0.2, 2.0, 0.02)
    both = (("rr_pre_s", "before"), ("rr_post_s", "after"))
    for ax, (field, when) in zip(axes, both, strict=True):
        for number, letter in enumerate(CLASSES):
            rr = getattr(beats, field)[beats.aami == number]
            density, _ = np.histogram(rr[np.isfinite(rr)], bins)
            share = 100 * density / max(density.sum(), 1)
            ax.plot(bins[:-1], share, linestyle=DASHES[letter], color=COLOURS[letter], label=letter)
        ax.set(xlabel=f"RR interval {when} the beat (s)")
    axes[0].set_ylabel("beats of the class (% a bin)")
    axes[1].legend(title="class")
    return figure


def strip(record: Record, start_s: float, seconds: float = 30.0, rows: int = 3) -> Figure:
    """A long strip on ECG paper, wrapped into rows, with the class of every annotated beat."""
    figure, axes = canvas(rows, 1, size=(8.6, 1.45 * rows), sharey=True, squeeze=False)
    span = seconds / rows
    first, last = (int(t * record.fs) for t in (start_s, start_s + seconds))
    piece = record.signal[first:last]
    for row, ax in enumerate(axes[:, 0]):
        begin = start_s + row * span
        draw_strip(ax, record, begin, begin + span)
        ax.set(ylim=(piece.min() - 0.3, piece.max() + 0.7), ylabel="mV")
    axes[-1, 0].set_xlabel("time in the record (s)")
    return figure


def draw_strip(ax: Axes, record: Record, begin: float, end: float) -> None:
    """The signal between two times (s), and a letter over each annotated beat that is not N."""
    index = np.arange(int(begin * record.fs), min(int(end * record.fs), len(record.signal)))
    ax.plot(index / record.fs, record.signal[index], color="#222222", linewidth=0.7)
    seconds = record.sample / record.fs
    for number in np.flatnonzero((seconds >= begin) & (seconds < end)):
        letter, height = record.aami[number], record.signal[record.sample[number]]
        ax.plot(seconds[number], height, "o", markersize=3, color=COLOURS[letter])
        ax.annotate(
            letter,
            (seconds[number], height),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=7,
            color=COLOURS[letter],
            fontweight="normal" if letter == "N" else "bold",
        )
    ecg_paper(ax)
    ax.set_xlim(begin, end)


def ecg_paper(ax: Axes) -> None:
    """Large squares of ECG paper: 0.2 s by 0.5 mV."""
    ax.xaxis.set_minor_locator(matplotlib.ticker.MultipleLocator(0.2))
    ax.yaxis.set_major_locator(matplotlib.ticker.MultipleLocator(1))
    ax.yaxis.set_minor_locator(matplotlib.ticker.MultipleLocator(0.5))
    ax.grid(which="both", color="#E8A0A0", alpha=0.45, linewidth=0.5)


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
        ax.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
    axes[2].legend(loc="best", fontsize=7)
    return figure


def protocol_scores(metrics: Mapping[str, dict]) -> Figure:
    """F1 of each class under each protocol, side by side: the key result."""
    figure, ax = canvas(size=(7.2, 3.0))
    width, names = 0.8 / len(metrics), ["macro-F1", *CLASSES]
    for number, (protocol, values) in enumerate(metrics.items()):
        f1 = [values["macro_f1"], *(values["per_class"][c]["f1"] for c in CLASSES)]
        at = np.arange(len(names)) + (number - (len(metrics) - 1) / 2) * width
        title = PROTOCOL_TITLES.get(protocol, protocol)
        bars = ax.bar(at, f1, 0.92 * width, color=PROTOCOL_COLOURS.get(protocol), label=title)
        ax.bar_label(bars, [f"{value:.2f}" for value in f1], fontsize=8, padding=2)
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
    """Positive predictivity against sensitivity as the threshold moves, one line a class."""
    figure, axes = panels(len(predictions), 3.3, sharey=True)
    for ax, (protocol, p) in zip(axes, predictions.items(), strict=True):
        for number, letter in enumerate(CLASSES):
            positive = p.true == number
            if not positive.any():
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


STUDY_MARKERS = {
    "reported": {"marker": "o", "color": "#0072B2", "label": "F1 as reported"},
    "computed": {"marker": "o", "color": "#0072B2", "mfc": "none", "label": "F1 computed here"},
    "not comparable": {"marker": "x", "color": "#6B6B6B", "label": "not comparable"},
    "this work": {"marker": "D", "color": "#D55E00", "label": "this work"},
}


def literature_f1(points: pd.DataFrame) -> Figure:
    """F1 of S against F1 of V (%), a labelled point a study; points: literature.f1_points."""
    figure, ax = canvas(size=(6.0, 5.2))
    for kind, marker in STUDY_MARKERS.items():
        chosen = points[points["kind"] == kind]
        if len(chosen):
            ax.plot(chosen["V"], chosen["S"], linestyle="", markersize=7, zorder=3, **marker)
    bars = []
    for _, row in points[points["S_low"].notna()].iterrows():
        across = ax.plot([row["V_low"], row["V_high"]], [row["S"]] * 2)
        upright = ax.plot([row["V"]] * 2, [row["S_low"], row["S_high"]])
        bars += across + upright
    plt.setp(bars, color=STUDY_MARKERS["this work"]["color"], linewidth=1.2)
    ax.set(xlabel="F1 of V (%)", ylabel="F1 of S (%)")
    ax.margins(0.12)
    ax.set(xlim=(None, min(ax.get_xlim()[1], 103)), ylim=(max(ax.get_ylim()[0], -3), None))
    ax.legend(loc="upper left")
    _label_points(ax, points[["V", "S"]].to_numpy(), points["label"], bars)
    return figure


def _label_points(
    ax: Axes, points: np.ndarray, texts: Iterable[str], bars: Sequence[Artist] = ()
) -> None:
    """Write each text near its (x, y), at the first place where it covers nothing else."""
    ax.figure.draw_without_rendering()  # settles the layout, so that extents are final
    around = (1, 0), (-1, 0), (0, 1), (0, -1), (0.8, 0.9), (0.8, -0.9), (-0.8, 0.9), (-0.8, -0.9)
    places = [(r * x, r * y) for r in (9, 18, 28, 40) for x, y in around]  # points on paper
    sides = {-1: "right", 0: "center", 1: "left"}, {-1: "top", 0: "center", 1: "bottom"}
    taken = [Bbox.from_bounds(*(xy - 5), 10, 10) for xy in ax.transData.transform(points)]
    taken += [artist.get_window_extent().padded(2) for artist in (ax.get_legend(), *bars)]
    frame = ax.get_window_extent()
    for point, text in zip(points, texts, strict=True):
        for place in places:
            ha, va = (side[int(np.sign(d))] for side, d in zip(sides, place, strict=True))
            label = ax.annotate(
                text, point, place, textcoords="offset points", ha=ha, va=va, fontsize=8
            )
            box = label.get_window_extent()
            fits = frame.x0 < box.x0 and box.x1 < frame.x1 and not box.count_overlaps(taken)
            if fits or place == places[-1]:
                break
            label.remove()
        taken.append(box)
        if np.hypot(*place) > 12:
            leader = {"arrowstyle": "-", "linewidth": 0.5, "color": "#6B6B6B"}
            ax.annotate("", point, place, textcoords="offset points", arrowprops=leader)
