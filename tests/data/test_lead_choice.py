"""Which of several signals is taken for the ECG."""

import ecg_files
import numpy as np
import pytest

from ecgcore.data import lead_choice, records, signals
from ecgcore.errors import ConfigError

FS = 360
MV = ecg_files.samples(seconds=60)
T = np.arange(len(MV)) / FS


def lead(name, samples=MV):
    return signals.array_lead(samples, FS, name)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["V5", "MLII"], "MLII"),
        (["V1", "ii", "III"], "ii"),
        (["ABP", "Lead II", "I"], "Lead II"),
        (["Resp", "EKG"], "EKG"),
        (["EEG C3-A2", "ECG ECG"], "ECG ECG"),
        (["ECG1", "ECG2"], "ECG1"),
        (["MDC_ECG_LEAD_I", "MDC_ECG_LEAD_II"], "MDC_ECG_LEAD_II"),
        (["PLETH", "MCL1", "CO2"], "MCL1"),
        (["V5", "V2"], "V5"),
    ],
)
def test_names_tell_the_ecg(names, chosen):
    assert names[lead_choice.choose([lead(n) for n in names], "", "x")] == chosen


def test_the_published_leads_stay(database):
    for name in records.record_names(database):
        names = records.read_header(database, name).sig_name
        expected = names.index("MLII") if "MLII" in names else 0
        assert lead_choice.by_name(names) == expected, name


def pressure(t):
    beat = (t * 1.2) % 1
    return 90 + 40 * np.exp(-(((beat - 0.3) / 0.12) ** 2))


OTHERS = {
    "pressure": pressure(T),
    "breath": np.sin(1.5 * T),
    "noise": np.random.default_rng(1).normal(size=len(T)),
    "mains": np.sin(2 * np.pi * 50 * T),
    "constant": np.zeros(len(T)),
    "missing": np.full(len(T), np.nan),
    "ramp": T,
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("record", ["100", "119", "208", "104"])
def test_without_names_the_waves_tell_the_ecg(other, record):
    ecg = ecg_files.samples(record, 60)
    assert lead_choice.choose([lead("a", OTHERS[other]), lead("b", ecg)], "", "x") == 1
    assert lead_choice.choose([lead("a", ecg), lead("b", OTHERS[other])], "", "x") == 0


def test_a_lead_that_was_off_is_not_taken():
    off = np.where(T > 5, 0, MV)
    assert lead_choice.choose([lead("II", off), lead("V1")], "", "x") == 1


def test_no_ecg_by_name_is_taken_only_if_asked_for():
    leads = [lead("ABP"), lead("RESP")]
    with pytest.raises(ConfigError, match=r"is an ECG by its name \(ABP, RESP\)"):
        lead_choice.choose(leads, "", "x")
    assert lead_choice.choose(leads, "resp", "x") == 1


def test_a_second_ecg_lead_is_offered():
    leads = [lead("MLII"), lead("ABP"), lead("V1")]
    assert lead_choice.signal_of("x", leads, leads[0]).second.name == "V1"
    assert lead_choice.signal_of("x", leads[:2], leads[0]).second is None
