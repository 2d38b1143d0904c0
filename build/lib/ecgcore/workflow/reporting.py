"""Numbers on their way from a run to metrics.json, to tables, and to the text of the book."""

import re
from collections.abc import Sequence
from html import escape
from statistics import median

import pandas as pd
from pandas.io.formats.style import Styler

from ecgcore.constants import CLASSES, PROTOCOL_TITLES

SPEED_NAMES = {
    "latency_p50_ms": "one beat, median (ms)",
    "latency_p99_ms": "one beat, 99th percentile (ms)",
    "beats_per_s": "beats per second, in bulk",
}


def headline_table(metrics: dict) -> pd.DataFrame:
    """A row a protocol: test beats, accuracy, macro and weighted F1."""
    columns = {"n_beats": "test beats", "accuracy": "accuracy"}
    columns |= {"macro_f1": "macro-F1", "weighted_f1": "weighted F1"}
    rows = {name: {text: m[key] for key, text in columns.items()} for name, m in metrics.items()}
    return pd.DataFrame(rows).T.astype({"test beats": int})


def seeds_table(metrics: dict) -> pd.DataFrame:
    """A row a protocol and number: its median over the seeds, the lowest and the highest of them.

    Empty where no protocol was trained with several seeds.
    """
    names = {"accuracy": "accuracy", "macro_f1": "macro-F1"}
    rows = [
        {"split": protocol, "number": text, "seeds": len(m["seeds"])}
        | dict(zip(("median", "lowest", "highest"), over_seeds(m, key), strict=True))
        for protocol, m in metrics.items()
        if "seeds" in m
        for key, text in names.items()
    ]
    return pd.DataFrame(rows)


def over_seeds(entry: dict, key: str) -> tuple[float, float, float]:
    """Median, lowest and highest of a number over the seeds of an entry of metrics.json.

    All three are that of the entry itself where it was not kept of several seeds.
    """
    values = [seed[key] for seed in entry.get("seeds", []) if key in seed] or [entry[key]]
    return median(values), min(values), max(values)


def class_table(metrics: dict) -> pd.DataFrame:
    """A row a protocol and class: positive predictivity, sensitivity, F1, support.

    Of a class that is not scored there is only the support.
    """
    names = {"precision": "positive predictivity", "f1": "F1"}
    shown = ("precision", "sensitivity", "f1", "support")
    rows = [
        {"split": protocol, "class": letter}
        | {
            names.get(key, key): values["per_class"][letter][key]
            if letter in values["scored_classes"] or key == "support"
            else float("nan")
            for key in shown
        }
        for protocol, values in metrics.items()
        for letter in CLASSES
    ]
    return pd.DataFrame(rows)


def interval_table(metrics: dict) -> pd.DataFrame:
    """A row a headline number, a column a protocol: the number and its 95 % interval, as text."""
    names = {"accuracy": "accuracy", "macro_f1": "macro-F1", "weighted_f1": "weighted F1"}
    columns = {}
    for protocol, m in metrics.items():
        column = {text: with_span(m[key], m[f"{key}_ci95"]) for key, text in names.items()}
        for letter in CLASSES:
            each = m["per_class"][letter]
            scored = with_span(each["f1"], each["f1_ci95"]) if letter in m["scored_classes"] else ""
            column[f"F1 of {letter}"] = scored or f"not scored ({beats(each['support'])})"
        columns[protocol] = column
    return pd.DataFrame(columns).rename_axis("number").reset_index()


def join_spans(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """A table whose columns `<name>`, `<name> low` and `<name> high` have become one of text."""
    joined = frame.drop(columns=[f"{name} {end}" for name in names for end in ("low", "high")])
    for name in names:
        rows = zip(frame[name], frame[f"{name} low"], frame[f"{name} high"], strict=True)
        joined[name] = [with_span(value, ends) for value, *ends in rows]
    return joined


def table(frame: pd.DataFrame, caption: str, formats: dict | None = None) -> Styler:
    """A table for the book: caption, no index, numbers formatted; they stand to the right (as in
    book.css), words to the left."""
    frame = frame.replace(PROTOCOL_TITLES).rename(columns=PROTOCOL_TITLES)
    floats = {c: "{:.3f}" for c in frame.select_dtypes("float")}
    whole = {c: "{:,}" for c in frame.select_dtypes("integer")}
    styler = frame.style.format(floats | whole | (formats or {}), na_rep="–")
    words = [i for i, c in enumerate(frame.columns) if not i or _is_words(frame[c])]
    left = {"selector": ", ".join(f".col{i}" for i in words), "props": "text-align: left"}
    styler = styler.set_table_styles([left])
    return styler.hide(axis="index").set_caption(caption).set_table_attributes('class="numbers"')


NO_WORDS = re.compile(r"\b(to|h|min|s|ms|Hz|dB|mV|MB|GB)\b")  # between numbers and behind them


class Folded:
    """A long table behind its caption, which opens it. (On paper it is open.)"""

    def __init__(self, styler: Styler):
        self.styler = styler

    def _repr_html_(self) -> str:
        bare = self.styler.to_html(caption="")
        return (
            f'<details class="folded"><summary>{escape(self.styler.caption)}</summary>'
            f"{bare}</details>"
        )


def _is_words(column: pd.Series) -> bool:
    """Whether some value holds letters beside those that numbers have."""
    if pd.api.types.is_numeric_dtype(column):
        return False
    values = (NO_WORDS.sub("", str(value)) for value in column.dropna())
    return any(letter.isalpha() for value in values for letter in value)


def clock(seconds: float) -> str:
    """h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def beats(number: int) -> str:
    """A number of beats as text."""
    return f"{number:,} beat" + "s" * (number != 1)


def percent(value: float, digits: int = 1) -> str:
    """A share as text, in percent; a dash where it is undefined."""
    return "–" if pd.isna(value) else f"{100 * value:.{digits}f} %"


def score(value: float, digits: int = 3) -> str:
    """A score as text; a dash where it is undefined."""
    return "–" if pd.isna(value) else f"{value:.{digits}f}"


def span(ends: Sequence[float], digits: int = 3) -> str:
    """An interval of scores as text."""
    low, high = ends
    return f"{low:.{digits}f} to {high:.{digits}f}"


def with_span(value: float, ends: Sequence[float], digits: int = 3) -> str:
    """A score and its interval as text; a dash where the score is undefined."""
    return "–" if pd.isna(value) else f"{score(value, digits)} ({span(ends, digits)})"


def percent_span(ends: Sequence[float], digits: int = 1) -> str:
    """An interval of shares as text, in percent."""
    low, high = ends
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"


def headline_text(metrics: dict) -> dict[str, str]:
    """The numbers that the book's prose names, as text: `random_accuracy` and so on."""
    texts = {}
    for protocol, m in metrics.items():
        texts |= {
            f"{protocol}_n_beats": f"{m['n_beats']:,}",
            f"{protocol}_accuracy": percent(m["accuracy"]),
            f"{protocol}_macro_f1": f"{m['macro_f1']:.3f}",
            f"{protocol}_median_accuracy": percent(over_seeds(m, "accuracy")[0]),
            f"{protocol}_median_macro_f1": score(over_seeds(m, "macro_f1")[0]),
            f"{protocol}_seeds_accuracy": told_over_seeds(m, "accuracy"),
            f"{protocol}_seeds_macro_f1": told_over_seeds(m, "macro_f1"),
            f"{protocol}_weighted_f1": f"{m['weighted_f1']:.3f}",
            f"{protocol}_train_minutes": f"{m['training']['seconds'] / 60:.1f}",
            f"{protocol}_epochs": str(m["training"]["epochs"]),
            **{f"{protocol}_f1_{c}": f"{m['per_class'][c]['f1']:.3f}" for c in CLASSES},
            **{f"{protocol}_se_{c}": percent(m["per_class"][c]["sensitivity"]) for c in CLASSES},
            **{f"{protocol}_pp_{c}": percent(m["per_class"][c]["precision"]) for c in CLASSES},
            **{f"{protocol}_best_f1_{c}": score(v) for c, v in m.get("best_f1", {}).items()},
        }
        if "bootstrap" in m:
            texts |= _interval_text(protocol, m)
    return texts


def told_over_seeds(entry: dict, key: str, digits: int | None = None) -> str:
    """Accuracy or macro-F1 of an entry of metrics.json as text: the median over its seeds, and in
    brackets, where there are several, from which to which they reach."""
    tell, tell_span, usual = {
        "accuracy": (percent, percent_span, 1),
        "macro_f1": (score, span, 3),
    }[key]
    middle, *ends = over_seeds(entry, key)
    text = tell(middle, digits or usual)
    return text if ends[0] == ends[1] else f"{text} ({tell_span(ends, digits or usual)})"


def _interval_text(protocol: str, m: dict) -> dict[str, str]:
    per_class = {c: m["per_class"][c]["f1_ci95"] for c in CLASSES}
    return {
        f"{protocol}_accuracy_ci95": percent_span(m["accuracy_ci95"]),
        f"{protocol}_macro_f1_ci95": span(m["macro_f1_ci95"]),
        f"{protocol}_resamples": f"{m['bootstrap']['resamples']:,}",
        **{f"{protocol}_f1_{c}_ci95": span(ends) for c, ends in per_class.items()},
    }


def glue(texts: dict[str, str]) -> None:
    """Store texts in the running notebook, for `{glue:text}` on any page of the book.

    A number and its percent sign stay on one line.
    """
    from myst_nb import glue as store  # only there where the book is built

    for key, text in texts.items():
        store(key, text.replace(" %", "\N{NO-BREAK SPACE}%"), display=False)


def change(before: str, after: str) -> str:
    """How a number moved, from its two texts: `goes from 0.405 to 0.412`, or `stays at 0.405`."""
    return f"goes from {before} to {after}" if before != after else f"stays at {before}"
