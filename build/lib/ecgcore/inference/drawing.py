"""Arrays as SVG, small and without a library: lines, dots, axes, ECG paper."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np


def number(value: float) -> str:
    """As short as a tenth of a pixel allows."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def line(x: np.ndarray, y: np.ndarray) -> str:
    """A path through (n,) points; a NaN breaks it."""
    steps, pen = [], "M"
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if a != a or b != b:
            pen = "M"
            continue
        steps.append(f"{pen}{number(a)} {number(b)}")
        pen = "L"
    return "".join(steps)


def dots(x: np.ndarray, y: np.ndarray) -> str:
    """A path of (n,) dots, to be drawn with a round stroke."""
    return "".join(
        f"M{number(a)} {number(b)}h0" for a, b in zip(x.tolist(), y.tolist(), strict=True)
    )


def ticks(low: float, high: float, wanted: int = 5) -> np.ndarray:
    """Round numbers between two, about as many as wanted."""
    rough = max((high - low) / wanted, 1e-9)
    size = 10 ** np.floor(np.log10(rough))
    step = size * next(m for m in (1, 2, 5, 10) if m * size >= rough)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step


def time_ticks(seconds: float, offset_s: float = 0.0, wanted: int = 8) -> np.ndarray:
    """Whole minutes or hours within a recording. offset_s: clock time of its start, in the day."""
    steps = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
    step = next((s for s in steps if seconds / s <= wanted), steps[-1])
    first = np.ceil(offset_s / step) * step - offset_s
    return np.arange(first, seconds + 1e-6, step)


@dataclass
class Canvas:
    """A drawing of width x height, whose axes map `x` and `y` (low, high) to the area inside the
    margins (left, right, top, bottom)."""

    width: float
    height: float
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)
    margins: tuple[float, float, float, float] = (46, 26, 12, 26)
    parts: list[str] = field(default_factory=list)

    def at_x(self, value):
        left, right = self.margins[0], self.width - self.margins[1]
        return left + (np.asarray(value, dtype=float) - self.x[0]) / (self.x[1] - self.x[0]) * (
            right - left
        )

    def at_y(self, value):
        top, bottom = self.margins[2], self.height - self.margins[3]
        return bottom - (np.asarray(value, dtype=float) - self.y[0]) / (self.y[1] - self.y[0]) * (
            bottom - top
        )

    def add(self, text: str) -> None:
        self.parts.append(text)

    def path(self, d: str, kind: str) -> None:
        if d:
            self.add(f'<path class="{kind}" d="{d}"/>')

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "middle") -> None:
        self.add(
            f'<text class="{kind}" x="{number(x)}" y="{number(y)}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )

    def box(self, start: float, stop: float, low: float, high: float, kind: str) -> None:
        """A rectangle in the units of the axes, at least a pixel wide."""
        left, right = float(self.at_x(start)), float(self.at_x(stop))
        top, bottom = float(self.at_y(high)), float(self.at_y(low))
        self.add(
            f'<rect class="{kind}" x="{number(left)}" y="{number(top)}" '
            f'width="{number(max(right - left, 1))}" height="{number(max(bottom - top, 0))}"/>'
        )

    def x_axis(self, at: Sequence[float], labels: Sequence[str], title: str = "") -> None:
        bottom = self.height - self.margins[3]
        for value, label in zip(at, labels, strict=True):
            x = float(self.at_x(value))
            self.add(
                f'<path class="grid" d="M{number(x)} {number(self.margins[2])}V{number(bottom)}"/>'
            )
            self.text(x, bottom + 15, label, "tick")
        if title:
            self.text(self.width - self.margins[1], self.height - 1, title, "tick", "end")

    def y_axis(self, at: Sequence[float], labels: Sequence[str]) -> None:
        right = self.width - self.margins[1]
        for value, label in zip(at, labels, strict=True):
            y = float(self.at_y(value))
            self.add(
                f'<path class="grid" d="M{number(self.margins[0])} {number(y)}H{number(right)}"/>'
            )
            self.text(self.margins[0] - 5, y + 4, label, "tick", "end")

    def svg(self, label: str, kind: str = "") -> str:
        """label: what it shows, for those who cannot see it."""
        return (
            f'<svg class="{kind}" viewBox="0 0 {number(self.width)} {number(self.height)}" '
            f'role="img" aria-label="{escape(label, quote=True)}">{"".join(self.parts)}</svg>'
        )
