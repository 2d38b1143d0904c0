"""One style for all figures, and the parts of matplotlib that figures are made of.

Chapters draw with what this module offers, so that none sets a style of its own.
"""

from contextlib import contextmanager
from pathlib import Path

import matplotlib
import numpy as np
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter
from matplotlib.transforms import Bbox

from ecgcore import paths
from ecgcore.constants import BEAT_LENGTH, FS
from ecgcore.files import replacing
from ecgcore.plots import data

__all__ = [
    "Artist",
    "Axes",
    "Bbox",
    "FancyBboxPatch",
    "Figure",
    "Line2D",
    "MaxNLocator",
    "NullLocator",
    "Patch",
    "PercentFormatter",
    "beat_time",
    "canvas",
    "panels",
    "save",
    "sns",
    "style",
]

STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "font.size": 9.5,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "ecgcore",  # the same figure gives the same file
}


@contextmanager
def style():
    with matplotlib.rc_context(STYLE):
        yield


def canvas(rows: int = 1, columns: int = 1, size: tuple[float, float] = (7.2, 3.2), **options):
    """A figure of `size` inches and its axes, drawn in the project's style."""
    with style():
        return plt.subplots(rows, columns, figsize=size, **options)


def save(figure: Figure, name: str, profile: str) -> Path:
    """Write a figure as SVG and its data as CSV into the profile's figures folder, and close it."""
    path = paths.figures_dir(profile) / f"{name}.svg"
    with replacing(path) as temporary, style():
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    with replacing(path.with_suffix(".csv")) as temporary:
        data.table(figure).to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
    plt.close(figure)
    return path


def panels(count: int, height: float = 3.4, **options) -> tuple[Figure, list[Axes]]:
    """A row of `count` panels."""
    figure, axes = canvas(1, count, size=(7.4, height), squeeze=False, **options)
    return figure, list(axes[0])


def beat_time() -> np.ndarray:
    """(187,) s, time of each sample of a beat after its R peak."""
    return np.arange(BEAT_LENGTH) / FS
