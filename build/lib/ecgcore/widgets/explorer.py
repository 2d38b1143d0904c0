"""A network at work on any stretch of a record, and what disturbing the signal does to it.

For JupyterLab: every change runs the network, so it needs a kernel.
"""

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import ipywidgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from ecgcore.beats.cutting import cut
from ecgcore.colours import COLOURS
from ecgcore.constants import CLASSES, FS
from ecgcore.data.records import default_database, record_names
from ecgcore.errors import DataError
from ecgcore.evaluation.predictions import probabilities
from ecgcore.plots import style
from ecgcore.widgets.traces import Trace, read_trace

SPAN_S = 3.0  # the strip shows this much either side of the chosen beat


@dataclass(frozen=True)
class Disturbance:
    """What is done to a signal before beats are cut from it.

    gain: factor; noise_mv: standard deviation of white noise, mV, added after the gain;
    shift_s: s by which every beat is cut later than its annotated R peak; seed: of the noise.
    """

    gain: float = 1.0
    noise_mv: float = 0.0
    shift_s: float = 0.0
    seed: int = 0


def disturb(signal: np.ndarray, disturbance: Disturbance) -> np.ndarray:
    """(n,) mV at 125 Hz, amplified and with noise; the same seed gives the same noise."""
    noise = np.random.default_rng(disturbance.seed).standard_normal(len(signal))
    return (disturbance.gain * signal + disturbance.noise_mv * noise).astype(np.float32)


def cut_disturbed(trace: Trace, at: np.ndarray, disturbance: Disturbance) -> np.ndarray:
    """(n, 187) float32 in [0, 1]: the chosen beats of a record, cut from its disturbed signal."""
    start = trace.r[at] + round(disturbance.shift_s * FS)
    start = np.clip(start, 0, len(trace.signal) - 1)
    return cut(disturb(trace.signal, disturbance), start, trace.length[at])[0]


class BeatExplorer(ipywidgets.VBox):
    """Choose a record and a time; change amplitude, noise and shift; see the classes change.

    model: a trained network; database: a WFDB database, by default the embedded one; records:
    those to offer, by default all. Raises DataError for a record that is not in the database.

    `probabilities` and `undisturbed`, both (5,) float32, belong to the chosen beat, the one
    nearest to the time; `beat` is its number in the record.
    """

    def __init__(
        self,
        model: nn.Module,
        database: Path | None = None,
        records: Sequence[str] = (),
    ):
        self.model, self.database = model, database or default_database()
        names = record_names(self.database)
        for name in records:
            if name not in names:
                raise DataError(f"{self.database}: there is no record {name}")
        self._read = lru_cache(maxsize=4)(self._read_record)
        self._make_controls(list(records) or names)
        super().__init__([*self._rows(), self.picture])
        self._new_record()

    def _read_record(self, name: str) -> tuple[Trace, np.ndarray]:
        """A record and the network's (n_beats, 5) answer to each of its beats as it is."""
        trace = read_trace(self.database, name)
        return trace, probabilities(self.model, trace.beats(np.arange(len(trace.r))))

    def _make_controls(self, names: list[str]) -> None:
        wide = ipywidgets.Layout(width="100%", max_width="34rem")
        label = {"description_width": "9rem"}
        slider = {"layout": wide, "style": label}
        self.record = ipywidgets.Dropdown(options=names, description="Record", **slider)
        self.time = ipywidgets.FloatSlider(
            description="Time (s)", min=0, max=1, step=0.1, readout_format=".1f", **slider
        )
        self.gain = ipywidgets.FloatSlider(
            1.0, description="Amplitude (×)", min=0.1, max=3, step=0.1, **slider
        )
        self.noise = ipywidgets.FloatSlider(
            0.0, description="Noise (mV)", min=0, max=0.5, step=0.01, **slider
        )
        self.shift = ipywidgets.IntSlider(
            0, description="Shift (ms)", min=-120, max=120, step=8, **slider
        )
        self.reset = ipywidgets.Button(description="As recorded", icon="undo")
        self.before = ipywidgets.Button(description="Beat before", icon="arrow-left")
        self.after = ipywidgets.Button(description="Next beat", icon="arrow-right")
        self.picture = ipywidgets.HTML()
        self.record.observe(lambda change: self._new_record(), "value")
        for control in (self.time, self.gain, self.noise, self.shift):
            control.observe(lambda change: self._update(), "value")
        self.reset.on_click(lambda button: self._as_recorded())
        self.before.on_click(lambda button: self.step(-1))
        self.after.on_click(lambda button: self.step(1))

    def _rows(self) -> list[ipywidgets.Widget]:
        note = ipywidgets.HTML(
            "<p>Each beat is scaled to its own range before the network sees it: the amplitude "
            "alone changes nothing, but it decides how much a given noise matters. "
            "Research software, no medical device.</p>"
        )
        walk = ipywidgets.HBox([self.before, self.after, self.reset])
        return [self.record, self.time, self.gain, self.noise, self.shift, walk, note]

    @property
    def disturbance(self) -> Disturbance:
        return Disturbance(self.gain.value, self.noise.value, self.shift.value / 1000)

    def _new_record(self) -> None:
        trace, _ = self._read(self.record.value)
        with self.time.hold_trait_notifications():
            self.time.max = len(trace.signal) / FS
            self.time.value = round(float(trace.r[1]) / FS, 1)
        self._update()

    def _as_recorded(self) -> None:
        self.gain.value, self.noise.value, self.shift.value = 1.0, 0.0, 0

    def step(self, by: int) -> None:
        """Go `by` beats on (or back, if negative), as far as the record goes."""
        trace, _ = self._read(self.record.value)
        number = int(np.clip(self.beat + by, 0, len(trace.r) - 1))
        self.time.value = float(trace.r[number]) / FS

    def _update(self) -> None:
        """Classify what the strip shows, and draw it."""
        trace, plain = self._read(self.record.value)
        position = self.time.value * FS
        self.beat = int(np.abs(trace.r - position).argmin())
        near = np.flatnonzero(np.abs(trace.r - trace.r[self.beat]) <= SPAN_S * FS)
        signal = cut_disturbed(trace, near, self.disturbance)
        answers = probabilities(self.model, signal)
        here = int(np.flatnonzero(near == self.beat)[0])
        self.probabilities, self.undisturbed = answers[here], plain[self.beat]
        figure = self._draw(trace, near, answers, signal[here])
        self.picture.value = (
            f'<div role="img" aria-label="{html.escape(self.describe())}" '
            f'style="background:#fff;border-radius:8px;max-width:60rem">{_svg(figure)}</div>'
        )

    def describe(self) -> str:
        """The chosen beat and the network's answer in one sentence."""
        trace, _ = self._read(self.record.value)
        sure = ", ".join(f"{c} {p:.1%}" for c, p in zip(CLASSES, self.probabilities, strict=True))
        return (
            f"Record {trace.name}, beat at {trace.r[self.beat] / FS:.1f} s, annotated "
            f"{CLASSES[trace.aami[self.beat]]}; the network's probabilities: {sure}"
        )

    def _draw(
        self, trace: Trace, near: np.ndarray, answers: np.ndarray, signal: np.ndarray
    ) -> Figure:
        with style.style():
            figure = Figure(figsize=(9, 5.2), layout="none")  # fitting takes longer than drawing
            figure.subplots_adjust(0.08, 0.1, 0.93, 0.92, 0.16, 0.42)
            axes = figure.subplot_mosaic(
                [["strip", "strip"], ["beat", "bars"]], height_ratios=[1.25, 1]
            )
            self._draw_strip(axes["strip"], trace, near, answers)
            axes["beat"].plot(style.beat_time(), signal, color="black", lw=1.2)
            axes["beat"].set(xlabel="time from the R peak (s)", ylabel="share of range")
            axes["beat"].set_title("what the network gets", loc="left")
            self._draw_bars(axes["bars"])
        return figure

    def _draw_strip(self, axes: Axes, trace: Trace, near: np.ndarray, answers: np.ndarray) -> None:
        middle = trace.r[self.beat]
        first = max(0, middle - round(SPAN_S * FS))
        last = min(len(trace.signal), middle + round(SPAN_S * FS) + 1)
        signal = disturb(trace.signal, self.disturbance)[first:last]
        axes.plot(np.arange(first, last) / FS, signal, color="black", lw=0.9)
        start = middle / FS + self.disturbance.shift_s
        axes.axvspan(start, start + trace.length[self.beat] / FS, color="#56B4E9", alpha=0.25)
        for number, answer in zip(near, answers.argmax(axis=1), strict=True):
            true = int(trace.aami[number])
            for k, height in ((true, 1.13), (int(answer), 1.03)):
                axes.text(
                    trace.r[number] / FS, height, CLASSES[k], transform=axes.get_xaxis_transform(),
                    ha="center", weight="bold", color="white" if k == 0 else "black",
                    bbox={"boxstyle": "round,pad=0.2", "fc": COLOURS[CLASSES[k]],
                          "ec": "black" if answer != true else "none", "lw": 1.5},
                )  # fmt: skip
        for label, height in (("annotated", 1.13), ("network", 1.03)):
            axes.text(-0.01, height, label, transform=axes.transAxes, ha="right", size="small")
        axes.set(xlabel=f"time in record {trace.name} (s)", ylabel=f"{trace.lead} (mV)")
        axes.set_xlim(first / FS, last / FS)

    def _draw_bars(self, axes: Axes) -> None:
        at = np.arange(len(CLASSES))
        colours = [COLOURS[c] for c in CLASSES]
        axes.barh(at, self.probabilities, 0.55, color=colours, label="now")
        axes.plot(self.undisturbed, at, "k|", ms=16, mew=2, label="as recorded")
        for row, value in enumerate(self.probabilities):
            axes.text(1.02, row, f"{value:.1%}", va="center")
        axes.set(yticks=at, yticklabels=CLASSES, xlim=(0, 1), xlabel="probability")
        axes.invert_yaxis()
        axes.set_title("bar: now; line: as recorded", loc="left")

    def _repr_mimebundle_(self, **kwargs):
        """The live widget; for pages without a kernel, a picture that says what it lacks."""
        content = super()._repr_mimebundle_(**kwargs) or {}
        note = "<p>A picture: the controls work in JupyterLab, where the network can run.</p>"
        return content | {"text/html": note + self.picture.value}


def _svg(figure: Figure) -> str:
    """A figure as an <svg> element that takes the width it finds."""
    out = io.StringIO()
    with style.style():
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :].replace("<svg ", '<svg style="width:100%;height:auto" ', 1)
