"""Stretches that cannot be analysed: told, counted, and without beats."""

import numpy as np
import pytest

from ecgcore.data import quality, records, rpeaks, signals

FS = 360


@pytest.fixture(scope="module")
def samples(database):
    """Two minutes of a clean record, mV."""
    return records.read_record(database, "100").signal[: 120 * FS].astype(np.float64)


def told(samples, fs=FS):
    found = quality.stretches(signals.from_array(samples, fs, "mine"))
    return [(round(s.start_s, 1), round(s.stop_s, 1), s.why) for s in found]


def between(samples, start_s, stop_s, value):
    changed = samples.copy()
    changed[round(start_s * FS) : round(stop_s * FS)] = value
    return changed


def test_a_clean_signal_can_be_analysed(samples):
    assert told(samples) == told(-samples) == told(1000 * samples + 1e6) == []


@pytest.mark.parametrize(
    ("start", "stop", "value", "why"),
    [
        (30, 40, np.nan, "missing"),
        (30, 30.5, np.nan, "missing"),
        (30, 40, np.inf, "missing"),
        (30, 33, 0.0, "flat"),
        (0, 60, 0.0, "flat"),
        (90, 120, 0.0, "flat"),
        (30, 31, 5.12, "railed"),
        (30, 80, -5.12, "railed"),
    ],
)
def test_faults_are_told_by_time_and_name(samples, start, stop, value, why):
    assert told(between(samples, start, stop, value)) == [(start, stop, why)]


@pytest.mark.parametrize(("seconds", "value"), [(0.1, np.nan), (1.5, -0.3), (0.2, 5.12)])
def test_what_is_short_is_bridged(samples, seconds, value):
    assert told(between(samples, 30, 30 + seconds, value)) == []


def test_a_line_drawn_across_a_gap_is_flat(samples):
    gap = signals.fill_gaps(between(samples, 30, 60, np.nan))
    for filled in (gap, gap.astype(np.float32), 1000 * gap + 32767):
        assert told(filled) == [(30, 60, "flat")]


@pytest.mark.parametrize(
    "noise",
    [
        lambda n, rng: rng.normal(0, 0.01, n),
        lambda n, rng: rng.normal(0, 2, n),
        lambda n, rng: np.sin(2 * np.pi * 50 * np.arange(n) / FS),
        lambda n, rng: np.sin(2 * np.pi * 10 * np.arange(n) / FS),
    ],
    ids=["a lead that is off", "noise", "mains hum", "tremor"],
)
def test_noise_alone_is_told_and_costs_no_beats_beside_it(samples, noise):
    noisy = between(samples, 40, 80, noise(40 * FS, np.random.default_rng(0)))
    assert told(noisy) == [(40, 80, "too noisy")]
    clean = rpeaks.find(samples, FS) / FS
    found = rpeaks.find(noisy, FS) / FS
    assert not ((found > 40) & (found < 80)).any()
    outside = clean[(clean < 39.5) | (clean > 80.5)]
    assert rpeaks.match(outside, found, 0.03).sensitivity == 1


def test_a_pause_of_the_heart_is_no_fault_but_noise_for_ten_seconds_is(samples):
    quiet = samples[0] + np.random.default_rng(0).normal(0, 0.02, 20 * FS)
    assert told(between(samples, 40, 44, quiet[: 4 * FS])) == []
    assert told(between(samples, 40, 60, quiet)) == [(40, 60, "too noisy")]


def test_faults_within_noise_keep_their_name(samples):
    noisy = between(samples, 40, 80, np.random.default_rng(0).normal(0, 2, 40 * FS))
    noisy = between(noisy, 50, 55, np.nan)
    assert told(noisy) == [(40, 50, "too noisy"), (50, 55, "missing"), (55, 80, "too noisy")]


def test_what_is_too_short_between_two_faults_belongs_to_the_first(samples):
    gaps = between(between(samples, 30, 40, np.nan), 41, 50, 0.0)
    assert told(gaps) == [(30, 41, "missing"), (41, 50, "flat")]


def test_stretches_do_not_depend_on_where_blocks_end(samples):
    """Ten minutes, with a gap across the seam of two blocks."""
    long = np.tile(samples, 5)
    long[290 * FS : 310 * FS] = np.nan
    found = quality.review(signals.from_array(long, FS, "mine"))
    assert [(s.start_s, s.stop_s, s.why) for s in found.stretches] == [(290, 310, "missing")]
    assert quality.share(found.stretches, 600) == pytest.approx(20 / 600)
    assert (np.diff(found.peaks_s) > 0).all()


def test_clean_records_lose_next_to_nothing_and_flutter_is_too_noisy(database):
    def share(name):
        record = records.read_record(database, name)
        whole = signals.from_array(record.signal, record.fs, name)
        return quality.share(quality.stretches(whole), whole.seconds)

    assert share("103") == share("203") == 0
    assert share("207") > 0.03  # of which minutes are ventricular flutter


@pytest.mark.parametrize("n", [0, 1, 2, 100])
def test_short_signals_are_no_trouble(n):
    assert told(np.random.default_rng(0).normal(size=n)) == []
    assert told(np.full(n, np.nan)) in ([], [(0, round(n / FS, 1), "missing")])
    assert quality.share([], 0.0) == 0


def test_every_reason_is_explained():
    assert {quality.MISSING, quality.FLAT, quality.RAILED, quality.NOISY} == set(quality.REASONS)
