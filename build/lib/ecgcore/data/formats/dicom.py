"""ECGs in DICOM files: waveforms, of which the longest is the rhythm.

Reference: DICOM PS3.3, C.10.9 (Waveform Module), and Supplement 30.
"""

from datetime import datetime
from pathlib import Path

from ecgcore.data import lead_choice, signals
from ecgcore.data.formats.content import Content
from ecgcore.errors import ConfigError, DataError

MAGIC, AT = b"DICM", 128
MOST_BYTES = 400_000_000
DEFLATED = "1.2.840.10008.1.2.1.99"


def claims(path: Path, start: bytes) -> bool:
    return start[AT : AT + len(MAGIC)] == MAGIC


def read(path: Path, lead: str = "", fs: float | None = None) -> Content:
    """See opening.Format."""
    try:
        import pydicom
    except ImportError:
        raise ConfigError(f"{path}: DICOM needs pydicom: pip install 'ecgcore[formats]'") from None
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path}: a DICOM file of more than {MOST_BYTES // 10**6} MB is no ECG")
    try:
        syntax = pydicom.filereader.read_file_meta_info(path).get("TransferSyntaxUID")
        if syntax == DEFLATED:
            raise DataError(f"{path}: a deflated DICOM file; save it uncompressed")
        data = pydicom.dcmread(path)
        groups = data.get("WaveformSequence") or []
        if not groups:
            what = data.get("Modality") or "unknown"
            raise DataError(f"{path}: a DICOM file without a waveform (modality {what})")
        which = max(range(len(groups)), key=lambda i: int(groups[i].NumberOfWaveformSamples))
        group = groups[which]
        _check_size(group, path)
        samples = data.waveform_array(which)
        rate = float(group.SamplingFrequency)
        about = [_about(c, i) for i, c in enumerate(group.ChannelDefinitionSequence)]
    except DataError:
        raise
    except Exception as error:  # pydicom's own, and whatever damage leads to
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"{path}: a damaged DICOM file ({reason})") from None
    rate = signals.agreed_fs(fs, rate, str(path))
    leads = [
        signals.array_lead(column, rate, name, unit)
        for column, (name, unit) in zip(samples.T, about, strict=False)
    ]
    chosen = leads[lead_choice.choose(leads, lead, str(path))]
    signals.check_length(chosen.n_samples, rate, str(path))
    return Content(lead_choice.signal_of(str(path), leads, chosen, _start(data)))


def _check_size(group, path: Path) -> None:
    """DataError if there are fewer samples than are promised."""
    wanted = int(group.NumberOfWaveformSamples) * int(group.NumberOfWaveformChannels)
    wanted *= int(group.WaveformBitsAllocated) // 8
    if not 0 < wanted <= len(group.WaveformData):
        raise DataError(
            f"{path}: short: {len(group.WaveformData):,} bytes of waveform, {wanted:,} are promised"
        )


def _about(channel, position: int) -> tuple[str, str]:
    """Name and unit of a channel."""
    name = channel.get("ChannelLabel") or ""
    source = channel.get("ChannelSourceSequence")
    if source:
        name = source[0].get("CodeMeaning") or name
    units = channel.get("ChannelSensitivityUnitsSequence")
    unit = units[0].get("CodeValue") if units else None
    name = str(name).partition("(")[0].strip()
    return name or f"signal {position + 1}", str(unit or "unknown unit")


def _start(data) -> datetime | None:
    text = str(data.get("AcquisitionDateTime") or "")
    text = text or str(data.get("AcquisitionDate") or "") + str(data.get("AcquisitionTime") or "")
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S")
    except ValueError:
        return None
