"""Plotly charts of the app. Of a recording only the visible window is drawn sample by sample; what
shows the whole of it is thinned to what a screen has room for."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from ecgcore.constants import CLASS_NAMES, CLASSES, FS
from ecgcore.inference import events
from ecgcore.inference.classifying import Classified
from ecgcore.inference.events import Summary
from ecgcore.inference.recording import Recording

SYMBOLS = dict(zip(CLASSES, ("circle", "diamond", "triangle-down", "square", "cross"), strict=True))
BINS = 600  # of an overview
LANES = ("V", "S", "F", "Q")  # of the overview, from the top; N is the rest
SMALL_S, LARGE_S, SMALL_MV, LARGE_MV = 0.04, 0.2, 0.1, 0.5  # squares of ECG paper
MOST_SMALL_S, MOST_LARGE_S = 12.0, 40.0  # windows up to which squares are drawn
MOST_MV = 8.0  # height likewise
QRS_S = (0.1, 0.16)  # of signal in a beat's colour, before and after its R peak
AROUND = 0.5  # windows of signal on either side of the visible one, to pan into
RATE_TOP = 220
FAINTEST = 0.35  # opacity of a beat of which the model knew nothing


@dataclass(frozen=True)
class Look:
    """Colours of a light or dark page. classes: by letter, after Okabe and Ito, whom colour-blind
    readers can tell apart, lighter on dark ground."""

    classes: dict[str, str]
    ink: str
    quiet: str
    large: str
    small: str
    paper: str
    bad: str
    here: str


LIGHT = Look(
    dict(zip(CLASSES, ("#0072B2", "#B87700", "#D55E00", "#B3558C", "#00805A"), strict=True)),
    ink="#1B2733", quiet="#5B6875", large="#E8AFA8", small="#F9E6E3", paper="#FFFBFA",
    bad="rgba(120,130,140,.30)", here="rgba(0,114,178,.16)",
)  # fmt: skip
DARK = Look(
    dict(zip(CLASSES, ("#56B4E9", "#F0AE3C", "#FF8A55", "#E39AC2", "#37C79C"), strict=True)),
    ink="#E8EDF2", quiet="#A3AFBA", large="#5C3C3E", small="#33262A", paper="#1D1816",
    bad="rgba(140,150,160,.32)", here="rgba(86,180,233,.22)",
)  # fmt: skip


def _figure(height: int, look: Look, **layout) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 48, "r": 8, "t": 8, "b": 36},
        showlegend=False,
        font={"color": look.ink},
        hoverlabel={"namelength": 0},
        **layout,
    )
    faint = {"gridcolor": "rgba(128,128,128,.18)", "zeroline": False}
    figure.update_layout(xaxis=faint, yaxis=faint)
    return figure


# The whole


def overview(
    recording: Recording, summary: Summary, window: tuple[float, float], look: Look
) -> go.Figure:
    """Heart rate, beats that are not N, suspect and unanalysable stretches over the whole.

    window: from and to (s), what is shown below. Every point tells its time (s) in `customdata`.
    """
    figure = _figure(270, look, hovermode="x", clickmode="event+select", dragmode="pan")
    _rate(figure, recording, look)
    _lanes(figure, recording, summary, look)
    for stretch in summary.unusable:
        _band(figure, stretch.start_s, stretch.stop_s, look.bad)
    _band(figure, *window, look.here, line={"color": look.classes["N"], "width": 1})
    ticks = _time_ticks(recording.seconds)
    figure.update_xaxes(
        range=[0, recording.seconds],
        tickvals=ticks,
        ticktext=[summary.clock(t) for t in ticks],
        fixedrange=True,
        anchor="y2",
    )
    lanes = ["irregular", *reversed(LANES)]
    figure.update_layout(
        yaxis={"domain": [0.44, 1], "title": "rate (/min)", "rangemode": "tozero"},
        yaxis2={
            "domain": [0, 0.40],
            "range": [-0.6, len(lanes) - 0.4],
            "tickvals": list(range(len(lanes))),
            "ticktext": ["AF?", *lanes[1:]],
            "showgrid": False,
        },
    )
    figure.update_yaxes(fixedrange=True)
    return figure


def _band(figure: go.Figure, start_s: float, stop_s: float, colour: str, **options) -> None:
    figure.add_shape(
        type="rect", x0=start_s, x1=stop_s, y0=0, y1=1, yref="paper", fillcolor=colour,
        layer="below", **({"line": {"width": 0}} | options),
    )  # fmt: skip


def _rate(figure: go.Figure, recording: Recording, look: Look) -> None:
    """Median, least and greatest rate in each bin."""
    time = recording.beats.time_s
    known = events.intervals_known(time, recording.unusable)
    at, rate = events.moving_rate(time, known) if len(time) > 1 else (np.empty(0), np.empty(0))
    width = recording.seconds / BINS
    number = np.minimum((at / width).astype(int), BINS - 1)
    middle = (np.arange(BINS) + 0.5) * width
    least, half, most = np.full((3, BINS), np.nan)
    for first, last in _groups(number):
        own, k = rate[first:last], number[first]
        least[k], half[k], most[k] = own.min(), np.median(own), own.max()
    if len(at) < 2 * BINS:  # so few that each of them has room
        middle, half = at, rate
    else:
        there = np.isfinite(half)
        x = np.concatenate([middle[there], middle[there][::-1]])
        y = np.concatenate([most[there], least[there][::-1]])
        fill = {"fill": "toself", "fillcolor": look.here, "line": {"width": 0}}
        figure.add_scatter(x=x, y=y, hoverinfo="skip", mode="lines", **fill)
    figure.add_scatter(
        x=middle,
        y=np.minimum(half, RATE_TOP),
        customdata=middle,
        mode="lines+markers",  # only what has marks can be clicked
        line={"color": look.classes["N"], "width": 1.4},
        marker={"opacity": 0.001, "size": 6},
        selected={"marker": {"opacity": 0.001}},
        unselected={"marker": {"opacity": 0.001}},
        hovertemplate="%{y:.0f}/min",
    )


def _groups(number: np.ndarray) -> list[tuple[int, int]]:
    """First and after-last position of each row of equal numbers."""
    edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(number)]
    return [(a, b) for a, b in itertools.pairwise(edges) if b > a]


def _lanes(figure: go.Figure, recording: Recording, summary: Summary, look: Look) -> None:
    """A mark where there is a beat of a class, one for all that would fall on the same spot."""
    beats = recording.beats
    for level, letter in enumerate(reversed(LANES), start=1):
        own = beats.time_s[beats.predicted == CLASSES.index(letter)]
        bins, first, n = np.unique(
            (own / recording.seconds * BINS * 2).astype(int), return_index=True, return_counts=True
        )
        figure.add_scatter(
            x=own[first],
            y=np.full(len(bins), level),
            customdata=own[first],
            text=[f"{k} {letter}" for k in n],
            mode="markers",
            marker={
                "symbol": "line-ns",
                "size": 11,
                "line": {"width": 1.6, "color": look.classes[letter]},
            },
            hovertemplate="%{text}",
            yaxis="y2",
        )
    x, y = [], []
    for event in summary.fibrillation:
        x += [event.start_s, event.stop_s, None]
        y += [0, 0, None]
    figure.add_scatter(
        x=x, y=y, yaxis="y2", mode="lines", hovertemplate="irregular",
        line={"width": 8, "color": look.classes["F"]},
    )  # fmt: skip


def _time_ticks(seconds: float) -> list[float]:
    steps = (10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 86_400)
    step = next((s for s in steps if seconds / s <= 8), 86_400 * 7)
    return [float(t) for t in np.arange(0, seconds, step)]


# A window of it


def strip(
    recording: Recording,
    window: tuple[float, float],
    selected_s: float | None,
    look: Look,
    second: tuple[str, np.ndarray] | None = None,
    narrow: bool = False,
    boxes: bool = False,
) -> go.Figure:
    """A rhythm strip on ECG paper, each beat in its class's colour, fainter where less certain.

    window: from and to (s); selected_s: R peak of the chosen beat; second: name and (n,) samples
    of another lead, shown below; narrow: for a small screen that is touched; boxes: whether
    dragging marks a stretch (else it moves the strip).
    """
    start, stop = window
    margin = AROUND * (stop - start)
    first = max(round((start - margin) * FS), 0)
    last = min(round((stop + margin) * FS), len(recording.signal))
    drag = "select" if boxes else (False if narrow else "pan")
    figure = _figure(
        430 if second else 300, look, dragmode=drag, clickmode="event+select", hovermode="closest"
    )
    _paper(figure, stop - start, look, narrow)
    span = _trace(figure, recording.signal, first, last, window, look, "y")
    figure.update_yaxes(
        title=_axis(recording.lead, recording.unit), **_height(span, recording.unit, look)
    )
    if second:
        span = _trace(figure, second[1], first, last, window, look, "y2")
        below = _height(span, recording.unit, look) | {"domain": [0, 0.38], "title": second[0]}
        figure.update_layout(yaxis={"domain": [0.42, 1]}, yaxis2=below, xaxis={"anchor": "y2"})
    for stretch in recording.unusable:
        if stretch.start_s < last / FS and stretch.stop_s > first / FS:
            _band(figure, stretch.start_s, stretch.stop_s, look.bad)
    inside = np.flatnonzero(
        (recording.beats.time_s >= first / FS) & (recording.beats.time_s < last / FS)
    )
    for letter in CLASSES:
        own = inside[recording.beats.predicted[inside] == CLASSES.index(letter)]
        if len(own):
            _add_beats(figure, recording, own, letter, span_of=figure.layout.yaxis.range, look=look)
    if selected_s is not None:
        _band(figure, selected_s - QRS_S[0], selected_s + QRS_S[1], look.here)
    figure.update_xaxes(range=[start, stop], minallowed=first / FS, maxallowed=last / FS)
    _ticks(figure, recording, first / FS, last / FS, stop - start, narrow)
    return figure


def _ticks(
    figure: go.Figure, recording: Recording, first: float, last: float, seconds: float, narrow: bool
) -> None:
    """A line at every large square, or second where these are too many; few of them labelled."""
    line_s = LARGE_S if seconds <= MOST_LARGE_S else 1.0
    step = round(_step(seconds, narrow) / line_s)
    numbers = np.arange(np.ceil(first / line_s), last / line_s).astype(int)
    words = [_seconds(recording, n * line_s) if n % step == 0 else "" for n in numbers]
    figure.update_xaxes(tickvals=np.round(numbers * line_s, 3), ticktext=words)


def _axis(lead: str, unit: str) -> str:
    unit = "" if unit.startswith("unknown") else unit
    lead = "" if lead.startswith("unknown") else lead
    return f"{lead} ({unit})" if lead and unit else lead or unit


def _step(seconds: float, narrow: bool) -> float:
    room = 5 if narrow else 12
    return next(float(s) for s in (1, 2, 5, 10, 20, 60) if seconds / s <= room or s == 60)


def _seconds(recording: Recording, second: float) -> str:
    if recording.start is None and recording.seconds < 600:
        return f"{second:.0f} s"
    return events.clock(second, recording.start)


def _paper(figure: go.Figure, seconds: float, look: Look, narrow: bool) -> None:
    """The ground of ECG paper: small squares where there is room for them."""
    figure.update_layout(plot_bgcolor=look.paper, selectdirection="h")
    small = {"dtick": SMALL_S, "showgrid": True, "gridcolor": look.small, "gridwidth": 0.6}
    shown = seconds <= MOST_SMALL_S and not narrow
    figure.update_xaxes(
        showgrid=True, gridcolor=look.large, gridwidth=1, ticks="", minor=small if shown else None
    )


def _height(span: list[float], unit: str, look: Look) -> dict:
    """An axis of millivolts in squares of 0.5 and 0.1 mV, any other as it fits."""
    axis = {"range": span, "gridcolor": look.large, "fixedrange": True, "zeroline": False}
    if unit.strip().lower() == "mv" and span[1] - span[0] < MOST_MV:
        small = {"dtick": SMALL_MV, "showgrid": True, "gridcolor": look.small, "gridwidth": 0.6}
        lines = np.arange(np.ceil(span[0] / LARGE_MV), span[1] / LARGE_MV).astype(int)
        few = len(lines) <= 6  # else only whole millivolts are labelled
        words = [f"{n * LARGE_MV:g}" if few or n % 2 == 0 else "" for n in lines]
        axis |= {"tickvals": lines * LARGE_MV, "ticktext": words, "minor": small}
    return axis


def _trace(
    figure: go.Figure,
    signal: np.ndarray,
    first: int,
    last: int,
    window: tuple[float, float],
    look: Look,
    axis: str,
) -> list[float]:
    """The signal of a strip; the range that shows what is in its window."""
    piece = signal[first:last].astype(float)
    figure.add_scatter(
        x=np.round(np.arange(first, first + len(piece)) / FS, 3),
        y=np.round(piece, 5),
        yaxis=axis,
        mode="lines",
        line={"color": look.ink, "width": 1.1},
        hoverinfo="skip",
    )
    seen = signal[max(round(window[0] * FS), 0) : round(window[1] * FS)]
    if not len(seen):
        return [-1.0, 1.0]
    low, high = np.percentile(seen, [0.1, 99.9])
    room = max(high - low, 1e-6)
    return [float(low - 0.12 * room), float(high + 0.30 * room)]


def _add_beats(
    figure: go.Figure,
    recording: Recording,
    index: Sequence[int],
    letter: str,
    span_of: Sequence[float],
    look: Look,
) -> None:
    """The QRS complexes of one class in colour, and their letters above the trace."""
    beats, signal = recording.beats, recording.signal
    x, y = [], []
    for peak in np.round(beats.time_s[index] * FS).astype(int):
        piece = np.arange(
            max(peak - round(QRS_S[0] * FS), 0), min(peak + round(QRS_S[1] * FS), len(signal))
        )
        x += [*np.round(piece / FS, 3).tolist(), None]
        y += [*np.round(signal[piece].astype(float), 5).tolist(), None]
    line = {"color": look.classes[letter], "width": 2}
    figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")
    sure = np.nan_to_num(beats.confidence[index], nan=1.0)
    opacity = FAINTEST + (1 - FAINTEST) * sure
    top = span_of[1] - 0.10 * (span_of[1] - span_of[0])
    figure.add_scatter(
        x=beats.time_s[index],
        y=np.full(len(index), top),
        customdata=beats.time_s[index],
        text=[f"<b>{letter}</b>"] * len(index),
        meta=letter,
        mode="markers+text",
        textposition="middle center",
        textfont={"color": [_faded(look.classes[letter], o) for o in opacity], "size": 14},
        marker={"color": look.classes[letter], "opacity": 0.001, "size": 22},
        selected={"marker": {"opacity": 0.25}, "textfont": {"color": look.classes[letter]}},
        unselected={"marker": {"opacity": 0.001}},
        hovertext=[_told(beats, i) for i in index],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _faded(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:.2f})"


def _told(beats: Classified, i: int) -> str:
    sure = beats.confidence[i]
    told = [f"{CLASSES[beats.predicted[i]]} at {beats.time_s[i]:.2f} s"]
    told.append(f"probability {sure:.2f}" if np.isfinite(sure) else "corrected by hand")
    if beats.true[i] >= 0:
        told.append(f"annotated {CLASSES[beats.true[i]]}")
    return ", ".join(told)


# Single beats, and sums


def counts(beats: Classified, look: Look) -> go.Figure:
    """Beats of each class."""
    figure = _figure(220, look)
    numbers = np.bincount(beats.predicted, minlength=len(CLASSES))
    share = 100 * numbers / max(len(beats), 1)
    figure.add_bar(
        x=list(CLASSES),
        y=numbers,
        marker_color=list(look.classes.values()),
        text=[f"{n:,} ({s:.1f} %)" for n, s in zip(numbers, share, strict=True)],
        textposition="outside",
        cliponaxis=False,
        hovertext=list(CLASS_NAMES.values()),
    )
    figure.update_yaxes(range=[0, 1.2 * max(numbers.max(), 1)])
    return figure


def probabilities(beats: Classified, i: int, look: Look) -> go.Figure:
    """What the model thinks of one beat."""
    figure = _figure(230, look)
    p = beats.probabilities[i]
    figure.add_bar(
        x=list(CLASSES),
        y=p,
        marker_color=list(look.classes.values()),
        text=[f"{v:.3f}" for v in p],
        textposition="outside",
        cliponaxis=False,
        hovertext=list(CLASS_NAMES.values()),
    )
    figure.update_yaxes(range=[0, 1.15], title="probability")
    return figure


def wave(beats: Classified, i: int, look: Look) -> go.Figure:
    """One beat, scaled as the single-beat network sees it."""
    figure = _figure(230, look)
    signal = beats.signal[i]
    colour = look.classes[CLASSES[beats.predicted[i]]]
    figure.add_scatter(x=np.arange(len(signal)) / FS, y=signal, line={"color": colour, "width": 2})
    figure.update_xaxes(title="time after R (s)")
    figure.update_yaxes(title="amplitude (0 to 1)")
    return figure
