"""What readers take away, and what runs it elsewhere: cards, archive, workflows, container."""

import hashlib
import json
import re
import subprocess
import zipfile

import numpy as np
import pandas as pd
import pytest
import yaml
from docutils.parsers.rst import Directive

from ecgcore import paths
from ecgcore.beats.splits import SCORED_CLASSES
from ecgcore.cli.main import VERBS
from ecgcore.constants import CLASSES
from ecgcore.data.records import overview
from ecgcore.errors import DataError
from ecgcore.evaluation.metrics import summarise
from ecgcore.evaluation.predictions import Predictions
from ecgcore.workflow import citation, pages
from ecgcore.workflow.takeaway import data_card, model_cards, pdf, release

SCORED = SCORED_CLASSES["inter_patient"]
ROOT = paths.ROOT
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.fixture(scope="module")
def answers(small_beats) -> Predictions:
    """Invented answers to real beats, of patients of both sexes, one of them paced."""
    rng = np.random.default_rng(0)
    true = small_beats.aami
    predicted = np.where(rng.random(len(true)) < 0.2, 0, true).astype(np.int8)
    certain = np.eye(len(CLASSES), dtype=np.float32)[predicted]
    return Predictions(true, predicted, certain, small_beats.record, small_beats.sample)


def test_a_card_tells_scores_by_group_of_patients(answers, database):
    patients = overview(database, sorted(set(answers.record))).set_index("record")
    text = model_cards.card("inter_patient", answers, "inter_patient", patients)
    found = summarise(answers, SCORED)
    assert f"| macro-F1 | {found['macro_f1']:.3f} (" in text
    women = np.isin(answers.record, patients.index[patients["sex"] == "F"])
    part = summarise(answers[women], SCORED)
    line = next(line for line in text.splitlines() if line.startswith("| women |"))
    assert f"{int(women.sum()):,}" in line and f"{100 * part['accuracy']:.1f} %" in line
    assert "Paced: records 104." in text and "no medical device" in text


def test_croissant_has_what_its_specification_requires():
    document = json.loads(json.dumps(data_card.croissant("0" * 64, 10)))
    assert document["@type"] == "sc:Dataset"
    assert document["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    required = {"@context", "name", "description", "license", "url", "creator", "datePublished"}
    assert required <= set(document)
    (file,) = document["distribution"]
    assert file["@type"] == "cr:FileObject" and len(file["sha256"]) == 64
    assert {"@id", "name", "contentUrl", "encodingFormat"} <= set(file)
    (records,) = document["recordSet"]
    for field in records["field"]:
        assert field["@type"] == "cr:Field" and field["dataType"].startswith("sc:")
        assert field["source"]["fileObject"]["@id"] == file["@id"]
        assert field["source"]["extract"]["column"] == field["name"]


def test_splits_and_cards_of_a_run(smoke, monkeypatch):
    """The smoke run's own: every beat once, each part the one that was tested."""
    monkeypatch.setattr(paths, "ROOT", smoke.root)
    monkeypatch.setattr(paths, "RUNS", smoke.root / "runs")
    table = data_card.splits("smoke")
    assert not table.duplicated(["record", "sample"]).any()
    for protocol in ("random", "inter_patient"):
        p = Predictions.load(paths.predictions_file("smoke", protocol))
        tested = table[table[protocol] == "test"]
        assert set(zip(p.record, p.sample, strict=True)) == set(
            zip(tested["record"], tested["sample"], strict=True)
        )
    monkeypatch.setattr(pdf, "write", lambda profile: (paths.run_dir(profile) / "book.pdf").touch())
    archive = release.make("smoke")
    with zipfile.ZipFile(archive) as opened:
        root = archive.stem
        sums = opened.read(f"{root}/{release.SUMS}").decode().splitlines()
        names = {name.removeprefix(f"{root}/") for name in opened.namelist()} - {release.SUMS}
        assert {line[66:] for line in sums} == names
        for name in ("metrics.json", "splits.csv", "cards/model-rhythm.md", "CITATION.cff"):
            told = next(line[:64] for line in sums if line[66:] == name)
            assert hashlib.sha256(opened.read(f"{root}/{name}")).hexdigest() == told
        assert {"book/index.html", "book/.nojekyll", "weights/published/rhythm.onnx"} <= names
        pd.read_csv(opened.open(f"{root}/splits.csv"), dtype=str)


def test_without_a_book_there_is_nothing_to_release_or_print(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    with pytest.raises(DataError, match="no book to release"):
        release.make("smoke")
    with pytest.raises(DataError, match=r"no page book/index\.html"):
        pdf.write("smoke")


def test_pages_are_printed_and_joined_in_order(chromium, tmp_path, monkeypatch):
    from pypdf import PdfReader

    html = tmp_path / "runs/small/_build/html/book"
    html.mkdir(parents=True)
    for name in ("index", "two"):
        (html / f"{name}.html").write_text(
            f"<meta charset=utf-8><h1>Page {name}<a class=headerlink>#</a></h1>"
        )
    toc = {"root": "book/index", "parts": [{"caption": "Rest", "chapters": [{"file": "book/two"}]}]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setenv("CHROMIUM", chromium)
    printed = PdfReader(pdf.write("small"))
    assert [p.extract_text().strip().rstrip("#") for p in printed.pages] == [
        "Page index",
        "Page two",
    ]
    first, part, (second,) = printed.outline
    assert (first.title, part.title, second.title) == ("Page index", "Rest", "Page two")


def test_the_book_can_be_cited():
    text = citation.bibtex()
    assert text.startswith("@misc{ecgcore,\n") and text.count("{") == text.count("}")
    assert str(citation.known()["version"]) in text
    page = (paths.BOOK / "index.md").read_text(encoding="utf-8")
    assert "```{bibtex}" in page and issubclass(pages.Bibtex, Directive)


def make_targets() -> set[str]:
    return set(re.findall(r"^([\w./-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_call_what_there_is(path):
    document = yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # "on" is no boolean
    assert document["on"] and document["permissions"]
    for job in document["jobs"].values():
        assert int(job["timeout-minutes"]) > 0
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            if "uses" in step:
                assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])
            for target in re.findall(r"\bmake ([\w./-]+)", step.get("run", "")):
                assert target in make_targets(), target
            profile = re.search(r"PROFILE=(\w+)", step.get("run", ""))
            assert not profile or (paths.PROFILES / f"{profile[1]}.yaml").is_file()
    assert len(WORKFLOWS) == 3


def test_container_and_binder_build_on_the_lock():
    text = (ROOT / "Dockerfile").read_text()
    for copied in re.findall(r"^COPY (?:--\S+ )?(.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / name).exists() for name in copied.split()), copied
    for target in re.findall(r"RUN make (\S+)", text):
        assert target.replace(".venv", "$(VENV)") in {"$(VENV)/.ready"}
        assert "READY := $(VENV)/.ready" in (ROOT / "Makefile").read_text()
    wanted = (ROOT / ".binder/requirements.txt").read_text().removeprefix("-r ").strip()
    assert (ROOT / ".binder" / wanted).resolve() == ROOT / "requirements.lock"
    assert (ROOT / ".binder/postBuild").stat().st_mode & 0o100
    subprocess.run(["bash", "-n", str(ROOT / ".binder/postBuild")], check=True)


def test_make_and_the_command_line_agree():
    text = (ROOT / "Makefile").read_text()
    for verb in ("pdf", "release"):
        assert verb in VERBS and f"\tecgcore {verb} " in text


def test_every_pinned_package_has_the_hashes_of_its_files():
    """`make lock` writes both; torch, of several indexes, has none."""
    lines = (ROOT / "requirements.hashes").read_text(encoding="utf-8").splitlines()[1:]
    hashed = {line.partition(" ")[0] for line in lines}
    pinned = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert hashed == {p for p in pinned if "==" in p and not p.startswith("torch==")}
    for line in lines:
        hashes = line.split()[1:]
        assert hashes and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", h) for h in hashes)
