"""Figures of the chapter on another database. Like those in plots, each returns a Figure."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ecgcore.chapters.another_database.tables import PROPERTIES, shares
from ecgcore.colours import FIRST, MUTED, SECOND
from ecgcore.constants import CLASSES
from ecgcore.data.records import Record
from ecgcore.plots.strips import busiest, draw_strip
from ecgcore.plots.style import Figure, PercentFormatter, canvas

SHADES = (FIRST, SECOND)


def compared(described: Mapping[str, pd.DataFrame]) -> Figure:
    """Class shares, annotation offsets, QRS heights and unlikeness of two databases' records.

    described: name of a database to its table from databases.describe.
    """
    figure, axes = canvas(2, 2, size=(7.6, 5.2))
    classes, *others = axes.flat
    for number, (name, table) in enumerate(described.items()):
        at = np.arange(len(CLASSES)) + 0.4 * (number - 0.5)
        bars = classes.bar(at, 100 * shares(table), 0.38, color=SHADES[number], label=name)
        classes.bar_label(bars, fmt="%.2g", fontsize=7, padding=1)
    classes.set_xticks(range(len(CLASSES)), CLASSES)
    classes.set(yscale="log", ylabel="beats (%)", xlabel="annotated class", ylim=(0.005, 400))
    columns = {
        "offset_ms": "R peak after the annotation (ms)",
        "height_mv": PROPERTIES["height_mv"],
        "unlike": PROPERTIES["unlike"],
    }
    for ax, (key, label) in zip(others, columns.items(), strict=True):
        values = pd.concat([table[key] for table in described.values()])
        bins = np.linspace(values.min(), values.quantile(0.99), 25)
        for number, table in enumerate(described.values()):
            clipped = table[key].clip(upper=bins[-1])
            ax.hist(clipped, bins, color=SHADES[number], alpha=0.55)
        ax.set(xlabel=label, ylabel="records")
    figure.legend(loc="outside upper center", ncols=len(described))
    return figure


def ranked(tables: Mapping[str, pd.DataFrame], column: str = "f1") -> Figure:
    """F1 of S and of V of each record, a panel a class: records in the order of the first table.

    tables: what was learnt from to a table from databases.by_record; the same records in each.
    """
    figure, axes = canvas(2, 1, size=(8.4, 5.2))
    for ax, letter in zip(axes, "SV", strict=True):
        first, *_ = (table.set_index("record")[f"{column}_{letter}"] for table in tables.values())
        order = first.dropna().sort_values(ascending=False).index
        at = np.arange(len(order))
        both = [table.set_index("record")[f"{column}_{letter}"][order] for table in tables.values()]
        ax.vlines(at, np.min(both, axis=0), np.max(both, axis=0), color=MUTED, linewidth=0.6)
        for number, (name, values) in enumerate(zip(tables, both, strict=True)):
            mark = {"marker": "o^"[number], "markersize": 4, "linestyle": ""}
            ax.plot(at, values, color=SHADES[number], label=name if letter == "S" else None, **mark)
        ax.set_xticks(at, order, rotation=90, fontsize=6.5)
        ax.set(ylabel=f"F1 of {letter}", ylim=(-0.03, 1.03), xlim=(-1, len(order)))
    axes[-1].set_xlabel("record")
    figure.legend(loc="outside upper center", ncols=len(tables), title="learnt from")
    return figure


def heat(sensitivity: pd.DataFrame, rows: int = 2) -> Figure:
    """As plots_studies.record_heat, for many records: wrapped into rows.

    sensitivity: a row a record, a column a class, NaN: not shown.
    """
    figure, axes = canvas(rows, 1, size=(8.4, 1.9 * rows))
    width = -(-len(sensitivity) // rows)
    for row, ax in enumerate(axes):
        part = sensitivity.iloc[row * width : (row + 1) * width]
        ax.set_facecolor("#E6E6E6")
        image = ax.imshow(part.to_numpy(float).T, aspect="auto", cmap="viridis", vmin=0, vmax=1)
        ax.set_yticks(range(part.shape[1]), list(part.columns))
        ax.set_xticks(range(len(part)), part.index, rotation=90, fontsize=7)
        ax.set_ylabel("class")
        ax.grid(visible=False)
    axes[-1].set_xlabel("record")
    bar = figure.colorbar(image, ax=axes, pad=0.01, format=PercentFormatter(1, 0))
    bar.set_label("sensitivity")
    return figure


def against(table: pd.DataFrame, target: str, label: str, marked: Sequence[str] = ()) -> Figure:
    """A column against each property, a dot a record, those in `marked` with their name."""
    figure, axes = canvas(1, len(PROPERTIES), size=(9.4, 2.9), sharey=True)
    for ax, (key, title) in zip(axes, PROPERTIES.items(), strict=True):
        ax.plot(table[key], 100 * table[target], "o", markersize=3.5, color=FIRST, alpha=0.7)
        for _, row in table[table["record"].isin(marked)].iterrows():
            at = (row[key], 100 * row[target])
            ax.plot(*at, "o", markersize=4.5, color=SECOND)
            ax.annotate(row["record"], at, (3, 3), textcoords="offset points", fontsize=7)
        ax.set_xlabel(title.replace(" (", "\n("), fontsize=8)
        ax.margins(x=0.15)
    axes[0].set_ylabel(label)
    return figure


def strips(records: Sequence[Record], seconds: float) -> Figure:
    """A strip a record where its annotated S beats are densest, with every annotated class."""
    figure, axes = canvas(len(records), 1, size=(8.6, 1.6 * len(records)), squeeze=False)
    for ax, record in zip(axes[:, 0], records, strict=True):
        start = busiest(record.sample[record.aami == "S"] / record.fs, seconds)
        draw_strip(ax, record, start, start + seconds)
        piece = record.signal[int(start * record.fs) : int((start + seconds) * record.fs)]
        ax.set(ylim=(piece.min() - 0.3, piece.max() + 0.7), ylabel="mV")
        ax.set_title(f"record {record.name}", fontsize=8.5, loc="left")
    axes[-1, 0].set_xlabel("time in the record (s)")
    return figure
