"""Strips of ECG paper."""

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from ecgcore.colours import COLOURS
from ecgcore.data.records import Record


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


def busiest(times: np.ndarray, seconds: float) -> float:
    """Start (s) of the stretch of the given length that holds most of the given times."""
    counts = np.searchsorted(times, times + seconds) - np.arange(len(times))
    return float(max(times[counts.argmax()] - 1, 0)) if len(times) else 0.0
