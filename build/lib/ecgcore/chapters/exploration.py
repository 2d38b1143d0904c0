"""Chapter 1, the records: its figures, and the facts that its text rests on."""

import numpy as np
import pandas as pd

from ecgcore.beats.cutting import Beats
from ecgcore.beats.splits import DS1, DS2
from ecgcore.colours import COLOURS, DASHES
from ecgcore.constants import CLASSES
from ecgcore.data.records import Record
from ecgcore.plots.strips import draw_strip
from ecgcore.plots.style import Figure, beat_time, canvas, panels

HALVES = {"DS1": DS1, "DS2": DS2}


def median_age(table: pd.DataFrame) -> str:
    """Median age (years) of the records' patients, where it is known of any."""
    age = table["age"].median()
    return "unknown" if np.isnan(age) else f"{age:.0f}"


def shown(table: pd.DataFrame, wanted: str) -> str:
    """The record that is asked for; where the database has none of that name, the one with most
    ectopic beats."""
    ectopic = table.set_index("record")[["S", "V", "F"]].sum(axis=1)
    return wanted if wanted in ectopic else ectopic.idxmax()


def record_composition(table: pd.DataFrame) -> Figure:
    """Share of each class in each record, one bar a record; its half and its S and V beats beside
    it. table: from records.overview."""
    figure, ax = canvas(size=(7.4, 7.6))
    half = {name: f"{name} ({title})" for title, names in HALVES.items() for name in names}
    share = 100 * table[list(CLASSES)].div(table[list(CLASSES)].sum(axis=1), axis=0)
    left = np.zeros(len(table))
    for letter in CLASSES:
        ax.barh(table["record"], share[letter], left=left, color=COLOURS[letter], label=letter)
        left += share[letter].to_numpy()
    for at, row in enumerate(table.itertuples()):
        ax.text(101, at, f"S {row.S:,}   V {row.V:,}", fontsize=6.5, va="center")
    ax.set_yticks(range(len(table)), [half.get(name, name) for name in table["record"]])
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


def relative_intervals(beats: Beats) -> dict[str, np.ndarray]:
    """`before` and `after` to (n_beats,) RR intervals, each divided by its record's mean interval.

    In seconds, a slow heart's early beat comes as late as a fast heart's usual one. The mean and
    not the median, since in a record whose beats are mostly ectopic the median is an ectopic one.
    """
    rr = pd.Series(beats.rr_pre_s, dtype=float)
    usual = rr.groupby(beats.record).transform("mean").to_numpy()
    return {"before": beats.rr_pre_s / usual, "after": beats.rr_post_s / usual}


def rr_distributions(beats: Beats) -> Figure:
    """Distribution of the relative RR interval before and after a beat, by class."""
    figure, axes = panels(2, 3.0, sharey=True)
    bins = np.arange(0.3, 2.2, 0.02)
    for ax, (when, relative) in zip(axes, relative_intervals(beats).items(), strict=True):
        for number, letter in enumerate(CLASSES):
            rr = relative[beats.aami == number]
            density, _ = np.histogram(rr[np.isfinite(rr)], bins)
            share = 100 * density / max(density.sum(), 1)
            ax.plot(bins[:-1], share, linestyle=DASHES[letter], color=COLOURS[letter], label=letter)
        ax.set(xlabel=f"RR interval {when} the beat (record's mean = 1)")
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


def facts(beats: Beats) -> dict:
    """What the chapter's text says of the beats, by class.

    beats: how many; rr_before, rr_after: median of `relative_intervals`; distance: root mean square
    between the mean beat and that of N; band: mean width from the 10th to the 90th percentile;
    and `DS1`, `DS2`: the largest share that one record holds. None where there are no such beats.
    """
    relative = relative_intervals(beats)
    usual = beats.signal[beats.aami == CLASSES.index("N")].mean(axis=0)
    found = {}
    for number, letter in enumerate(CLASSES):
        own = beats.aami == number
        found[letter] = {
            "beats": int(own.sum()),
            "rr_before": _median(relative["before"][own]),
            "rr_after": _median(relative["after"][own]),
            **_shape(beats.signal[own], usual),
            **{name: _largest(beats.record[own], half) for name, half in HALVES.items()},
        }
    return found


def _median(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


def _shape(signal: np.ndarray, usual: np.ndarray) -> dict[str, float | None]:
    if not len(signal):
        return {"distance": None, "band": None}
    low, high = np.percentile(signal, [10, 90], axis=0)
    distance = np.sqrt(np.mean((signal.mean(axis=0) - usual) ** 2))
    return {"distance": float(distance), "band": float((high - low).mean())}


def _largest(records: np.ndarray, half: tuple[str, ...]) -> float | None:
    """The share of the beats of one half of the records that the richest record holds."""
    _, counts = np.unique(records[np.isin(records, half)], return_counts=True)
    return float(counts.max() / counts.sum()) if len(counts) else None
