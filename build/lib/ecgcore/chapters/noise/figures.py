"""Figures of noise and other harm. Like those in plots, each function returns a Figure."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ecgcore.chapters.noise.harm import SNR_DB
from ecgcore.chapters.noise.runs import RUNS
from ecgcore.chapters.noise.tables import NUMBERS, curve
from ecgcore.data.noise import NOISES
from ecgcore.plots.style import Figure, canvas

# Colour: what is seen, one beat or its record. Filled and solid: learnt with noise.
LOOKS = {
    "single": ("#D55E00", "--", "white"),
    "single-noise": ("#D55E00", "-", "#D55E00"),
    "rhythm": ("#0B3C5D", "--", "white"),
    "rhythm-noise": ("#0B3C5D", "-", "#0B3C5D"),
}
MUTED = "#888888"
BOX = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5}
MARKS = {run: "o" if run.startswith("single") else "s" for run in LOOKS}


def curves(rows: pd.DataFrame, always_n: float) -> Figure:
    """Accuracy and the F1 of S and V against the SNR, a column a noise; bands: 95 % intervals.

    rows: from stress_report.table; always_n: accuracy of who calls every beat N.
    """
    figure, axes = canvas(len(NUMBERS), len(NOISES), size=(8.2, 7.0), sharex=True, sharey="row")
    x = np.arange(1 + len(SNR_DB))
    for line, (number, title) in zip(axes, NUMBERS.items(), strict=True):
        for ax, (kind, name) in zip(line, NOISES.items(), strict=True):
            for run in dict.fromkeys(rows["run"]):
                colour, dashes, fill = LOOKS[run]
                value, low, high = curve(rows, run, kind, number).T
                ax.fill_between(x, low, high, color=colour, alpha=0.07, linewidth=0)
                ax.plot(x, value, dashes, color=colour, marker=MARKS[run], markersize=4.5,
                        markerfacecolor=fill, label=RUNS[run])  # fmt: skip
            if number == "accuracy":
                ax.axhline(always_n, color=MUTED, linewidth=0.9, linestyle=":", label="always N")
                ax.set_title(name)
        line[0].set_ylabel(title)
    for ax in axes[-1]:
        ax.set_xticks(x, ["clean", *(f"{db}".replace("-", "−") for db in SNR_DB)])
        ax.set_xlabel("signal-to-noise ratio (dB)")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def strips(signals: Mapping[str, np.ndarray], fs: float, peaks_s: np.ndarray) -> Figure:
    """The same seconds of a record, a row a condition; ticks at the R peaks.

    signals: title to (n_samples,) mV at fs Hz; peaks_s: (n_peaks,) s after their start.
    """
    figure, axes = canvas(len(signals), 1, size=(8.2, 1.15 * len(signals) + 0.5), sharex=True)
    for ax, (title, signal) in zip(axes, signals.items(), strict=True):
        time = np.arange(len(signal)) / fs
        ax.plot(time, signal - np.median(signal), color="#333333", linewidth=0.7)
        foot, across = np.full(len(peaks_s), 0.04), ax.get_xaxis_transform()
        ax.plot(peaks_s, foot, "|", color="#D55E00", markersize=7, transform=across)
        ax.text(0.005, 0.97, title, transform=ax.transAxes, va="top", fontsize=8.5, bbox=BOX)
        ax.set_ylabel("mV")
    axes[-1].set(xlabel="time (s)", xlim=(0, len(signal) / fs))
    return figure


def other_harm(lost: Mapping[str, pd.DataFrame]) -> Figure:
    """What each other harm costs, a panel a number, a dot a classifier.

    lost: number to a table with a row a harm and a column a run, as stress_report.others has it.
    """
    figure, axes = canvas(1, len(lost), size=(8.6, 4.4), sharey=True)
    for ax, (number, table) in zip(axes, lost.items(), strict=True):
        for run in table:
            colour, _, fill = LOOKS[run]
            ax.plot(-100 * table[run], np.arange(len(table)), MARKS[run], color=colour,
                    markerfacecolor=fill, markersize=6, label=RUNS[run])  # fmt: skip
        ax.axvline(0, color=MUTED, linewidth=0.9, linestyle="--")
        ax.set(xlabel=f"change of {NUMBERS[number]}\n(points)")
    axes[0].set_yticks(range(len(table)), table.index)
    axes[0].invert_yaxis()
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure
