"""Figures of R peaks, annotated and found. Like those in plots, each function returns a Figure."""

import numpy as np
import pandas as pd

from ecgcore.chapters.own_ecg.detectors import CLEAN, OWN, SNR_DB
from ecgcore.data.noise import NOISES
from ecgcore.data.records import Record
from ecgcore.plots import style
from ecgcore.plots.style import Figure

OWN_LOOKS = {"color": "#0B3C5D", "linewidth": 2.5, "zorder": 3}
ANNOTATED, FOUND = "#222222", "#D55E00"


def peak_errors(table: pd.DataFrame) -> Figure:
    """Missed, added and reclassified beats of each record. table: from tables.compare_peaks."""
    figure, axes = style.canvas(3, 1, size=(8.2, 5.2), sharex=True)
    position = np.arange(len(table))
    titles = {
        "missed": "missed",
        "added": "added",
        "changed": "found, but of another class",
    }
    for ax, (column, title) in zip(axes, titles.items(), strict=True):
        share = 100 * table[column] / table["beats"]
        ax.bar(position, share, color="#0B3C5D")
        ax.set(ylabel="% of the beats", title=title)
    axes[-1].set_xticks(position, table["record"], rotation=90)
    axes[-1].set_xlabel("record")
    return figure


def peak_strip(
    record: Record, annotated_s: np.ndarray, found_s: np.ndarray, start_s: float, seconds: float
) -> Figure:
    """A strip with the annotated R peaks above the signal and the found ones below."""
    figure, ax = style.canvas(size=(8.6, 2.6))
    at = np.arange(int(start_s * record.fs), int((start_s + seconds) * record.fs))
    piece = record.signal[at[at < len(record.signal)]]
    ax.plot(at[: len(piece)] / record.fs, piece, color="#666666", linewidth=0.8)
    low, high = piece.min() - 0.35, piece.max() + 0.35
    for times, height, marker, colour, name in (
        (annotated_s, high, "v", ANNOTATED, "annotated"),
        (found_s, low, "^", FOUND, "found"),
    ):
        inside = times[(times >= start_s) & (times < start_s + seconds)]
        ax.plot(inside, np.full(len(inside), height), marker, color=colour, label=name)
    ax.set(xlabel="time in the record (s)", ylabel="mV", ylim=(low - 0.3, high + 0.3))
    ax.set_xlim(start_s, start_s + seconds)
    figure.legend(loc="outside upper right", ncols=2, title="R peaks")
    return figure


def detectors(kept: dict, part: str) -> Figure:
    """Errors in 100 beats of each detector on a set of mitdb, clean and under noise.

    kept: from detectors.kept; part: the set. Logarithmic, as they lie far apart.
    """
    figure, axes = style.canvas(1, len(NOISES), size=(8.6, 3.9), sharey=True)
    order = sorted(kept["detectors"].items(), key=lambda entry: entry[1]["loss"])
    for ax, (kind, name) in zip(axes, NOISES.items(), strict=True):
        at = (CLEAN, *(f"{kind} {db}" for db in SNR_DB))
        for number, (key, found) in enumerate(order):
            errors = [found["sets"][part][condition]["errors_in_100"] for condition in at]
            looks = (
                OWN_LOOKS if key == OWN else {"color": style.sns.color_palette("husl", 12)[number]}
            )
            ax.plot(range(len(at)), errors, "o-", markersize=3.5, label=found["title"], **looks)
        ax.set(title=name, yscale="log", xlabel="signal-to-noise ratio (dB)")
        ax.set_xticks(range(len(at)), [CLEAN, *map(str, SNR_DB)])
    axes[0].set_ylabel("errors in 100 beats")
    handles = axes[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=4, fontsize=8)
    return figure
