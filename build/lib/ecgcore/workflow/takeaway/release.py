"""One archive to keep: book, PDF, weights, answers, numbers, cards, and what all of it weighs."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from ecgcore import paths
from ecgcore.errors import DataError
from ecgcore.files import replacing, sha256, write_json, write_text
from ecgcore.inference import published
from ecgcore.workflow import citation
from ecgcore.workflow.takeaway import data_card, model_cards, pdf

SUMS = "SHA256SUMS.txt"
TEXTS = ("CITATION.cff", "LICENSE", "README.md", "codecheck.yml", "requirements.lock")
STAMP = (1980, 1, 1, 0, 0, 0)  # of every file, so that the same files make the same archive


def folder(profile: str) -> Path:
    """Where what is made for the release alone is kept."""
    return paths.run_dir(profile) / "release"


def make_cards(profile: str) -> Path:
    """Write cards, splits and Croissant metadata. Raises DataError if the beats are not cut."""
    target = folder(profile)
    for name, text in model_cards.cards(profile).items():
        write_text(target / "cards" / f"model-{name}.md", text)
    table = data_card.splits(profile)
    path = target / data_card.SPLITS
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    write_text(target / "cards" / "data.md", data_card.card(profile, table))
    about = data_card.croissant(sha256(path), path.stat().st_size)
    write_json(target / "croissant.json", about)
    return target


def contents(profile: str) -> Iterator[tuple[str, Path]]:
    """Each file of the archive: its name there, and where it is."""
    run, html, made = paths.run_dir(profile), paths.html_dir(profile), folder(profile)
    yield from ((name, paths.ROOT / name) for name in TEXTS if (paths.ROOT / name).is_file())
    yield "metrics.json", paths.figures_dir(profile) / "metrics.json"
    yield "book.pdf", run / "book.pdf"
    yield from _below(html, "book")
    yield from _below(published.FOLDER, "weights/published", "*.safetensors", "*.onnx")
    yield from _below(run / "models", "weights/run", "*.safetensors", "*.onnx")
    yield from _below(run / "predictions", "predictions", "*.npz")
    yield from _below(made, "", "cards/*.md", "*.csv", "croissant.json")


def _below(root: Path, name: str, *patterns: str) -> Iterator[tuple[str, Path]]:
    found = sorted({p for pattern in patterns or ("**/*",) for p in root.glob(pattern)})
    for path in found:
        if path.is_file():
            yield str(Path(name, path.relative_to(root))), path


def make(profile: str) -> Path:
    """Write `runs/<profile>/ecgcore-<version>-<profile>.zip`. Prints the PDF if there is none that
    is newer than the book.

    Raises DataError if the book is not built, ConfigError without a browser to print it.
    """
    built = paths.html_dir(profile) / "index.html"
    if not built.is_file():
        raise DataError(f"{built}: no book to release; run `make book PROFILE={profile}` first")
    make_cards(profile)
    printed = paths.run_dir(profile) / "book.pdf"
    if not printed.is_file() or printed.stat().st_mtime < built.stat().st_mtime:
        pdf.write(profile)
    version = citation.known()["version"]
    target = paths.run_dir(profile) / f"ecgcore-{version}-{profile}.zip"
    files = list(contents(profile))
    sums = "".join(f"{sha256(path)}  {name}\n" for name, path in files)
    root = target.stem
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, path in files:
            _add(archive, f"{root}/{name}", path.read_bytes())
        _add(archive, f"{root}/{SUMS}", sums.encode())
    return target


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, STAMP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)
