"""A recording on one HTML page, complete in itself: no script, and no request to any host."""

from dataclasses import dataclass
from html import escape

import numpy as np

import ecgcore
from ecgcore.constants import CLASS_NAMES, CLASSES, FS
from ecgcore.inference import drawing, events
from ecgcore.inference.drawing import Canvas
from ecgcore.inference.events import Event, Summary, clock
from ecgcore.inference.recording import Recording
from ecgcore.inference.writers import NOTICE, about_sentences

STRIP_S = 8.0
MM_S, MM_MV, PIXELS_MM = 25, 10, 4  # ECG paper: mm a second, mm a millivolt
STRIP_MM = 36  # height
MOST_DOTS = 4000  # in a drawing; of more, every n-th is shown
LISTED = 200  # events in the table
LEAST_CONFIDENT = 4  # strips of beats that the model was least sure of
MILLIVOLTS = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "v": 1e3}

KINDS = {  # event to what it is called, in the order in which strips are shown
    "run": "Longest run of {letter}",
    "triplet": "Triplet of {letter}",
    "couplet": "Couplet of {letter}",
    "bigeminy": "Bigeminy ({letter})",
    "trigeminy": "Trigeminy ({letter})",
    "pause": "Longest pause",
}
STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1b2733;--quiet:#5b6875;--rule:#d5dbe1;
--card:#f5f7f9;--minor:#f6dcd9;--major:#e9b4ae;--trace:#14202b;--N:#0072b2;--S:#b87700;--V:#c8500a;
--F:#b3558c;--Q:#007a58;--bad:#8a949e;--note:#fff4d6;--noteink:#5a4300}
@media(prefers-color-scheme:dark){:root{--paper:#12181e;--ink:#e4e9ee;--quiet:#a3afba;
--rule:#35414c;--card:#1a222a;--minor:#3a2526;--major:#59383a;--trace:#e8edf2;--N:#56b4e9;
--S:#f0ae3c;--V:#ff7f45;--F:#e39ac2;--Q:#37c79c;--bad:#77828c;--note:#3a3114;--noteink:#f3dc9d}}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--quiet:#444;--rule:#bbb;--card:#fff;
--minor:#f6dcd9;--major:#e9b4ae;--trace:#000;--N:#0072b2;--S:#b87700;--V:#c8500a;--F:#b3558c;
--Q:#007a58;--bad:#777;--note:#fff;--noteink:#000}figure,.tiles,tr{break-inside:avoid}
h2{break-after:avoid}body{max-width:none!important;padding:0!important}.scroll{overflow:visible!important}
.scroll svg{min-width:0!important}details{display:none}@page{margin:14mm}*{print-color-adjust:exact;
-webkit-print-color-adjust:exact}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:20px 16px 48px;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2;margin:.2em 0}h2{font-size:1.15rem;margin:2em 0 .6em}
p{margin:.5em 0}.quiet{color:var(--quiet)}
.note{background:var(--note);color:var(--noteink);padding:8px 12px;border-radius:6px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(144px,1fr));gap:10px;margin:16px 0}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:10px 12px}
.tile b{display:block;font-size:1.35rem;line-height:1.25}.tile span{color:var(--quiet);
font-size:.85rem;display:block}
figure{margin:0 0 18px}figcaption{margin-bottom:4px}figcaption span{color:var(--quiet)}
svg{display:block;width:100%;height:auto}.scroll{overflow-x:auto}.scroll svg{min-width:680px}
.square svg{max-width:460px}
table{border-collapse:collapse;width:100%;font-size:inherit;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{font-weight:600;color:var(--quiet);font-size:.85rem}td.n,th.n{text-align:right;white-space:nowrap}
table{overflow-wrap:normal}h2 span{font-weight:400;font-size:.9rem;color:var(--quiet)}
summary{cursor:pointer;padding:4px 0}
text{font:12px system-ui,"DejaVu Sans",sans-serif;fill:var(--ink)}text.tick{fill:var(--quiet);
font-size:11px}text.mark{font-weight:700;font-size:13px}
path{fill:none}.grid{stroke:var(--rule);stroke-width:1}.minor{stroke:var(--minor);stroke-width:.8}
.major{stroke:var(--major);stroke-width:1}.trace{stroke:var(--trace);stroke-width:1.3;
stroke-linejoin:round}.curve{stroke:var(--N);stroke-width:1.5}.band{fill:var(--N);opacity:.2}
.bad{fill:var(--bad);opacity:.45}.af{fill:var(--F);opacity:.75}.dot{stroke-linecap:round;
stroke-width:3;opacity:.55}.peak{stroke-width:1.5}.identity{stroke:var(--quiet);stroke-width:1;
stroke-dasharray:4 4}
""" + "".join(
    f".c{c}{{fill:var(--{c})}}.s{c}{{stroke:var(--{c})}}text.c{c}{{fill:var(--{c})}}"
    for c in CLASSES
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>{style}</style></head><body>
{body}
</body></html>
"""


def html(recording: Recording, pause_s: float = events.PAUSE_S) -> str:
    """The page. Names come from files, and are escaped wherever they stand."""
    summary = recording.summary(pause_s)
    body = "\n".join(
        [
            _head(recording, summary),
            _tiles(recording, summary),
            _classes(recording, summary),
            _figure("Timeline", _timeline(recording, summary), _timeline_words(recording)),
            _figure("Heart rate", _rate_curve(recording, summary), "over eight beats"),
            _hours(summary),
            _strips(recording, summary),
            _variability(recording, summary),
            _unusable(summary),
            _events(summary),
            _model(recording),
        ]
    )
    return PAGE.format(title=escape(f"{recording.name}: ECG report"), style=STYLE, body=body)


def _head(recording: Recording, summary: Summary) -> str:
    told = [f"lead {recording.lead}", _duration(recording.seconds), f"{recording.fs:g} Hz"]
    if recording.start:
        known = recording.start.year > 1
        told.insert(
            0,
            f"{recording.start:%d %B %Y, %H:%M:%S}"
            if known
            else f"from {recording.start:%H:%M:%S}",
        )
    told.append("R peaks as annotated" if recording.annotated else "R peaks found by the program")
    doubts = "".join(f'<p class="note">{escape(w)}.</p>' for w in recording.warnings)
    return (
        f"<header><h1>{escape(recording.name)}</h1>"
        f'<p class="quiet">{escape(" · ".join(told))}</p>'
        f'<p class="note">{escape(NOTICE)}</p>{doubts}</header>'
    )


def _duration(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or "0 s"


def _value(value: float, digits: int = 0, unit: str = "") -> str:
    return f"{value:.{digits}f}{unit}" if np.isfinite(value) else "–"


def _tiles(recording: Recording, summary: Summary) -> str:
    rate = summary.rate
    share = summary.analysed_s / summary.seconds if summary.seconds else 0.0
    pauses = summary.of_kind("pause")
    longest = f"{summary.longest.seconds:.2f} s" if summary.longest else "–"
    tiles = [
        (f"{len(recording.beats):,}", "beats"),
        (_value(rate.mean, 0, "/min"), f"{_value(rate.least)} to {_value(rate.most)} a minute"),
    ]
    for letter, what in (("V", "ventricular"), ("S", "supraventricular")):
        burden = summary.burden[letter]
        tiles.append((f"{burden.share:.1%}", f"{what}: {burden.beats:,}, {burden.an_hour:,.0f}/h"))
    tiles += [
        (longest, f"longest RR; {len(pauses)} {'pause' if len(pauses) == 1 else 'pauses'}"),
        (f"{summary.fibrillation_share:.0%}", "irregular as in atrial fibrillation"),
        (f"{share:.1%}", "of the recording analysed"),
    ]
    cells = "".join(
        f'<div class="tile"><b>{escape(big)}</b><span>{escape(small)}</span></div>'
        for big, small in tiles
    )
    return f'<div class="tiles">{cells}</div>'


def _table(head: list[str], rows: list[list[str]], numeric: tuple[int, ...] = ()) -> str:
    def row(cells: list[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=n' if i in numeric else ''}>{escape(cell)}</{tag}>"
            for i, cell in enumerate(cells)
        )

    lines = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in rows)
    return (
        f'<div class="scroll" tabindex="0"><table><thead><tr>{row(head, "th")}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _classes(recording: Recording, summary: Summary) -> str:
    total = max(len(recording.beats), 1)
    counts = summary.counts
    rows = [[c, CLASS_NAMES[c], f"{n:,}", f"{n / total:.1%}"] for c, n in counts.items()]
    kinds = [
        ("couplet", "couplets"),
        ("triplet", "triplets"),
        ("run", "runs of 4 and more"),
        ("bigeminy", "bigeminies"),
        ("trigeminy", "trigeminies"),
    ]
    sequences = [
        [name, *(str(len(summary.of_kind(kind, letter))) for letter in "VS")]
        for kind, name in kinds
    ]
    runs = summary.of_kind("run")
    words = ""
    if runs:
        longest = max(runs, key=lambda e: e.beats)
        words = (
            f"<p>Longest run: {longest.beats} {longest.letter} beats at {longest.rate:.0f} "
            f"a minute, {escape(summary.clock(longest.start_s))}.</p>"
        )
    return (
        "<h2>Beats</h2>"
        + _table(["class", "", "beats", "share"], rows, (2, 3))
        + "<h2>Ectopic beats in sequence</h2>"
        + _table(["", "ventricular", "supraventricular"], sequences, (1, 2))
        + words
    )


def _figure(title: str, drawn: str, words: str = "") -> str:
    caption = f" <span>{escape(words)}</span>" if words else ""
    heading = f"<h2>{escape(title)}{caption}</h2>"
    return f'{heading}<figure><div class="scroll" tabindex="0">{drawn}</div></figure>'


def _time_axis(canvas: Canvas, recording: Recording) -> None:
    start = recording.start
    offset = start.hour * 3600 + start.minute * 60 + start.second if start else 0
    at = drawing.time_ticks(recording.seconds, offset)
    canvas.x_axis(
        at,
        [
            clock(t, start).split(" ")[0].removesuffix(":00") if start else clock(t, None)
            for t in at
        ],
    )


def _timeline_words(recording: Recording) -> str:
    return f"beats of each class in {_duration(_bin_s(recording.seconds))}"


def _bin_s(seconds: float) -> float:
    """Whole seconds, so that there are at most 180 bins."""
    return float(
        next(
            s
            for s in (10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 86400)
            if seconds / s <= 180 or s == 86400
        )
    )


def _timeline(recording: Recording, summary: Summary) -> str:
    """Rows: V, S, other classes that there are, irregular rhythm, what was not analysed."""
    width = _bin_s(recording.seconds)
    n = max(int(np.ceil(recording.seconds / width)), 1)
    letters = ["V", "S", *(c for c in "FQ" if summary.counts[c])]
    rows = [*letters, "irregular", "not usable"]
    height = 24.0
    canvas = Canvas(
        1000, height * len(rows) + 34, (0, recording.seconds), (0, len(rows)), (70, 26, 6, 28)
    )
    _time_axis(canvas, recording)
    beats = recording.beats
    for number, name in enumerate(rows):
        low = len(rows) - 1 - number
        canvas.text(62, float(canvas.at_y(low + 0.3)), name, "tick", "end")
        if name in CLASSES:
            own = beats.time_s[beats.predicted == CLASSES.index(name)]
            count = np.bincount((own / width).astype(int), minlength=n)[:n]
            for at in np.flatnonzero(count):
                tall = 0.15 + 0.75 * count[at] / count.max()
                stop = min((at + 1) * width, recording.seconds)
                canvas.box(at * width, stop, low + 0.02, low + 0.02 + tall, f"c{name}")
    for event in summary.fibrillation:
        low = len(rows) - 1 - rows.index("irregular")
        canvas.box(event.start_s, event.stop_s, low + 0.1, low + 0.8, "af")
    for stretch in summary.unusable:
        low = len(rows) - 1 - rows.index("not usable")
        canvas.box(stretch.start_s, stretch.stop_s, low + 0.1, low + 0.8, "bad")
    return canvas.svg("Timeline: when ectopic beats, irregular rhythm and gaps occur")


def _rate_curve(recording: Recording, summary: Summary) -> str:
    known = events.intervals_known(recording.beats.time_s, recording.unusable)
    at, rate = events.moving_rate(recording.beats.time_s, known)
    if not len(at):
        return "<p>No heart rate: there are too few beats.</p>"
    bins = 360
    number = np.minimum((at / recording.seconds * bins).astype(int), bins - 1)
    middle = (np.arange(bins) + 0.5) * recording.seconds / bins
    curves = np.full((3, bins), np.nan)
    for k in np.unique(number):
        own = rate[number == k]
        curves[:, k] = own.min(), np.median(own), own.max()
    low, high = np.nanmin(curves), np.nanmax(curves)
    canvas = Canvas(1000, 220, (0, recording.seconds), (min(low, 50) - 5, max(high, 100) + 5))
    _time_axis(canvas, recording)
    steps = drawing.ticks(*canvas.y)
    canvas.y_axis(steps, [f"{v:g}" for v in steps])
    for stretch in recording.unusable:
        canvas.box(stretch.start_s, stretch.stop_s, *canvas.y, "bad")
    x = canvas.at_x(middle)
    least, half, most = (canvas.at_y(c) for c in curves)
    for first, last in events._spans(np.isfinite(curves[1])):
        there = slice(first, last + 1)
        outline = np.concatenate([most[there], least[there][::-1]])
        over = np.concatenate([x[there], x[there][::-1]])
        canvas.path(drawing.line(over, outline) + "Z", "band")
    canvas.path(drawing.line(x, half), "curve")
    return canvas.svg("Heart rate over the recording: median, least and greatest")


def _hours(summary: Summary) -> str:
    if len(summary.hours) < 2:
        return ""
    rows = [
        [summary.clock(h.start_s), f"{h.beats:,}", _value(h.mean), _value(h.least), _value(h.most)]
        for h in summary.hours
    ]
    table = _table(["from", "beats", "mean", "least", "most"], rows, (1, 2, 3, 4))
    return f"<details><summary>Heart rate by hour</summary>{table}</details>"


@dataclass(frozen=True)
class Strip:
    """Some seconds worth looking at. at_s: what they are about, in the middle."""

    title: str
    at_s: float
    words: str = ""


def strips(recording: Recording, summary: Summary) -> list[Strip]:
    """Those that matter most: each kind of event once a class, the longest and the fastest, what is
    irregular, the longest RR, and the ectopic beats that the model was least sure of."""
    found = []
    for kind, title in KINDS.items():
        for letter in ("V", "S") if "{" in title else ("",):
            those = summary.of_kind(kind, letter)
            if those:
                event = max(those, key=lambda e: e.seconds if kind == "pause" else e.beats)
                found.append(Strip(title.format(letter=letter), _middle(event), _told(event)))
    if summary.fibrillation:
        event = max(summary.fibrillation, key=lambda e: e.seconds)
        found.append(
            Strip(
                "Irregular, as in atrial fibrillation",
                _middle(event),
                f"for {_duration(event.seconds)}, mean rate {event.rate:.0f}/min",
            )
        )
    if summary.longest and not summary.of_kind("pause"):
        found.append(Strip("Longest RR interval", _middle(summary.longest), _told(summary.longest)))
    beats = recording.beats
    known = events.intervals_known(beats.time_s, recording.unusable)
    at, rate = events.moving_rate(beats.time_s, known)
    if len(at):
        for word, i in (("Fastest", int(rate.argmax())), ("Slowest", int(rate.argmin()))):
            if _new(float(at[i]), found):
                found.append(Strip(word, float(at[i]), f"{rate[i]:.0f}/min over eight beats"))
    confidence = beats.confidence
    answered = np.isfinite(confidence)  # and not decided by hand
    ectopic = np.flatnonzero(answered & (beats.predicted != events.N))
    pool = ectopic if len(ectopic) else np.flatnonzero(answered)
    enough = len(found) + LEAST_CONFIDENT
    for i in pool[np.argsort(confidence[pool], kind="stable")]:
        t = float(beats.time_s[i])
        if _new(t, found):
            words = f"{CLASSES[beats.predicted[i]]} with probability {confidence[i]:.2f}"
            found.append(Strip("Least certain", t, words))
        if len(found) == enough:
            break
    return found


def _new(at_s: float, shown: list[Strip]) -> bool:
    """Whether no strip so far shows this time."""
    return all(abs(at_s - strip.at_s) > STRIP_S / 2 for strip in shown)


def _middle(event: Event) -> float:
    return (event.start_s + min(event.stop_s, event.start_s + STRIP_S - 2)) / 2


def _told(event: Event) -> str:
    if not event.beats:
        return f"{event.seconds:.2f} s"
    return f"{event.beats} beats, {event.rate:.0f}/min"


def _strips(recording: Recording, summary: Summary) -> str:
    chosen = strips(recording, summary)
    scale, words = _scale(recording)
    drawn = []
    for strip in chosen:
        told = f"{clock(strip.at_s, recording.start)}" + (
            f" · {strip.words}" if strip.words else ""
        )
        svg = paper(recording, strip.at_s - STRIP_S / 2, STRIP_S, scale, strip.title)
        drawn.append(
            f"<figure><figcaption>{escape(strip.title)} <span>{escape(told)}</span></figcaption>"
            f'<div class="scroll" tabindex="0">{svg}</div></figure>'
        )
    return f'<h2>Strips</h2><p class="quiet">{escape(words)}</p>{"".join(drawn)}'


def _scale(recording: Recording) -> tuple[float, str]:
    """mm a unit, and what is said of it: 10 mm/mV where the unit is known and the trace fits."""
    known = MILLIVOLTS.get(recording.unit.strip().lower().replace(" ", ""))
    peaks = _heights(recording)
    if known is not None:
        for mm in (MM_MV, MM_MV / 2, MM_MV / 4, 2 * MM_MV):
            if peaks * known * mm <= STRIP_MM - 6 and (mm != 2 * MM_MV):
                return mm * known, f"{MM_S} mm/s, {mm:g} mm/mV; a small square is 0.04 s."
    scale = (STRIP_MM - 12) / peaks if peaks > 0 else 1.0
    return scale, f"{MM_S} mm/s; height as it fits. A small square is 0.04 s."


def _heights(recording: Recording) -> float:
    """How tall most beats are, in the recording's unit."""
    at = np.round(recording.beats.time_s * FS).astype(int)
    around = np.arange(-FS // 4, FS // 4)
    if not len(at):
        return 0.0
    some = at[:: max(1, len(at) // 2000)]
    pieces = recording.signal[np.clip(some[:, None] + around, 0, len(recording.signal) - 1)]
    return float(np.percentile(np.ptp(pieces, axis=1), 95))


def paper(recording: Recording, start_s: float, seconds: float, scale: float, title: str) -> str:
    """Some seconds on ECG paper, each beat marked by its class. scale: mm a unit of signal."""
    start_s = float(np.clip(start_s, 0, max(recording.seconds - seconds, 0)))
    width, height = seconds * MM_S * PIXELS_MM, STRIP_MM * PIXELS_MM
    canvas = Canvas(width, height + 18, (start_s, start_s + seconds), (0, 1), (0, 0, 18, 0))
    for kind, mm in (("minor", 1), ("major", 5)):
        lines = [f"M{x * PIXELS_MM} 18v{height}" for x in range(0, int(seconds * MM_S) + 1, mm)]
        lines += [f"M0 {18 + y * PIXELS_MM}h{number(width)}" for y in range(0, STRIP_MM + 1, mm)]
        canvas.path("".join(lines), kind)
    first, last = round(start_s * FS), min(round((start_s + seconds) * FS), len(recording.signal))
    piece = recording.signal[first:last].astype(float)
    if len(piece):
        low, high = np.percentile(piece, [2, 98])
        middle = np.median(piece) if high > low else piece[0]
        span = (piece.max() + piece.min()) / 2
        centre = (middle + span) / 2
        y = 18 + height / 2 - (piece - centre) * scale * PIXELS_MM
        x = (np.arange(first, last) / FS - start_s) * MM_S * PIXELS_MM
        for stretch in recording.unusable:
            if stretch.start_s < start_s + seconds and stretch.stop_s > start_s:
                a, b = max(stretch.start_s, start_s), min(stretch.stop_s, start_s + seconds)
                canvas.box(a, b, 0, 1, "bad")
        canvas.path(drawing.line(x, np.clip(y, 18, 18 + height)), "trace")
    beats = recording.beats
    inside = (beats.time_s >= start_s) & (beats.time_s < start_s + seconds)
    for t, c in zip(beats.time_s[inside], beats.predicted[inside], strict=True):
        x = (t - start_s) * MM_S * PIXELS_MM
        canvas.text(float(np.clip(x, 6, width - 6)), 13, CLASSES[c], f"mark c{CLASSES[c]}")
        canvas.path(f"M{number(x)} 18v5", f"peak s{CLASSES[c]}")
    letters = " ".join(CLASSES[c] for c in beats.predicted[inside])
    return canvas.svg(f"{title}: {seconds:g} s of ECG; beats {letters}")


number = drawing.number


def _thinned(index: np.ndarray) -> np.ndarray:
    return index[:: max(1, -(-len(index) // MOST_DOTS))]


def _variability(recording: Recording, summary: Summary) -> str:
    v = summary.variability
    rows = [
        ["SDNN", _value(v.sdnn, 0, " ms")],
        ["RMSSD", _value(v.rmssd, 0, " ms")],
        ["pNN50", _value(100 * v.pnn50, 1, " %")],
        ["SD1", _value(v.sd1, 0, " ms")],
        ["SD2", _value(v.sd2, 0, " ms")],
    ]
    words = f"{v.intervals:,} intervals between N beats"
    return (
        f"<h2>Variability <span class=quiet>{words}</span></h2>"
        + _table(["", "N–N intervals"], rows, (1,))
        + _figure("Tachogram", _tachogram(recording), "RR interval before each beat, by its class")
        + _figure(
            "Poincaré plot", _poincare(recording), "each N–N interval against the one before"
        ).replace('<div class="scroll" tabindex="0">', '<div class="square">')
    )


def _tachogram(recording: Recording) -> str:
    beats = recording.beats
    known = events.intervals_known(beats.time_s, recording.unusable)
    rr = np.diff(beats.time_s)
    if not known.any():
        return "<p>There are too few beats.</p>"
    top = float(np.clip(np.percentile(rr[known], 99.5) * 1.3, 1.0, 4.0))
    canvas = Canvas(1000, 240, (0, recording.seconds), (0, top))
    _time_axis(canvas, recording)
    steps = drawing.ticks(0, top)
    canvas.y_axis(steps, [f"{v:g} s" for v in steps])
    shown = _thinned(np.flatnonzero(known))
    for number_, letter in enumerate(CLASSES):
        own = shown[beats.predicted[1:][shown] == number_]
        x, y = canvas.at_x(beats.time_s[1:][own]), canvas.at_y(np.minimum(rr[own], top))
        canvas.path(drawing.dots(x, y), f"dot s{letter}")
    return canvas.svg("RR intervals over the recording, coloured by class")


def _poincare(recording: Recording) -> str:
    beats = recording.beats
    known = events.intervals_known(beats.time_s, recording.unusable)
    nn, _ = events.nn_intervals(np.diff(beats.time_s), beats.predicted, known)
    pairs = np.flatnonzero(np.isfinite(nn[1:]) & np.isfinite(nn[:-1]))
    if not len(pairs):
        return "<p>There are too few N beats in a row.</p>"
    low, high = np.percentile(nn[np.isfinite(nn)], [0.5, 99.5])
    axes = (max(low - 0.15, 0), high + 0.15)
    canvas = Canvas(460, 440, axes, axes, (50, 12, 10, 30))
    steps = drawing.ticks(*axes)
    canvas.x_axis(steps, [f"{v:g} s" for v in steps])
    canvas.y_axis(steps, [f"{v:g} s" for v in steps])
    ends = np.array(axes)
    canvas.path(drawing.line(canvas.at_x(ends), canvas.at_y(ends)), "identity")
    shown = _thinned(pairs)
    x, y = (np.clip(nn[shown + k], *axes) for k in (0, 1))
    canvas.path(drawing.dots(canvas.at_x(x), canvas.at_y(y)), "dot sN")
    return canvas.svg("Poincaré plot: each N-N interval against the one before")


def _unusable(summary: Summary) -> str:
    if not summary.unusable:
        return "<h2>Not analysed</h2><p>Nothing: all could be.</p>"
    total = sum(s.seconds for s in summary.unusable)
    rows = [
        [summary.clock(s.start_s), _duration(s.seconds), s.why] for s in summary.unusable[:LISTED]
    ]
    words = f"{_duration(total)} ({total / summary.seconds:.1%}) of the recording."
    return f"<h2>Not analysed</h2><p>{words}</p>" + _table(["from", "for", "why"], rows)


def _events(summary: Summary) -> str:
    listed = sorted([*summary.events, *summary.fibrillation], key=lambda e: e.start_s)
    if not listed:
        return "<h2>Events</h2><p>None.</p>"
    rows = [
        [
            summary.clock(e.start_s),
            e.kind,
            e.letter,
            str(e.beats or ""),
            f"{e.seconds:.1f} s",
            f"{e.rate:.0f}/min",
        ]
        for e in listed[:LISTED]
    ]
    words = f"<p>The first {LISTED:,}.</p>" if len(listed) > LISTED else ""
    table = _table(["at", "event", "class", "beats", "lasts", "rate"], rows, (3, 4, 5))
    return (
        f"<h2>Events</h2><details><summary>All {len(listed):,} in order of time</summary>"
        f"{words}{table}</details>"
    )


def _model(recording: Recording) -> str:
    lines = [
        *about_sentences(recording.model),
        f"SHA-256 of the weights: {recording.model.about['weights_sha256']}.",
        f"ecgcore {ecgcore.__version__}.",
        "Runs are four ectopic beats and more in a row; an irregular rhythm lasts at least 30 s. "
        "What is counted here is worth what the classes and R peaks are worth.",
    ]
    told = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f'<h2>Model</h2>{told}<p class="note">{escape(NOTICE)}</p>'
