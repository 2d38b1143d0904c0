"""The beats of a profile: built once, cached, loaded by every notebook."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from ecgcore import paths
from ecgcore.beats.cutting import Beats, build, concatenate
from ecgcore.beats.kaggle import read_kaggle
from ecgcore.beats.splits import Halves, Split, make_split
from ecgcore.errors import ConfigError, DataError
from ecgcore.files import read_json, write_json

KAGGLE_FILES = ("mitbih_train.csv", "mitbih_test.csv")


def beats_file(profile: str, protocol: str = "") -> Path:
    """Where a profile keeps its beats: those of its database, or Kaggle's.

    The runs of its studies work on the same beats.
    """
    name = "kaggle.npz" if protocol == "kaggle" else "beats.npz"
    return paths.run_dir(profile.partition("/")[0]) / name


def halves_file(profile: str) -> Path:
    """Where a profile keeps which records `inter_patient` trains and tests on."""
    return beats_file(profile).with_name("halves.json")


def prepare(
    profile: str,
    database: Path,
    records: Sequence[str] = (),
    kaggle: Path | None = None,
    halves: Halves | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Build and cache a profile's beats: of the named records of a database (all if none is named),
    and of the Kaggle files in a folder.

    halves: what `inter_patient` trains and tests on, where it is not the usual. Raises DataError
    for records or files it cannot use, and for halves that name records without beats.
    """
    beats = build(database, records, progress)
    if halves:
        if missing := {*halves.train, *halves.test} - set(beats.record.tolist()):
            raise DataError(f"{database}: data.split names {', '.join(sorted(missing))}: no beats")
        write_json(halves_file(profile), asdict(halves))
    else:
        halves_file(profile).unlink(missing_ok=True)
    beats.save(beats_file(profile))
    if kaggle:
        parts = [read_kaggle(kaggle / name) for name in KAGGLE_FILES]
        concatenate(parts).save(beats_file(profile, "kaggle"))


def load(profile: str, protocol: str = "") -> Beats:
    """The cached beats that a protocol works on.

    Raises ConfigError for `kaggle` without Kaggle files, DataError where nothing is cached yet.
    """
    path = beats_file(profile, protocol)
    if not path.is_file():
        if protocol == "kaggle":
            raise ConfigError(
                "protocol kaggle needs data.kaggle in the profile: the folder of "
                + " and ".join(KAGGLE_FILES)
            )
        raise DataError(f"{path}: no beats here; run `ecgcore beats --profile {profile}` first")
    return Beats.load(path)


def split(
    profile: str, protocol: str, beats: Beats, val_share: float = 0.1, seed: int = 0
) -> Split:
    """The split of a profile's beats, as `make_split`, by the halves that the profile names."""
    file = halves_file(profile)
    halves = Halves(**{k: tuple(v) for k, v in read_json(file).items()}) if file.is_file() else None
    return make_split(protocol, beats, val_share, seed, halves)


def test_beats(profile: str, protocol: str) -> Beats:
    """The beats that a protocol tests on; they depend on no seed and no training parameter."""
    beats = load(profile, protocol)
    any_share = 0.2  # of validation beats, which are not asked for
    return beats[split(profile, protocol, beats, any_share).test]


def validation_beats(profile: str, protocol: str, about: dict) -> Beats:
    """The beats that a published network was validated on, and so was not trained on.

    about: the document of its checkpoint.
    """
    beats = load(profile, protocol)
    return beats[split(profile, protocol, beats, about["config"]["val_share"], about["seed"]).val]
