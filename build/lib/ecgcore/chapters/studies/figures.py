"""Figures of the studies. Like those in plots, each function returns a Figure."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ecgcore.colours import COLOURS, FIRST, MUTED, SECOND
from ecgcore.constants import CLASSES
from ecgcore.plots.style import Figure, Line2D, NullLocator, PercentFormatter, canvas, panels


def seeds(tables: Mapping[str, pd.DataFrame], shown: Mapping[str, int]) -> Figure:
    """Accuracy and macro-F1 of each seed; a bar at the median, a ring about the seed nearest it.

    tables: what was trained to a row a seed (`seed`, `accuracy`, `macro_f1`).
    """
    figure, axes = panels(2, 2.7)
    for ax, (key, name) in zip(
        axes, (("accuracy", "accuracy"), ("macro_f1", "macro-F1")), strict=True
    ):
        for at, (label, table) in enumerate(tables.items()):
            spread = np.linspace(-0.16, 0.16, len(table))
            ax.scatter(at + spread, table[key], s=26, color=(FIRST, SECOND)[at % 2], zorder=3)
            ax.hlines(table[key].median(), at - 0.26, at + 0.26, color="black", linewidth=1.2)
            ring = (table["seed"] == shown[label]).to_numpy()
            ax.scatter(
                (at + spread)[ring], table[key][ring], s=110, facecolors="none", edgecolors="black"
            )
        ax.set_xticks(range(len(tables)), [textwrap.fill(label, 22) for label in tables])
        ax.set(xlim=(-0.5, len(tables) - 0.5), ylabel=name)
        ax.margins(y=0.15)
    return figure


def record_heat(sensitivity: pd.DataFrame, marked: Sequence[str]) -> Figure:
    """Sensitivity of each class in each record; grey where a record has too few such beats.

    sensitivity: a row a record, a column a class, NaN: not shown; marked: records in bold.
    """
    figure, ax = canvas(size=(8.4, 2.2))
    values = sensitivity.to_numpy(dtype=float).T
    ax.set_facecolor("#E6E6E6")
    image = ax.imshow(values, aspect="auto", cmap="viridis", vmin=0, vmax=1)
    ax.set_yticks(range(len(sensitivity.columns)), list(sensitivity.columns))
    ax.set_xticks(range(len(sensitivity)), sensitivity.index, rotation=90, fontsize=7)
    for tick in ax.get_xticklabels():
        tick.set_fontweight("bold" if tick.get_text() in marked else "normal")
    ax.set(xlabel="record", ylabel="class")
    ax.grid(visible=False)
    bar = figure.colorbar(image, ax=ax, pad=0.01, format=PercentFormatter(1, 0))
    bar.set_label("sensitivity")
    return figure


def quality_and_cost(table: pd.DataFrame) -> Figure:
    """Macro-F1 with its interval against time to train, and against beats classified a second.

    table: `name`, `macro_f1`, `low`, `high`, `seconds`, `beats_per_s`, `parameters`, a row a
    classifier, the best first; the area of a mark grows with the parameters.
    """
    figure, axes = panels(2, 4.6, sharey=True)
    size = 60 + 130 * np.sqrt(table["parameters"] / max(1, table["parameters"].max()))
    names = (("seconds", "time to train (s)"), ("beats_per_s", "beats classified per second"))
    value, low, high = (table[key].to_numpy() for key in ("macro_f1", "low", "high"))
    for ax, (key, label) in zip(axes, names, strict=True):
        x = table[key].clip(lower=1e-2)
        arms = np.maximum([value - low, high - value], 0)
        ax.errorbar(x, value, yerr=arms, fmt="none", ecolor=MUTED, elinewidth=0.8)
        ax.scatter(x, value, s=size, color="white", edgecolors=FIRST, zorder=3)
        for number, (at, height) in enumerate(zip(x, value, strict=True), start=1):
            text = {"ha": "center", "va": "center", "fontsize": 7, "zorder": 4}
            ax.text(at, height, number, **text)
        ax.set(xscale="log", yscale="logit", xlabel=label)  # which spreads what is near 1
        ax.set_yticks([0.2, 0.5, 0.7, 0.8, 0.9, 0.95], ["0.2", "0.5", "0.7", "0.8", "0.9", "0.95"])
        ax.yaxis.set_minor_locator(NullLocator())
    axes[0].set_ylabel("macro-F1 on the test beats")
    handles = [Line2D([], [], linestyle="") for _ in table["name"]]
    labels = [f"{number}  {name}" for number, name in enumerate(table["name"], start=1)]
    figure.legend(handles, labels, loc="outside lower center", ncols=3, handlelength=0, fontsize=8)
    return figure


def class_bars(tables: Mapping[str, Sequence[float]], ylabel: str = "F1") -> Figure:
    """Grouped bars: a group a class, a bar a way of training. tables: way to a value a class."""
    figure, ax = canvas(size=(7.4, 3.0))
    width = 0.8 / len(tables)
    shades = ("#BBBBBB", "#56B4E9", "#0072B2", "#0B3C5D")
    for number, (name, values) in enumerate(tables.items()):
        at = np.arange(len(CLASSES)) + width * (number - (len(tables) - 1) / 2)
        ax.bar(at, values, 0.92 * width, label=name, color=shades[number % len(shades)])
    ax.set_xticks(range(len(CLASSES)), CLASSES)
    ax.set(ylabel=ylabel, xlabel="class", ylim=(0, 1))
    ax.grid(visible=False, axis="x")
    figure.legend(loc="outside upper center", ncols=len(tables))
    return figure


def one_at_a_time(groups: Mapping[str, pd.DataFrame], reference: float) -> Figure:
    """Macro-F1 on validation beats, a panel a setting, a dot a value; a line at the chosen one.

    groups: setting to a table of `value` (text) and `macro_f1`; reference: the chosen run's.
    """
    figure, axes = panels(len(groups), 2.7, sharey=True)
    for ax, (name, table) in zip(axes, groups.items(), strict=True):
        ax.axhline(reference, color=MUTED, linewidth=0.9, linestyle="--")
        ax.plot(range(len(table)), table["macro_f1"], "o", color=FIRST)
        own = np.isclose(table["macro_f1"], reference)
        ax.plot(np.flatnonzero(own), table["macro_f1"][own], "o", color=SECOND)
        ax.set_xticks(range(len(table)), table["value"], rotation=60, ha="right", fontsize=8)
        ax.set_title(name, fontsize=8.5)
        ax.margins(x=0.2, y=0.1)
    axes[0].set_ylabel("macro-F1, validation beats")
    return figure


def class_dots(table: pd.DataFrame, reference: str) -> Figure:
    """F1 of each class, and macro-F1, by run, as the difference to the run `reference`.

    table: as studies.table gives it.
    """
    figure, ax = canvas(size=(7.4, 3.0))
    base = table.set_index("run").loc[reference]
    rows = table[table["run"] != reference]
    for letter in CLASSES:
        change = rows[f"f1_{letter}"] - base[f"f1_{letter}"]
        ax.plot(change, rows["run"], "o", color=COLOURS[letter], label=letter, alpha=0.85)
    ax.plot(rows["macro_f1"] - base["macro_f1"], rows["run"], "kD", markersize=6, label="macro")
    ax.axvline(0, color=MUTED, linewidth=0.9, linestyle="--")
    ax.invert_yaxis()
    ax.set(xlabel=f"change of F1 against {reference}, validation beats")
    figure.legend(loc="outside upper center", ncols=6)
    return figure
