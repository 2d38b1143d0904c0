"""Sentences that interpret numbers: word for word in their pages, true of what is published."""

import ast
import copy
import json
import re
from collections import Counter

import numpy as np
import pytest
import yaml
from pending import PENDING, filled

from ecgcore import paths
from ecgcore.chapters import literature as chapter
from ecgcore.workflow import claims
from ecgcore.workflow.claims import core, literature
from ecgcore.workflow.results import published_metrics

NAMES = [claim.name for claim in claims.CLAIMS]


@pytest.fixture(scope="module")
def published() -> dict:
    return published_metrics()


def has(numbers: dict, path: tuple[str, ...]) -> bool:
    for name in path:
        if name not in numbers:
            return False
        numbers = numbers[name]
    return True


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=NAMES)
def test_each_phrase_stands_once_in_its_page(claim):
    assert claims.source(claim.page).count(claim.text) == 1
    assert claim.means.endswith(".")


def test_names_are_unique_and_pages_in_the_order_of_the_book():
    assert not [name for name, count in Counter(NAMES).items() if count > 1]
    toc = yaml.safe_load((paths.ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    order = [name.rpartition("/")[2] for name in files]
    assert [page for page in order if page in claims.PAGES] == list(claims.PAGES)
    assert {claim.page for claim in claims.CLAIMS} == set(claims.PAGES)


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=NAMES)
def test_claims_hold_for_the_published_numbers(claim, published):
    verdict = claim.verdict(published)
    if verdict == claims.UNKNOWN:
        with pytest.raises(KeyError) as missing:
            claim.condition(published)
        lacking = {path[-1] for path in PENDING if not has(published, path)}
        assert missing.value.args[0] in lacking, "a condition reads what no notebook writes"
        pytest.xfail("not yet published")
    assert verdict == claims.HOLDS, claim.means


def test_what_is_published_is_no_longer_pending(published):
    assert not [path for path in PENDING if has(published, path)]


def altered(value, rng: np.random.Generator, wild: bool):
    """The same document with every number, and None, replaced by another, drawn at random.

    wild: of any sign and size; else floats are shares.
    """
    if isinstance(value, dict):
        return {key: altered(each, rng, wild) for key, each in value.items()}
    if isinstance(value, list):
        return [altered(each, rng, wild) for each in value]
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(rng.integers(1, 50))
    return float(rng.normal() * 10 ** rng.uniform(-2, 2) if wild else rng.random())


@pytest.fixture(scope="module")
def wrong(numbers) -> list[dict]:
    """Documents of numbers drawn at random, of the published one's shape."""
    entries = {key: each for key, each in numbers.items() if key != "provenance"}
    rng = np.random.default_rng(0)
    return [altered(entries, rng, wild) for wild in (False, True) for _ in range(24)]


@pytest.fixture(scope="module")
def numbers(published) -> dict:
    """The published numbers, and where one is pending a made-up entry of its shape."""
    return filled(published)


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=NAMES)
def test_a_condition_can_fail(claim, wrong):
    verdicts = {claim.verdict(each) for each in wrong}
    assert claims.BROKEN in verdicts, "no numbers whatever make this sentence false"
    assert claims.UNKNOWN not in verdicts, "the condition reads what is not there"


def test_a_broken_claim_is_named_and_an_absent_number_is_not_passed_over(published):
    assert "what_it_lacks_is_context" not in {c.name for c in claims.broken(published)}
    worse = copy.deepcopy(published)
    worse["crossval_records"]["per_class"]["S"]["f1"] = 0.01
    assert "what_it_lacks_is_context" in {c.name for c in claims.broken(worse)}
    del worse["crossval_records"]
    assert "what_it_lacks_is_context" in {c.name for c in claims.unknown(worse)}
    told = claims.table(worse).set_index("phrase")["verdict"]
    assert told["What it lacks is context."] == claims.UNKNOWN


def test_sensitivity_falling_further_than_predictivity_is_noticed(published):
    worse = copy.deepcopy(published)
    worse["inter_patient"]["per_class"]["V"] |= {"sensitivity": 0.2, "precision": 0.9}
    assert "predictivity_of_v_falls_further" in {c.name for c in claims.broken(worse)}


def test_a_seed_below_the_best_without_context_is_noticed(published):
    worse = copy.deepcopy(published)
    best = max(seed["macro_f1"] for seed in worse["random"]["seeds"])
    worse["random_context"]["seeds"][2]["macro_f1"] = best - 0.001
    assert "worst_with_beats_best_without" in {c.name for c in claims.broken(worse)}


@pytest.fixture
def worse(published) -> dict:
    """Published numbers that two sentences contradict: one of a page, one of a figure."""
    changed = copy.deepcopy(published)
    changed["inter_patient"]["per_class"]["S"] |= {"f1": 0.8}
    return changed


def test_a_page_says_beside_the_sentence_that_it_is_not_so(worse, published):
    text = claims.source("index")
    assert claims.marked("index", text, published) == text
    told = claims.marked("index", text, worse)
    (note,) = claims.notes("index", worse)
    assert note in told and claims.unmarked(told) == text
    before = told[: told.index(note)].rstrip()  # the figure's directive, which is whole
    assert before.endswith("```")
    assert "far lower than the first, above all for S and F" in before.rpartition("```{figure}")[2]


def test_a_notebook_says_so_below_its_text_and_its_figures(worse, published):
    path = paths.NOTEBOOKS / "03_evaluation.ipynb"
    original = json.loads(path.read_text(encoding="utf-8"))
    document = copy.deepcopy(original)
    claims.mark_notebook("03_evaluation", document, worse)
    texts = ["".join(cell["source"]) for cell in document["cells"]]
    figure = next(i for i, cell in enumerate(document["cells"]) if "mystnb" in cell["metadata"])
    assert texts[figure + 1].startswith(claims.HEAD), "below the figure"
    assert any("of S and F little is left" in text and claims.HEAD in text for text in texts)
    once = copy.deepcopy(document)
    claims.mark_notebook("03_evaluation", document, worse)
    assert document == once, "a second time changes nothing"
    claims.mark_notebook("03_evaluation", document, published)
    assert ["".join(c["source"]) for c in document["cells"]] == [
        "".join(c["source"]) for c in original["cells"]
    ]


@pytest.mark.parametrize("generation", ["FIRST", "SECOND"])
def test_the_studies_that_this_work_is_held_against_are_those_of_the_table(generation):
    points = chapter.f1_points(chapter.read_studies(), {})
    points = points[points["kind"] != "not comparable"]
    year = points["label"].str.extract(r"\((\d{4})\)")[0].astype(int)
    chosen = points[year < 2020] if generation == "FIRST" else points[year >= 2020]
    for letter, lowest in getattr(literature, generation).items():
        assert 100 * lowest == pytest.approx(chosen[letter].min(), abs=0.06)


def rows() -> list[list[str]]:
    """The cells of the index of the abstract."""
    text = (paths.BOOK / "claims.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_index_holds_every_sentence_of_the_abstract():
    page = (paths.BOOK / "index.md").read_text(encoding="utf-8")
    abstract = next(line for line in page.splitlines() if line.startswith("**Abstract.** "))
    assert " ".join(row[0] for row in rows()) == abstract.removeprefix("**Abstract.** ")


@pytest.mark.parametrize("row", rows(), ids=[row[0][:30] for row in rows()])
def test_the_index_leads_to_numbers_cells_and_tests_that_exist(row, published):
    _, numbers, cells, guards = row
    for path in re.findall(r"`([^`]+)`", numbers):
        names = tuple(path.split("."))
        assert has(published, names) or names in PENDING, path
    for notebook, cell in re.findall(r"executed/(\w+)\.ipynb\), `([\w-]+)`", cells):
        document = json.loads((paths.NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))
        assert cell in {each["id"] for each in document["cells"]}, (notebook, cell)
    found = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", guards)
    assert found
    for file, name in found:
        tree = ast.parse((paths.ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_codecheck_names_a_dozen_outputs_that_are_there():
    document = yaml.safe_load((paths.ROOT / "codecheck.yml").read_text(encoding="utf-8"))
    manifest = document["manifest"]
    assert 10 <= len(manifest) <= 15
    for entry in manifest:
        assert (paths.ROOT / entry["file"]).is_file(), entry["file"]
        for notebook in re.findall(r"notebooks/\w+\.ipynb", entry["comment"]):
            assert (paths.ROOT / notebook).is_file()


def test_a_row_that_is_not_there_is_no_verdict():
    with pytest.raises(LookupError):
        core.row([{"name": "CNN"}], name="LSTM")
