"""What the rhythm model says of each beat: of two records, as they were counted; and of all DS2."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.chapters.rhythm import runs, tables
from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation.counts import by_record
from ecgcore.evaluation.predictions import Predictions
from ecgcore.files import read_json, replacing, write_json
from ecgcore.rhythm.thresholds import Thresholds
from ecgcore.workflow.profiles import ANSWERS, IN_RHYTHM, load_profile

DIGITS = 3  # of a probability that is kept
RECORDS = ("232", "202")  # of DS2, to be looked at beat by beat
OF = "ds2-mitdb"  # the result whose seed that is shown answers


def kept_file(profile: str) -> Path:
    """Beside the kept results, a line a beat: record, sample, true, predicted."""
    return load_profile(profile).kept_file(ANSWERS)


def keep(profile: str) -> Path:
    """Write the answers of the shown seed, by the thresholds that were kept with its counts.

    Reads scores that a run left; nothing is scored anew. Raises DataError if these are not the
    scores that the kept counts come from.
    """
    entry = tables.shown(runs.kept(profile)["results"][OF])
    found = runs.answers(
        profile, f"{OF}-{entry['seed']}", Thresholds.from_dict(entry["thresholds"])
    )
    found = found[np.isin(found.record, RECORDS)]
    for name, counts in by_record(found).items():
        if counts != entry["records"][name]:
            raise DataError(f"{OF}-{entry['seed']}: not the scores that the kept counts are of")
    letters = np.array(CLASSES)
    table = pd.DataFrame(
        {
            "record": found.record,
            "sample": found.sample,
            "true": letters[found.true],
            "predicted": letters[found.predicted],
        }
    )
    path = kept_file(profile)
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    return path


def everywhere_file(profile: str) -> Path:
    """Every beat of DS2, with probabilities; beside it a .json says who computed them."""
    return load_profile(profile).kept_file(IN_RHYTHM)


def keep_everywhere(profile: str) -> Path:
    """Write what the shown seed answers to every beat of DS2, by the kept thresholds, and log that
    DS2 was scored.

    Reads scores that a run left. Another processor than that of the kept counts fits another
    model of the same seed, so what becomes of these scores is kept beside them.
    """
    entry = tables.shown(runs.kept(profile)["results"][OF])
    run = f"{OF}-{entry['seed']}"
    found = runs.answers(profile, run, Thresholds.from_dict(entry["thresholds"]))
    rounded = replace(found, probabilities=np.round(found.probabilities, DIGITS))
    path = everywhere_file(profile)
    about = read_json(runs.scores_file(profile, run).with_suffix(".json"))
    counted = {name: np.array(counts) for name, counts in entry["records"].items()}
    apart = sum(np.abs(counted[n] - c).sum() // 2 for n, c in by_record(found).items())
    runs.log_scoring(profile, run, found)
    rounded.save(path)
    write_json(path.with_suffix(".json"), about | {"beats_counted_otherwise": int(apart)})
    return path


def everywhere(profile: str, known: np.ndarray) -> Predictions | None:
    """The kept answers to the beats of DS2, as far as their records are `known`.

    None if there are too few to be looked at: of no record, or of one class. Raises DataError if
    none are kept.
    """
    path = everywhere_file(profile)
    if not path.is_file():
        raise DataError(f"{path}: no answers here; run `ecgcore rhythm --gather` first")
    found = Predictions.load(path)
    found = found[np.isin(found.record, known)]
    return found if len(np.unique(found.true)) > 1 else None


def told(profile: str) -> str:
    """A sentence on who computed these answers, and how far they are those of the chapter."""
    about = read_json(everywhere_file(profile).with_suffix(".json"))
    processor = about["provenance"]["hardware"]["processor"]
    return (
        f"The rhythm model of the shown seed, fitted on {processor}. Its counts differ from those "
        f"of the chapter on rhythm by {about['beats_counted_otherwise']:,} of "
        f"{about['beats_scored']:,} beats. Thresholds decide, so that the likeliest class need not "
        "be the answer."
    )


def read(profile: str) -> Predictions:
    """The kept answers, in order; their probabilities are 1 for the answer.

    Raises DataError if none are kept, or the file is damaged.
    """
    path = kept_file(profile)
    if not path.is_file():
        raise DataError(f"{path}: no answers here; run `ecgcore rhythm --gather` first")
    try:
        table = pd.read_csv(path, dtype={"record": str})
        numbers = [table[k].map(CLASSES.index).to_numpy(np.int8) for k in ("true", "predicted")]
        record, sample = table["record"].to_numpy(str), table["sample"].to_numpy(np.int64)
    except (ValueError, KeyError) as error:
        raise DataError(f"{path}: damaged ({error})") from None
    certain = np.eye(len(CLASSES), dtype=np.float32)[numbers[1]]
    return Predictions(*numbers, certain, record, sample)
