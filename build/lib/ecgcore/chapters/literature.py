"""Published figures, and the claims of the original README, beside what was measured here.

Figures of the literature are in percent, as papers print them; this work's come from metrics.json
as fractions and are shown in percent. F1 is the harmonic mean of sensitivity and positive
predictivity; where a paper gives only these two, it is computed from them and marked so.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler

from ecgcore import paths
from ecgcore.colours import PROTOCOL_COLOURS, SECOND
from ecgcore.errors import DataError
from ecgcore.plots.style import Artist, Axes, Bbox, Figure, canvas
from ecgcore.workflow import reporting

STUDY_MARKERS = {
    "reported": {"marker": "o", "color": "#0072B2", "label": "F1 as reported"},
    "computed": {"marker": "o", "color": "#0072B2", "mfc": "none", "label": "F1 computed here"},
    "not comparable": {"marker": "x", "color": "#6B6B6B", "label": "not comparable"},
    "this work": {"marker": "D", "color": "#D55E00", "label": "this work"},
}


ANSWERS = {  # how the first page names what it compares, and the colour
    "random": ("one beat, known patients", PROTOCOL_COLOURS["random"]),
    "inter_patient": ("one beat, new patients", PROTOCOL_COLOURS["inter_patient"]),
    "inter_patient_rhythm": ("in its rhythm, new patients", SECOND),
}


def answer(metrics: Mapping[str, dict]) -> Figure:
    """F1 of the macro average and of N, S, V and F: one beat at a time on known and on new
    patients, and new patients' beats in their rhythm."""
    figure, ax = canvas(size=(7.2, 3.0))
    names, width = ["macro-F1", *"NSVF"], 0.8 / len(ANSWERS)
    for number, (protocol, (title, colour)) in enumerate(ANSWERS.items()):
        values = metrics[protocol]
        f1 = [values["macro_f1"], *(values["per_class"][c]["f1"] for c in "NSVF")]
        at = np.arange(len(names)) + (number - 1) * width
        bars = ax.bar(at, f1, 0.92 * width, color=colour, label=title)
        ax.bar_label(bars, [f"{value:.2f}" for value in f1], fontsize=7.5, padding=2)
    ax.set_xticks(range(len(names)), names)
    ax.set(ylabel="F1 on test beats", ylim=(0, 1.12))
    ax.grid(visible=False, axis="x")
    ax.legend(loc="lower center", ncols=3, bbox_to_anchor=(0.5, 1.0), fontsize=8)
    return figure


def literature_f1(points: pd.DataFrame) -> Figure:
    """F1 of S against F1 of V (%), a labelled point a study; points: literature.f1_points."""
    figure, ax = canvas(size=(6.0, 5.2))
    for kind, marker in STUDY_MARKERS.items():
        chosen = points[points["kind"] == kind]
        if len(chosen):
            ax.plot(chosen["V"], chosen["S"], linestyle="", markersize=7, zorder=3, **marker)
    bars = []
    for _, row in points[points["S_low"].notna()].iterrows():
        across = ax.plot([row["V_low"], row["V_high"]], [row["S"]] * 2)
        upright = ax.plot([row["V"]] * 2, [row["S_low"], row["S_high"]])
        bars += across + upright
    for bar in bars:
        bar.set(color=STUDY_MARKERS["this work"]["color"], linewidth=1.2)
    ax.set(xlabel="F1 of V (%)", ylabel="F1 of S (%)")
    ax.margins(0.12)
    ax.set(xlim=(None, min(ax.get_xlim()[1], 103)), ylim=(max(ax.get_ylim()[0], -3), None))
    ax.legend(loc="upper left")
    _label_points(ax, points[["V", "S"]].to_numpy(), points["label"], bars)
    return figure


def _label_points(
    ax: Axes, points: np.ndarray, texts: Iterable[str], bars: Sequence[Artist] = ()
) -> None:
    """Write each text near its (x, y), at the first place where it covers nothing else."""
    ax.figure.draw_without_rendering()  # settles the layout, so that extents are final
    around = (1, 0), (-1, 0), (0, 1), (0, -1), (0.8, 0.9), (0.8, -0.9), (-0.8, 0.9), (-0.8, -0.9)
    places = [(r * x, r * y) for r in (9, 18, 28, 40) for x, y in around]  # points on paper
    sides = {-1: "right", 0: "center", 1: "left"}, {-1: "top", 0: "center", 1: "bottom"}
    taken = [Bbox.from_bounds(*(xy - 5), 10, 10) for xy in ax.transData.transform(points)]
    taken += [artist.get_window_extent().padded(2) for artist in (ax.get_legend(), *bars)]
    frame = ax.get_window_extent()
    for point, text in zip(points, texts, strict=True):
        for place in places:
            ha, va = (side[int(np.sign(d))] for side, d in zip(sides, place, strict=True))
            label = ax.annotate(
                text, point, place, textcoords="offset points", ha=ha, va=va, fontsize=8
            )
            box = label.get_window_extent()
            fits = frame.x0 < box.x0 and box.x1 < frame.x1 and not box.count_overlaps(taken)
            if fits or place == places[-1]:
                break
            label.remove()
        taken.append(box)
        if np.hypot(*place) > 12:
            leader = {"arrowstyle": "-", "linewidth": 0.5, "color": "#6B6B6B"}
            ax.annotate("", point, place, textcoords="offset points", arrowprops=leader)


STUDIES = paths.BOOK / "literature.csv"
CLAIMS = paths.BOOK / "original_claims.csv"

GROUPS = ("random", "inter-patient", "patient-specific", "other")
TEXTS = tuple(
    "key authors year title architecture dataset protocol_group protocol division classes "
    "includes_paced comparable remark confidence doi verified_at note".split()
)
PERCENTAGES = tuple(
    "accuracy macro_f1 S_sensitivity S_ppv S_f1 V_sensitivity V_ppv V_f1 "
    "mean_sensitivity mean_ppv".split()
)
OWN_GROUP = {"random": "random", "kaggle": "random"}
OWN_GROUP |= dict.fromkeys(("inter_patient", "inter_patient_rhythm"), "inter-patient")
OWN_NAME = {
    "random": "This work",
    "kaggle": "This work, Kaggle files",
    "inter_patient": "This work, one beat",
    "inter_patient_rhythm": "This work, rhythm",
}
OWN_MODEL = dict.fromkeys(OWN_NAME, "CNN-LSTM on single beats")
OWN_MODEL["inter_patient_rhythm"] = "Forests, boosted trees and CNNs on beats in their record"
UNITS = {
    "percent": lambda value: f"{100 * value:.1f}\N{NO-BREAK SPACE}%",
    "score": "{:.3f}".format,
    "count": "{:,}".format,
    "milliseconds": "{:.2f} ms".format,
    "rate": "{:,.0f} beats per second".format,
    "gigabytes": "{:.1f} GB".format,
    "text": str,
}
UNKNOWN = "–"
# Least width, in em, of a column of text: a table that needs more than the page scrolls in its box.
TEXT_WIDTHS = {"study": 9, "comparable here": 17, "dataset": 14, "division": 9, "model": 17}
TEXT_WIDTHS |= {"classes": 13, "confidence": 20, "remark": 16, "note": 13, "claim": 9, "claimed": 8}
TEXT_WIDTHS |= {"the README says": 8, "the paper reports": 12, "what is wrong": 16}
CAPTION = "max-width: min(85vw, 42rem)"
NOT_MEASURED = "not measured here"


def read_studies(path: Path = STUDIES) -> pd.DataFrame:
    """The literature table, oldest first: a row a study and protocol.

    Percentages are floats, NaN where not known; all else is text. Adds `label` (authors and year)
    and, for c in S and V, `<c>_computed`: whether `<c>_f1` was computed from sensitivity and
    positive predictivity rather than reported.
    Raises DataError that names file, row and column.
    """
    studies = _read(path, (*TEXTS, *PERCENTAGES))
    for column in ("key", "authors", "year", "doi"):
        _refuse(path, studies, column, studies[column] == "", "is empty")
    for column, known in (("protocol_group", GROUPS), ("comparable", ("yes", "no"))):
        wrong = ~studies[column].isin(known)
        _refuse(path, studies, column, wrong, f"is none of {', '.join(known)}")
    unexplained = (studies["comparable"] == "no") & (studies["remark"] == "")
    _refuse(path, studies, "remark", unexplained, "must say why the row is not comparable")
    for column in PERCENTAGES:
        number = pd.to_numeric(studies[column], errors="coerce")
        wrong = (studies[column] != "") & ~number.between(0, 100)
        _refuse(path, studies, column, wrong, "is no percentage")
        studies[column] = number
    for letter in "SV":
        f1 = harmonic_mean(studies[f"{letter}_sensitivity"], studies[f"{letter}_ppv"])
        studies[f"{letter}_computed"] = studies[f"{letter}_f1"].isna() & f1.notna()
        studies[f"{letter}_f1"] = studies[f"{letter}_f1"].fillna(f1)
    studies["label"] = [_label(*row) for row in studies[["authors", "year"]].to_numpy()]
    return studies.sort_values("year", kind="stable", ignore_index=True)


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """A CSV file with exactly these columns, every cell as text."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable CSV file ({error})") from None
    for word, names in (
        ("missing", [c for c in columns if c not in frame]),
        ("unknown", [c for c in frame if c not in columns]),
    ):
        if names:
            raise DataError(f"{path}: {word} column {', '.join(names)}")
    return frame


def _refuse(path: Path, frame: pd.DataFrame, column: str, wrong: pd.Series, what: str) -> None:
    """Raise DataError for the first row that is wrong; rows count from 1 below the header."""
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        value = frame[column].iloc[row]
        raise DataError(f"{path}: row {row + 1}, column {column}: {value!r} {what}")


def harmonic_mean(sensitivity: pd.Series, predictivity: pd.Series) -> pd.Series:
    """F1; NaN where either is unknown or both are 0."""
    return 2 * sensitivity * predictivity / (sensitivity + predictivity)


def _label(authors: str, year: str) -> str:
    """`Surname Initials, Surname Initials` and a year as an author-year citation."""
    names = [author.strip().rpartition(" ")[0] for author in authors.split(",")]
    shown = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
    return f"{shown} ({year})"


def study_table(studies: pd.DataFrame, groups: tuple[str, ...], metrics: dict) -> pd.DataFrame:
    """Every study of some protocol groups, then this work under the same protocol, as text."""
    chosen = studies[studies["protocol_group"].isin(groups)]
    shown = pd.DataFrame({"study": _links(chosen), "accuracy (%)": chosen["accuracy"].map(_number)})
    verdict = chosen["comparable"].str.capitalize() + ". " + chosen["remark"]
    shown["comparable here"] = verdict.str.strip(". ") + "."
    for letter in "SV":
        shown[f"F1 of {letter} (%)"] = _f1_texts(chosen, letter)
    shown["macro-F1 (%)"] = chosen["macro_f1"].map(_number)
    for column in ("dataset", "division"):
        if chosen[column].nunique() > 1:
            shown[column] = chosen[column]
    shown["model"] = chosen["architecture"]
    shown["classes"] = chosen["classes"].replace("", "not stated")
    shown["confidence"] = chosen["confidence"]
    own = [_own_study(protocol, values) for protocol, values in _own(metrics, groups)]
    return _below(shown, own)


def _below(shown: pd.DataFrame, own: list[dict]) -> pd.DataFrame:
    """A table with this work's rows at its foot."""
    rows = pd.DataFrame(own, columns=shown.columns)
    return pd.concat([shown, rows], ignore_index=True).fillna(UNKNOWN)


def _own(metrics: dict, groups: tuple[str, ...]) -> list[tuple[str, dict]]:
    """This work's protocols that belong to some groups, each with its entry of metrics.json."""
    return [(p, metrics[p]) for p, group in OWN_GROUP.items() if group in groups and p in metrics]


def _own_study(protocol: str, values: dict) -> dict[str, str]:
    scored = values["scored_classes"]
    return {
        "study": OWN_NAME[protocol],
        "model": OWN_MODEL[protocol],
        "dataset": "MIT-BIH Arrhythmia",
        "division": "DS1/DS2",
        "classes": f"{len(scored)} AAMI: {', '.join(scored)}",
        "accuracy (%)": _with_interval(values, "accuracy"),
        "macro-F1 (%)": _with_interval(values, "macro_f1"),
        **{f"F1 of {c} (%)": _with_interval(values["per_class"][c], "f1") for c in "SV"},
        "confidence": "measured here",
    }


def sensitivity_table(studies: pd.DataFrame, metrics: dict) -> pd.DataFrame:
    """Sensitivity (Se), positive predictivity (+P) and F1 for S and V, inter-patient, as text."""
    known = studies[["S_f1", "V_f1", "S_sensitivity", "V_sensitivity"]].notna().any(axis=1)
    chosen = studies[(studies["protocol_group"] == "inter-patient") & known]
    shown = pd.DataFrame({"study": _links(chosen)})
    for letter in "SV":
        shown[f"{letter}: Se (%)"] = chosen[f"{letter}_sensitivity"].map(_number)
        shown[f"{letter}: +P (%)"] = chosen[f"{letter}_ppv"].map(_number)
        shown[f"{letter}: F1 (%)"] = _f1_texts(chosen, letter)
    shown["comparable"] = chosen["comparable"]
    own = []
    for protocol, values in _own(metrics, ("inter-patient",)):
        row = {"study": OWN_NAME[protocol]}
        for letter in "SV":
            scores = values["per_class"][letter]
            names = {"Se": "sensitivity", "+P": "precision", "F1": "f1"}
            row |= {f"{letter}: {n} (%)": _with_interval(scores, k) for n, k in names.items()}
        own.append(row)
    return _below(shown, own)


def gap_table(studies: pd.DataFrame, metrics: dict) -> pd.DataFrame:
    """Accuracy of the same study under both protocols, and their difference in points."""
    known = studies[studies["accuracy"].notna()]
    parts = [known[known["protocol_group"] == group] for group in ("random", "inter-patient")]
    pairs = parts[0].merge(parts[1], on="key", suffixes=("_random", ""))
    rows = pd.DataFrame(
        {
            "study": _links(pairs),
            "random split (%)": pairs["accuracy_random"],
            "inter-patient (%)": pairs["accuracy"],
            "remark": pairs["remark"],
        }
    )
    if {"random", "inter_patient"} <= set(metrics):
        own = [100 * metrics[protocol]["accuracy"] for protocol in ("random", "inter_patient")]
        rows.loc[len(rows)] = [OWN_NAME["random"], *own, ""]
    difference = rows["inter-patient (%)"] - rows["random split (%)"]
    rows.insert(3, "difference (points)", difference)
    return rows.sort_values("difference (points)", ignore_index=True)


def f1_points(studies: pd.DataFrame, metrics: dict) -> pd.DataFrame:
    """F1 of S and V of every inter-patient study that has both, in percent, and of this work.

    Columns: label, S, V, kind (reported, computed, not comparable, this work), and S_low, S_high,
    V_low, V_high: the 95 % interval of this work (NaN: none).
    """
    group = studies["protocol_group"] == "inter-patient"
    chosen = studies[group & studies[["S_f1", "V_f1"]].notna().all(axis=1)]
    computed = (chosen["S_computed"] | chosen["V_computed"]).map({True: "computed", False: ""})
    kind = computed.where(computed != "", "reported")
    kind = kind.where(chosen["comparable"] == "yes", "not comparable")
    points = pd.DataFrame(
        {"label": chosen["label"], "S": chosen["S_f1"], "V": chosen["V_f1"], "kind": kind}
    )
    own = []
    for protocol, values in _own(metrics, ("inter-patient",)):
        row = {"label": OWN_NAME[protocol], "kind": "this work"}
        for letter in "SV":
            scores = values["per_class"][letter]
            low, high = scores.get("f1_ci95", (float("nan"),) * 2)
            row |= {letter: 100 * scores["f1"]}
            row |= {f"{letter}_low": 100 * low, f"{letter}_high": 100 * high}
        own.append(row)
    ends = [f"{letter}_{end}" for letter in "SV" for end in ("low", "high")]
    points = points.reindex(columns=[*points.columns, *ends])
    return pd.DataFrame([*points.to_dict("records"), *own], columns=points.columns)


def read_claims(path: Path = CLAIMS) -> pd.DataFrame:
    """What the original README claims: topic, claim, value, measured, unit, note; all text.

    measured: path of the counterpart within a protocol's entry of metrics.json, empty if there is
    none. In the topic `literature`, claim is the key of the study that a row misquotes.
    Raises DataError that names file, row and column.
    """
    claims = _read(path, ("topic", "claim", "value", "measured", "unit", "note"))
    for column in ("topic", "claim", "value"):
        _refuse(path, claims, column, claims[column] == "", "is empty")
    wrong = (claims["measured"] != "") & ~claims["unit"].isin(UNITS)
    _refuse(path, claims, "unit", wrong, f"is none of {', '.join(UNITS)}")
    return claims


def measured_elsewhere(studies: dict[str, list[dict]], benchmarks: dict) -> dict:
    """What other chapters measured of the claims, of the random split, as entries to add to those
    of metrics.json: `peak_memory_gb`, `balancing` and `halves`.

    studies: as `studies.runs.kept` returns; benchmarks: what `make bench` wrote.
    """
    networks = {entry["run"]: entry for entry in studies["networks"]}
    plain, treated = networks["cnn_lstm"], studies["imbalance"]
    change = {
        c: max(e["per_class"][c]["f1"] / plain["per_class"][c]["f1"] - 1 for e in treated)
        for c in "SVF"
    }
    told = ", ".join(
        f"{c} {_signed(100 * value)}\N{NO-BREAK SPACE}%" for c, value in change.items()
    )
    score = {run: networks[run]["macro_f1"] for run in ("cnn_lstm", "cnn", "lstm")}
    return {
        "peak_memory_gb": benchmarks["memory"]["peak_mb"] / 1000,
        "balancing": f"{told} at best",
        "halves": f"macro-F1 {score['cnn_lstm']:.3f}; without LSTM {score['cnn']:.3f}, "
        f"without CNN {score['lstm']:.3f}",
    }


def claim_table(claims: pd.DataFrame, metrics: dict) -> pd.DataFrame:
    """Each claim about the original project itself beside what was measured, a column a split."""
    chosen = claims[claims["topic"] != "literature"]
    shown = chosen[["claim", "value"]].rename(columns={"value": "claimed"})
    for protocol, name in (("random", "random split"), ("inter_patient", "inter-patient split")):
        values = metrics.get(protocol, {})
        shown[name] = [
            _measured(values, key, unit) for key, unit in chosen[["measured", "unit"]].to_numpy()
        ]
    return shown.assign(note=chosen["note"])


def _measured(values: dict, key: str, unit: str) -> str:
    """The number at a dotted path as text, with its interval where there is one."""
    *parents, last = key.split(".")
    for name in parents:
        values = values.get(name, {})
    if last not in values:
        return NOT_MEASURED
    text = UNITS[unit](values[last])
    interval = values.get(f"{last}_ci95")
    return f"{text} ({' to '.join(UNITS[unit](end) for end in interval)})" if interval else text


def misquoted_table(claims: pd.DataFrame, studies: pd.DataFrame) -> pd.DataFrame:
    """Rows of the original README's literature table that are wrong, beside what papers report."""
    chosen = claims[claims["topic"] == "literature"]
    unknown = sorted(set(chosen["claim"]) - set(studies["key"]))
    if unknown:
        raise DataError(f"original claims: no study {', '.join(unknown)} in the literature table")
    cited = studies.drop_duplicates("key").set_index("key").loc[chosen["claim"]]
    accuracy = cited["accuracy"].map("{:g}\N{NO-BREAK SPACE}%".format)
    accuracy = accuracy.where(cited["accuracy"].notna(), "no accuracy")
    return pd.DataFrame(
        {
            "study": _links(cited).to_numpy(),
            "the README says": chosen["value"].to_numpy(),
            "the paper reports": (cited["architecture"] + ": " + accuracy).to_numpy(),
            "what is wrong": chosen["note"].to_numpy(),
        }
    )


def styled(frame: pd.DataFrame, caption: str) -> Styler:
    """A table for the book. Bold: this work; italics: not comparable."""
    right = "text-align: right; vertical-align: top"
    left = "text-align: left; vertical-align: top; min-width: {}em"
    columns = {c: left.format(TEXT_WIDTHS[c]) if c in TEXT_WIDTHS else right for c in frame}
    styles = {c: [{"selector": "", "props": props}] for c, props in columns.items()}
    styler = reporting.table(frame, caption, {c: _signed for c in frame.select_dtypes("float")})
    styler.set_table_styles(styles, overwrite=False)
    # On a phone the table is wider than the page, its caption is not.
    styler.set_table_styles([{"selector": "caption", "props": CAPTION}], overwrite=False)
    return styler.apply(_emphasis, axis=1)


def _emphasis(row: pd.Series) -> list[str]:
    """Styles of a row's cells: this work's in bold, those that are not comparable in italics."""
    if str(row.iloc[0]).startswith("This work"):
        return ["font-weight: 600"] * len(row)
    verdict = str(row.get("comparable here", row.get("comparable", ""))).lower()
    return ["font-style: italic" if verdict.startswith("no") else ""] * len(row)


def _signed(value: float) -> str:
    return f"{value:.1f}".replace("-", "\N{MINUS SIGN}")


def _links(studies: pd.DataFrame) -> pd.Series:
    """Author-year labels that link to the paper."""
    links = [
        f'<a href="https://doi.org/{html.escape(doi)}">{html.escape(label)}</a>'
        for doi, label in studies[["doi", "label"]].to_numpy()
    ]
    return pd.Series(links, index=studies.index)


def _number(value: float) -> str:
    return UNKNOWN if pd.isna(value) else f"{value:g}"


def _f1_texts(studies: pd.DataFrame, letter: str) -> list[str]:
    columns = studies[[f"{letter}_f1", f"{letter}_computed"]]
    return [
        f"≈\N{NO-BREAK SPACE}{f1:.1f}" if own else _number(f1)
        for f1, own in columns.itertuples(index=False)
    ]


def _with_interval(values: dict, key: str) -> str:
    """A fraction in percent, with its 95 % interval where there is one."""
    text = f"{100 * values[key]:.1f}"
    interval = values.get(f"{key}_ci95")
    return f"{text} ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})" if interval else text
