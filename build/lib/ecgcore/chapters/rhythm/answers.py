"""What the rhythm model says of each beat of a few records, kept beside the results' counts."""

from pathlib import Path

import numpy as np
import pandas as pd

from ecgcore.chapters.rhythm import runs, tables
from ecgcore.constants import CLASSES
from ecgcore.errors import DataError
from ecgcore.evaluation.counts import by_record
from ecgcore.evaluation.predictions import Predictions
from ecgcore.files import replacing
from ecgcore.rhythm.thresholds import Thresholds
from ecgcore.workflow.profiles import ANSWERS, load_profile

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
