"""The rhythm models that are offered to others: taught once, kept, noticed when they are old.

One reads recordings and has learnt from all of mitdb; the causal one reads live signals and has
learnt from DS1 alone, since its thresholds were chosen there, and its worth measured on DS2. The
fingerprint is of code, data and thresholds, so a file that no longer fits them is noticed.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from ecgcore import paths, provenance
from ecgcore.beats.splits import DS1
from ecgcore.chapters.rhythm.runs import kept
from ecgcore.errors import DataError
from ecgcore.inference import published
from ecgcore.rhythm import cases, model, onnx_graph, portable, storage
from ecgcore.rhythm.thresholds import Thresholds
from ecgcore.rhythm.whole import RhythmClassifier
from ecgcore.sources import modules_used
from ecgcore.workflow.profiles import load_profile

DATABASE = "mitdb"  # that the offered model learns from
FITTED_BY = "ecgcore.rhythm.model"  # what it and its imports say decides the model


def model_file(profile: str, causal: bool = False) -> Path:
    return paths.model_file(profile, published.CAUSAL if causal else published.RHYTHM)


def fingerprint(at: Thresholds) -> str:
    """Of what a fitted model depends on: code, records, thresholds."""
    digest = hashlib.sha256()
    for path in modules_used(f"import {FITTED_BY}"):
        digest.update(path.read_bytes())
    digest.update(provenance.data_sha256(paths.DATA / DATABASE).encode())
    digest.update(json.dumps(vars(at)).encode())
    return digest.hexdigest()


def published_thresholds(profile: str, causal: bool = False) -> Thresholds:
    """Those that the kept results have from patient-wise folds of all of mitdb, or of DS1.

    Raises DataError if no such results are kept.
    """
    entries = kept(profile)["results"].get("ds2-causal" if causal else "external-svdb")
    if not entries:
        raise DataError("the kept results have no thresholds for this model; run `ecgcore rhythm`")
    return Thresholds.from_dict(entries[0]["thresholds"])


def taught(profile: str = "paper", seed: int = 0, causal: bool = False) -> RhythmClassifier:
    """A model fitted now on all of mitdb but the records with a pacemaker, or on DS1; see `load`.

    Raises DataError as published_thresholds does.
    """
    at = published_thresholds(profile, causal)
    beats = cases.build(paths.DATA / DATABASE, DS1 if causal else (), causal)
    return RhythmClassifier(model.fit(beats, seed, causal), at, causal)


def write(path: Path, fitted: RhythmClassifier, profile: str) -> Path:
    """Write a classifier with where it comes from, and beside it the same as ONNX."""
    everybody = f"all of {DATABASE} but the records with a pacemaker"
    about = {
        "protocol": f"22 patients of {DATABASE} (DS1)" if fitted.causal else everybody,
        "fingerprint": fingerprint(fitted.at),
        "provenance": provenance.provenance(profile, paths.DATA / DATABASE),
    }
    storage.write(path, fitted, about)
    onnx_graph.export(storage.read(path), portable.onnx_file(path))
    return path


def of_profile(profile: str) -> RhythmClassifier:
    """The rhythm model of a profile that computes the rhythm chapter; else the published one.

    Raises DataError as `load` does, or if nothing is published.
    """
    if load_profile(profile).recomputes("11_rhythm"):
        return load(profile)
    return published.rhythm_model()


def load(
    profile: str,
    say: Callable[[str], None] = lambda sentence: None,
    causal: bool = False,
) -> RhythmClassifier:
    """The profile's rhythm model: from its file, or fitted now and kept if that is missing or old.

    say: is told before it is fitted, which takes a while. Raises DataError as `taught` does.
    """
    path = model_file(profile, causal)
    try:
        found = storage.read(path)
        if found.about["fingerprint"] == fingerprint(published_thresholds(profile, causal)):
            return found
        reason = "is of other code, records or thresholds"
    except DataError:
        reason = "is missing" if not path.is_file() else "cannot be read"
    say(f"{path.name} {reason}: fitting the rhythm model, which takes about a minute, once")
    return storage.read(write(path, taught(profile, causal=causal), profile))
