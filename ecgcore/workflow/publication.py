"""Publication: the one way from a run to what the project shows.

All that is published is first brought together in the run's folder, and then put in its place.
Where that was broken off, the next publication puts the same in its place before anything else.
"""

import shutil
from pathlib import Path

from ecgcore import paths, provenance
from ecgcore.errors import ConfigError, DataError
from ecgcore.files import replacing, write_json, write_text
from ecgcore.workflow import status, verdict
from ecgcore.workflow.profiles import Profile, load_profile
from ecgcore.workflow.readme import fill_readme
from ecgcore.workflow.results import (
    assemble,
    load_metrics,
    nearest_median,
    parts,
)

SEEDS = "seed-"  # starts the names of the experiments that tolerances are computed from
# Measured by `make bench` and `make torture`, not by a run.
KEPT_AS_IT_IS = ("benchmarks.json", "torture.json")
STAGED = "publishing"  # folder in that of the run
COMMIT, README = "commit", "README.md"  # what is in it beside figures/


def publish(profile: str, accept: bool = False) -> list[Path]:
    """Copy a run's figures, numbers and kept results to figures/, and README's table.

    accept: also numbers that differ from those published now by more than they may. Raises
    ConfigError that says why this run cannot be published; then nothing has been written.
    """
    staged = paths.run_dir(profile) / STAGED
    if not _broken_off(staged):
        refuse(load_profile(profile), accept)
        _stage(profile, staged)
    return _put_in_place(staged)


def _broken_off(staged: Path) -> bool:
    """Whether a publication of this commit was killed while it put things in their place: then
    the tree has changed, and half of it is published."""
    told = staged / COMMIT
    clean = provenance.commit().removesuffix("+")
    return told.is_file() and told.read_text(encoding="utf-8") == clean


def _stage(profile: str, staged: Path) -> None:
    """Bring all that is published together in one folder, which is there once it is complete."""
    allowed = verdict.tolerances([load_metrics(name) for name in seed_runs(profile)])
    assemble(profile)
    unfinished = staged.with_name(f".{staged.name}")
    for folder in (staged, unfinished):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(paths.figures_dir(profile), unfinished / "figures")
    sources = {notebook: part["provenance"] for notebook, part in parts(profile).items()}
    write_json(unfinished / "figures" / status.PUBLISHED, sources)
    write_json(unfinished / "figures" / verdict.TOLERANCES, allowed)
    readme = (paths.ROOT / README).read_text(encoding="utf-8")
    write_text(unfinished / README, fill_readme(readme, load_metrics(profile)))
    write_text(unfinished / COMMIT, provenance.commit().removesuffix("+"))
    unfinished.rename(staged)


def _put_in_place(staged: Path) -> list[Path]:
    written = [
        _copied(path, paths.FIGURES / path.name) for path in sorted((staged / "figures").iterdir())
    ]
    for path in paths.FIGURES.iterdir():
        if path.name not in {p.name for p in written} | set(KEPT_AS_IT_IS):
            path.unlink()
    written.append(_copied(staged / README, paths.ROOT / README))
    shutil.rmtree(staged)
    return written


def refuse(profile: Profile, accept: bool = False) -> None:
    """Raise ConfigError if a run cannot be published, with every reason."""
    reasons = []
    if provenance.commit().endswith("+"):
        reasons.append("the tree has uncommitted changes")
    if missing := status.missing_results(profile):
        reasons.append(f"profile {profile.name} does not compute {', '.join(missing)} itself")
    states = status.of_run(profile.name)
    for row in states[states["state"] != "up to date"].itertuples():
        reasons.append(f"{row.notebook} is {row.state}{': ' if row.why else ''}{row.why}")
    commits = set(states["commit"]) - {""}
    if len(commits) > 1:
        reasons.append(f"its notebooks ran at several commits ({', '.join(sorted(commits))})")
    if len(seed_runs(profile.name)) < 2:
        reasons.append("it has no runs with other seeds, which tolerances are computed from")
    if not reasons:  # all is there and of today
        reasons += seeds_shown(load_metrics(profile.name), profile.protocols)
    if not reasons and not accept:
        reasons += _unexplained(profile.name)
    if reasons:
        raise ConfigError("not published: " + "; ".join(reasons))


def seeds_shown(metrics: dict, protocols: list[str]) -> list[str]:
    """What to set where the network of a split is not of the seed nearest the median."""
    entries = {p: metrics[p] for p in protocols if "seeds" in metrics.get(p, {})}
    nearest = {p: nearest_median(entry["seeds"]) for p, entry in entries.items()}
    return [
        f"seed {entries[p]['training']['seed']} of {p} is not the one nearest the median of its "
        f"seeds: set {seed}, in profiles/paper.yaml as well"
        for p, seed in nearest.items()
        if seed != entries[p]["training"]["seed"]
    ]


def _unexplained(profile: str) -> list[str]:
    try:
        document = verdict.check(profile)
    except DataError as error:
        return [str(error)]
    if document["reproduced"]:
        return []
    return [
        f"{len(document['out_of_tolerance'])} numbers differ from the published ones by more than "
        "they may (`ecgcore check` names them; --accept publishes them all the same)"
    ]


def seed_runs(profile: str) -> list[str]:
    """The experiments of a profile that differ in nothing but the seed."""
    folder = paths.run_dir(profile) / "experiments"
    return sorted(f"{profile}/experiments/{p.name}" for p in folder.glob(f"{SEEDS}*"))


def _copied(source: Path, target: Path) -> Path:
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)
    return target
