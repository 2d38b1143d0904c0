"""The inspector in Python: what it embeds, what it refuses, and its filters."""

import json
import zlib

import numpy as np
import pytest
import torch
import traitlets
from browser_helpers import guesses

from ecgcore.constants import BEAT_LENGTH, CLASSES, FS
from ecgcore.errors import DataError
from ecgcore.evaluation.explain import grad_cam
from ecgcore.evaluation.metrics import confusion_matrix
from ecgcore.evaluation.predictions import Predictions
from ecgcore.models import networks
from ecgcore.models.config import train_config
from ecgcore.widgets import BeatInspector, Preset
from ecgcore.widgets.comparing import NO_ANSWER
from ecgcore.widgets.packing import pack
from ecgcore.widgets.payload import STEP_MV
from ecgcore.widgets.traces import read_trace


def unpack(payload: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """What data.js does, in Python."""
    raw = zlib.decompress(payload)
    length = int.from_bytes(raw[:4], "little")
    about, at = json.loads(raw[4 : 4 + length]), 4 + length
    arrays = {}
    for name, dtype, count, delta in about["arrays"]:
        size = np.dtype(dtype).itemsize
        block = np.frombuffer(raw[at : at + count * size], np.uint8).reshape(size, count)
        flat = np.ascontiguousarray(block.T).reshape(-1).view(dtype)
        arrays[name] = np.cumsum(flat, dtype=flat.dtype) if delta else flat
        at += count * size
    assert at == len(raw)
    return about, arrays


@pytest.fixture(scope="module")
def few(small_beats):
    """Every third beat of a few records."""
    return small_beats[::3]


@pytest.fixture(scope="module")
def predictions(few):
    return guesses(few)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return networks.build(train_config(filters=(4, 4, 4), lstm_hidden=4))


@pytest.fixture(scope="module")
def inspector(predictions, model, database):
    preset = Preset({"random": np.array([5, 2, 9])}, "Candidates, not errors.")
    return BeatInspector(
        {"random": predictions, "inter_patient": predictions[:3000]},
        database,
        models={"random": model},
        presets={"Likely label errors": preset},
        right_per_class=30,
    )


@pytest.fixture(scope="module")
def embedded(inspector):
    return unpack(inspector.payload)


@pytest.fixture(scope="module")
def parts(inspector):
    """What drawing needs, by number of the record."""
    return [unpack(part)[1] for part in inspector.parts]


def of_rows(parts, record: np.ndarray, name: str) -> np.ndarray:
    """A column that is spread over the parts, (n, values of a beat), in the table's order."""
    seen, out = dict.fromkeys(range(len(parts)), 0), []
    for number in record:
        column = parts[number][name].reshape((record == number).sum(), -1)
        out.append(column[seen[number]])
        seen[number] += 1
    return np.array(out)


def test_every_wrong_beat_is_there_and_a_draw_of_right_ones(predictions, embedded):
    _, arrays = embedded
    index = arrays["random/index"]
    wrong = np.flatnonzero(~predictions.correct)
    assert np.isin(wrong, index).all()
    right = np.setdiff1d(index, wrong)
    right = np.setdiff1d(right, [2, 5, 9])  # the preset's
    drawn = np.bincount(predictions.true[right], minlength=len(CLASSES))
    there = np.bincount(predictions.true[predictions.correct], minlength=len(CLASSES))
    assert (drawn <= np.minimum(30, there)).all()
    assert (drawn >= np.minimum(30, there) - 3).all()


def test_the_draw_repeats_with_its_seed(predictions, database):
    kwargs = {"database": database, "right_per_class": 5}
    first = BeatInspector({"random": predictions[:2000]}, seed=1, **kwargs)
    again = BeatInspector({"random": predictions[:2000]}, seed=1, **kwargs)
    other = BeatInspector({"random": predictions[:2000]}, seed=2, **kwargs)
    assert first.payload == again.payload
    assert first.payload != other.payload


def test_columns_say_what_the_predictions_say(predictions, embedded, parts):
    about, arrays = embedded
    index = arrays["random/index"]
    p = predictions[index]
    names = np.array([record["name"] for record in about["records"]])
    assert np.array_equal(arrays["random/true"], p.true)
    assert np.array_equal(arrays["random/predicted"], p.predicted)
    assert np.array_equal(arrays["random/sample"], p.sample)
    assert np.array_equal(names[arrays["random/record"]], p.record)
    assert np.array_equal(arrays["random/confidence"], p.confidence)
    loss = -np.log(np.maximum(p.probabilities[np.arange(len(p)), p.true], 1e-12))
    assert np.allclose(arrays["random/loss"], loss)
    shown = of_rows(parts, arrays["random/record"], "random/probabilities")
    assert np.array_equal(shown, p.probabilities)


def test_rr_intervals_are_those_of_the_beats(few, embedded):
    _, arrays = embedded
    there = few[arrays["random/index"]]
    for name, seconds in (("rr_pre_ms", there.rr_pre_s), ("rr_post_ms", there.rr_post_s)):
        assert np.abs(arrays[f"random/{name}"] - 1000 * np.nan_to_num(seconds)).max() <= 0.51


def test_counts_add_up_to_the_confusion_matrix(predictions, embedded):
    _, arrays = embedded
    counts = arrays["random/counts"].reshape(-1, len(CLASSES), len(CLASSES))
    assert np.array_equal(
        counts.sum(axis=0), confusion_matrix(predictions.true, predictions.predicted)
    )


def test_strips_hold_the_record_and_both_neighbours(embedded, parts, database):
    about, arrays = embedded
    rows = np.arange(0, len(arrays["random/index"]), 25)
    checked = 0
    for row in rows:
        number, start = arrays["random/record"][row], arrays["random/start"][row]
        stop = start + arrays["random/width"][row]
        part = parts[number]
        offset = np.cumsum(part["stretch_length"]) - part["stretch_length"]
        piece = np.flatnonzero(part["stretch_start"] <= start)[-1]
        at = offset[piece] + start - part["stretch_start"][piece]
        shown = part["signal"][at : at + stop - start] * STEP_MV
        trace = read_trace(database, about["records"][number]["name"])
        assert np.abs(shown - trace.signal[start:stop]).max() <= STEP_MV / 2 + 1e-6
        number_in_record = trace.find(arrays["random/sample"][row : row + 1])[0]
        beside = trace.r[[max(0, number_in_record - 1), number_in_record + 1]]
        far = np.abs(beside - trace.r[number_in_record]) > 6 * FS
        assert (far | ((beside >= start) & (beside < stop))).all()
        checked += 1
    assert checked > 10


def test_a_page_and_a_record_stay_light(small_beats, database):
    """The most errors the book has had are 8,300, and with the right beats to compare 11,000: in
    base64, the table of a page is then below half a megabyte. A record with errors everywhere, all
    of which is brought, is not much more than half of that."""
    made = BeatInspector({"random": guesses(small_beats, wrong=0.2)}, database)
    _, arrays = unpack(made.payload)
    n = arrays["random/index"].size
    assert len(made.payload) * 4 / 3 * 11_000 / n < 500_000
    assert max(map(len, made.parts)) * 4 / 3 < 280_000


def test_neighbours_answers_and_the_usual_beat_come_with_the_record(
    predictions, embedded, parts, database
):
    about, _ = embedded
    assert about["answering"] == ["random split", "inter-patient split"]
    for record, part in zip(about["records"], parts, strict=True):
        trace = read_trace(database, record["name"])
        normal = trace.beats(np.flatnonzero(trace.aami == 0))
        if len(normal):
            assert np.abs(part["usual"] / 255 - np.median(normal, axis=0)).max() < 0.003
        else:
            assert not len(part["usual"])
        at = {int(r): int(s) for r, s in zip(trace.r, trace.sample, strict=True)}
        own = predictions.record == record["name"]
        said = dict(zip(predictions.sample[own].tolist(), predictions.predicted[own], strict=True))
        wanted = [said.get(at[int(r)], -1) for r in part["ann_r"]]
        assert part["ann_answer0"].tolist() == wanted


def test_the_preset_keeps_its_order(embedded):
    about, arrays = embedded
    assert arrays["random/index"][arrays["random/preset0"]].tolist() == [5, 2, 9]
    assert about["presets"] == [{"name": "Likely label errors", "note": "Candidates, not errors."}]


def test_grad_cam_of_each_class_is_there_where_there_is_a_model(embedded, parts, model, database):
    about, arrays = embedded
    assert [p["explained"] for p in about["protocols"]] == [True, False]
    points = len(range(0, BEAT_LENGTH, about["cam_stride"]))
    cam = of_rows(parts, arrays["random/record"], "random/cam").reshape(-1, len(CLASSES), points)
    assert len(cam) == arrays["random/index"].size
    assert cam.max() == about["cam_levels"]
    assert not any("inter_patient/cam" in part for part in parts)
    here = arrays["random/record"] == 0
    trace = read_trace(database, about["records"][0]["name"])
    signal = trace.beats(trace.find(arrays["random/sample"][here]))
    for number in range(len(CLASSES)):
        wanted = grad_cam(model, signal, np.full(len(signal), number))[:, :: about["cam_stride"]]
        np.testing.assert_array_equal(cam[here, number], np.round(wanted * about["cam_levels"]))


def test_other_answers_to_the_same_beats_are_counted_and_told(embedded, predictions):
    about, arrays = embedded
    assert about["answering"] == ["random split", "inter-patient split"]
    rows = arrays["random/index"]
    told = np.where(rows < 3000, predictions.predicted[rows], NO_ANSWER)
    np.testing.assert_array_equal(arrays["random/other1"], told)
    right = predictions.correct[:3000].sum()  # both gave the same answers
    counts = arrays["random/relations1"].reshape(-1, 4).sum(axis=0)
    assert counts.tolist() == [right, 0, 0, 3000 - right]


def test_the_second_lead_and_all_beats_places_come_with_the_record(inspector, embedded, database):
    about, _ = embedded
    for record, packed, second in zip(
        about["records"], inspector.parts, inspector.seconds, strict=True
    ):
        trace, part = read_trace(database, record["name"]), unpack(packed)[1]
        assert np.array_equal(part["beat_r"], trace.r)
        assert np.array_equal(part["beat_class"], trace.aami)
        assert record["second"] == trace.second_lead != record["lead"]
        shown = unpack(second)[1]["signal"] * STEP_MV
        start, length = part["stretch_start"], part["stretch_length"]
        places = np.concatenate([np.arange(a, a + n) for a, n in zip(start, length, strict=True)])
        assert np.abs(shown - trace.second[places]).max() <= STEP_MV / 2 + 1e-6


def test_beats_of_no_record_come_from_their_signals(few):
    p = guesses(few[:400])
    unplaced = Predictions(
        p.true, p.predicted, p.probabilities, np.full(400, "mitbih_test"), np.full(400, -1)
    )
    with pytest.raises(DataError, match="pass their signals"):
        BeatInspector({"kaggle": unplaced})
    made = BeatInspector({"kaggle": unplaced}, signals={"kaggle": few.signal[:400]})
    about, arrays = unpack(made.payload)
    (record,) = about["records"]
    assert record == {"name": "mitbih_test", "lead": "", "second": "", "fs": FS, "known": False}
    assert made.seconds == [b""]
    index = arrays["kaggle/index"]
    (part,) = made.parts
    shown = unpack(part)[1]["signal"].reshape(-1, BEAT_LENGTH) * STEP_MV
    assert np.abs(shown - few.signal[index]).max() <= STEP_MV / 2 + 1e-6


def empty(p):
    return {"predictions": {"random": p[:0]}}


def one_class(p):
    return {"predictions": {"random": p[p.true == 0]}}


def unknown_model(p):
    return {"models": {"kaggle": None}}


def unknown_protocol_in_preset(p):
    return {"presets": {"mine": Preset({"kaggle": np.array([0])})}}


def impossible_index_in_preset(p):
    return {"presets": {"mine": Preset({"random": np.array([len(p)])})}}


def misplaced(p):
    return {
        "predictions": {
            "random": Predictions(p.true, p.predicted, p.probabilities, p.record, p.sample + 1)
        }
    }


def signals_of_another_length(p):
    return {"signals": {"random": np.zeros((3, BEAT_LENGTH))}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (empty, "'random' are empty"),
        (one_class, "hold beats of class N only"),
        (unknown_model, "models of 'kaggle', but no predictions"),
        (unknown_protocol_in_preset, "preset 'mine' names 'kaggle'"),
        (impossible_index_in_preset, "preset 'mine': an index is not among"),
        (misplaced, "no beat is annotated at sample"),
        (signals_of_another_length, "signals of 'random' must be"),
    ],
)
def test_bad_input_is_named(predictions, change, words):
    with pytest.raises(DataError, match=words):
        BeatInspector(**({"predictions": {"random": predictions}} | change(predictions)))


def test_no_predictions_at_all_are_refused():
    with pytest.raises(DataError, match="no predictions"):
        BeatInspector({})


def test_predictions_that_make_no_sense_never_reach_the_inspector(predictions):
    p = predictions[:10]
    broken = p.probabilities.copy()
    broken[3, 1] = np.nan
    with pytest.raises(DataError, match="row 3 are not finite"):
        Predictions(p.true, p.predicted, broken, p.record, p.sample)
    with pytest.raises(DataError, match="10 true classes but 9"):
        Predictions(p.true, p.predicted[:9], p.probabilities, p.record, p.sample)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("protocol", "kaggle"),
        ("true_class", "X"),
        ("record", "999"),
        ("outcome", "odd"),
        ("preset", "none such"),
        ("confidence", (0.5, 2)),
    ],
)
def test_unknown_filter_values_are_refused(inspector, name, value):
    before = getattr(inspector, name)
    with pytest.raises(traitlets.TraitError):
        setattr(inspector, name, value)
    assert getattr(inspector, name) == before


def test_link_names_record_and_sample(inspector, predictions):
    assert inspector.link("random", 7) == f"#beat-random-{predictions.record[7]}-" + str(
        predictions.sample[7]
    )
    with pytest.raises(DataError, match="has no beat"):
        inspector.link("random", len(predictions))


def test_both_forms_are_offered_to_the_notebook(inspector):
    content, _ = inspector._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in content
    assert content["text/html"] == inspector.to_html()


def test_the_page_needs_no_other_file(inspector):
    page = inspector.to_html()
    assert 'from "./' not in page
    assert page.count("</script>") == 2 + len(inspector.parts) + len(inspector.seconds)
    assert "https://" not in page


def test_arrays_javascript_lacks_are_refused():
    with pytest.raises(TypeError, match="no arrays of float64"):
        pack({}, {"x": np.zeros(3)})
