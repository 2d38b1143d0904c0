"""Every way in which a file of beats is written, in Python and in the page."""

import base64
import io

import numpy as np
import pytest
from csv_cases import cases

from ecgcore.data.formats import csv_text
from ecgcore.data.formats.content import Rows
from ecgcore.errors import DataError

BEATS = 4


@pytest.fixture(scope="module")
def few(thousand):
    """Some short beats and a long one: with and without padding."""
    full = np.flatnonzero(thousand.signal[:, -1] > 0)[:1]
    return thousand[np.concatenate([np.arange(BEATS - 1), full])]


@pytest.fixture(scope="module")
def files(few):
    return cases(few.signal, few.aami)


def read(content: bytes, name: str) -> Rows:
    text = csv_text.open_text(io.BytesIO(content), name)
    parts = list(csv_text.read_rows(text, csv_text.find_layout(text, name), name))
    assert len(parts) == 1
    return parts[0]


def check(case, few, row, signal, true, problems):
    assert list(row) == case.rows
    np.testing.assert_allclose(signal, few.signal, atol=1e-5)
    assert list(true) == (few.aami.tolist() if case.labels else [-1] * len(few))
    assert list(problems) == case.problems


def test_readable_files_give_the_same_beats(files, few):
    for case in files:
        if not case.error:
            rows = read(case.content, case.name)
            check(case, few, rows.row, rows.signal, rows.true, map(str, rows.problems))


def test_unusable_files_are_refused_in_one_sentence(files):
    refused = [case for case in files if case.error]
    assert refused
    for case in refused:
        with pytest.raises(DataError) as caught:
            read(case.content, "my.csv")
        assert str(caught.value) == case.error.format(file="my.csv")


def test_the_page_reads_them_alike(files, few, book_url, browser):
    page = browser.new_page()
    page.goto(f"{book_url}/book/try_it.html")
    script = """async ([content, name]) => {
      const { readBeats } = await import("../_static/try-it/csv.js");
      const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
      try {
        const found = await readBeats(new Blob([bytes]), name);
        return { ...found, signal: found.signal.map((beat) => Array.from(beat)) };
      } catch (error) {
        return { error: error.message };
      }
    }"""
    for case in files:
        content = base64.b64encode(case.content).decode()
        found = page.evaluate(script, [content, "my.csv"])
        if case.error:
            assert found == {"error": case.error.format(file="my.csv")}, case.name
        else:
            assert "error" not in found, (case.name, found)
            problems = [p["text"] for p in found["problems"]]
            check(case, few, found["row"], found["signal"], found["label"], problems)
    page.close()


def test_rubbish_is_given_up_early():
    class Endless(io.RawIOBase):
        """A file that would never end."""

        given = 0

        def readable(self):
            return True

        def seekable(self):
            return True

        def seek(self, position, whence=0):
            self.given = position
            return position

        def readinto(self, buffer):
            line = b"this is no beat\n"
            assert self.given < 100e6, "read too far"
            buffer[:] = (line * (len(buffer) // len(line) + 1))[: len(buffer)]
            self.given += len(buffer)
            return len(buffer)

    text = csv_text.open_text(io.BufferedReader(Endless()), "x.csv")
    with pytest.raises(DataError, match="none of the first 1,000 rows is a beat"):
        list(csv_text.read_rows(text, csv_text.find_layout(text, "x.csv"), "x.csv"))


def test_many_bad_rows_do_not_hide_the_good_ones(few):
    good = ",".join(map(str, few.signal[0].astype(float)))
    rows = read("\n".join([good, *["bad"] * 1500, good]).encode(), "x.csv")
    assert rows.row.tolist() == [1, 1502]
    assert str(rows.problems[-1]) == "500 further rows are no beats either"
