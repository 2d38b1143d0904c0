"""Which weights answer: those that the user has trained, or else those that come with the package.

What a smoke run leaves is never among them; whoever wants that names its file.
"""

from dataclasses import dataclass
from pathlib import Path

import ecgcore.published
from ecgcore import paths
from ecgcore.constants import CHECKSUMS
from ecgcore.data.checksums import read_checksums
from ecgcore.errors import DataError
from ecgcore.files import read_json, sha256

FOLDER = Path(ecgcore.published.__file__).parent
PROFILES = ("paper", "full")  # whose trained weights are used, best first
RANDOM, INTER_PATIENT = "random", "inter_patient"  # single-beat networks, by their split
RHYTHM, CAUSAL = "rhythm", "rhythm_causal"  # of recordings, and of live signals
NAMES = (RANDOM, INTER_PATIENT, RHYTHM, CAUSAL)
PUBLISHED, GIVEN = "published with the package", "from a file that was named"


@dataclass(frozen=True)
class Test:
    """What a kind of weights was tested on. key: path of the result in metrics.json; beats: whose
    they were; same: whether these very weights were tested, or others made in the same way."""

    key: tuple[str, ...]
    beats: str
    same: bool


# In the order in which they are told; results that are missing are left out.
TESTS = {
    RANDOM: (
        Test(("inter_patient",), "patients that the network had not learnt from (DS2)", False),
        Test(("random",), "patients that the network had learnt from too", True),
    ),
    INTER_PATIENT: (
        Test(("inter_patient",), "patients that the network had not learnt from (DS2)", True),
    ),
    RHYTHM: (
        Test(("crossval_records",), "patients of mitdb that the model had not learnt from", False),
        Test(("external_svdb",), "patients of another database (svdb)", False),
    ),
    CAUSAL: (
        Test(
            ("inter_patient_rhythm", "causal"),
            "patients that the model had not learnt from (DS2)",
            False,
        ),
    ),
}


def find(name: str) -> tuple[Path, str]:
    """The weights called `name`, and where they come from, in words.

    Raises DataError if there are none, or if a published file is not as it was published.
    """
    for profile in PROFILES:
        if paths.model_file(profile, name).is_file():
            return paths.model_file(profile, name), f"trained here (runs/{profile})"
    for suffix in (".safetensors", ".onnx"):
        path = FOLDER / f"{name}{suffix}"
        if path.is_file():
            _check(name)
            return path, PUBLISHED
    wanted = paths.model_file(PROFILES[0], name)
    raise DataError(f"{wanted}: no trained network yet; `make book` trains one")


def _check(name: str) -> None:
    for file, digest in read_checksums(FOLDER / CHECKSUMS).items():
        if Path(file).stem == name and sha256(FOLDER / file) != digest:
            raise DataError(f"{FOLDER / file}: damaged (its SHA-256 differs from {CHECKSUMS})")


def worth(name: str, own: dict, others: dict) -> list[dict]:
    """What weights called `name` reached: plain values, for JSON.

    own: a metrics document of the profile that trained them; others: the published one, for tests
    that it lacks. `accuracy` of `beats` beats, `always_N`, what the answer N alone would reach
    there, `of`, whose beats these were, and `same`, whether these very weights were tested.
    """
    found = []
    for test in TESTS[name]:
        result = _result(own, test.key)
        same = test.same and bool(result)
        result = result or _result(others, test.key)
        if result:
            found.append(
                {
                    "of": test.beats,
                    "same": same,
                    "beats": result["n_beats"],
                    "accuracy": result["accuracy"],
                    "always_N": result["counts"]["N"] / result["n_beats"],
                    "result": ".".join(test.key),
                }
            )
    return found


def _result(metrics: dict, key: tuple[str, ...]) -> dict:
    for part in key:
        metrics = metrics.get(part, {})
    return metrics if "accuracy" in metrics else {}


def described(path: Path, about: dict, origin: str) -> dict:
    """A document of weights with `origin` and `reached`: as published, else by the metrics of the
    profile that they were trained in, and those that are published."""
    if "reached" in about or path.stem not in NAMES or origin == GIVEN:
        return {"reached": []} | about | {"origin": origin}
    folders = (paths.figures_dir(path.parent.parent.name), paths.FIGURES)
    files = [folder / "metrics.json" for folder in folders]
    own, others = (read_json(file) if file.is_file() else {} for file in files)
    return about | {"origin": origin, "reached": worth(path.stem, own, others)}


def sentences(about: dict) -> list[str]:
    """What is told of weights beneath an answer. about: as `described` gives it."""
    told = [f"Weights {about['origin']}; learnt from: {learnt_from(about)}."]
    for each in about["reached"]:
        who = "They were" if each["same"] else "Models made in the same way were"
        told.append(
            f"{who} right for {each['accuracy']:.1%} of {each['beats']:,} beats of {each['of']} "
            f"(always N: {each['always_N']:.1%})."
        )
    if not about["reached"]:
        told.append("What they reach on new patients is not known.")
    return told


def learnt_from(about: dict) -> str:
    """What weights learnt from, in words."""
    return LEARNT.get(about["protocol"], about["protocol"])


LEARNT = {
    RANDOM: "beats of all 48 patients of mitdb, drawn at random",
    INTER_PATIENT: "22 patients of mitdb (DS1)",
}


def rhythm_model(path: Path | None = None, causal: bool = False):
    """The rhythm model of a file, or else the project's own: a whole.RhythmClassifier.

    Raises DataError if the file is missing or no rhythm model, or if there is none.
    """
    from dataclasses import replace

    from ecgcore.rhythm import portable

    found, origin = (Path(path), GIVEN) if path else find(CAUSAL if causal else RHYTHM)
    made = portable.load(found)
    return replace(made, about=described(found, made.about, origin))
