"""Files that ecgdatakit reads: HL7 aECG, GE MUSE, Philips Sierra, SCP-ECG, JSON of the Kardia API.

All hold some seconds of a resting ECG. Told by content: an XML file by its first element, a
recording of the Kardia API by its keys.
"""

import re
import warnings
from datetime import datetime
from pathlib import Path

import numpy as np

from ecgcore.data import lead_choice, signals
from ecgcore.data.formats.content import Content
from ecgcore.errors import ConfigError, DataError

XML = re.compile(rb"<\s*(?:\w+:)?(AnnotatedECG|RestingECG|restingecgdata)\b")
KARDIA = re.compile(rb'^\s*\{.*"recordedAt"', re.DOTALL)
ENTITIES = re.compile(rb"<!ENTITY|<!DOCTYPE[^>\[]*\[", re.IGNORECASE)
SCP_AT, SCP = 16, b"SCPECG"  # after the checksum, the length and the head of section 0
MOST_BYTES = 20_000_000


def claims(path: Path, start: bytes) -> bool:
    text = _plain(start)
    return is_scp(path, start) or bool(XML.search(text) or KARDIA.match(text))


def is_scp(path: Path, start: bytes) -> bool:
    """By the mark of section 0, which old files lack: then by the name of the file."""
    named = path.suffix.lower() == ".scp" and b"\0" in start
    return named or start[SCP_AT : SCP_AT + len(SCP)] == SCP


def _plain(start: bytes) -> bytes:
    """Text in bytes, be it UTF-16 or not: enough to find a name in ASCII."""
    return start.replace(b"\0", b"")


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format."""
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path}: more than {MOST_BYTES // 10**6} MB, too large for a resting ECG")
    if ENTITIES.search(_plain(path.read_bytes())):
        raise DataError(f"{path}: an XML file that defines entities, which is refused")
    try:
        from ecgdatakit import FileParser
    except ImportError:
        raise ConfigError(
            f"{path}: a file of an electrocardiograph, which needs ecgdatakit: "
            "pip install 'ecgcore[formats]'"
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            record = FileParser().parse(str(path))
            found = [(each, np.asarray(_physical(each), dtype=np.float64)) for each in record.leads]
            rates = {float(each.sampling_rate) for each, _ in found}
            start = record.recording.date
    except Exception as error:  # ecgdatakit's own, and whatever damage leads to
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(
            f"{path}: cannot be read as the file of an electrocardiograph ({reason})"
        ) from None
    if not found or len(rates) != 1:
        raise DataError(f"{path}: no leads of one sampling rate in it")
    rate = signals.agreed_fs(fs, rates.pop(), str(path))
    leads = [
        signals.array_lead(samples, rate, str(each.label) or f"signal {i + 1}", "mV")
        for i, (each, samples) in enumerate(found)
    ]
    chosen = leads[lead_choice.choose(leads, lead, str(path))]
    signals.check_length(chosen.n_samples, rate, str(path))
    start = start.replace(tzinfo=None) if isinstance(start, datetime) else None
    return Content(lead_choice.signal_of(str(path), leads, chosen, start))


def _physical(lead) -> np.ndarray:
    """Samples in mV, as far as the file tells how."""
    if lead.is_raw and lead.resolution_unit:
        lead = lead.to_physical()
    scale = {"uv": 1e-3, "µv": 1e-3, "nv": 1e-6, "v": 1e3}.get((lead.units or "").lower(), 1.0)
    return np.asarray(lead.samples, dtype=np.float64) * scale
