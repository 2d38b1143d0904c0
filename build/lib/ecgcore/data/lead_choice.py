"""Which of several signals is the ECG lead to look at: by its name, or else by its waves.

The networks have learnt from lead MLII, so that or lead II comes first where there is one, then
any other ECG lead. A signal whose name says nothing is judged by its waves (`score`); one whose
name says that it is something else, as a blood pressure, is only taken if somebody asks for it.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from ecgcore.constants import FS
from ecgcore.data.resampling import resample
from ecgcore.data.signals import Lead, Signal, fill_gaps
from ecgcore.errors import ConfigError

WINDOW_S, WINDOWS = 10.0, 5  # pieces over the whole recording by which waves are judged
QRS_HZ = (8.0, 25.0)  # where a QRS complex has most of its power, and a pulse or breath little
WAVES_HZ = (0.5, 40.0)
REFRACTORY_S = 0.3
LEAST_SCORE = 0.01  # below: no QRS complexes
MOST_OF = 0.6  # share of the moving windows of another lead that a better-known lead needs
CLEARLY = 1.25  # times the score that a later lead needs to be taken before an earlier one

_LEAD_II = r"(mod(ified)?)?(m?l)?ii|d(ii|2)|(lead|ableitung|derivaci?on)(ii|2)"
_ECG = (
    r"m?l?i{1,3}|d(i{1,3}|[1-3])|(lead|ableitung|derivaci?on)(i{1,3}|[1-3])|av[rlf]|m?cl\d|"
    r"v\d?r?|v[1-9]|v[xyz]|c[cmsb]\d|frank[xyz]|na[shi]|es|as|ai"
)
_OTHER = re.compile(
    r"abp|^art|^bp|press|pleth|ppg|^spo|sao2|resp|breath|emg|^eeg|eog|cvp|^pap|^icp|co2|^acc|gyro|"
    r"^temp|flow|thor|abd|snor|posit|mark|event|status|^stage|annot|batter|^time|^hr$|heartrate|"
    r"^rr$|^stim|trigger|label|^chin|^leg|^bcg|^scg|phono|^pcg|sound|^gsr|^eda$|impedance|^lap$|"
    r"^rap$|^lvp$|^u[ao]p$|^ao$|^sv$|^co$|^pulse|^bvp|quality|index|sample|^bcgs|^imu|glucose"
)
_STEPS = re.compile(r"[^0-9a-z]+")


def plain(name: str) -> str:
    """A name without case, blanks, accents and punctuation, by which names are compared."""
    return _STEPS.sub("", unicodedata.normalize("NFKD", name).casefold())


def rank(name: str) -> int:
    """0: MLII; 1: lead II; 2: another ECG lead; 3: a name that says nothing; 4: no ECG."""
    short = plain(name)
    bare = re.sub(r"^(mdc)?(ecg|ekg)(?=.)|^elec|^lead(?=[a-z])", "", short)
    bare = re.sub(r"^lead(?=[a-z])", "", bare)
    if bare == "mlii":
        return 0
    if re.fullmatch(_LEAD_II, bare):
        return 1
    if "ecg" in short or "ekg" in short or re.fullmatch(_ECG, bare):
        return 2
    return 4 if _OTHER.search(short) else 3


def find(names: Sequence[str], wanted: str) -> int | None:
    """Position of the first lead of that name; None if there is none."""
    for same in (str, plain):
        for i, name in enumerate(names):
            if same(name) == same(wanted) and same(wanted):
                return i
    return None


def by_name(names: Sequence[str]) -> int:
    """The ECG lead as far as names tell: MLII, then II, then the first ECG lead, then the first."""
    return min(range(len(names)), key=lambda i: (rank(names[i]), i))


def choose(leads: Sequence[Lead], wanted: str, where: str) -> int:
    """Position of the lead to look at. wanted: a name, empty to choose by evidence.

    Raises ConfigError, which names what there is, if there is no such lead, or none that is an ECG.
    """
    names = [lead.name for lead in leads]
    if wanted:
        found = find(names, wanted)
        if found is None:
            raise ConfigError(f"{where}: no lead {wanted!r}; it has {', '.join(names)}")
        return found
    candidates = sorted((rank(n), i) for i, n in enumerate(names) if rank(n) < 4)
    if not candidates:
        raise ConfigError(
            f"{where}: none of its signals is an ECG by its name ({', '.join(names)}); "
            "name one with --lead"
        )
    named = [i for r, i in candidates if r < 3]
    return _longest(leads, named) if named else _by_waves(leads, [i for _, i in candidates])


def _longest(leads: Sequence[Lead], which: Sequence[int]) -> int:
    """The first, unless another is there for much more of the recording."""
    if len(which) == 1:
        return which[0]
    there = [sum(map(_moves, _windows(leads[i]))) for i in which]
    return next(i for i, n in zip(which, there, strict=True) if n >= MOST_OF * max(there))


def signal_of(
    name: str, leads: Sequence[Lead], lead: Lead, start: datetime | None = None
) -> Signal:
    """One of the leads of a recording, with what is known of the others. name: of the recording."""
    other = second(leads, leads.index(lead))
    return Signal(
        name=name,
        lead=lead.name,
        unit=lead.unit,
        fs=lead.fs,
        n_samples=lead.n_samples,
        read=lead.read,
        leads=tuple(each.name for each in leads),
        start=start,
        second=None if other is None else leads[other],
    )


def second(leads: Sequence[Lead], first: int) -> int | None:
    """Another ECG lead of the same length and rate, by its name; None if there is none."""
    chosen = leads[first]
    fits = [
        (rank(lead.name), i)
        for i, lead in enumerate(leads)
        if i != first and rank(lead.name) < 3
        and (lead.fs, lead.n_samples) == (chosen.fs, chosen.n_samples)
    ]  # fmt: skip
    return min(fits)[1] if fits else None


def _by_waves(leads: Sequence[Lead], which: Sequence[int]) -> int:
    if len(which) == 1:
        return which[0]
    best, best_score = which[0], score(leads[which[0]])
    for i in which[1:]:
        found = score(leads[i])
        if found > max(CLEARLY * best_score, LEAST_SCORE):
            best, best_score = i, found
    return best


def _windows(lead: Lead) -> list[np.ndarray]:
    length = min(round(WINDOW_S * lead.fs), lead.n_samples)
    starts = np.linspace(0, lead.n_samples - length, WINDOWS).astype(int)
    return [lead.read(int(s), int(s) + length) for s in np.unique(starts)]


def _moves(window: np.ndarray) -> bool:
    known = window[np.isfinite(window)]
    return len(known) > 0 and bool(known.max() > known.min())


def score(lead: Lead) -> float:
    """How much a signal looks like an ECG, 0 to 1: the median over a few windows.

    Share of the power from 0.5 to 40 Hz that lies from 8 to 25 Hz, where QRS complexes have
    theirs, times the cube of the complexes' mean correlation with their mean. A pressure or a
    breath is regular but slow, noise and muscle are fast but irregular: both products are small.
    """
    return float(np.median([_score(w, lead.fs) for w in _windows(lead)] or [0.0]))


def _score(window: np.ndarray, fs: float) -> float:
    known = np.isfinite(window)
    if known.mean() < 0.5 or np.ptp(window[known]) == 0:
        return 0.0
    level = np.median(window[known])
    signal = resample((fill_gaps(window) - level).astype(np.float32), fs).astype(np.float64)
    spectrum, hz = (
        np.fft.rfft(signal * np.hanning(len(signal))),
        np.fft.rfftfreq(len(signal), 1 / FS),
    )
    power = np.abs(spectrum) ** 2
    waves = power[(hz >= WAVES_HZ[0]) & (hz <= WAVES_HZ[1])].sum()
    inside = (hz >= QRS_HZ[0]) & (hz <= QRS_HZ[1])
    qrs = np.fft.irfft(np.where(inside, np.fft.rfft(signal), 0), len(signal))
    return float(power[inside].sum() / waves) * _regularity(qrs) ** 3 if waves else 0.0


def _regularity(qrs: np.ndarray) -> float:
    """Mean correlation of the complexes with their mean, 0 to 1; 0 for fewer than three."""
    from scipy.signal import find_peaks

    half = round(0.1 * FS)
    energy = np.convolve(qrs**2, np.hanning(round(0.12 * FS)), "same")
    height = 0.25 * np.sort(energy)[-max(len(energy) // 100, 1)]
    peaks = find_peaks(energy, height=height, distance=round(REFRACTORY_S * FS))[0]
    peaks = peaks[(peaks >= half) & (peaks < len(qrs) - half)]
    if len(peaks) < 3:
        return 0.0
    pieces = qrs[peaks[:, None] + np.arange(-half, half)]
    mean = pieces.mean(axis=0)
    norms = np.linalg.norm(pieces, axis=1) * np.linalg.norm(mean)
    return float(np.clip((pieces @ mean / np.maximum(norms, 1e-12)).mean(), 0, 1))
