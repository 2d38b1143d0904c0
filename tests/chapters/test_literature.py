"""The literature table, the comparison with this work, and the claims of the original README."""

import csv
import json
import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.metrics import f1_score, precision_score, recall_score

from ecgcore import paths
from ecgcore.chapters import literature
from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation.metrics import summarise
from ecgcore.evaluation.predictions import Predictions

INTERVAL = [0.5, 0.75]


@pytest.fixture(scope="module")
def studies() -> pd.DataFrame:
    return literature.read_studies()


@pytest.fixture
def metrics() -> dict:
    """Both protocols' metrics, of seeded answers of which three in four are right."""
    rng = np.random.default_rng(0)
    found = {}
    for protocol, scored in (("random", CLASSES), ("inter_patient", CLASSES[:4])):
        true = rng.integers(0, len(scored), 400)
        predicted = np.where(rng.random(400) < 0.75, true, rng.integers(0, 5, 400))
        answers = Predictions(
            true, predicted, np.eye(5)[predicted], np.full(400, "100"), np.arange(400)
        )
        found[protocol] = summarise(answers, scored) | {"training": {"parameters": 182_917}}
    return found


@pytest.fixture
def rows() -> list[dict[str, str]]:
    with literature.STUDIES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def write(tmp_path):
    """Writes rows as a CSV file."""

    def to_file(rows):
        path = tmp_path / "table.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return path

    return to_file


def notebook_prose() -> str:
    document = json.loads((paths.NOTEBOOKS / "05_literature.ipynb").read_text(encoding="utf-8"))
    cells = [c for c in document["cells"] if c["cell_type"] == "markdown"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def cited(text: str) -> set[str]:
    groups = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)
    return {key.strip() for group in groups for key in group.split(",")}


def test_every_study_is_cited_and_every_citation_is_in_the_bibliography(studies):
    database = pytest.importorskip("pybtex.database")
    bibliography = database.parse_file(str(paths.BOOK / "references.bib")).entries
    pages = "".join(p.read_text(encoding="utf-8") for p in paths.BOOK.glob("*.md"))
    assert set(studies["key"]) <= cited(notebook_prose())
    assert cited(notebook_prose() + pages) <= set(bibliography)
    for key, doi in studies[["key", "doi"]].drop_duplicates().to_numpy():
        assert bibliography[key].fields["doi"] == doi


def test_f1_is_computed_from_sensitivity_and_predictivity_only_where_it_is_not_reported(
    rows, studies
):
    reported = {row["key"] for row in rows if row["S_f1"]}
    given = {row["key"] for row in rows if row["S_sensitivity"] and row["S_ppv"]}
    assert reported & given, "no study gives both, so this test would prove nothing"
    assert set(studies["key"][studies["S_computed"]]) == given - reported
    for row in rows:
        if row["S_f1"]:
            kept = studies["S_f1"][(studies["key"] == row["key"]) & studies["S_f1"].notna()]
            assert float(row["S_f1"]) in kept.to_list()


def test_harmonic_mean_is_scikit_learns_f1():
    rng = np.random.default_rng(1)
    true, predicted = rng.random(300) < 0.3, rng.random(300) < 0.4
    sensitivity = pd.Series([100 * recall_score(true, predicted)])
    predictivity = pd.Series([100 * precision_score(true, predicted)])
    f1 = literature.harmonic_mean(sensitivity, predictivity)
    assert f1[0] == pytest.approx(100 * f1_score(true, predicted))


@pytest.mark.parametrize(
    ("authors", "label"),
    [
        ("Yildirim Ö.", "Yildirim (2018)"),
        ("Mousavi S., Afghah F.", "Mousavi and Afghah (2018)"),
        ("de Chazal P., O'Dwyer M., Reilly R.B.", "de Chazal et al. (2018)"),
        ("Vijaya Kumar B.V.K., Choi K.-S.", "Vijaya Kumar and Choi (2018)"),
    ],
)
def test_labels_are_author_year_citations(rows, write, authors, label):
    rows[0] |= {"authors": authors, "year": "2018"}
    assert literature.read_studies(write(rows[:1]))["label"].to_list() == [label]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("accuracy", "about 98", "percentage"),
        ("S_f1", "101", "percentage"),
        ("V_ppv", "-1", "percentage"),
        ("protocol_group", "intra", "inter-patient"),
        ("comparable", "perhaps", "yes"),
        ("remark", "", "why"),
        ("key", "", "empty"),
        ("doi", "", "empty"),
    ],
)
def test_a_bad_cell_is_named_by_file_row_and_column(rows, write, column, value, said):
    rows[2] |= {"comparable": "no", column: value}
    path = write(rows)
    with pytest.raises(DataError, match=rf"row 3, column {column}.*{said}") as caught:
        literature.read_studies(path)
    assert str(path) in str(caught.value)


def test_missing_and_unknown_columns_are_named(rows, write):
    renamed = [{("Accuracy" if k == "accuracy" else k): v for k, v in row.items()} for row in rows]
    with pytest.raises(DataError, match="missing column accuracy"):
        literature.read_studies(write(renamed))
    with pytest.raises(DataError, match="unknown column mood"):
        literature.read_studies(write([row | {"mood": ""} for row in rows]))


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b'a,b\n"1,2\n3,4,5,6'])
def test_a_file_that_is_no_table_gives_one_error_that_names_it(tmp_path, content):
    path = tmp_path / "broken.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(str(path))):
        literature.read_studies(path)


@pytest.mark.parametrize(
    ("group", "protocol", "name"),
    [
        ("random", "random", "This work"),
        ("inter-patient", "inter_patient", "This work, one beat"),
    ],
)
def test_this_work_stands_at_the_foot_of_its_own_protocol(studies, metrics, group, protocol, name):
    table = literature.study_table(studies, (group,), metrics)
    assert len(table) == (studies["protocol_group"] == group).sum() + 1
    own = table.iloc[-1]
    assert own["study"] == name
    assert own["accuracy (%)"] == f"{100 * metrics[protocol]['accuracy']:.1f}"
    assert own["F1 of S (%)"] == f"{100 * metrics[protocol]['per_class']['S']['f1']:.1f}"


def test_the_rhythm_model_has_a_row_and_a_point_of_its_own(studies, metrics):
    metrics["inter_patient_rhythm"] = metrics["random"] | {"scored_classes": list(CLASSES[:4])}
    names = ["This work, one beat", "This work, rhythm"]
    for table in (
        literature.study_table(studies, ("inter-patient",), metrics),
        literature.sensitivity_table(studies, metrics),
    ):
        assert table["study"].to_list()[-2:] == names
    points = literature.f1_points(studies, metrics).set_index("label")
    assert points["S"][names].to_list() == [
        100 * metrics[p]["per_class"]["S"]["f1"] for p in ("inter_patient", "inter_patient_rhythm")
    ]


def test_what_other_chapters_measured_fills_the_rows_of_claims(metrics):
    def entry(run, macro_f1, f1):
        return {"run": run, "macro_f1": macro_f1, "per_class": {c: {"f1": f1} for c in CLASSES}}

    networks = [entry("cnn_lstm", 0.9, 0.8), entry("cnn", 0.7, 0.5), entry("lstm", 0.6, 0.4)]
    kept = {"networks": networks, "imbalance": [entry("loss", 0.8, 0.6), entry("both", 0.3, 0.2)]}
    metrics["random"]["elsewhere"] = literature.measured_elsewhere(
        kept, {"memory": {"peak_mb": 1500.0}}
    )
    shown = literature.claim_table(literature.read_claims(), metrics).set_index("claim")
    told = shown["random split"].str.replace("\xa0", " ")
    assert told["memory in training"] == "1.5 GB"
    assert told["gain in F1 of the minority classes by balancing"].startswith("S −25.0 %")
    assert told["division of labour"] == "macro-F1 0.900; without LSTM 0.700, without CNN 0.600"


def test_no_row_of_this_work_without_its_figures(studies, metrics):
    tables = [
        literature.study_table(studies, ("inter-patient",), {"random": metrics["random"]}),
        literature.study_table(studies, ("patient-specific", "other"), metrics),
        literature.sensitivity_table(studies, {}),
        literature.gap_table(studies, {"random": metrics["random"]}),
    ]
    for table in tables:
        assert len(table)
        assert not table["study"].str.startswith("This work").any()


def test_intervals_are_shown_where_there_are_any(studies, metrics):
    metrics["inter_patient"]["accuracy_ci95"] = INTERVAL
    metrics["inter_patient"]["per_class"]["S"]["f1_ci95"] = INTERVAL
    own = literature.study_table(studies, ("inter-patient",), metrics).iloc[-1]
    assert own["accuracy (%)"].endswith("(50.0–75.0)")
    assert own["F1 of S (%)"].endswith("(50.0–75.0)")
    assert "(" not in own["F1 of V (%)"]
    own = literature.f1_points(studies, metrics).iloc[-1]
    assert (own["S_low"], own["S_high"]) == (50, 75)
    assert np.isnan(own["V_low"])


def test_rows_that_are_not_comparable_say_so_and_why(studies, metrics):
    for group in literature.GROUPS:
        table = literature.study_table(studies, (group,), metrics)
        wanted = studies[studies["protocol_group"] == group]
        verdicts = table["comparable here"].to_list()[: len(wanted)]
        for verdict, comparable, remark in zip(
            verdicts, wanted["comparable"], wanted["remark"], strict=True
        ):
            assert verdict.lower().startswith(comparable)
            assert remark.strip(".") in verdict


def test_computed_f1_is_marked_in_the_tables(studies, metrics):
    table = literature.sensitivity_table(studies, metrics).set_index("study")["S: F1 (%)"]
    marked = table.index[table.str.startswith("≈")]
    chosen = studies[(studies["protocol_group"] == "inter-patient") & studies["S_computed"]]
    assert sorted(re.sub("<.*?>", "", link) for link in marked) == sorted(chosen["label"])


def test_gap_is_inter_patient_minus_random_of_the_same_study(studies, metrics):
    table = literature.gap_table(studies, metrics).set_index("study")
    loss = metrics["inter_patient"]["accuracy"] - metrics["random"]["accuracy"]
    assert table.loc["This work", "difference (points)"] == pytest.approx(100 * loss)
    known = studies[studies["accuracy"].notna()].groupby("key")["protocol_group"].agg(set)
    pairs = known.index[known.map({"random", "inter-patient"}.issubset)]
    labels = {studies["label"][studies["key"] == key].iloc[0] for key in pairs}
    assert {re.sub("<.*?>", "", study) for study in table.index} == labels | {"This work"}


def test_the_study_with_the_leak_is_drawn_as_not_comparable(studies, metrics):
    points = literature.f1_points(studies, metrics).set_index("label")
    leaky = studies[studies["remark"].str.startswith("Leak") & studies["S_f1"].notna()]
    assert len(leaky)
    assert (points.loc[leaky["label"].unique(), "kind"] == "not comparable").all()
    assert points.loc["This work, one beat", "kind"] == "this work"
    assert {"reported", "computed"} <= set(points["kind"])


@pytest.mark.parametrize("with_interval", [False, True])
def test_figure_names_every_study_and_no_label_covers_another(studies, metrics, with_interval):
    if with_interval:
        for letter in "SV":
            metrics["inter_patient"]["per_class"][letter]["f1_ci95"] = INTERVAL
    points = literature.f1_points(studies, metrics)
    figure = literature.literature_f1(points)
    figure.draw_without_rendering()
    labels = [t for t in figure.axes[0].texts if t.get_text()]
    assert sorted(t.get_text() for t in labels) == sorted(points["label"])
    boxes = [t.get_window_extent() for t in labels]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    lengths = {
        len(line.get_xdata()) for line in figure.axes[0].lines if line.get_marker() == "None"
    }
    assert lengths == ({2} if with_interval else set()), "the interval is drawn as lines"
    plt.close(figure)


def test_claims_stand_beside_what_was_measured(metrics):
    claims = literature.read_claims()
    metrics["random"]["accuracy_ci95"] = INTERVAL
    table = literature.claim_table(claims, metrics).set_index("claim")
    shown = {key: table.loc[key, "random split"].replace("\xa0", " ") for key in table.index}
    accuracy = metrics["random"]["accuracy"]
    assert shown["accuracy"] == f"{100 * accuracy:.1f} % (50.0 % to 75.0 %)"
    assert shown["macro-F1"] == f"{metrics['random']['macro_f1']:.3f}"
    assert shown["parameters"] == f"{metrics['random']['training']['parameters']:,}"
    assert shown["memory in training"] == literature.NOT_MEASURED
    assert (literature.claim_table(claims, {})["random split"] == literature.NOT_MEASURED).all()


def test_every_claim_that_names_a_counterpart_finds_it_in_full_metrics(metrics):
    """A misspelt key would silently read `not measured here`."""
    claims = literature.read_claims()
    random = metrics["random"]
    random["inference"] = {"latency_p50_ms": 1.0, "latency_p99_ms": 2.0, "beats_per_s": 3.0}
    random["elsewhere"] = {"peak_memory_gb": 1.0, "balancing": "S −1 %", "halves": "0.9"}
    table = literature.claim_table(claims, metrics)
    named = claims.loc[table.index, "measured"] != ""
    assert (table.loc[named, "random split"] != literature.NOT_MEASURED).all()
    assert (table.loc[~named, "random split"] == literature.NOT_MEASURED).all()


def test_misquoted_rows_show_what_the_papers_report(studies):
    table = literature.misquoted_table(literature.read_claims(), studies)
    assert len(table)
    for _, row in table.iterrows():
        key = studies["key"][[f">{label}<" in row["study"] for label in studies["label"]]].iloc[0]
        accuracy = studies.loc[studies["key"] == key, "accuracy"].iloc[0]
        expected = "no accuracy" if np.isnan(accuracy) else f"{accuracy:g}"
        assert expected in row["the paper reports"]
        assert row["what is wrong"]


def test_a_claim_about_an_unknown_study_is_refused(studies):
    claims = literature.read_claims()
    claims.loc[claims["topic"] == "literature", "claim"] = "nobody1900"
    with pytest.raises(DataError, match="nobody1900"):
        literature.misquoted_table(claims, studies)


def test_a_claim_in_an_unknown_unit_is_refused(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("topic,claim,value,measured,unit,note\nresult,F1,1,macro_f1,furlongs,\n")
    with pytest.raises(DataError, match=r"row 1, column unit: 'furlongs'"):
        literature.read_claims(path)


def test_styled_table_has_caption_links_and_escaped_text(rows, write, metrics):
    rows[0] |= {"authors": "O<b>rien X.", "doi": 'a"b'}
    studies = literature.read_studies(write(rows[:1]))
    table = literature.study_table(studies, (rows[0]["protocol_group"],), metrics)
    page = literature.styled(table, "A caption.").to_html()
    assert "<caption>A caption.</caption>" in page
    assert 'href="https://doi.org/a&quot;b"' in page
    assert "O&lt;b&gt;rien" in page
    assert "row_heading" not in page
