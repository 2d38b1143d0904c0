"""Segmentation gives Kaggle's beats, and Kaggle's files are read or refused by row and column."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgcore import paths
from ecgcore.beats import context, kaggle, splits
from ecgcore.beats.cutting import (
    RR_FACTOR,
    RR_WINDOW_S,
    Beats,
    build,
    concatenate,
    cut,
    median_rr,
    normalise,
    segment,
)
from ecgcore.constants import BEAT_LENGTH, CLASSES, FS, RR_FEATURES
from ecgcore.data import records
from ecgcore.data.resampling import resample
from ecgcore.errors import DataError

NAME = "100"


@pytest.fixture(scope="module")
def record(database):
    return records.read_record(database, NAME)


@pytest.fixture(scope="module")
def segmented(record):
    return segment(record)


def test_totals_are_those_of_the_kaggle_files(beats):
    assert beats.class_counts() == splits.KAGGLE_TOTALS
    assert len(beats) == sum(splits.KAGGLE_TOTALS.values())


def test_every_record_gives_all_its_beats_but_the_last(beats, database):
    names, counts = np.unique(beats.record, return_counts=True)
    assert names.tolist() == records.record_names(database)
    for name, count in zip(names, counts, strict=True):
        assert count == len(records.read_beats(database, name)[0]) - 1


def test_shape_and_range_of_the_beats(beats):
    assert beats.signal.shape == (len(beats), BEAT_LENGTH)
    assert beats.signal.dtype == np.float32
    assert beats.signal.min() == 0
    assert beats.signal.max() == 1
    assert (beats.signal.max(axis=1) == 1).all()  # each beat spans its own range
    assert (beats.amplitude_mv > 0).all()


def test_class_is_the_one_that_aami_gives_the_symbol(beats):
    for symbol in np.unique(beats.symbol):
        (number,) = np.unique(beats.aami[beats.symbol == symbol])
        assert CLASSES[number] == records.AAMI_OF_SYMBOL[symbol]


def test_beats_are_padded_with_zeros_after_their_length(record, segmented):
    seconds = record.sample / record.fs
    length = np.round(RR_FACTOR * median_rr(seconds)[:-1] * FS).astype(int)
    after = np.arange(BEAT_LENGTH) >= length[:, None]
    assert after.any()
    assert (segmented.signal[after] == 0).all()
    assert (segmented.signal[~after] > 0).mean() > 0.9


def test_a_beat_starts_at_its_r_peak(record, segmented):
    """The annotated sample is the highest within 50 ms, and it is where the beat starts."""
    at_r = segmented.sample[(segmented.symbol == "N") & (segmented.sample > 18)]
    around = record.signal[at_r[:, None] + np.arange(-18, 19)]
    assert (np.abs(around.argmax(axis=1) - 18) <= 2).mean() > 0.95
    assert (segmented.signal[:, 0] > 0.6).mean() > 0.95


def test_rr_intervals_are_the_distances_of_annotations(record, segmented):
    rr = np.diff(record.sample) / record.fs
    np.testing.assert_allclose(segmented.rr_post_s, rr, rtol=1e-5)
    np.testing.assert_allclose(segmented.rr_pre_s[1:], rr[:-1], rtol=1e-5)
    assert np.isnan(segmented.rr_pre_s[0])


def test_amplitude_undoes_the_scaling(record, segmented):
    signal = resample(record.signal, record.fs)
    for row in (0, len(segmented) // 2):
        start = round(segmented.sample[row] / record.fs * FS)
        length = np.flatnonzero(segmented.signal[row]).max() + 1
        piece = signal[start : start + length]
        restored = segmented.signal[row, :length] * segmented.amplitude_mv[row] + piece.min()
        np.testing.assert_allclose(restored, piece, atol=1e-5)


@pytest.mark.parametrize("hz", [1, 5, 15, 30, 40])
@pytest.mark.parametrize(("fs", "to"), [(128, 125), (360, 125), (360, 128), (125, 125)])
def test_resampling_keeps_the_amplitude_of_a_sine(fs, to, hz):
    """And its time, to one part in a hundred, up to a third of the lower rate."""
    found = resample(np.sin(2 * np.pi * hz * np.arange(10 * fs) / fs), fs, to)
    assert len(found) == 10 * to
    inner = slice(to, -to)
    expected = np.sin(2 * np.pi * hz * np.arange(10 * to) / to)
    np.testing.assert_allclose(found[inner], expected[inner], atol=0.01)


@pytest.mark.parametrize("n", [1, 2, 127, 128, 1000, 230_400])
@pytest.mark.parametrize("fs", [128, 360])
def test_resampling_keeps_the_duration(fs, n):
    """To the sample that covers its end: half an hour of svdb stays half an hour."""
    assert len(resample(np.zeros(n), fs)) == -(-n * FS // fs)


@given(st.lists(st.integers(40, 200), min_size=1, max_size=20), st.sampled_from([128, 360]))
@settings(max_examples=50, deadline=None)
def test_resampling_leaves_an_r_peak_where_it_is(intervals, fs):
    """Waves 60 ms wide with their top on a sample: at 125 Hz it is the sample nearest in time."""
    peaks = np.cumsum(np.array(intervals) * fs // 128) + fs
    time = np.arange(peaks[-1] + fs)
    wave = np.exp(-0.5 * ((time[:, None] - peaks) / (0.015 * fs)) ** 2).sum(axis=1)
    found = resample(wave, fs)
    exact = peaks / fs * FS
    around = np.round(exact).astype(int)[:, None] + np.arange(-5, 6)
    top = around[np.arange(len(peaks)), found[around].argmax(axis=1)]
    assert (np.abs(top - exact) <= 0.5 + 1e-6).all()
    assert (found[top] > 0.95).all()


def test_resampling_removes_what_would_alias():
    fs, hz = 360, 100  # above half of 125 Hz
    found = resample(np.sin(2 * np.pi * hz * np.arange(10 * fs) / fs), fs)
    assert np.abs(found[FS:-FS]).max() < 0.05


def test_one_beat_is_too_few(record):
    lonely = records.Record(
        record.name, record.lead, record.fs, record.signal,
        record.sample[:1], record.symbol[:1], record.aami[:1],
    )  # fmt: skip
    with pytest.raises(DataError, match=f"record {NAME}"):
        segment(lonely)


def test_a_flat_signal_becomes_zeros(record):
    flat, extent = cut(np.ones(1000, np.float32), np.array([10]), np.array([100]))
    assert (flat == 0).all()
    assert extent == 0


def test_a_beat_at_the_end_of_the_record_is_padded():
    signal = np.arange(100, dtype=np.float32)
    beats, _ = cut(signal, np.array([90]), np.array([50]))
    np.testing.assert_allclose(beats[0, :10], np.arange(10) / 9, rtol=1e-6)
    assert (beats[0, 10:] == 0).all()


def slow_median_rr(seconds):
    """The definition, interval by interval: those that start within 5 s of the R peak."""
    rr = np.diff(seconds)
    starts = seconds[:-1]
    half = RR_WINDOW_S / 2
    found = []
    for peak in seconds:
        away = np.round(starts - peak, 9)  # to the nanosecond, as times are kept
        inside = (away > -half) & (away <= half)
        found.append(np.median(rr[inside]) if inside.any() else np.nan)
    return found


def test_median_rr_equals_its_definition_on_a_record(record):
    seconds = record.sample / record.fs
    expected = slow_median_rr(seconds)
    np.testing.assert_allclose(median_rr(seconds)[:-1], expected[:-1])


@given(st.lists(st.integers(80, 2000), min_size=2, max_size=60))
@settings(max_examples=50, deadline=None)
def test_median_rr_equals_its_definition_on_any_rhythm(intervals_ms):
    seconds = np.cumsum(intervals_ms) / 1000
    np.testing.assert_allclose(median_rr(seconds)[:-1], slow_median_rr(seconds)[:-1])


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=8),
    st.integers(1, 300),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=50, deadline=None)
def test_cut_pieces_lie_between_0_and_1_whatever_the_signal(starts, length, seed):
    signal = np.random.default_rng(seed).normal(size=301).astype(np.float32) * 5
    pieces, extent = cut(signal, np.array(starts), np.full(len(starts), length))
    assert pieces.shape == (len(starts), BEAT_LENGTH)
    assert pieces.min() >= 0
    assert pieces.max() <= 1
    assert (pieces[:, length:] == 0).all()
    assert (extent >= 0).all()


def test_normalised_beats_have_mean_0_and_deviation_1(small_beats):
    z = normalise(small_beats.signal)
    np.testing.assert_allclose(z.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(z.std(axis=1), 1, atol=1e-4)


def test_a_constant_beat_normalises_to_zeros():
    assert (normalise(np.full((1, BEAT_LENGTH), 0.25)) == 0).all()


def test_build_takes_named_records_in_their_order_and_tells_its_progress(database):
    told = []
    built = build(database, ["210", "100"], lambda done, total: told.append((done, total)))
    assert list(dict.fromkeys(built.record.tolist())) == ["210", "100"]
    assert told == [(1, 2), (2, 2)]


def test_beats_of_another_database_and_rate_are_cut_like_those_of_this_one():
    svdb = paths.DATA / "svdb"
    built = build(svdb, ["800", "868"])
    for name in ("800", "868"):
        record, found = records.read_record(svdb, name), built[built.record == name]
        assert len(found) == len(record.sample) - 1
        rr = np.diff(record.sample) / 128
        np.testing.assert_allclose(found.rr_post_s, rr, rtol=1e-5)
        symbols, counts = np.unique(record.aami[:-1], return_counts=True)
        expected = dict(zip(symbols, counts, strict=True))
        assert found.class_counts() == {c: expected.get(c, 0) for c in CLASSES}
    assert (built.signal.max(axis=1) == 1).all()


def test_build_names_a_record_that_is_not_there(database):
    with pytest.raises(DataError, match=r"999\.hea"):
        build(database, ["999"])


def test_saved_beats_come_back_the_same(small_beats, tmp_path):
    small_beats.save(tmp_path / "beats.npz")
    again = Beats.load(tmp_path / "beats.npz")
    for name, values in vars(small_beats).items():
        np.testing.assert_array_equal(getattr(again, name), values, err_msg=name)
    assert [path.name for path in tmp_path.iterdir()] == ["beats.npz"]


def test_missing_and_damaged_beat_files_are_named(small_beats, tmp_path):
    path = tmp_path / "beats.npz"
    with pytest.raises(DataError, match=r"beats\.npz: no such file"):
        Beats.load(path)
    small_beats.save(path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DataError, match=r"beats\.npz: damaged"):
        Beats.load(path)
    np.savez(path, signal=small_beats.signal)
    with pytest.raises(DataError, match="aami"):
        Beats.load(path)


# Kaggle's files


def kaggle_rows(beats):
    """Rows of text as Kaggle writes them."""
    table = np.column_stack([beats.signal, beats.aami])
    return [",".join(f"{value:.18e}" for value in row) for row in table]


@pytest.fixture(scope="module")
def rows(small_beats):
    one_a_class = [np.flatnonzero(small_beats.aami == number)[0] for number in range(len(CLASSES))]
    return kaggle_rows(small_beats[one_a_class])


@pytest.fixture
def file(tmp_path):
    return tmp_path / "mitbih_train.csv"


def test_kaggle_rows_are_read_as_they_are(small_beats, file):
    some = small_beats[::200]
    file.write_text("\n".join(kaggle_rows(some)) + "\n")
    read = kaggle.read_kaggle(file)
    np.testing.assert_array_equal(read.signal, some.signal)
    np.testing.assert_array_equal(read.aami, some.aami)
    assert read.signal.dtype == some.signal.dtype
    assert set(read.record) == {"mitbih_train"}
    assert (read.sample == -1).all()
    assert np.isnan(read.rr_pre_s).all()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n\n", ""])
def test_line_ends_do_not_matter(rows, file, end):
    file.write_bytes((end or "\n").join(rows).encode() + end.encode())
    assert len(kaggle.read_kaggle(file)) == len(rows)


def test_a_single_row_is_read(rows, file):
    file.write_text(rows[2])
    assert kaggle.read_kaggle(file).aami.tolist() == [2]


def test_a_missing_kaggle_file_is_named(file):
    with pytest.raises(DataError, match=r"mitbih_train\.csv: no such file"):
        kaggle.read_kaggle(file)


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_kaggle_file_is_named(file, content):
    file.write_text(content)
    with pytest.raises(DataError, match=r"mitbih_train\.csv: the file is empty"):
        kaggle.read_kaggle(file)


@pytest.mark.parametrize(
    "text", ["abc", "nan", "NaN", "", "inf", "-inf", "1e999", "0x10", "True", '"', "0.5 0.5", "#"]
)
@pytest.mark.parametrize("column", [1, 100, BEAT_LENGTH + 1])
def test_a_field_that_is_no_number_is_named_by_row_and_column(rows, file, text, column):
    fields = rows[3].split(",")
    fields[column - 1] = text
    file.write_text("\n".join([*rows[:3], ",".join(fields), *rows[4:]]))
    with pytest.raises(DataError) as error:
        kaggle.read_kaggle(file)
    assert f"{file}: row 4, column {column}: " in str(error.value)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize("aami", ["5", "-1", "1.5", "187"])
def test_a_number_that_is_no_class_is_named(rows, file, aami):
    fields = [*rows[1].split(",")[:-1], aami]
    file.write_text("\n".join([rows[0], ",".join(fields)]))
    with pytest.raises(DataError) as error:
        kaggle.read_kaggle(file)
    assert f"{file}: row 2, column 188: {aami} is not a class (0 to 4)" in str(error.value)


@pytest.mark.parametrize("change", [-1, 1, -187])
@pytest.mark.parametrize("row", [1, 3])
def test_a_wrong_number_of_columns_is_named(rows, file, row, change):
    fields = [*rows[row - 1].split(","), "0"][: 188 + change]
    file.write_text("\n".join([*rows[: row - 1], ",".join(fields), *rows[row:]]))
    with pytest.raises(DataError) as error:
        kaggle.read_kaggle(file)
    assert f"{file}: row {row}: {188 + change} columns instead of 188" in str(error.value)


def test_a_table_of_another_width_throughout_is_refused(rows, file):
    file.write_text("\n".join(row.rsplit(",", 1)[0] for row in rows))
    with pytest.raises(DataError, match="row 1: 187 columns"):
        kaggle.read_kaggle(file)


def test_a_header_is_named_as_text(rows, file):
    file.write_text("\n".join([",".join(f"x{i}" for i in range(188)), *rows]))
    with pytest.raises(DataError, match="row 1, column 1: 'x0'"):
        kaggle.read_kaggle(file)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_stands_in_a_file_it_is_read_or_refused_in_one_line(data, rows, tmp_path_factory):
    """A few bytes anywhere in a sound file, replaced by any others."""
    content = bytearray("\n".join(rows), "ascii")
    start = data.draw(st.integers(0, len(content)))
    content[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    file = tmp_path_factory.mktemp("kaggle") / "mitbih_test.csv"
    file.write_bytes(content)
    try:
        read = kaggle.read_kaggle(file)
    except DataError as error:
        assert str(error).startswith(f"{file}: ")
        assert len(str(error).splitlines()) == 1
    else:
        assert np.isfinite(read.signal).all()
        assert np.isin(read.aami, range(len(CLASSES))).all()


# RR intervals about a beat


def rhythm(rr_s, name="1"):
    """Beats of a record whose RR intervals (s) are given; nothing else of them matters."""
    n = len(rr_s)
    return Beats(
        signal=np.zeros((n, BEAT_LENGTH), np.float32),
        aami=np.zeros(n, np.int8),
        symbol=np.full(n, "N"),
        record=np.full(n, name),
        sample=np.arange(n),
        rr_pre_s=np.concatenate([[np.nan], rr_s[:-1]]).astype(np.float32),
        rr_post_s=np.array(rr_s, np.float32),
        amplitude_mv=np.ones(n, np.float32),
    )


def test_a_steady_rhythm_has_no_context_but_its_rate():
    found = context.rr_context(rhythm([0.8] * 100))
    np.testing.assert_allclose(found[:, :4], 0, atol=1e-6)
    np.testing.assert_allclose(found[:, 4], np.log(0.8), atol=1e-6)


def test_an_early_beat_stands_out_where_it_is_early():
    """One beat comes after 0.5 s instead of 0.8 s; a pause of 1.1 s follows."""
    rr = [0.8] * 200
    rr[99], rr[100] = 0.5, 1.1  # before and after beat 100
    found = context.rr_context(rhythm(rr))
    expected = np.log([0.8, 0.5, 1.1, 0.8]) - np.log(0.8)  # the 61 still have a mean of 0.8 s
    np.testing.assert_allclose(found[100, :4], expected, atol=1e-6)
    np.testing.assert_allclose(found[50, :4], 0, atol=1e-6)


def test_records_do_not_see_one_another_and_edges_count_as_usual():
    fast, slow = rhythm([0.5] * 80, "1"), rhythm([1.0] * 80, "2")
    found = context.rr_context(concatenate([fast, slow]))
    np.testing.assert_allclose(found[:, :4], 0, atol=1e-6)
    np.testing.assert_allclose(np.exp(found[:, 4]), [0.5] * 80 + [1.0] * 80, rtol=1e-6)


def test_rr_context_of_real_records_is_finite(small_beats):
    found = context.rr_context(small_beats)
    assert found.shape == (len(small_beats), RR_FEATURES)
    assert np.isfinite(found).all()


def test_rr_context_refuses_beats_with_gaps_or_without_times(small_beats):
    missing = np.delete(np.arange(len(small_beats)), 50)
    with pytest.raises(DataError, match="whole records"):
        context.rr_context(small_beats[missing])
    unknown = replace(small_beats, rr_pre_s=np.full(len(small_beats), np.nan, np.float32))
    with pytest.raises(DataError, match="whole records"):
        context.rr_context(unknown)


def test_the_beat_before_is_that_of_the_same_record(small_beats):
    found = context.beat_before(small_beats)
    first = np.flatnonzero(np.r_[True, small_beats.record[1:] != small_beats.record[:-1]])
    assert not found[first].any()
    rest = np.setdiff1d(np.arange(len(small_beats)), first)
    np.testing.assert_array_equal(found[rest], normalise(small_beats.signal[rest - 1]))
