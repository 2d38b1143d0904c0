"""R peaks: as many are found as the published comparison says, whatever else is in the signal."""

import numpy as np
import pytest

from ecgcore.chapters.own_ecg import detectors
from ecgcore.data import noise, qrs, records, rpeaks, signals

SECONDS = 120
NEAR_S = 0.03


@pytest.fixture(scope="module")
def record(database):
    return records.read_record(database, "100")


@pytest.fixture(scope="module")
def samples(record):
    """Two minutes, mV."""
    return record.signal[: round(SECONDS * record.fs)].astype(np.float64)


@pytest.fixture(scope="module")
def annotated(record):
    times = record.sample / record.fs
    return times[times < SECONDS]


def found_in(samples, fs):
    return rpeaks.find_throughout(signals.from_array(samples, fs, "mine"))


def assert_same_beats(found_s, annotated_s, window_s=NEAR_S):
    match = rpeaks.match(annotated_s, found_s, window_s)
    assert not len(match.missed) and not len(match.added), (match.missed, match.added)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x,
        lambda x: -x,
        lambda x: x - 4711,
        lambda x: np.round(1000 * x) + 8_000_000,
        lambda x: 1e-6 * x,
        lambda x: x + 20 * np.sin(2 * np.pi * 0.2 * np.arange(len(x)) / 360),
        lambda x: x + np.where(np.arange(len(x)) > len(x) / 2, 5000, 0),
        lambda x: np.where(np.arange(len(x)) % 9000 == 0, np.inf, x),
        lambda x: np.where(np.random.default_rng(0).random(len(x)) < 0.1, np.nan, x),
    ],
    ids="plain inverted offset integers tiny wander step infinite gappy".split(),
)
def test_unit_offset_polarity_and_steps_do_not_matter(record, samples, annotated, change):
    assert_same_beats(found_in(change(samples), record.fs), annotated)


@pytest.mark.parametrize("fs", [125.0, 128.0, 250.0, 500.0, 1000.0])
def test_the_sampling_rate_does_not_matter(record, samples, annotated, fs):
    at = np.arange(0, SECONDS, 1 / fs)
    again = np.interp(at, np.arange(len(samples)) / record.fs, samples)
    assert_same_beats(found_in(again, fs), annotated[annotated < at[-1] - 0.2])


@pytest.mark.parametrize("before_s", [0.055, 0.17])
def test_a_pacemaker_s_spikes_are_no_beats(record, samples, annotated, before_s):
    paced = samples.copy()
    paced[np.round((annotated[1:] - before_s) * record.fs).astype(int)] += 8
    match = rpeaks.match(annotated, found_in(paced, record.fs))
    assert match.sensitivity > 0.98 and match.positive_predictivity > 0.98


def test_spikes_cost_no_beats(record, samples, annotated):
    spiked = samples.copy()
    spiked[np.random.default_rng(0).integers(0, len(samples), 20)] += 1e4
    assert_same_beats(found_in(spiked, record.fs), annotated)


@pytest.mark.parametrize("level", [0.0, 32767.0, 500.0, np.nan])
@pytest.mark.parametrize(("start", "stop"), [(0, 60), (20, 90), (25, 31), (70, 120)])
def test_a_gap_costs_no_beats_beside_it(record, samples, annotated, level, start, stop):
    gap = np.arange(len(samples)) / record.fs
    gap = (gap >= start) & (gap < stop)
    found = found_in(np.where(gap, level, 200 * samples), record.fs)
    assert not ((found >= start) & (found < stop)).any()
    outside = annotated[(annotated < start - 0.3) | (annotated > stop + 0.3)]
    match = rpeaks.match(outside, found, NEAR_S)
    assert match.sensitivity >= 0.97
    assert len(found) <= len(outside) + 2


def test_long_signals_are_read_in_pieces_and_seams_cost_nothing(record):
    asked = []

    def read(start, stop):
        asked.append(stop - start)
        return record.signal[start:stop].astype(np.float64)

    whole = signals.Signal("mine", "", "mV", record.fs, len(record.signal), read)
    match = rpeaks.match(record.sample / record.fs, rpeaks.find_throughout(whole))
    assert len(match.missed) + len(match.added) <= 2
    assert max(asked) < len(record.signal) / 4


def test_positions_are_samples_of_the_signal_that_was_given(record, samples, annotated):
    position = rpeaks.find(samples, record.fs)
    assert position.dtype == np.int64 and (np.diff(position) > 0).all()
    assert_same_beats(position / record.fs, annotated)


@pytest.mark.parametrize(
    "samples",
    [np.empty(0), np.zeros(3), np.zeros(3600), np.full(3600, np.nan), np.full(3600, 3.7)],
)
def test_where_there_is_nothing_nothing_is_found(samples):
    assert not len(rpeaks.find(samples, 360.0))


def test_rhythm_decides_only_where_heights_do_not():
    """A clear early beat stays; a faint wave between two beats does not, unless a beat is due."""
    position = np.array([0, 100, 200, 250, 300, 400, 500, 550, 600, 800, 900]) + 50
    height = np.array([1, 1, 1, 1, 1, 1, 1, 0.3, 1, 1, 1.0])
    level, floor = np.ones(len(position)), np.full(len(position), 0.12)
    beats = qrs.beats(qrs.Waves(position, height, level, floor))
    assert beats.tolist() == [True] * 7 + [False] + [True] * 3


@pytest.mark.parametrize(
    ("database_name", "name"), [("mitdb", "203"), ("mitdb", "228"), ("svdb", "860")]
)
def test_found_beats_are_as_many_as_were_counted(database, database_name, name):
    """Hard records, which the best library's detector gets no better; by EC57."""
    record = records.read_record(database.parent / database_name, name)
    detector = detectors.COMPARED[detectors.OWN]
    told = detectors.count(detector, record, record.signal, 0.0)
    assert told["missed"] < 0.05 * told["beats"] and told["added"] < 0.02 * told["beats"]


def test_noise_costs_fewer_beats_than_it_costs_neurokit(database):
    pytest.importorskip("neurokit2", reason="the extra `book` is not installed")
    record = records.read_record(database, "231")
    found = {name: detectors.COMPARED[name] for name in (detectors.OWN, "neurokit")}
    noisy = dict((c, what) for c, *what in detectors.conditions(record, "test"))["ma 6"]
    errors = {n: detectors.count(d, record, *noisy) for n, d in found.items()}
    own, other = (errors[n]["missed"] + errors[n]["added"] for n in found)
    assert own < other
    assert set(noise.NOISES) <= {c.partition(" ")[0] for c in detectors.NOISY}


def test_matching_pairs_each_beat_once():
    match = rpeaks.match(np.array([1.0, 1.1]), np.array([1.05]))
    assert len(match.reference) == 1 and len(match.missed) == 1 and not len(match.added)
