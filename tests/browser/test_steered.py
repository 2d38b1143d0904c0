"""The figures that one steers, in a browser: what they show is what Python computes."""

import re

import numpy as np
import pytest

from ecgcore.beats.splits import SCORED_CLASSES
from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation import operating
from ecgcore.evaluation.metrics import summarise
from ecgcore.evaluation.predictions import Predictions
from ecgcore.evaluation.uncertainty import interval, resample, scores
from ecgcore.widgets import steered

SCORED = SCORED_CLASSES["inter_patient"]


def answers(wrong: float, seed: int, records: int = 12) -> Predictions:
    """Invented answers to beats of some records, of which the last holds most S beats."""
    rng = np.random.default_rng(seed)
    record = np.repeat([str(200 + i) for i in range(records)], 120)
    common = np.random.default_rng(1).choice(5, len(record), p=[0.84, 0.03, 0.1, 0.02, 0.01])
    true = np.where((record == record[-1]) & (common != 2), 1, common).astype(np.int8)
    logits = rng.normal(size=(len(true), 5)) + 4 * (1 - wrong) * np.eye(5)[true]
    odds = np.exp(logits)
    probabilities = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
    predicted = probabilities.argmax(axis=1).astype(np.int8)
    return Predictions(true, predicted, probabilities, record, np.arange(len(true)))


MODELS = {"one beat": answers(0.4, 2), "in its rhythm": answers(0.1, 3)}
VALIDATION, TEST = answers(0.3, 4), answers(0.45, 5)
POINTS = operating.operating_points(VALIDATION, TEST, 0.9)


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    presets = {
        "all": [str(200 + i) for i in range(12)],
        "without 211": [str(200 + i) for i in range(11)],
    }
    figures = [steered.which_record(MODELS, presets, SCORED),
               steered.move_threshold(VALIDATION, TEST, POINTS)]  # fmt: skip
    path = tmp_path_factory.mktemp("steered") / "page.html"
    text = "".join(figure._repr_html_() for figure in figures)
    path.write_text(f'<!doctype html><meta charset="utf-8"><link rel=icon href=data:,>{text}')
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_function("document.querySelectorAll('.steered[data-ready]').length === 2")
    assert not errors
    yield page
    page.close()


def row(page, title: str) -> list[str]:
    found = page.locator(
        ".st-results tr", has=page.get_by_role("rowheader", name=re.compile(f"^{title}"))
    )
    return found.locator("td").all_inner_texts()


def holds(page, chosen: set[str]) -> None:
    """Every number is that of the chosen records, and every interval nearly."""
    for number, p in enumerate(MODELS.values()):
        part = p[np.isin(p.record, list(chosen))]
        found = summarise(part, SCORED)
        drawn = scores(resample(part, "record").confusions(), SCORED)
        wanted = {"Macro-F1": (found["macro_f1"], drawn["macro_f1"])} | {
            f"F1 of {c}": (found["per_class"][c]["f1"], drawn["f1"][:, CLASSES.index(c)])
            for c in SCORED
        }
        for title, (value, resampled) in wanted.items():
            numbers = [float(x) for x in re.findall(r"\d\.\d{3}", row(page, title)[number])]
            assert numbers[0] == pytest.approx(value, abs=0.0006), title
            assert numbers[1:] == pytest.approx(interval(resampled), abs=0.04), title
        assert f"{100 * found['accuracy']:.1f}" in row(page, "Accuracy")[number]


def test_numbers_follow_the_records_that_are_ticked(page):
    everything = {str(200 + i) for i in range(12)}
    holds(page, everything)
    page.get_by_role("button", name="without 211").click()
    assert not page.get_by_label("211").is_checked()
    holds(page, everything - {"211"})
    page.get_by_label("203").focus()
    page.keyboard.press("Space")
    holds(page, everything - {"211", "203"})
    assert page.get_by_role("button", name="without 211").get_attribute("aria-pressed") == "false"
    assert page.locator(".st-said[role=status]").inner_text().startswith("10 of 12 records")


def test_a_threshold_gives_what_python_says_it_gives(page):
    detector = page.locator('.st-detector[data-letter="V"]')
    rule = POINTS[(POINTS["class"] == "V") & (POINTS["rule"] == operating.MAXIMAL_F1)].iloc[0]

    def shown(part: str) -> str:
        found = detector.locator("tbody tr", has_text=f"{part} beats")
        return found.locator("strong").inner_text()

    assert shown("validation") == f"{rule['validation f1']:.3f}"
    assert shown("test") == f"{rule['test f1']:.3f}"
    detector.get_by_role("slider").focus()
    page.keyboard.press("End")
    last = steered.move_threshold(VALIDATION, TEST, POINTS).about["detectors"][1]["thresholds"][-1]
    assert shown("test") == f"{operating.detect(TEST, 'V', last)['f1']:.3f}"
    detector.get_by_role("button", name=operating.MAXIMAL_F1).click()
    assert shown("test") == f"{rule['test f1']:.3f}"


def test_what_cannot_be_shown_is_said():
    with pytest.raises(DataError, match="no answers to count"):
        steered.which_record({}, {}, SCORED)
    with pytest.raises(DataError, match="preset 'none' counts none of the records"):
        steered.which_record(MODELS, {"none": ["999"]}, SCORED)
    only_n = TEST[TEST.true == 0]
    with pytest.raises(DataError, match="no threshold to move"):
        steered.move_threshold(only_n, TEST, operating.operating_points(only_n, TEST, 0.9))
