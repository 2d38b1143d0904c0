"""Noise has the strength that was asked for, by PhysioNet's own definition, and harm its limits."""

import hashlib
from itertools import pairwise

import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcore import paths
from ecgcore.beats.cutting import segment
from ecgcore.data import checksums, noise, records
from ecgcore.data.download import PHYSIONET_CHECKSUMS
from ecgcore.data.resampling import resample
from ecgcore.errors import ConfigError, DataError

FS = 360
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def record(database):
    return records.read_record(database, "100")


def spikes(heights, fs=FS):
    """A flat signal with a triangle of 40 ms on either side of each R peak, one a second."""
    sample = (0.5 + np.arange(len(heights))) * fs
    time = np.arange(len(heights) * fs)
    distance = np.abs(time - np.repeat(sample, fs)) / (0.04 * fs)
    return np.repeat(heights, fs) * np.maximum(1 - distance, 0), sample.astype(int)


def sine(seconds, amplitude, hz=10, fs=FS):
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * fs)) / fs)


# The definition


def test_amplitude_and_rms_of_a_signal_and_a_noise_made_to_measure():
    signal, sample = spikes(np.full(20, 1.6))
    assert noise.qrs_amplitude(signal, FS, sample, np.full(20, "N")) == pytest.approx(1.6)
    assert noise.noise_rms(3 + sine(20, 0.5), FS) == pytest.approx(0.5 / np.sqrt(2))


@pytest.mark.parametrize(
    ("snr_db", "expected"), [(0, 7.0710678), (20, 0.70710678), (-20, 70.710678)]
)
def test_gain_is_the_one_computed_by_hand(snr_db, expected):
    """2 mV over 0.1 mV: S = 4 / 8 = 0.5, N = 0.01, so at 0 dB the gain is √50."""
    assert noise.gain(2.0, 0.1, snr_db) == pytest.approx(expected)
    assert noise.snr(2.0, 0.1 * expected) == pytest.approx(snr_db, abs=1e-6)


def test_the_smallest_and_largest_twentieth_do_not_count():
    heights = np.concatenate([[0.01] * 5, np.full(90, 2.0), [50] * 5])
    signal, sample = spikes(heights)
    assert noise.qrs_amplitude(signal, FS, sample, np.full(100, "N")) == pytest.approx(2.0)
    loud = np.concatenate([sine(5, 30), sine(90, 1), sine(5, 0)])
    assert noise.noise_rms(loud, FS) == pytest.approx(np.sqrt(0.5))


def test_the_first_300_measurements_count():
    signal, sample = spikes(np.repeat([2.0, 9.0], [300, 50]))
    assert noise.qrs_amplitude(signal, FS, sample, np.full(350, "N")) == pytest.approx(2.0)
    assert noise.noise_rms(np.concatenate([sine(300, 1), sine(50, 9)]), FS) == pytest.approx(
        0.5**0.5
    )


def test_ventricular_and_fusion_beats_do_not_count_as_normal():
    symbol = np.array(list("NLRBAJ/fQVEFVEF"))
    signal, sample = spikes(np.repeat([1.0, 7.0], [9, 6]))
    assert noise.qrs_amplitude(signal, FS, sample, symbol) == pytest.approx(1.0)


def test_each_second_of_noise_is_measured_about_its_own_mean():
    """A drift of 5 a second leaves in each the deviation of a ramp: 5 / √12."""
    assert noise.noise_rms(5 * np.arange(30 * FS) / FS, FS) == pytest.approx(5 / 12**0.5, rel=1e-4)


def test_a_signal_without_normal_beats_and_a_noise_of_no_length_or_strength_are_refused():
    signal, sample = spikes(np.ones(3))
    with pytest.raises(DataError, match="no normal beat"):
        noise.qrs_amplitude(signal, FS, sample, np.full(3, "V"))
    with pytest.raises(DataError, match="no normal beat"):
        noise.qrs_amplitude(signal, FS, np.array([0, len(signal) - 1]), np.full(2, "N"))
    with pytest.raises(DataError, match="less than a second"):
        noise.noise_rms(np.ones(FS - 1), FS)
    with pytest.raises(DataError, match="silent"):
        noise.add_noise(signal, np.zeros_like(signal), FS, 1.0, 6)
    with pytest.raises(DataError, match="1,000 samples of noise for 1,080"):
        noise.add_noise(signal, np.ones(1000), FS, 1.0, 6)


# PhysioNet's own noise stress test records


def nst(clean, noisy, factor):
    """What `nst` writes: five minutes clean, then two noisy and two clean in turn. Whole numbers.

    clean, noisy: (n_samples,) int, without offset. A constant makes up for the step wherever the
    noise sets in or ends. At the last sample the noise starts again, and `nst` takes the offset
    of 1024 that it has taken off already for one more step.
    """
    out = np.empty_like(clean)
    edges = [0, *range(5 * 60 * FS, len(clean), 2 * 60 * FS), len(clean)]
    for turn, (start, stop) in enumerate(pairwise(edges)):
        now = factor * (turn % 2)
        last = start - 1
        step = np.trunc(clean[last] + now * noisy[last] - out[last]) if turn else 0
        out[start:stop] = np.trunc(clean[start:stop] + now * noisy[start:stop] - step)
    step = np.trunc(clean[-1] + 1024 + now * noisy[0] - out[-2])
    out[-1] = np.trunc(clean[-1] + now * noisy[0] - step)
    return out


def format_212(samples):
    first, second = (samples.astype(np.int32) & 0xFFF).T
    low, middle, high = first & 0xFF, first >> 8 | (second >> 8) << 4, second & 0xFF
    return np.stack([low, middle, high], axis=1).astype(np.uint8).tobytes()


@pytest.mark.parametrize("snr_db", [24, 18, 12, 6, 0, -6])
@pytest.mark.parametrize("name", ["118", "119"])
def test_physionets_noise_stress_records_come_out_bit_for_bit(database, name, snr_db):
    """118e24, for example, is 118 with noise `em` at 24 dB: the file has PhysioNet's checksum."""
    clean = wfdb.rdrecord(str(database / name), physical=False).d_signal.astype(np.int64) - 1024
    em = wfdb.rdrecord(str(paths.DATA / "nstdb/em"), physical=False).d_signal.astype(np.int64)
    sample, symbol = records.read_beats(database, name)
    made = []
    for signal, noisy in zip(clean.T, em.T, strict=True):
        amplitude = noise.qrs_amplitude(signal, FS, sample, symbol)
        factor = noise.gain(amplitude, noise.noise_rms(noisy, FS, step=1), snr_db)
        made.append(nst(signal, noisy, float(f"{factor:g}")))  # nst writes it down with six digits
    samples = np.stack(made, axis=1)
    content = format_212(samples) if snr_db > 0 else samples.astype("<i2").tobytes()
    listed = checksums.read_checksums(paths.DATA / "nstdb" / PHYSIONET_CHECKSUMS)
    file = f"{name}e{snr_db:02d}.dat".replace("-", "_")
    assert hashlib.sha256(content).hexdigest() == listed[file]


def test_what_nst_cuts_off_lowers_the_strength_of_noise_by_little():
    em, fs = noise.read_noise("em")
    assert noise.noise_rms(em, fs, step=1 / 200) / noise.noise_rms(em, fs) == pytest.approx(
        0.994, abs=0.001
    )


# Adding it


@pytest.mark.parametrize("name", noise.NOISES)
@pytest.mark.parametrize("snr_db", [24, 6, -6])
def test_noise_over_a_record_has_the_ratio_that_was_asked_for(record, name, snr_db):
    source, fs = noise.read_noise(name)
    assert fs == record.fs
    amplitude = noise.qrs_amplitude(record.signal, fs, record.sample, record.symbol)
    piece = noise.excerpt(source, len(record.signal), seed=3)
    noisy = noise.add_noise(record.signal, piece, fs, amplitude, snr_db)
    assert (noisy.shape, noisy.dtype) == (record.signal.shape, record.signal.dtype)
    added = noisy.astype(float) - record.signal
    assert noise.snr(amplitude, noise.noise_rms(added, fs)) == pytest.approx(snr_db, abs=0.01)
    assert np.corrcoef(added, piece)[0, 1] > 0.999


@given(SEEDS, st.floats(-20, 40), st.floats(0.01, 100), st.sampled_from([125, 128, 360]))
@settings(max_examples=50, deadline=None)
def test_any_noise_gets_the_ratio_that_was_asked_for(seed, snr_db, scale, fs):
    drawn = np.random.default_rng(seed).normal(scale=scale, size=10 * fs)
    added = noise.add_noise(np.zeros(10 * fs), drawn, fs, 1.5, snr_db)
    assert noise.snr(1.5, noise.noise_rms(added, fs)) == pytest.approx(snr_db)


def test_noise_fits_a_record_of_another_rate():
    svdb = records.read_record(paths.DATA / "svdb", "800")
    source, fs = noise.read_noise("ma")
    source = resample(source, fs, to=svdb.fs)
    amplitude = noise.qrs_amplitude(svdb.signal, svdb.fs, svdb.sample, svdb.symbol)
    piece = noise.excerpt(source, len(svdb.signal), seed=0)
    added = noise.add_noise(svdb.signal, piece, svdb.fs, amplitude, 6).astype(float) - svdb.signal
    assert noise.snr(amplitude, noise.noise_rms(added, svdb.fs)) == pytest.approx(6, abs=0.01)


def test_noise_records_are_read_in_nominal_millivolts():
    for name in noise.NOISES:
        stored = wfdb.rdrecord(str(paths.DATA / "nstdb" / name), physical=False).d_signal
        for channel in (0, 1):
            signal, fs = noise.read_noise(name, channel)
            assert (fs, signal.dtype) == (360, np.float32)
            np.testing.assert_allclose(signal, stored[:, channel] / 200, rtol=1e-6)


def test_an_unknown_noise_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(ConfigError, match="'hum' is unknown; choose from bw, em, ma"):
        noise.read_noise("hum")
    with pytest.raises(DataError, match="em: cannot read the noise"):
        noise.read_noise("em", database=tmp_path)


@given(SEEDS, st.integers(1, 500))
@settings(max_examples=50, deadline=None)
def test_an_excerpt_goes_on_without_a_step_where_the_noise_ends(seed, n_samples):
    """A ramp shows it: each sample is one more than the last, but for the one that is repeated."""
    piece = noise.excerpt(np.arange(100), n_samples, seed)
    assert piece.shape == (n_samples,)
    assert set(np.diff(piece)) <= {0, 1}
    assert (np.diff(piece) == 0).sum() <= n_samples // 100 + 1


@pytest.mark.parametrize(
    "harm",
    [
        lambda seed: noise.excerpt(np.arange(1000), 300, seed),
        lambda seed: noise.hum(300, FS, 50, seed),
        lambda seed: noise.displace(np.arange(100, 30_000, 300), 31_000, FS, seed),
    ],
)
def test_the_seed_alone_decides(harm):
    np.testing.assert_array_equal(harm(5), harm(5))
    np.testing.assert_array_equal(harm((5, 1)), harm((5, 1)))
    assert not np.array_equal(harm(5), harm(6))
    assert not np.array_equal(harm((5, 0)), harm((5, 1)))


# Other harm


@pytest.mark.parametrize("mains_hz", [50, 60])
@pytest.mark.parametrize("fs", [125, 128, 360])
def test_hum_is_a_sine_of_the_mains_frequency(fs, mains_hz):
    wave = noise.hum(10 * fs, fs, mains_hz, seed=1)
    spectrum = np.abs(np.fft.rfft(wave)) / (5 * fs)
    assert np.fft.rfftfreq(len(wave), 1 / fs)[spectrum.argmax()] == mains_hz
    assert spectrum.max() == pytest.approx(1)
    added = noise.add_noise(np.zeros(10 * fs), wave, fs, 2.0, 12)
    assert np.sqrt((added**2).mean()) == pytest.approx(2 / 8**0.5 * 10 ** (-12 / 20))


@pytest.mark.parametrize(("fs", "mains_hz"), [(100, 50), (125, 63), (360, 0), (360, -50)])
def test_hum_that_the_sampling_rate_cannot_hold_is_refused(fs, mains_hz):
    with pytest.raises(ConfigError, match=f"hum of {mains_hz} Hz does not fit into {fs} samples"):
        noise.hum(1000, fs, mains_hz, seed=0)


def cut(record, signal):
    return segment(records.Record(**vars(record) | {"signal": signal}))


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_beats_do_not_depend_on_the_gain(record, factor):
    before, after = (cut(record, s) for s in (record.signal, noise.amplify(record.signal, factor)))
    np.testing.assert_allclose(after.signal, before.signal, atol=1e-5)
    np.testing.assert_allclose(after.amplitude_mv, factor * before.amplitude_mv, rtol=1e-5)


def test_a_reversed_lead_turns_beats_upside_down(record):
    before, after = (cut(record, s) for s in (record.signal, noise.reverse(record.signal)))
    whole = (before.signal > 0) & (after.signal > 0)  # neither padding nor a beat's lowest sample
    np.testing.assert_allclose(after.signal[whole], 1 - before.signal[whole], atol=1e-5)
    np.testing.assert_array_equal(noise.reverse(noise.reverse(record.signal)), record.signal)


def test_r_peaks_are_displaced_uniformly_within_50_ms():
    sample = np.arange(200, 400 * 5000, 400)
    moved = noise.displace(sample, 400 * 5000, FS, seed=2) - sample
    assert (moved.min(), moved.max()) == (-18, 18)
    assert np.bincount(moved + 18).min() > 0.6 * len(sample) / 37
    assert moved.mean() == pytest.approx(0, abs=0.5)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=200), SEEDS)
@settings(max_examples=100, deadline=None)
def test_displaced_r_peaks_keep_their_order_and_stay_inside(distances, seed):
    sample = np.cumsum(distances) - 1
    n_samples = sample[-1] + 1
    moved = noise.displace(sample, n_samples, FS, seed)
    assert moved.dtype == np.int64
    assert (np.diff(moved) > 0).all()
    assert moved[0] >= 0
    assert moved[-1] < n_samples
    assert np.abs(moved - sample).max() <= 18


def test_the_input_is_left_as_it_is(record):
    signal, sample = record.signal.copy(), record.sample.copy()
    noise.add_noise(signal, noise.hum(len(signal), FS, 50, 0), FS, 1.0, 0)
    noise.reverse(signal)
    noise.amplify(signal, 2)
    noise.displace(sample, len(signal), FS, 0)
    np.testing.assert_array_equal(signal, record.signal)
    np.testing.assert_array_equal(sample, record.sample)
