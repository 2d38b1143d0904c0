"""The rhythm model that is offered to others: taught once, kept, noticed when it is old.

Its fingerprint is of code, data and thresholds, so a file that no longer fits them is noticed.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from ecgcore import paths, provenance
from ecgcore.chapters.rhythm.runs import kept
from ecgcore.errors import DataError
from ecgcore.inference import classifier
from ecgcore.rhythm import cases, model, storage
from ecgcore.rhythm.thresholds import Thresholds
from ecgcore.rhythm.whole import RhythmClassifier
from ecgcore.sources import modules_used

DATABASE = "mitdb"  # that the offered model learns from
FITTED_BY = "ecgcore.rhythm.model"  # what it and its imports say decides the model


def model_file(profile: str) -> Path:
    return paths.model_file(profile, "rhythm")


def fingerprint(at: Thresholds) -> str:
    """Of what a fitted model depends on: code, records, thresholds."""
    digest = hashlib.sha256()
    for path in modules_used(f"import {FITTED_BY}"):
        digest.update(path.read_bytes())
    digest.update(provenance.data_sha256(paths.DATA / DATABASE).encode())
    digest.update(json.dumps(vars(at)).encode())
    return digest.hexdigest()


def published_thresholds(profile: str) -> Thresholds:
    """Those that the kept results have from patient-wise folds of all of mitdb.

    Raises DataError if no such results are kept.
    """
    entries = kept(profile)["results"].get("external-svdb")
    if not entries:
        raise DataError(
            "the kept results have no thresholds for all of mitdb; run `ecgcore rhythm`"
        )
    return Thresholds.from_dict(entries[0]["thresholds"])


def taught(profile: str = "paper", seed: int = 0) -> RhythmClassifier:
    """A model fitted now on all of mitdb but the records with a pacemaker; see `load`.

    Raises DataError as published_thresholds does.
    """
    at = published_thresholds(profile)
    return RhythmClassifier(model.fit(cases.build(paths.DATA / DATABASE), seed), at)


def write(path: Path, fitted: RhythmClassifier, profile: str) -> Path:
    """Write a classifier with where it comes from."""
    about = {
        "protocol": f"all of {DATABASE} but the records with a pacemaker",
        "fingerprint": fingerprint(fitted.at),
        "provenance": provenance.provenance(profile, paths.DATA / DATABASE),
    }
    return storage.write(path, fitted, about)


def load(profile: str, say: Callable[[str], None] = lambda sentence: None) -> RhythmClassifier:
    """The profile's rhythm model: from its file, or fitted now and kept if that is missing or old.

    say: is told before it is fitted, which takes a while. Raises DataError as `taught` does.
    """
    path = model_file(profile)
    try:
        found = storage.read(path)
        if found.about["fingerprint"] == fingerprint(published_thresholds(profile)):
            return found
        reason = "is of other code, records or thresholds"
    except DataError:
        reason = "is missing" if not path.is_file() else "cannot be read"
    say(f"{path.name} {reason}: fitting the rhythm model, which takes about a minute, once")
    return storage.read(write(path, taught(profile), profile))


def project_model(say: Callable[[str], None] = lambda sentence: None) -> RhythmClassifier:
    """That of the best profile which has one; `paper`'s, fitted now, if none has."""
    there = [profile for profile in classifier.PROFILES if model_file(profile).is_file()]
    return load(there[0] if there else classifier.PROFILES[0], say)
