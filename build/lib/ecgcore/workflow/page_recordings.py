"""What the page "Try it" has for whole recordings: rhythm model, numbers, records to choose from.

Records are those of the book, as their files lie in `data/`; the page loads one when it is clicked.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgcore import paths
from ecgcore.constants import CLASSES
from ecgcore.data.formats import wfdb_record
from ecgcore.data.records import read_record
from ecgcore.errors import DataError
from ecgcore.evaluation import counts
from ecgcore.evaluation.uncertainty import RESAMPLES, interval, resample
from ecgcore.files import read_json, replacing, write_text
from ecgcore.inference import published, report
from ecgcore.rhythm import portable
from ecgcore.workflow import browser_chain
from ecgcore.workflow.profiles import RHYTHM, load_profile

MODEL, NUMBERS, RECORDS, KNOWN = "rhythm.bin", "how.json", "records.json", "known.json"
REPORT_STYLE = "report.css"
SUFFIXES = (".hea", ".dat", ".atr")
THUMBNAIL_S, THUMBNAIL_HZ, WIDTH, HEIGHT = 5.0, 60, 150, 44
# Results of rhythm models made as the one that answers, on records that they had not learnt from.
TESTS = {
    "mitdb": "records of mitdb that the model had not learnt from (five folds)",
    "external-svdb": "records of another database (svdb), learnt from mitdb alone",
}


@dataclass(frozen=True)
class Offered:
    """A record to choose. of: the class whose beats its thumbnail shows, empty: the most uneven
    seconds."""

    where: str
    title: str
    why: str
    of: str = ""


OFFERED = (
    Offered("mitdb/232", "Many premature atrial beats", "The book's first of two patients.", "S"),
    Offered("mitdb/202", "An irregular rhythm", "The second of the two patients.", "S"),
    Offered("mitdb/208", "Many ventricular beats", "In pairs and runs, and many fusions.", "V"),
    Offered("mitdb/102", "A pacemaker", "Which the model has never seen.", "Q"),
    Offered("mitdb/105", "Noise", "Long stretches in which little can be seen."),
    Offered("svdb/841", "Another database", "Other recorders, 128 Hz, one lead.", "V"),
)


def publish(profile: str, folder: Path) -> dict:
    """Fill the page's folder. Returns the model's entry for the manifest: file, bytes, about.

    Raises DataError where the rhythm model or its kept results are missing.
    """
    model = _model(profile)
    about = published.described(model, portable.load(model).about, published.PUBLISHED)
    packed = browser_chain.compressed(model)
    with replacing(folder / MODEL) as temporary:
        temporary.write_bytes(packed)
    write_text(folder / NUMBERS, _compact(browser_chain.numbers()))
    write_text(folder / KNOWN, _compact(known(profile)))
    write_text(folder / REPORT_STYLE, report.STYLE)
    for database in {Path(each.where).parent for each in OFFERED}:
        write_text(folder / attribution(database), _readme(database))
    write_text(folder / RECORDS, _compact([offer(each, folder) for each in OFFERED]))
    return {"file": MODEL, "bytes": len(packed), "about": about}


def attribution(database: Path) -> str:
    """Name of the file that says whose the records of a database are, which goes with them."""
    return f"{database.name}.README.md"


def _readme(database: Path) -> str:
    return (paths.DATA / database / "README.md").read_text(encoding="utf-8")


def _compact(value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _model(profile: str) -> Path:
    """The ONNX file of a profile that computes the rhythm chapter, else the published one."""
    own = load_profile(profile).recomputes("11_rhythm")
    path = paths.model_file(profile, published.RHYTHM) if own else published.FOLDER / "rhythm.onnx"
    return portable.onnx_file(path)


def known(profile: str) -> list[dict]:
    """How often an answer is right about records that such models had not learnt from.

    An entry a test: `of`, `result`, `file` and `commit` say where its numbers come from; `records`;
    `classes`: letter to `answered`, `right`, `share` (positive predictivity; None where nothing was
    answered so), `ci95` (over records) and `truly`, beats of each annotated class among them.
    Raises DataError if no results are kept.
    """
    path = load_profile(profile).kept_file(RHYTHM)
    if not path.is_file():
        raise DataError(f"{path}: no results of the rhythm model")
    kept = read_json(path)
    commits = sorted({run["provenance"]["commit"] for run in kept["runs"]})
    return [
        {"of": words, "result": name, "file": path.name, "commits": commits}
        | _test(kept["results"][name][0])
        for name, words in TESTS.items()
        if kept["results"].get(name)
    ]


def _test(entry: dict) -> dict:
    found = counts.predictions(entry)
    drawn = resample(found, "record", RESAMPLES).confusions()
    told = {}
    for number, letter in enumerate(CLASSES):
        truth = found.true[found.predicted == number]
        answered, right = len(truth), int((truth == number).sum())
        with np.errstate(invalid="ignore"):
            shares = drawn[:, number, number] / drawn[:, :, number].sum(axis=1)
        told[letter] = {
            "answered": answered,
            "right": right,
            "share": right / answered if answered else None,
            "ci95": interval(shares) if answered else None,
            "truly": {c: int((truth == k).sum()) for k, c in enumerate(CLASSES)},
        }
    return {"records": len(entry["records"]), "beats": len(found), "classes": told}


def offer(each: Offered, folder: Path) -> dict:
    """Copy a record's files, and describe it for the page."""
    source = paths.DATA / each.where
    header = wfdb_record.from_record(source)
    files = [source.with_suffix(suffix) for suffix in SUFFIXES]
    for file in files:
        with replacing(folder / file.name) as temporary:
            shutil.copyfile(file, temporary)
    database = Path(each.where).parent
    return {
        "name": each.where,
        "of": _readme(database).splitlines()[0].removeprefix("# ").partition(",")[0],
        "attribution": attribution(database),
        "title": each.title,
        "why": each.why,
        "seconds": round(header.seconds, 1),
        "files": [file.name for file in files],
        "bytes": sum(file.stat().st_size for file in files),
        "thumbnail": thumbnail(each),
    }


def thumbnail(each: Offered) -> str:
    """Some seconds of a record as a drawing (SVG), those with most beats of its class."""
    record = read_record(paths.DATA / Path(each.where).parent, Path(each.where).name)
    length = round(THUMBNAIL_S * record.fs)
    parts = record.signal[: len(record.signal) // length * length].reshape(-1, length)
    if each.of:
        at = record.sample[record.aami == each.of] // length
        chosen = int(np.bincount(at[at < len(parts)], minlength=len(parts)).argmax())
    else:
        chosen = int(np.ptp(np.diff(parts, axis=1), axis=1).argmax())
    return _drawn(parts[chosen], record.fs)


def _drawn(piece: np.ndarray, fs: float) -> str:
    at = np.arange(0, len(piece), fs / THUMBNAIL_HZ).astype(int)
    low, high = piece.min(), piece.max()
    x = at / len(piece) * WIDTH
    y = 2 + (HEIGHT - 4) * (high - piece[at]) / max(high - low, 1e-9)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'aria-hidden="true" focusable="false"><polyline points="{points}" fill="none" '
        'stroke="currentColor" stroke-width="1" stroke-linejoin="round"/></svg>'
    )
