"""Figures of single patients. Like those in plots, each function returns a Figure."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ecgcore.chapters.two_patients import tables
from ecgcore.colours import COLOURS, FIRST, MUTED
from ecgcore.constants import CLASSES
from ecgcore.data.records import Record
from ecgcore.evaluation.predictions import Predictions
from ecgcore.plots.strips import ecg_paper
from ecgcore.plots.style import Axes, Figure, Line2D, canvas

MARKS = dict(zip(CLASSES, "osv^D", strict=True))
TINTS = ("#F3F3F3", "#EFE3C8", "#DCE6F0", "#E8DCEB")


def strips(record: Record, p: Predictions, starts: Mapping[str, float], seconds: float) -> Figure:
    """A strip a row: annotated classes above the signal, answers below, each in its colour.

    p: the record's answers; starts: title of a strip to its start (s); wrong answers are framed.
    """
    figure, axes = canvas(len(starts), 1, size=(8.6, 1.95 * len(starts)), squeeze=False)
    for ax, (title, start) in zip(axes[:, 0], starts.items(), strict=True):
        at = np.arange(int(start * record.fs), int((start + seconds) * record.fs))
        at = at[at < len(record.signal)]
        ax.plot(at / record.fs, record.signal[at], color="#222222", linewidth=0.7)
        low, high = record.signal[at].min() - 0.7, record.signal[at].max() + 0.6
        _letters(ax, p, record.fs, (start, start + seconds), (low + 0.25, high - 0.25))
        ecg_paper(ax)
        ax.set(xlim=(start, start + seconds), ylim=(low, high), ylabel="mV")
        ax.set_title(title, fontsize=8.5, loc="left")
    axes[-1, 0].set_xlabel("time in the record (s)")
    return figure


def _letters(ax: Axes, p: Predictions, fs: float, span: tuple, heights: tuple) -> None:
    """Annotated class (above) and answer (below) of the beats in a span of time (s)."""
    seconds = p.sample / fs
    for i in np.flatnonzero((seconds > span[0] + 0.1) & (seconds < span[1] - 0.1)):
        box = None if p.correct[i] else {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "black"}
        for number, height, frame in (
            (p.true[i], heights[1], None),
            (p.predicted[i], heights[0], box),
        ):
            letter = CLASSES[number]
            style = {"color": COLOURS[letter], "weight": "bold", "fontsize": 8, "bbox": frame}
            ax.text(seconds[i], height, letter, ha="center", va="center", **style)
        ax.axvline(seconds[i], color=COLOURS[CLASSES[p.true[i]]], linewidth=0.4, alpha=0.6)


def tachograms(answers: Mapping[str, Predictions], fs: float, found: pd.DataFrame) -> Figure:
    """RR interval before each beat of a record, a panel for each way of naming its beats.

    answers: title to answers of the same beats, whose `predicted` gives the colour; found: the
    record's rhythms from patients.episodes, as shades.
    """
    figure, axes = canvas(len(answers), 1, size=(8.4, 1.9 * len(answers)), sharex=True, sharey=True)
    for ax, (title, p) in zip(axes, answers.items(), strict=True):
        minutes, rr = p.sample / fs / 60, tables.intervals(p, fs)
        names = _shade(ax, found)
        for number, letter in enumerate(CLASSES):
            own = p.predicted == number
            style = {"color": COLOURS[letter], "markersize": 2.2, "linestyle": ""}
            ax.plot(minutes[own], rr[own], MARKS[letter], **style)
        ax.set(ylabel="RR (s)", yscale="log", xlim=(0, minutes[-1]))
        ax.set_yticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
        ax.minorticks_off()
        ax.set_title(title, fontsize=8.5, loc="left")
    axes[-1].set_xlabel("time in the record (min)")
    present = np.unique(np.concatenate([p.predicted for p in answers.values()]))
    handles = [
        Line2D([], [], color=COLOURS[CLASSES[n]], marker=MARKS[CLASSES[n]], linestyle="")
        for n in present
    ]
    labels = [CLASSES[n] for n in present] + list(names)
    handles += [Line2D([], [], color=c, linewidth=8) for c in names.values()]
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize=8)
    return figure


def _shade(ax: Axes, found: pd.DataFrame) -> dict[str, str]:
    """Rhythms as the colour behind the marks; each name to its colour, if there are several."""
    names = dict(zip(dict.fromkeys(found["rhythm"]), TINTS, strict=False))
    for _, row in found.iterrows():
        ax.axvspan(row["start_s"] / 60, row["stop_s"] / 60, color=names[row["rhythm"]], zorder=0)
    return names if len(names) > 1 else {}


def usual_intervals(p: Predictions, fs: float) -> Figure:
    """Distribution of RR by annotated class, with what a patient's usual interval may be."""
    figure, ax = canvas(size=(7.2, 2.8))
    rr = tables.intervals(p, fs)
    bins = np.geomspace(np.nanmin(rr), np.nanmax(rr), 70)
    groups = [c for i, c in enumerate(CLASSES) if (p.true == i).sum() > 1]
    values = [rr[(p.true == CLASSES.index(c)) & np.isfinite(rr)] for c in groups]
    ax.hist(values, bins, stacked=True, color=[COLOURS[c] for c in groups], label=groups)
    for (name, value), dash in zip(tables.references(rr).items(), ("-", "--", ":"), strict=True):
        ax.axvline(value, color="black", linestyle=dash, linewidth=1.3, label=name)
    ax.set(xscale="log", xlabel="RR interval before the beat (s)", ylabel="beats")
    ax.set_xticks([0.5, 0.7, 1, 1.5, 2, 3, 5], ["0.5", "0.7", "1", "1.5", "2", "3", "5"])
    ax.minorticks_off()
    ax.legend(fontsize=8)
    return figure


def irregularity(p: Predictions, fs: float, found: pd.DataFrame) -> Figure:
    """Share of irregular intervals nearby through a record, and where S was answered falsely."""
    figure, ax = canvas(size=(8.4, 2.4))
    names = _shade(ax, found)
    minutes = p.sample / fs / 60
    wild = tables.irregularity(tables.intervals(p, fs))
    ax.plot(minutes, wild, color=FIRST, label="irregular intervals nearby")
    false = (p.predicted == CLASSES.index("S")) & ~p.correct
    style = {"color": COLOURS["S"], "linestyle": "", "markersize": 9}
    ax.plot(minutes[false], np.full(false.sum(), -0.06), "|", label="false S", **style)
    for name, tint in names.items():
        ax.plot([], [], color=tint, linewidth=8, label=name)
    ax.axhline(0, color=MUTED, linewidth=0.6)
    ax.set(xlabel="time in the record (min)", ylabel="share of intervals", ylim=(-0.12, 1))
    ax.set_xlim(0, minutes[-1])
    figure.legend(loc="outside upper center", ncols=5, fontsize=8)
    return figure
