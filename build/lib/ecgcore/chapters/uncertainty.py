"""Figures on how sure the results are, and the facts that the chapter's text rests on."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.colours import COLOURS, PROTOCOL_COLOURS
from ecgcore.constants import CLASSES, PROTOCOL_TITLES
from ecgcore.evaluation import fibrillation
from ecgcore.evaluation.ec57 import AVERAGE, ECTOPIC, GROSS
from ecgcore.evaluation.predictions import Predictions
from ecgcore.plots.style import Axes, Figure, PercentFormatter, canvas, panels
from ecgcore.workflow.reporting import percent

UNIT_COLOURS = {"beat": "#56B4E9", "record": "#0B3C5D"}
BEFORE, AFTER = "#D55E00", "#0072B2"
CLIMBS = "the line climbs to the end"
SINKS = "the line sinks again to the right, and the surest answers are not the best"
RULE_MARKERS = ("o", "s", "D", "^", "v")


def intervals(metrics: Mapping[str, dict]) -> Figure:
    """Each headline number with its 95 % interval, one colour a protocol.

    metrics: protocol to its entry of metrics.json, intervals included.
    """
    figure, ax = canvas(size=(7.2, 3.8))
    names = ["accuracy", "macro-F1", *(f"F1 of {letter}" for letter in CLASSES)]
    for number, (protocol, m) in enumerate(metrics.items()):
        each = [m["per_class"][c] for c in CLASSES]
        value = np.array([m["accuracy"], m["macro_f1"], *(c["f1"] for c in each)])
        ends = [m["accuracy_ci95"], m["macro_f1_ci95"], *(c["f1_ci95"] for c in each)]
        low, high = np.array(ends).T
        value[2:][[c not in m["scored_classes"] for c in CLASSES]] = np.nan
        # The percentile method does not promise that the number lies between its ends.
        arms = np.maximum([value - low, high - value], 0)
        y = np.arange(len(names)) + 0.26 * (number - (len(metrics) - 1) / 2)
        unit = m["bootstrap"]["unit"]
        ax.errorbar(
            value,
            y,
            xerr=arms,
            fmt="os^"[number % 3],
            markersize=4.5,
            capsize=3,
            color=PROTOCOL_COLOURS.get(protocol),
            label=f"{PROTOCOL_TITLES.get(protocol, protocol)}, drawing {unit}s",
        )
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="value on the test beats, with 95 % interval", xlim=(-0.02, 1.02))
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    figure.legend(loc="outside upper center", ncols=len(metrics))
    return figure


def units(values: Mapping[str, Mapping[str, np.ndarray]], name: str) -> Figure:
    """How a number scatters over the resamples, when beats and when records are drawn.

    values: protocol to unit to (n_resamples,) values of the number called `name`.
    """
    figure, axes = panels(len(values), 2.8)
    for ax, (protocol, by_unit) in zip(axes, values.items(), strict=True):
        joint = np.concatenate(list(by_unit.values()))
        bins = np.linspace(joint.min() - 0.005, joint.max() + 0.005, 61)
        for unit, drawn in by_unit.items():
            share = 100 * np.histogram(drawn, bins)[0] / len(drawn)
            colour = UNIT_COLOURS[unit]
            ax.stairs(share, bins, color=colour, fill=True, alpha=0.35)
            ax.stairs(share, bins, color=colour, label=f"{unit}s drawn")
        ax.set(title=PROTOCOL_TITLES.get(protocol, protocol), xlabel=name)
        ax.legend(fontsize=8)
    axes[0].set_ylabel("resamples (% a bin)")
    return figure


def reliability(tables: Mapping[str, Mapping[str, pd.DataFrame]]) -> Figure:
    """Accuracy against confidence, before and after temperature scaling, a panel a protocol.

    tables: protocol to `before` and `after` to the table of calibration.reliability.
    """
    figure, axes = panels(len(tables), 3.5, sharey=True)
    looks = {"before": (BEFORE, "-", "o"), "after": (AFTER, "--", "s")}
    for ax, (protocol, stages) in zip(axes, tables.items(), strict=True):
        ax.plot([0, 1], [0, 1], color="#888888", linewidth=1, label="calibrated")
        for stage, table in stages.items():
            colour, dash, marker = looks[stage]
            x, y = table["confidence"], table["accuracy"]
            ax.plot(x, y, dash, color=colour, linewidth=1.2)
            area = 6 + 90 * np.sqrt(table["beats"] / table["beats"].sum())
            ax.scatter(x, y, s=area, color=colour, marker=marker, alpha=0.8, label=stage)
        ax.set(title=PROTOCOL_TITLES.get(protocol, protocol), xlabel="confidence (mean of the bin)")
        ax.set(xlim=(0.15, 1.03), ylim=(-0.03, 1.05))
        legend = ax.legend(loc="upper left", fontsize=8)
        for handle in legend.legend_handles[1:]:
            handle.set_sizes([25])
    axes[0].set_ylabel("accuracy (share of the bin's beats)")
    return figure


def operating_points(
    curves: Mapping[str, Mapping[str, pd.DataFrame]], points: Mapping[str, pd.DataFrame]
) -> Figure:
    """Sensitivity and positive predictivity of S and V on test beats, and the chosen points.

    curves: protocol to class to the table of operating.detection_curve, of test beats;
    points: protocol to the table of operating.operating_points. A hollow mark is what validation
    promised, the filled one at the end of its arrow what the threshold gave on test beats.
    """
    figure, axes = panels(len(curves), 3.9, sharey=True)
    for ax, (protocol, by_class) in zip(axes, curves.items(), strict=True):
        for letter, curve in by_class.items():
            thin = curve.iloc[:: max(1, len(curve) // 400)]  # as fine as the eye can see
            x, y = thin["sensitivity"], thin["positive predictivity"]
            ax.plot(x, y, color=COLOURS[letter], linewidth=1.1, label=f"{letter}, all thresholds")
        rules = list(dict.fromkeys(points[protocol]["rule"]))
        for _, row in points[protocol].iterrows():
            _draw_move(ax, row, RULE_MARKERS[rules.index(row["rule"])])
        for marker, rule in zip(RULE_MARKERS, rules, strict=False):
            ax.plot([], [], marker, color="#444444", markersize=5, label=rule)
        ax.set(title=PROTOCOL_TITLES.get(protocol, protocol), xlabel="sensitivity")
        ax.set(xlim=(-0.03, 1.05), ylim=(-0.03, 1.05))
    axes[0].set_ylabel("positive predictivity")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8)
    return figure


def _draw_move(ax: Axes, row: pd.Series, marker: str) -> None:
    """From a point on validation beats to the same threshold's on test beats."""
    rates = ("sensitivity", "positive predictivity")
    start = [row[f"validation {rate}"] for rate in rates]
    end = [row[f"test {rate}"] for rate in rates]
    colour = COLOURS[row["class"]]
    if np.isfinite([*start, *end]).all():
        arrow = {"arrowstyle": "->", "color": "#555555", "linewidth": 0.8}
        ax.annotate("", end, start, arrowprops=arrow)
    ax.plot(*start, marker, color=colour, fillstyle="none", markersize=6)
    ax.plot(*end, marker, color=colour, markeredgecolor="white", markersize=7)


def selective(
    curves: Mapping[str, Mapping[str, pd.DataFrame]], points: Mapping[str, pd.DataFrame]
) -> Figure:
    """Accuracy of the accepted beats against the share left to a human.

    curves: protocol to `validation` and `test` to the table of operating.selective_curve;
    points: protocol to the table of operating.selective_points, whose test values are marked.
    """
    figure, axes = panels(len(curves), 3.3)
    for ax, (protocol, parts) in zip(axes, curves.items(), strict=True):
        for part, dash in (("validation", ":"), ("test", "-")):
            curve = parts[part][parts[part]["left"] < 0.95]
            thin = curve.iloc[:: max(1, len(curve) // 400)]
            colour = PROTOCOL_COLOURS.get(protocol)
            x, y = 100 * thin["left"], 100 * thin["accuracy"]
            ax.plot(x, y, dash, color=colour, label=f"{part} beats")
        for marker, (_, row) in zip(RULE_MARKERS, points[protocol].iterrows(), strict=False):
            at = 100 * row["test left"], 100 * row["test accuracy"]
            ax.plot(*at, marker, color="#D55E00", markersize=5.5, label=f"test: {row['rule']}")
        ax.set(title=PROTOCOL_TITLES.get(protocol, protocol), xlabel="beats left to a human (%)")
        ax.legend(fontsize=8, loc="lower right")
    axes[0].set_ylabel("accuracy of the others (%)")
    return figure


def ec57_records(table: pd.DataFrame) -> Figure:
    """Sensitivity and positive predictivity for SVEB and VEB, record by record.

    table: from ec57.record_table. Records without such beats are left out of a panel.
    """
    records = table[~table["record"].isin([GROSS, AVERAGE])]
    figure, axes = canvas(1, 2, size=(7.6, 4.8), sharex=True)
    for ax, (ectopic, letter) in zip(axes, ECTOPIC.items(), strict=True):
        beats = f"{ectopic} beats"
        shown = records[records[beats] > 0].sort_values(beats, ignore_index=True)
        y = np.arange(len(shown))
        ax.hlines(y, 0, 1, color="#DDDDDD", linewidth=0.6)
        ax.plot(shown[f"{ectopic} Se"], y, "o", color=COLOURS[letter])
        ax.plot(shown[f"{ectopic} +P"], y, "x", color="#222222")
        labels = [
            f"{name} ({count:,.0f})"
            for name, count in zip(shown["record"], shown[beats], strict=True)
        ]
        ax.set_yticks(y, labels, fontsize=8)
        ax.set(title=ectopic, xlabel="rate", xlim=(-0.04, 1.04))
        ax.grid(visible=False, axis="y")
    axes[0].set_ylabel("record (annotated beats of the kind)")
    handles = [
        axes[0].plot([], [], marker, color="#222222", label=label)[0]
        for marker, label in (("o", "sensitivity"), ("x", "positive predictivity"))
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return figure


def kinds_of_accuracy(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """What three ways of counting say of the network and of a constant answer.

    tables: protocol to the table of scoring.accuracy_table.
    """
    figure, axes = panels(len(tables), 3.2, sharey=True)
    looks = {
        "accuracy": ("#0B3C5D", ""),
        "one-vs-rest average": ("#E69F00", "//"),
        "macro-F1": ("#B9B9B9", ".."),
    }
    for ax, (protocol, table) in zip(axes, tables.items(), strict=True):
        for number, (column, (colour, hatch)) in enumerate(looks.items()):
            at = np.arange(len(table)) + 0.27 * (number - 1)
            value = table[column]
            bars = ax.bar(
                at, value, 0.25, color=colour, hatch=hatch, edgecolor="white", label=column
            )
            ax.bar_label(bars, [f"{100 * v:.1f}" for v in value], fontsize=8, padding=2)
        ax.set_xticks(range(len(table)), table["answers"])
        ax.set(title=PROTOCOL_TITLES.get(protocol, protocol), ylim=(0, 1.1))
        ax.yaxis.set_major_formatter(PercentFormatter(1))
        ax.grid(visible=False, axis="x")
    axes[0].set_ylabel("value on the test beats")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure


def choices(database: Path, names: Iterable[str], leave_out: Sequence[str]) -> dict[str, list[str]]:
    """Ready-made choices of records: all, without each of some, those with atrial fibrillation."""
    names = sorted(names)
    without = {f"without {name}": [n for n in names if n != name] for name in leave_out}
    annotated = [n for n in names if (Path(database) / f"{n}.atr").is_file()]
    fibrillating = [n for n in annotated if fibrillation.beats_in(database, n).any()]
    told = {"all records": names} | without | {"with atrial fibrillation": fibrillating}
    return {title: records for title, records in told.items() if records}


def ec57_spread(table: pd.DataFrame, fewest: int = 10, within: float = 0.05) -> dict[str, dict]:
    """How the rates of single records lie about the gross rate.

    table: from ec57.record_table. `VEB Se` and so on to: gross; records (with at least `fewest`
    such beats, and a rate); near (those within `within` of the gross rate); lowest, highest.
    """
    single = table[~table["record"].isin([GROSS, AVERAGE])]
    gross = table.set_index("record").loc[GROSS]
    found = {}
    for ectopic in ECTOPIC:
        for rate in ("Se", "+P"):
            name = f"{ectopic} {rate}"
            values = single.loc[single[f"{ectopic} beats"] >= fewest, name].dropna().astype(float)
            found[name] = {
                "gross": gross[name],
                "records": len(values),
                "near": int((values - gross[name]).abs().le(within).sum()),
                "lowest": values.min() if len(values) else None,
                "highest": values.max() if len(values) else None,
            }
    return found


def surest(p: Predictions) -> dict:
    """What the confident answers are worth: accuracy of all, of the surest half and quarter.

    wrong: of the surest quarter, the records with most wrong answers, two at most, each with its
    share of these.
    """
    order = np.argsort(-p.confidence, kind="stable")
    half, quarter = (p[order[: len(p) // parts]] for parts in (2, 4))
    wrong = pd.Series(quarter.record[~quarter.correct]).value_counts(normalize=True)
    return {
        "all": float(p.correct.mean()),
        "half": float(half.correct.mean()),
        "quarter": float(quarter.correct.mean()),
        "wrong": {str(name): float(share) for name, share in wrong.head(2).items()},
    }


def surest_texts(found: Mapping[str, dict]) -> dict[str, str]:
    """`surest` of each protocol as text: `random_surest_half` and so on."""
    texts = {}
    for protocol, of in found.items():
        names = list(of["wrong"])
        texts |= {
            f"{protocol}_surest_half": percent(of["half"]),
            f"{protocol}_surest_quarter": percent(of["quarter"]),
            f"{protocol}_surest_verdict": CLIMBS if of["quarter"] >= of["half"] else SINKS,
            f"{protocol}_surest_wrong": ("records " if len(names) > 1 else "record ")
            + (" and ".join(names) or "–"),
            f"{protocol}_surest_wrong_share": percent(sum(of["wrong"].values()), 0),
        }
    return texts


def spread_texts(found: Mapping[str, dict]) -> dict[str, str]:
    """`ec57_spread` as text: `ec57_VEB_se_lowest` and so on."""
    texts = {}
    for name, of in found.items():
        key = "ec57_" + name.replace(" Se", "_se").replace(" +P", "_pp")
        texts |= {f"{key}_{end}": percent(of[end]) for end in ("lowest", "highest")}
        texts |= {f"{key}_{count}": str(of[count]) for count in ("near", "records")}
    return texts
