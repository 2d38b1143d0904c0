"""Published numbers: consistent in themselves, and the same wherever they are shown."""

import copy
import re

import numpy as np
import pandas as pd
import pytest

from ecgcore import paths
from ecgcore.beats.splits import KAGGLE_TEST_COUNTS
from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation.metrics import f1_scores
from ecgcore.workflow import publication, readme, reporting
from ecgcore.workflow.results import load_metrics, published_metrics, write_metrics

ENTRIES = ("random", "inter_patient", "random_context", "patients")


@pytest.fixture(scope="module")
def metrics():
    return published_metrics()


@pytest.mark.parametrize("name", ENTRIES)
def test_published_scores_follow_from_the_published_confusion(metrics, name):
    entry = metrics[name]
    confusion = np.array(entry["confusion"])
    f1 = f1_scores(confusion)
    assert entry["accuracy"] == pytest.approx(np.trace(confusion) / confusion.sum())
    assert [entry["per_class"][c]["f1"] for c in CLASSES] == pytest.approx(f1.tolist())
    scored = [CLASSES.index(c) for c in entry["scored_classes"]]
    assert entry["macro_f1"] == pytest.approx(f1[scored].mean())
    support = confusion.sum(axis=1)[scored]
    assert entry["weighted_f1"] == pytest.approx(np.average(f1[scored], weights=support))


@pytest.mark.parametrize("name", ["random", "random_context"])
def test_published_seeds_are_five_and_hold_the_one_shown(metrics, name):
    seeds = {each["seed"]: each for each in metrics[name]["seeds"]}
    assert len(seeds) == 5
    assert set(seeds[metrics[name]["training"]["seed"]]) == {"seed", "accuracy", "macro_f1"}


def test_published_random_split_has_kaggles_test_counts(metrics):
    assert metrics["random"]["counts"] == KAGGLE_TEST_COUNTS


@pytest.mark.parametrize("name", ENTRIES)
def test_published_scores_say_where_they_come_from(metrics, name):
    source = metrics[name]["provenance"]
    assert source["profile"] in ("paper", "full")
    assert re.fullmatch(r"[0-9a-f]{12}\+?", source["commit"])
    assert source["versions"]["torch"] and source["hardware"]["processor"]
    assert re.fullmatch(r"[0-9a-f]{64}", source["data_sha256"])


def test_readme_shows_the_published_metrics(metrics):
    text = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.fill_readme(text, metrics) == text, "run `make publish`"


def test_missing_metrics_name_the_notebook_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    with pytest.raises(DataError, match="03_evaluation"):
        load_metrics("smoke")


def test_writing_metrics_keeps_the_other_entries(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    write_metrics("smoke", {"random": {"accuracy": 0.5}})
    write_metrics("smoke", {"inter_patient": {"accuracy": 0.25}})
    found = load_metrics("smoke")
    assert {name: entry["accuracy"] for name, entry in found.items()} == {
        "random": 0.5,
        "inter_patient": 0.25,
    }


def test_clock_and_percent():
    assert reporting.clock(3725.9) == "1:02:05"
    assert reporting.percent(0.98765) == "98.8 %"


def test_tables_have_words_to_the_left_and_numbers_to_the_right():
    columns = {"n": [1], "rule": ["5 % left"], "F1": ["0.9 (0.8 to 1)"], "took": ["3 s"]}
    table = reporting.table(pd.DataFrame({"split": ["a"], **columns}), "Rates of < 1.")
    left = re.findall(r"\.(col\d) \{\s*text-align: left", table.to_html())
    assert left == ["col0", "col2"]
    folded = reporting.Folded(table)._repr_html_()
    assert folded.startswith('<details class="folded"><summary>Rates of &lt; 1.</summary>')
    assert "<caption>" not in folded and folded.count("<td") == 5


# Several seeds


@pytest.fixture
def of_seeds(metrics) -> dict:
    """Both splits, each with five made-up seeds, of which seed 2 is the median."""
    found = {name: copy.deepcopy(metrics[name]) for name in ("random", "inter_patient")}
    for entry in found.values():
        entry["seeds"] = [
            {"seed": 4 - n, "accuracy": 0.5 + n / 10, "macro_f1": 0.1 + n / 10} for n in range(5)
        ]
        entry["training"] = entry["training"] | {"seed": 2}
    return found


def test_headlines_are_medians_over_seeds(of_seeds):
    told = reporting.headline_text(of_seeds)
    assert told["inter_patient_median_accuracy"] == "70.0 %"
    assert told["inter_patient_seeds_macro_f1"] == "0.300 (0.100 to 0.500)"
    assert told["random_seeds_accuracy"] == "70.0 % (50.0 to 90.0 %)"
    del of_seeds["random"]["seeds"]
    told = reporting.headline_text(of_seeds)
    for name in ("random_median_accuracy", "random_seeds_accuracy"):
        assert told[name] == told["random_accuracy"]
    table = reporting.seeds_table(of_seeds)
    assert table["median"].tolist() == pytest.approx([0.7, 0.3])
    assert table["split"].tolist() == ["inter_patient"] * 2


def test_the_readme_says_of_each_row_where_it_comes_from(of_seeds):
    told = readme.readme_results(of_seeds)
    assert "70.00 % (50.00 to 90.00 %) | 0.300 (0.100 to 0.500)" in told
    assert "All rows: profile" in told
    of_seeds["random"]["provenance"] = of_seeds["random"]["provenance"] | {"commit": "0" * 12}
    told = readme.readme_results(of_seeds)
    assert "- other beats of the same patients (random split): profile `paper`, commit `000" in told


def test_the_seed_shown_is_held_to_the_median_before_publication(of_seeds):
    assert publication.seeds_shown(of_seeds, ["random", "inter_patient", "kaggle"]) == []
    of_seeds["inter_patient"]["training"]["seed"] = 3
    (told,) = publication.seeds_shown(of_seeds, ["random", "inter_patient"])
    assert told.startswith("seed 3 of inter_patient is not the one nearest") and "set 2" in told
