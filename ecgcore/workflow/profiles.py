"""Profiles: the one place that holds the parameters of every step and notebook.

A profile is a YAML file with up to three keys: `data` (the fields of DataConfig), `notebooks`
(for each notebook, the parameters that differ from its own parameters cell) and `studies` (for
each, the fields of Study: training runs that differ in one thing, to be compared).
"""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

import yaml

from ecgcore import paths
from ecgcore.errors import ConfigError
from ecgcore.files import read_json
from ecgcore.models.config import TrainConfig, as_type, check_type, train_config
from ecgcore.workflow.parameters import (
    declared_parameters,
    default_parameters,
    fitted,
    notebook_names,
    refuse_unknown,
)

if TYPE_CHECKING:
    from ecgcore.beats.splits import Halves


@dataclass(frozen=True)
class DataConfig:
    """Which beats a profile works on. Raises ConfigError for a value of the wrong type."""

    database: str = "data/mitdb"  # folder of a WFDB database with .atr annotations
    records: tuple[str, ...] = ()  # names; none: every record of the database
    kaggle: str = ""  # folder of mitbih_train.csv and mitbih_test.csv, for the protocol kaggle
    # What inter_patient trains and tests on: {train: [names], test: [names]}. None: the usual
    # halves of mitdb, or a fold of the patients of another database.
    split: dict = field(default_factory=dict)

    def __post_init__(self):
        # One name stands for one record, not for its letters; nothing after the colon, for none.
        records = self.records if isinstance(self.records, list | tuple) else [self.records]
        object.__setattr__(self, "records", tuple(r for r in records if r is not None))
        hints = get_type_hints(type(self))
        for f in fields(self):
            value = as_type(getattr(self, f.name), hints[f.name])
            check_type(f"data.{f.name}", value, hints[f.name])
            object.__setattr__(self, f.name, value)
        _check_split(self.split)

    @property
    def is_own(self) -> bool:
        """Whether the records are a user's, of which nothing is kept with the project."""
        return self.database != type(self).database

    @property
    def halves(self) -> "Halves | None":
        """The records that inter_patient trains and tests on, where the profile names them."""
        from ecgcore.beats.splits import Halves  # needs pandas, and listing steps does not

        if not self.split:
            return None
        return Halves(*(tuple(map(str, self.split[part])) for part in ("train", "test")))

    @property
    def database_path(self) -> Path:
        return paths.ROOT / self.database

    @property
    def kaggle_path(self) -> Path | None:
        return paths.ROOT / self.kaggle if self.kaggle else None


def _check_split(split: dict) -> None:
    if not split:
        return
    listed = all(isinstance(names, list) and names for names in split.values())
    if set(split) != {"train", "test"} or not listed:
        raise ConfigError("data.split needs two lists of records: {train: [names], test: [names]}")
    train, test = (set(map(str, split[part])) for part in ("train", "test"))
    if both := train & test:
        raise ConfigError(f"data.split: {', '.join(sorted(both))} both in train and in test")


@dataclass(frozen=True)
class Study:
    """Runs that differ in one thing. Raises ConfigError for values that cannot be meant.

    protocol: the split, unless a run names its own; part: what is scored (`validation` wherever
    a choice is made by the result); kind: networks, trained by 02_training, or one of the
    baselines that need none; base: TrainConfig fields of all runs; runs: name to the fields that
    make this run differ, beside which `protocol` may stand.
    """

    runs: dict
    protocol: str = "random"
    part: Literal["validation", "test"] = "validation"
    kind: Literal["network", "baseline"] = "network"
    base: dict = field(default_factory=dict)

    def __post_init__(self):
        for f in fields(self):
            check_type(f"studies: {f.name}", getattr(self, f.name), get_type_hints(Study)[f.name])

    def of_run(self, run: str) -> tuple[str, dict[str, Any]]:
        """A run's split and its TrainConfig fields."""
        changes = dict(self.runs[run] or {})
        return changes.pop("protocol", self.protocol), self.base | changes


# Results that take long.
STUDIES, RHYTHM, ANSWERS = "09_studies.json", "11_rhythm.json", "13_answers.csv"
IN_RHYTHM = "04_in_rhythm.npz"
NOISE, DETECTORS, OUT_OF_SAMPLE = "14_noise.json", "07_detectors.json", "08_out_of_sample.npz"
# The notebook whose parameter `recompute` asks for them.
KEPT = {
    DETECTORS: "07_own_ecg",
    OUT_OF_SAMPLE: "08_label_errors",
    RHYTHM: "11_rhythm",
    ANSWERS: "11_rhythm",
    IN_RHYTHM: "11_rhythm",
    NOISE: "14_noise",
}


EXPERIMENT = "experiment.json"  # in an experiment's folder: what differs from its profile


@dataclass(frozen=True)
class Profile:
    """What profiles/<name>.yaml says; `<name>/<run>` is the same with a run of a study in it,
    `<name>/experiments/<experiment>` with what differs in an experiment."""

    name: str
    data: DataConfig
    notebooks: dict[str, dict[str, Any]]
    studies: dict[str, Study] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The profile that a study's run or an experiment belongs to."""
        return self.name.partition("/")[0]

    @property
    def is_run(self) -> bool:
        """Whether this is a run of a study."""
        return self.name != self.base and "/experiments/" not in self.name

    def parameters(self, notebook: str) -> dict[str, Any]:
        """What papermill injects into a notebook."""
        # Nothing is kept that could be read instead.
        here = {"recompute": True} if self.data.is_own and notebook == "08_label_errors" else {}
        return {"profile": self.name} | here | self.notebooks.get(notebook, {})

    def all_parameters(self, notebook: str) -> dict[str, Any]:
        """Every parameter of a notebook, those included that have its own cell's values."""
        return default_parameters(notebook) | self.parameters(notebook)

    def recomputes(self, notebook: str) -> bool:
        """Whether a notebook's results, which take long, are computed and not just read."""
        return self.parameters(notebook).get("recompute", False)

    def kept_file(self, name: str) -> Path:
        """Where results that take long are kept: the profile's own, if it computes them, else those
        published. name: of the file."""
        own = bool(self.studies) if name == STUDIES else self.recomputes(KEPT[name])
        return (paths.figures_dir(self.name) if own else paths.FIGURES) / name

    @property
    def notebook_names(self) -> list[str]:
        """The notebooks of this profile's book."""
        return notebook_names()

    @property
    def protocols(self) -> list[str]:
        """The splits that 02_training trains on."""
        return self.all_parameters("02_training")["protocols"]

    def train_config(self, protocol: str) -> TrainConfig:
        """What 02_training trains with on a split."""
        parameters = self.all_parameters("02_training")
        return train_config(parameters["recipe"], **parameters["overrides"].get(protocol, {}))

    def run_names(self) -> list[str]:
        """Every run of every study, as `<study>-<run>`."""
        return [f"{name}-{run}" for name, study in self.studies.items() for run in study.runs]

    def study_of(self, run: str) -> tuple[str, Study, str]:
        """Name and study that `<study>-<run>` belongs to, and the run's name within it."""
        study, _, name = run.partition("-")
        if study not in self.studies or name not in self.studies[study].runs:
            raise ConfigError(f"profile {self.name!r} has no study's run {run!r}")
        return study, self.studies[study], name

    def with_run(self, run: str) -> "Profile":
        """The profile under which 02_training does nothing but one run of a study."""
        _, study, name = self.study_of(run)
        protocol, changes = study.of_run(name)
        notebooks = {"02_training": {"protocols": [protocol], "overrides": {protocol: changes}}}
        return replace(self, name=f"{self.name}/{run}", notebooks=notebooks, studies={})

    def with_experiment(self, run: str) -> "Profile":
        """The profile with what differs in one of its experiments. run: `experiments/<name>`."""
        name = f"{self.name}/{run}"
        path = paths.run_dir(name) / EXPERIMENT
        if not path.is_file():
            raise ConfigError(f"profile {self.name!r} has no experiment {run.partition('/')[2]!r}")
        own = read_json(path)["notebooks"]
        every = self.notebooks.keys() | own.keys()
        merged = {n: self.notebooks.get(n, {}) | own.get(n, {}) for n in every}
        return replace(self, name=name, notebooks=merged)


def load_profile(name: str) -> Profile:
    """Read and check profiles/<name>.yaml, or with `<name>/<run>` a run of one of its studies.

    `<name>/experiments/<experiment>` is an experiment. Raises ConfigError that names what is wrong.
    """
    name, _, run = name.partition("/")
    path = paths.PROFILES / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in paths.PROFILES.glob("*.yaml")))
        raise ConfigError(f"profile {name!r} is unknown; choose from {known}")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig")) or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: also no UTF-8
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path}: not valid YAML ({reason})") from None
    refuse_unknown(document, ("data", "notebooks", "studies"), str(path))
    data = document.get("data") or {}
    refuse_unknown(data, [f.name for f in fields(DataConfig)], f"{path}: data")
    notebooks = document.get("notebooks") or {}
    refuse_unknown(notebooks, notebook_names(), f"{path}: notebooks")
    for notebook, values in notebooks.items():
        refuse_unknown(values or {}, declared_parameters(notebook), f"{path}: {notebook}")
    studies = _studies(document.get("studies") or {}, path)
    profile = Profile(name, DataConfig(**data), {k: v or {} for k, v in notebooks.items()}, studies)
    variants = [profile.with_run(each) for each in profile.run_names() if _trains(profile, each)]
    for each in (profile, *variants):
        for notebook in each.notebooks if each.name != name else notebook_names():
            fitted(notebook, each.parameters(notebook))
    typed = {n: fitted(n, values) for n, values in profile.notebooks.items()}
    profile = replace(profile, notebooks=typed)
    if run.startswith("experiments/"):
        return profile.with_experiment(run)
    return profile.with_run(run) if run else profile


def _studies(document: dict, path: Path) -> dict[str, Study]:
    refuse_unknown(document, document, f"{path}: studies")
    for name, values in document.items():
        refuse_unknown(values, [f.name for f in fields(Study)], f"{path}: studies: {name}")
        if not isinstance(values.get("runs"), dict) or "-" in str(name):
            raise ConfigError(f"{path}: studies: {name}: needs `runs`, and a name without hyphen")
        for run, changes in values["runs"].items():
            refuse_unknown(changes or {}, changes or {}, f"{path}: studies: {name}: {run}")
    return {name: Study(**values) for name, values in document.items()}


def _trains(profile: Profile, run: str) -> bool:
    return profile.study_of(run)[1].kind == "network"
