"""The data of a figure as a table, read from what is drawn."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLUMNS = ("panel", "kind", "series", "x", "y", "value")
MOST = 20_000  # rows; a strip of ECG has some thousands


def table(figure: Figure) -> pd.DataFrame:
    """A row a point: panel (its title, or number), kind (line, bar, points, cell), series (its
    label, or number), x, y, and for bars and cells of an image their value."""
    rows = [
        row
        for number, ax in enumerate(figure.axes, 1)
        if ax.get_visible() and ax.get_label() != "<colorbar>"
        for row in _of_panel(ax, ax.get_title() or str(number))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)[:MOST]


def _of_panel(ax: Axes, panel: str) -> Iterator[tuple]:
    for number, line in enumerate(ax.lines, 1):
        # A line across the whole panel is a mark, not data.
        if line.get_transform() != ax.transData:
            continue
        for x, y in np.column_stack([line.get_xdata(orig=False), line.get_ydata(orig=False)]):
            yield panel, "line", _name(line, number), x, y, np.nan
    for number, container in enumerate(ax.containers, 1):
        for bar in getattr(container, "patches", ()):
            x, y = bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height() / 2
            lies = getattr(container, "orientation", "vertical") == "horizontal"
            value = bar.get_width() if lies else bar.get_height()
            yield panel, "bar", _name(container, number), x, y, value
    for number, points in enumerate(ax.collections, 1):
        for x, y in np.ma.filled(np.ma.asarray(points.get_offsets(), dtype=float), np.nan):
            if points.get_offset_transform() == ax.transData:
                yield panel, "points", _name(points, number), x, y, np.nan
    for number, image in enumerate((*ax.images, *_meshes(ax)), 1):
        values = np.ma.filled(np.ma.asarray(image.get_array(), dtype=float), np.nan)
        for (row, column), value in np.ndenumerate(values.reshape(values.shape[0], -1)):
            yield panel, "cell", _name(image, number), column, row, value


def _meshes(ax: Axes):
    """Heat maps, as seaborn draws them."""
    return [c for c in ax.collections if hasattr(c, "get_coordinates")]


def _name(artist, number: int) -> str:
    label = str(artist.get_label())
    return str(number) if label.startswith("_") or not label else label
