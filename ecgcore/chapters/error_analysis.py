"""Which beats a network gets wrong: tables, figures and facts for the chapter on errors."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from ecgcore.beats.cutting import Beats
from ecgcore.colours import COLOURS, PROTOCOL_COLOURS
from ecgcore.constants import CLASSES, PROTOCOL_TITLES
from ecgcore.evaluation.metrics import confusion_matrix
from ecgcore.evaluation.predictions import Predictions
from ecgcore.plots.style import Figure, beat_time, canvas, panels
from ecgcore.workflow.reporting import percent, score

SHOWN = 3  # misclassified beats in each panel of the typical mistakes
HIGH = 0.33  # an error rate above which a record is called hard


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
    """A panel a confused pair: misclassified beats, and for each the likeliest right beats.

    These are the rightly classified beat of the annotated class, and that of the class it was
    taken for, that are nearest to it; a mean over beats of all heart rates would be like none.
    beats and p: the same test beats; pairs: (annotated, predicted) class letters.
    """
    pairs = list(pairs)
    figure, axes = canvas(2, -(-len(pairs) // 2), size=(8.2, 4.2), sharey=True, squeeze=False)
    for ax in axes.flat[len(pairs) :]:
        ax.axis("off")
    for ax, (true, predicted) in zip(axes.flat, pairs, strict=False):
        t, q = CLASSES.index(true), CLASSES.index(predicted)
        wrong = np.flatnonzero((p.true == t) & (p.predicted == q))
        worst = wrong[np.argsort(-p.confidence[wrong])][:SHOWN]
        for number, dash in ((t, "-"), (q, "--")):
            letter = CLASSES[number]
            at, _ = nearest(beats.signal[worst], beats.signal, (p.true == number) & p.correct)
            for count, row in enumerate(at):
                label = f"nearest {letter}" if not count else None
                look = {"color": COLOURS[letter], "linewidth": 0.9, "label": label}
                ax.plot(beat_time(), beats.signal[row], dash, **look)
        for row in worst:
            ax.plot(beat_time(), beats.signal[row], color="#555555", linewidth=0.9, alpha=0.8)
        ax.set(title=f"{true} taken for {predicted} ({len(wrong):,})", xlabel="time after R (s)")
        if ax.get_legend_handles_labels()[0]:
            ax.legend(fontsize=6.5)
    for ax in axes[:, 0]:
        ax.set_ylabel("amplitude (0 to 1)")
    return figure


def nearest(
    signal: np.ndarray, among: np.ndarray, allowed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of each of some beats, the nearest of others: its position and its distance, (n,) each.

    signal: (n, 187); among: (m, 187); allowed: (m,) bool, which of them may be taken. Distance is
    the root mean square over the samples. Both are empty if none is allowed.
    """
    positions = np.flatnonzero(allowed)
    if not len(positions) or not len(signal):
        return np.empty(0, dtype=int), np.empty(0)
    far, at = (
        NearestNeighbors(n_neighbors=1, algorithm="brute").fit(among[positions]).kneighbors(signal)
    )
    return positions[at[:, 0]], far[:, 0] / np.sqrt(signal.shape[1])


def resembles_predicted(beats: Beats, p: Predictions, most: int = 300, seed: int = 0) -> float:
    """The share of wrong beats whose nearest right beat is of the class they were taken for, not
    of the annotated one. Of `most` wrong beats, drawn at random; NaN if there is no such pair."""
    wrong = np.flatnonzero(~p.correct)
    drawn = np.random.default_rng(seed).permutation(wrong)[:most]
    closer = []
    for true, predicted in np.unique(np.c_[p.true, p.predicted][drawn], axis=0):
        own = drawn[(p.true[drawn] == true) & (p.predicted[drawn] == predicted)]
        (_, to_true), (_, to_predicted) = (
            nearest(beats.signal[own], beats.signal, (p.true == number) & p.correct)
            for number in (true, predicted)
        )
        if len(to_true) and len(to_predicted):
            closer.extend(to_predicted < to_true)
    return float(np.mean(closer)) if closer else float("nan")


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


def facts(beats: Beats, p: Predictions) -> dict:
    """What the chapter's text says of the errors, for metrics.json. beats and p: the same beats.

    pairs: from `top_pairs`; three: share of the errors in the three most frequent kinds; with_n:
    in which N takes part; records, median, hard: how many, the median of their error rates, and
    how many exceed HIGH; worst: from `worst_records`; sure: share of the wrong answers with a
    probability above 0.9 and above 0.99; auc: how well confidence tells right from wrong answers
    (None: all are right, or wrong); resembling: from `resembles_predicted`.
    """
    wrong, n = ~p.correct, CLASSES.index("N")
    rates = pd.Series(wrong).groupby(p.record).mean()
    known = 0 < wrong.sum() < len(p)
    return {
        "wrong": int(wrong.sum()),
        "pairs": top_pairs(p),
        "three": float(confused_pairs(p)["share of errors"].head(3).sum()),
        "with_n": float(((p.true == n) | (p.predicted == n))[wrong].mean()) if known else None,
        "records": len(rates),
        "median": float(rates.median()),
        "hard": int((rates > HIGH).sum()),
        "worst": worst_records(p),
        "sure": {f"{above:g}": int((p.confidence[wrong] > above).sum()) for above in (0.9, 0.99)},
        "auc": float(roc_auc_score(p.correct, p.confidence)) if known else None,
        "resembling": resembles_predicted(beats, p),
    }


def top_pairs(p: Predictions, count: int = 2) -> list[dict]:
    """The most frequent kinds of confusion, each with the record that has most of it."""
    rows = []
    for row in confused_pairs(p).head(count).to_dict("records"):
        true, predicted = (CLASSES.index(row[name]) for name in ("annotated", "predicted"))
        records = p.record[(p.true == true) & (p.predicted == predicted)]
        name, share = _most(records)
        keys = ("annotated", "predicted", "beats", "share of errors")
        rows.append({key: row[key] for key in keys} | {"record": name, "share of record": share})
    return rows


def worst_records(p: Predictions, count: int = 3) -> list[dict]:
    """The records with the largest share of beats wrong: the share, and what is wrong most."""
    rates = pd.Series(~p.correct).groupby(p.record).mean().sort_values(ascending=False)
    rows = []
    for name, rate in rates.head(count).items():
        wrong = (p.record == name) & ~p.correct
        kinds = [
            f"{CLASSES[t]} taken for {CLASSES[q]}" for t, q in np.c_[p.true, p.predicted][wrong]
        ]
        kind, share = _most(np.array(kinds))
        rows.append({"record": str(name), "wrong": float(rate), "kind": kind, "of_wrong": share})
    return rows


def _most(values: np.ndarray) -> tuple[str, float]:
    """The most frequent value and its share; ("–", NaN) of none."""
    if not len(values):
        return "–", float("nan")
    names, counts = np.unique(values, return_counts=True)
    return str(names[counts.argmax()]), float(counts.max() / counts.sum())


def texts(protocol: str, found: dict) -> dict[str, str]:
    """`facts` as text: `random_errors_auc` and so on."""
    pairs = [
        f"{each['annotated']} taken for {each['predicted']} ({each['beats']:,} beats, "
        f"{percent(each['share of errors'], 0)} of the errors; "
        f"{percent(each['share of record'], 0)} of them in record {each['record']})"
        for each in found["pairs"]
    ]
    worst = [
        f"{each['record']} ({percent(each['wrong'], 0)} of its beats wrong, mostly {each['kind']})"
        for each in found["worst"]
    ]
    return {
        f"{protocol}_errors_pairs": " and ".join(pairs) or "none",
        f"{protocol}_errors_worst": ", ".join(worst[:-1]) + f" and {worst[-1]}"
        if worst[1:]
        else "–",
        f"{protocol}_errors_hard": str(found["hard"]),
        f"{protocol}_errors_records": str(found["records"]),
        f"{protocol}_errors_median": percent(found["median"], 0),
        f"{protocol}_errors_wrong": f"{found['wrong']:,}",
        f"{protocol}_errors_sure": f"{found['sure']['0.9']:,}",
        f"{protocol}_errors_certain": f"{found['sure']['0.99']:,}",
        f"{protocol}_errors_auc": score(found["auc"], 2),
        f"{protocol}_errors_resembling": percent(found["resembling"], 0),
    }
