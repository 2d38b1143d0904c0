"""Plotly charts of the app."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from ecgcore.constants import CLASS_NAMES, CLASSES, FS
from ecgcore.inference.classifying import Classified

# Okabe and Ito's palette, which colour-blind readers can tell apart, and a symbol besides.
COLOURS = dict(zip(CLASSES, ("#0072B2", "#E69F00", "#D55E00", "#CC79A7", "#009E73"), strict=True))
SYMBOLS = dict(zip(CLASSES, ("circle", "diamond", "triangle-down", "square", "cross"), strict=True))
MARGIN = {"l": 60, "r": 10, "t": 30, "b": 45}


def _figure(height: int, x: str, y: str, **layout) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin=MARGIN,
        xaxis_title=x,
        yaxis_title=y,
        template="plotly_white",
        **layout,
    )
    figure.update_layout(legend={"orientation": "h", "y": 1.12, "x": 0})
    return figure


def counts(beats: Classified) -> go.Figure:
    """Beats of each class."""
    figure = _figure(240, "class", "beats", showlegend=False)
    numbers = np.bincount(beats.predicted, minlength=len(CLASSES))
    share = 100 * numbers / max(len(beats), 1)
    figure.add_bar(
        x=list(CLASSES),
        y=numbers,
        marker_color=list(COLOURS.values()),
        text=[f"{n:,} ({s:.1f} %)" for n, s in zip(numbers, share, strict=True)],
        textposition="outside",
        cliponaxis=False,
        hovertext=list(CLASS_NAMES.values()),
    )
    return figure


def probabilities(beats: Classified, i: int) -> go.Figure:
    """What the network thinks of one beat."""
    figure = _figure(280, "class", "probability", showlegend=False)
    p = beats.probabilities[i]
    figure.add_bar(
        x=list(CLASSES),
        y=p,
        marker_color=list(COLOURS.values()),
        text=[f"{v:.3f}" for v in p],
        textposition="outside",
        cliponaxis=False,
        hovertext=list(CLASS_NAMES.values()),
    )
    figure.update_yaxes(range=[0, 1.12])
    return figure


def wave(beats: Classified, i: int) -> go.Figure:
    """One beat as the network sees it."""
    figure = _figure(280, "time after R (s)", "amplitude (0 to 1)", showlegend=False)
    signal = beats.signal[i]
    colour = COLOURS[CLASSES[beats.predicted[i]]]
    figure.add_scatter(x=np.arange(len(signal)) / FS, y=signal, line={"color": colour, "width": 2})
    return figure


def strip(
    signal: np.ndarray, beats: Classified, start_s: float, seconds: float, unit: str
) -> go.Figure:
    """A rhythm strip; each beat's stretch of signal in its class's colour, its R peak marked.

    signal: (n,) the whole, 125 Hz, in `unit`.
    """
    figure = _figure(330, "time (s)", unit)
    first, last = int(start_s * FS), min(int((start_s + seconds) * FS), len(signal))
    time = np.arange(first, last) / FS
    figure.add_scatter(
        x=time, y=signal[first:last], line={"color": "#999999", "width": 1}, name="signal"
    )
    inside = np.flatnonzero((beats.time_s >= start_s) & (beats.time_s < start_s + seconds))
    for number, letter in enumerate(CLASSES):
        of_class = inside[beats.predicted[inside] == number]
        if len(of_class):
            _add_beats(figure, signal, beats, of_class, letter)
    figure.update_xaxes(range=[start_s, start_s + seconds], dtick=1, gridcolor="#F3D3D3")
    figure.update_yaxes(gridcolor="#F3D3D3")
    return figure


def _add_beats(
    figure: go.Figure,
    signal: np.ndarray,
    beats: Classified,
    index: Sequence[int],
    letter: str,
) -> None:
    """The QRS complexes of one class in colour, and marks with letters at the R peaks."""
    x, y = [], []
    for i in index:
        peak = round(beats.time_s[i] * FS)
        piece = np.arange(max(peak - FS // 10, 0), min(peak + FS // 5, len(signal)))
        x += [*(piece / FS), None]
        y += [*signal[piece].astype(float), None]
    line = {"color": COLOURS[letter], "width": 2.2}
    figure.add_scatter(x=x, y=y, mode="lines", line=line, showlegend=False, hoverinfo="skip")
    at = np.clip(np.round(beats.time_s[index] * FS).astype(int), 0, len(signal) - 1)
    figure.add_scatter(
        x=beats.time_s[index],
        y=signal[at],
        mode="markers+text",
        marker={"color": COLOURS[letter], "symbol": SYMBOLS[letter], "size": 9},
        text=[letter] * len(index),
        textposition="top center",
        cliponaxis=False,
        name=letter,
        customdata=beats.confidence[index],
        hovertemplate="%{x:.2f} s, probability %{customdata:.3f}",
    )


def rhythm(beats: Classified) -> go.Figure:
    """Heart rate at each beat, from the time since the one before."""
    figure = _figure(280, "time (min)", "beats a minute")
    rate = 60 / np.diff(beats.time_s)
    for number, letter in enumerate(CLASSES):
        at = beats.predicted[1:] == number
        if at.any():
            figure.add_trace(
                go.Scattergl(
                    x=beats.time_s[1:][at] / 60,
                    y=rate[at],
                    mode="markers",
                    marker={"color": COLOURS[letter], "symbol": SYMBOLS[letter], "size": 5},
                    name=letter,
                )
            )
    figure.update_yaxes(range=[0, 220])
    return figure
