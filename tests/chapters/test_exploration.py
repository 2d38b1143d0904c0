"""Chapter 1 works on any database of annotated records."""

import numpy as np
import pytest
import wfdb

from ecgcore.chapters import exploration
from ecgcore.data import records


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Of two annotated records at 250 Hz and one that is not; nothing is known of the patients."""
    folder = str(tmp_path_factory.mktemp("own"))
    signal = np.sin(np.arange(2_000) / 20)[:, None]
    for name, symbols in (("a", "NNN"), ("b", "NVS"), ("c", "")):
        wfdb.wrsamp(name, 250, ["mV"], ["II"], signal, fmt=["16"], write_dir=folder)
        if symbols:
            sample = np.array([300, 600, 900])
            wfdb.wrann(name, "atr", sample, list(symbols), fs=250, write_dir=folder)
    return records.overview(folder)


def test_records_without_annotations_are_left_out(table):
    assert list(table["record"]) == ["a", "b"] and (table["seconds"] == 8).all()


def test_the_strip_is_of_a_record_that_is_there(table):
    assert exploration.shown(table, "a") == "a"
    assert exploration.shown(table, "208") == "b"  # with most ectopic beats


def test_an_age_that_nobody_knows_is_unknown(table):
    assert exploration.median_age(table) == "unknown"
    assert exploration.median_age(table.assign(age=[40, 51])) == "46"
