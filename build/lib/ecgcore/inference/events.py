"""What a recording's beats add up to: ectopic sequences, pauses, rates, variability, irregularity.

Everything follows from R peaks and classes; what these are worth, it is worth. Intervals across a
stretch that cannot be analysed do not count, nor does that stretch's time.

- Couplets and triplets are two and three ectopic beats (S, or V) in a row, runs four and more.
- Bigeminy: every second beat is ectopic, trigeminy: every third, three times at least.
- A pause lasts more than 3 s (Kusumoto et al. 2019, ACC/AHA/HRS guideline on bradycardia).
- Heart rate, least and most: over eight RR intervals.
- SDNN, RMSSD and pNN50 from N-N intervals only, and differences of neighbours among these (Task
  Force of the ESC and NASPE, Circulation 1996); SD1 and SD2 of the Poincaré plot follow from them
  (Brennan et al., IEEE Trans Biomed Eng 2001).
- Atrial fibrillation is suspected where RR intervals are as irregular as there: the coefficient of
  sample entropy (Lake and Moorman, Am J Physiol 2011; m = 1, r = 30 ms) over 61 intervals, those
  beside ventricular beats left out. Its threshold was chosen on the rhythm annotations of DS1 alone
  (see evaluation.fibrillation, which says how good it is). Flutter is found only where its
  conduction varies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import numpy as np

from ecgcore.constants import CLASSES
from ecgcore.data.quality import Stretch

N, S, V, F = (CLASSES.index(letter) for letter in "NSVF")
ECTOPIC = {"S": S, "V": V}
PAUSE_S = 3.0
RATE_BEATS = 8  # RR intervals that a least or a greatest rate is taken over
CYCLES = 3  # ectopic beats that make a bigeminy or trigeminy
HOUR_S = 3600.0
NN50_S = 0.05

AF_INTERVALS, AF_RADIUS_S = 61, 0.03
AF_ENTROPY = -1.258  # from which on the rhythm is suspect: 98 % of DS1's other beats lie below
AF_LEAST_S = 30.0  # a shorter stretch is no episode (Hindricks et al. 2021, ESC guidelines)


@dataclass(frozen=True)
class Event:
    """Some beats in a row. kind: for example "couplet"; letter: class, or "" for any; start_s,
    stop_s: first and last R peak; first, last: positions among the beats; beats: how many are
    ectopic; rate: beats a minute, of the intervals between them."""

    kind: str
    letter: str
    start_s: float
    stop_s: float
    first: int
    last: int
    beats: int
    rate: float

    @property
    def seconds(self) -> float:
        return self.stop_s - self.start_s

    def as_dict(self) -> dict:
        return {k: v for k, v in asdict(self).items() if k not in ("first", "last")}


@dataclass(frozen=True)
class Rate:
    """Heart rate, a minute. start_s: of the hour, or 0; least, most: over eight intervals; beats:
    how many; all NaN but beats where there is no interval."""

    start_s: float
    beats: int
    mean: float
    least: float
    most: float


@dataclass(frozen=True)
class Variability:
    """Of N-N intervals. intervals: how many; sdnn, rmssd, sd1, sd2: ms; pnn50: share, 0 to 1; NaN
    where there are too few."""

    intervals: int
    sdnn: float
    rmssd: float
    pnn50: float
    sd1: float
    sd2: float


@dataclass(frozen=True)
class Burden:
    """Ectopic beats of a class. share: of all beats, 0 to 1; an_hour: of what was analysed."""

    beats: int
    share: float
    an_hour: float


@dataclass(frozen=True)
class Summary:
    """All of it. seconds: of the recording; analysed_s: of what could be analysed; start: clock
    time, or None; longest, shortest: RR intervals as events, or None; fibrillation: stretches that
    are suspect, and fibrillation_share: their share of what was analysed."""

    seconds: float
    analysed_s: float
    start: datetime | None
    counts: dict[str, int]
    burden: dict[str, Burden]
    events: list[Event]
    longest: Event | None
    shortest: Event | None
    rate: Rate
    hours: list[Rate]
    variability: Variability
    fibrillation: list[Event]
    fibrillation_share: float
    unusable: list[Stretch]

    def of_kind(self, kind: str, letter: str = "") -> list[Event]:
        return [e for e in self.events if e.kind == kind and letter in ("", e.letter)]

    def clock(self, second: float) -> str:
        """A time of the recording: of the day where that is known, else since the start."""
        return clock(second, self.start)

    def as_dict(self) -> dict:
        """Plain values for JSON, which knows no NaN: None."""
        found = asdict(self) | {
            "start": self.start.isoformat() if self.start else None,
            "unusable": [asdict(s) for s in self.unusable],
        }
        for name in ("events", "fibrillation"):
            found[name] = [e.as_dict() for e in getattr(self, name)]
        for name in ("longest", "shortest"):
            event = getattr(self, name)
            found[name] = event.as_dict() if event else None
        return _without_nan(found)


def _without_nan(value):
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def clock(second: float, start: datetime | None) -> str:
    """As h:mm:ss since the start, or the time of day, after the first with the day's number."""
    if start is None:
        whole = int(second)
        return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    at = start + timedelta(seconds=float(second))
    days = (at.date() - start.date()).days
    return f"{at:%H:%M:%S}" + (f" (day {days + 1})" if days else "")


def summarise(
    seconds: np.ndarray,
    predicted: np.ndarray,
    total_s: float,
    unusable: Sequence[Stretch] = (),
    start: datetime | None = None,
    pause_s: float = PAUSE_S,
) -> Summary:
    """What beats add up to.

    seconds: (n,) R peaks, increasing; predicted: (n,) int, class numbers; total_s: length of the
    recording; unusable: what could not be analysed, in order; pause_s: from which on an interval is
    a pause.
    """
    seconds, predicted = np.asarray(seconds, dtype=float), np.asarray(predicted)
    rr = np.diff(seconds)
    known = ~_crosses(seconds, unusable)
    analysed = max(total_s - sum(s.seconds for s in unusable), 0.0)
    events = sorted(
        [
            *_sequences(seconds, predicted, known),
            *_patterns(seconds, predicted, known),
            *_pauses(seconds, known, pause_s),
        ],
        key=lambda e: (e.start_s, e.kind),
    )
    suspected = list(_fibrillation(seconds, predicted, known))
    order = np.flatnonzero(known)
    order = order[np.argsort(rr[order], kind="stable")]
    return Summary(
        seconds=float(total_s),
        analysed_s=float(analysed),
        start=start,
        counts={c: int((predicted == i).sum()) for i, c in enumerate(CLASSES)},
        burden={c: _burden(predicted == i, analysed) for c, i in ECTOPIC.items()},
        events=events,
        longest=_interval(seconds, int(order[-1]), "longest RR") if len(order) else None,
        shortest=_interval(seconds, int(order[0]), "shortest RR") if len(order) else None,
        rate=_rate(0.0, seconds, known),
        hours=_hours(seconds, known, total_s),
        variability=variability(rr, predicted, known),
        fibrillation=suspected,
        fibrillation_share=sum(e.seconds for e in suspected) / analysed if analysed else 0.0,
        unusable=list(unusable),
    )


def _crosses(seconds: np.ndarray, unusable: Sequence[Stretch]) -> np.ndarray:
    """(n - 1,) bool: whether a stretch lies in or across an interval between beats."""
    found = np.zeros(max(len(seconds) - 1, 0), dtype=bool)
    for stretch in unusable:
        first = np.searchsorted(seconds, stretch.start_s, side="right") - 1
        last = np.searchsorted(seconds, stretch.stop_s, side="left")
        found[max(first, 0) : last] = True
    return found


def _spans(flags: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and last position of each row of True."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    yield from ((int(a), int(b) - 1) for a, b in edges.reshape(-1, 2))


def _event(kind: str, letter: str, seconds: np.ndarray, first: int, last: int, beats: int) -> Event:
    length = seconds[last] - seconds[first]
    rate = 60 * (last - first) / length if length > 0 else float("nan")
    at = (float(seconds[first]), float(seconds[last]))
    return Event(kind, letter, *at, first, last, beats, float(rate))


def _interval(seconds: np.ndarray, at: int, kind: str) -> Event:
    return _event(kind, "", seconds, at, at + 1, 0)


def _sequences(seconds: np.ndarray, predicted: np.ndarray, known: np.ndarray) -> Iterator[Event]:
    for letter, number in ECTOPIC.items():
        own = predicted == number
        joined = own[1:] & own[:-1] & known
        for first, last in _spans(joined):
            n = last - first + 2
            kind = {2: "couplet", 3: "triplet"}.get(n, "run")
            yield _event(kind, letter, seconds, first, last + 1, n)


def _patterns(seconds: np.ndarray, predicted: np.ndarray, known: np.ndarray) -> Iterator[Event]:
    for letter, number in ECTOPIC.items():
        own, normal = predicted == number, predicted == N
        for kind, step in (("bigeminy", 2), ("trigeminy", 3)):
            if len(own) <= step:
                continue
            # cycle[i]: an ectopic beat at i, the next one `step` later, N between, nothing missing.
            cycle = own[:-step] & own[step:]
            for k in range(1, step):
                cycle &= normal[k : len(normal) - step + k]
            for k in range(step):
                cycle &= known[k : len(known) - step + 1 + k]
            for phase in range(step):
                for first, last in _spans(cycle[phase::step]):
                    n = last - first + 2
                    if n >= CYCLES:
                        at = (phase + step * first, phase + step * (last + 1))
                        yield _event(kind, letter, seconds, *at, n)


def _pauses(seconds: np.ndarray, known: np.ndarray, pause_s: float) -> Iterator[Event]:
    for at in np.flatnonzero((np.diff(seconds) > pause_s) & known):
        yield _interval(seconds, int(at), "pause")


def _burden(own: np.ndarray, analysed_s: float) -> Burden:
    beats = int(own.sum())
    an_hour = beats / analysed_s * HOUR_S if analysed_s else 0.0
    return Burden(beats, beats / max(len(own), 1), an_hour)


def moving_rate(seconds: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heart rate over eight RR intervals: (m,) s, when, and (m,) a minute; fewer intervals where
    there are not eight. known: (n - 1,) bool, intervals that count."""
    wide = min(RATE_BEATS, int(known.sum()))
    if not wide:
        return np.empty(0), np.empty(0)
    length = seconds[wide:] - seconds[:-wide]
    total = np.concatenate([[0], np.cumsum(known)])
    whole = total[wide:] - total[:-wide] == wide
    return ((seconds[wide:] + seconds[:-wide]) / 2)[whole], 60 * wide / length[whole]


def intervals_known(seconds: np.ndarray, unusable: Sequence[Stretch]) -> np.ndarray:
    """(n - 1,) bool: RR intervals in which nothing is missing."""
    return ~_crosses(np.asarray(seconds), unusable)


def _rate(start_s: float, seconds: np.ndarray, known: np.ndarray) -> Rate:
    rr = np.diff(seconds)[known]
    _, moving = moving_rate(seconds, known)
    nothing = float("nan")
    return Rate(
        start_s,
        len(seconds),
        float(60 / rr.mean()) if len(rr) else nothing,
        float(moving.min()) if len(moving) else nothing,
        float(moving.max()) if len(moving) else nothing,
    )


def _hours(seconds: np.ndarray, known: np.ndarray, total_s: float) -> list[Rate]:
    found = []
    for start in np.arange(0, total_s, HOUR_S):
        first, last = np.searchsorted(seconds, [start, start + HOUR_S])
        own = known[first : max(last - 1, first)]
        found.append(_rate(float(start), seconds[first:last], own))
    return found


def nn_intervals(
    rr: np.ndarray, predicted: np.ndarray, known: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Intervals between N beats, (n - 1,) s with NaN elsewhere, and the differences of those that
    follow one another, (m,) s."""
    normal = predicted == N
    nn = np.where(normal[1:] & normal[:-1] & known, rr, np.nan)
    change = np.diff(nn)
    return nn, change[np.isfinite(change)]


def variability(rr: np.ndarray, predicted: np.ndarray, known: np.ndarray) -> Variability:
    """rr, known: (n - 1,) s and bool, of n beats; predicted: (n,) class numbers."""
    nn, change = nn_intervals(rr, predicted, known)
    nn = nn[np.isfinite(nn)]
    if len(nn) < 2 or len(change) < 2:
        return Variability(len(nn), *[float("nan")] * 5)
    sdnn = 1000 * nn.std(ddof=1)
    rmssd = 1000 * np.sqrt(np.mean(change**2))
    sd1 = 1000 * change.std(ddof=1) / np.sqrt(2)
    sd2 = np.sqrt(max(2 * sdnn**2 - sd1**2, 0.0))
    # By rounding, an interval of whole samples may seem a hair longer than 50 ms.
    pnn50 = np.mean(np.abs(change) > NN50_S + 1e-9)
    return Variability(len(nn), *(float(v) for v in (sdnn, rmssd, pnn50, sd1, sd2)))


def entropy(rr: np.ndarray, intervals: int = AF_INTERVALS) -> np.ndarray:
    """Coefficient of sample entropy about each of (n,) RR intervals (s); that of the nearest whole
    window at the ends, -inf where there are fewer than `intervals`."""
    n = len(rr) - intervals + 1
    if n < 1:
        return np.full(len(rr), -np.inf)
    pairs, longer = np.zeros(n), np.zeros(n)
    for lag in range(1, intervals):
        alike = np.abs(rr[lag:] - rr[:-lag]) < AF_RADIUS_S
        width = intervals - 1 - lag  # pairs of the window whose successors lie in it too
        pairs += _moving_sum(alike, width, n)
        longer += _moving_sum(alike[:-1] & alike[1:], width, n)
    mean = _moving_sum(rr, intervals, n) / intervals
    chance = np.maximum(longer, 0.5) / np.maximum(pairs, 1)
    found = -np.log(chance) + np.log(2 * AF_RADIUS_S) - np.log(mean)
    before = intervals // 2
    return np.pad(found, (before, len(rr) - n - before), mode="edge")


def _moving_sum(values: np.ndarray, width: int, n: int) -> np.ndarray:
    total = np.concatenate([[0], np.cumsum(values, dtype=float)])
    return total[width : width + n] - total[:n]


def irregularity(seconds: np.ndarray, predicted: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(n,) `entropy` about each beat, without the intervals beside V and F beats and those in which
    something is missing; -inf where there are too few."""
    wide = np.isin(predicted, (V, F))
    used = np.flatnonzero(known & ~wide[1:] & ~wide[:-1])
    if len(used) < AF_INTERVALS:
        return np.full(len(seconds), -np.inf)
    found = entropy(np.diff(seconds)[used])
    return np.interp(np.arange(len(seconds)), used, found)


def _fibrillation(seconds: np.ndarray, predicted: np.ndarray, known: np.ndarray) -> Iterator[Event]:
    suspect = irregularity(seconds, predicted, known) >= AF_ENTROPY
    # A stretch ends where something is missing.
    for first, last in _spans(suspect[1:] & suspect[:-1] & known):
        if seconds[last + 1] - seconds[first] >= AF_LEAST_S:
            yield _event("irregular", "", seconds, first, last + 1, last - first + 2)
