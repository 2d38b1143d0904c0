"""EC57's rates on an example worked by hand after the formulas of its reference implementation."""

import numpy as np
import pandas as pd
import pytest
from answers import answers, from_confusion

from ecgcore.errors import DataError
from ecgcore.evaluation import ec57, uncertainty

# Every cell another number, so that no two of them can be mistaken for one another.
Nn, Ns, Nv, Nf, Nq = 100, 11, 13, 17, 19
Sn, Ss, Sv, Sf, Sq = 5, 60, 7, 3, 2
Vn, Vs, Vv, Vf, Vq = 23, 29, 200, 31, 37
Fn, Fs, Fv, Ff, Fq = 41, 43, 47, 53, 59
Qn, Qs, Qv, Qf, Qq = 61, 67, 71, 73, 79
EXAMPLE = np.array(
    [
        [Nn, Ns, Nv, Nf, Nq],
        [Sn, Ss, Sv, Sf, Sq],
        [Vn, Vs, Vv, Vf, Vq],
        [Fn, Fs, Fv, Ff, Fq],
        [Qn, Qs, Qv, Qf, Qq],
    ]
)


def test_veb_counts_fusion_and_unclassifiable_beats_neither_way():
    false_positives = Nv + Sv
    negatives = Nn + Ns + Nf + Nq + Sn + Ss + Sf + Sq + Fn + Fs + Ff + Fq + Qn + Qs + Qf + Qq
    found = ec57.rates(EXAMPLE, "V")
    assert found["sensitivity"] == pytest.approx(Vv / (Vn + Vs + Vv + Vf + Vq))
    assert found["positive predictivity"] == pytest.approx(Vv / (Vv + false_positives))
    assert found["false positive rate"] == pytest.approx(
        false_positives / (negatives + false_positives)
    )


def test_sveb_counts_unclassifiable_beats_neither_way():
    false_positives = Ns + Vs + Fs
    negatives = Nn + Nv + Nf + Nq + Vn + Vv + Vf + Vq + Fn + Fv + Ff + Fq + Qn + Qv + Qf + Qq
    found = ec57.rates(EXAMPLE, "S")
    assert found["sensitivity"] == pytest.approx(Ss / (Sn + Ss + Sv + Sf + Sq))
    assert found["positive predictivity"] == pytest.approx(Ss / (Ss + false_positives))
    assert found["false positive rate"] == pytest.approx(
        false_positives / (negatives + false_positives)
    )


def test_rates_of_many_matrices_are_those_of_each():
    together = ec57.rates(np.stack([EXAMPLE, EXAMPLE.T]), "V")
    for number, confusion in enumerate((EXAMPLE, EXAMPLE.T)):
        for name, value in ec57.rates(confusion, "V").items():
            assert together[name][number] == value


@pytest.fixture(scope="module")
def two_records():
    """One record as in the example, and one of N beats in which S is called once and V never."""
    quiet = np.zeros((5, 5), dtype=int)
    quiet[0, :2] = 9, 1
    parts = from_confusion(EXAMPLE, "200"), from_confusion(quiet, "117")
    fields = ("true", "predicted", "record")
    return answers(*(np.concatenate([getattr(p, f) for p in parts]) for f in fields))


def test_gross_adds_counts_up_and_average_averages_what_is_defined(two_records):
    table = ec57.record_table(two_records).set_index("record")
    assert table.index.tolist() == ["117", "200", "gross", "average"]
    quiet, busy, gross, average = (row for _, row in table.iterrows())
    assert quiet["SVEB +P"] == 0 and np.isnan(quiet["SVEB Se"]) and np.isnan(quiet["VEB +P"])
    assert quiet["SVEB FPR"] == pytest.approx(1 / 10) and quiet["VEB FPR"] == 0
    assert gross["beats"] == EXAMPLE.sum() + 10
    assert gross["SVEB beats"] == busy["SVEB beats"] == Sn + Ss + Sv + Sf + Sq
    assert gross["SVEB +P"] == pytest.approx(Ss / (Ss + Ns + Vs + Fs + 1))
    assert average["SVEB +P"] == pytest.approx(busy["SVEB +P"] / 2)
    assert average["SVEB Se"] == busy["SVEB Se"]


def test_gross_rates_agree_with_the_record_table_and_have_intervals(two_records):
    drawn = uncertainty.resample(two_records, "record")
    table = ec57.gross(two_records, drawn).set_index("beats of")
    last = ec57.record_table(two_records).set_index("record").loc["gross"]
    for ectopic, row in table.iterrows():
        for name, short in ec57.RATES.items():
            assert row[name] == last[f"{ectopic} {short}"]
            assert row[f"{name} low"] <= row[name] <= row[f"{name} high"]
    plain = ec57.gross(two_records).set_index("beats of")
    pd.testing.assert_frame_equal(plain, table[plain.columns])


def test_the_first_five_minutes_can_be_left_out():
    fs = 360
    sample = np.array([0, 299.9 * fs, 300 * fs, 1700 * fs]).astype(int)
    p = answers("NVVN", "NNVV", record=["100", "100", "100", "101"], sample=sample)
    kept = ec57.test_period(p, fs)
    assert kept.sample.tolist() == [300 * fs, 1700 * fs]
    assert len(ec57.test_period(p, fs, start_s=0)) == len(p)


def test_the_five_minute_rule_needs_times():
    with pytest.raises(DataError, match="five-minute"):
        ec57.test_period(answers("N", "N", sample=[-1]), 360)
