"""Figures of what the project costs. Like those in plots, each function returns a Figure."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ecgcore.plots.style import Figure, Patch, PercentFormatter, canvas, panels

OURS, ORIGINAL, BEYOND = "#0B3C5D", "#D55E00", "#B9B9B9"


def race(runs: Mapping[str, dict], target: float) -> Figure:
    """Validation accuracy against time spent on training.

    runs: `original` and `ours` to what the bench says of each.
    """
    figure, ax = canvas(size=(7.2, 3.2))
    looks = {"original": (ORIGINAL, "s"), "ours": (OURS, "o")}
    for name, (colour, marker) in looks.items():
        points = np.array(runs[name]["points"]).reshape(-1, 3)
        ax.plot(points[:, 0], 100 * points[:, 2], marker=marker, color=colour, label=name)
    ax.axhline(100 * target, color="#888888", linewidth=1, linestyle="--")
    ax.set(xscale="log", xlabel="time spent on training (s)", ylabel="validation accuracy (%)")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def ladder(rows: Sequence[dict]) -> Figure:
    """Beats a second on each rung, the original recipe on top. rows: of the bench."""
    figure, ax = canvas(size=(7.4, 0.34 * len(rows) + 0.9))
    for y, row in enumerate(rows):
        ours = row["in_ours"]
        colour = ORIGINAL if y == 0 else OURS if ours else BEYOND
        bar = ax.barh(y, row["beats_per_s"], color=colour, hatch="" if ours else "//")
        ax.bar_label(bar, [f"{row['times_original']:.2f} ×"], padding=3, fontsize=8)
    ax.set_yticks(range(len(rows)), [row["step"] for row in rows])
    ax.set(xlabel="beats a second in training")
    ax.margins(x=0.12)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    return figure


def shares(table: pd.DataFrame) -> Figure:
    """Share of the machine's own rate. table: `what`, `share` and `rate`, whose it is."""
    figure, ax = canvas(size=(7.4, 0.36 * len(table) + 1.1))
    colours = {"32 bits": "#56B4E9", "16 bits": OURS}
    for y, row in enumerate(table.itertuples()):
        bar = ax.barh(y, row.share, color=colours[row.rate])
        ax.bar_label(bar, [f"{100 * row.share:.0f} %"], padding=3, fontsize=8)
    ax.axvline(1, color="#888888", linewidth=1, linestyle="--")
    ax.set_yticks(range(len(table)), table["what"])
    ax.set(xlabel="multiply-adds, as a share of a matrix product's", xlim=(0, 1.08))
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    handles = [Patch(color=c, label=f"rate of {name}") for name, c in colours.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return figure


def growth(rows: pd.DataFrame, memory_gb: float) -> Figure:
    """Time and memory against the number of beats, all axes logarithmic.

    rows: of the bench; memory_gb: that any amount of data must do with.
    """
    figure, (left, right) = panels(2, 3.3)
    beats = rows["beats"]
    for column, marker, name in (
        ("seconds", "o", "both"),
        ("classify_s", "s", "classifying"),
        ("cut_s", "^", "reading and cutting"),
    ):
        left.plot(beats, rows[column], marker=marker, label=name)
    straight = rows["seconds"].iloc[0] * beats / beats.iloc[0]
    left.plot(beats, straight, color="#888888", linewidth=1, linestyle="--", label="in proportion")
    left.set(ylabel="time (s)")
    right.plot(beats, rows["peak_mb"], "o-", color=OURS, label="shard by shard")
    whole = rows["shards_bytes"] / 1e6
    right.plot(beats, whole, color=ORIGINAL, linestyle=":", label="the beats themselves")
    right.axhline(
        1000 * memory_gb, color="#888888", linewidth=1, linestyle="--", label=f"{memory_gb:g} GB"
    )
    right.set(ylabel="memory (MB)")
    for ax in (left, right):
        ax.set(xscale="log", yscale="log", xlabel="beats")
        ax.legend(fontsize=8)
    return figure
