"""The house: arrows only down, no circles, heavy libraries only where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ecgcore
from ecgcore.inference import classifier
from ecgcore.sources import FLOORS, FORMER, PACKAGE

ON_THE_GROUND = {path.stem for path in PACKAGE.glob("*.py")} - set(FORMER)
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
NAMES = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in MODULES}


def floor(module: str) -> int:
    """0 for the ground, and one more for each folder above it. module: as `ecgcore.data.x`."""
    parts = module.split(".")
    if len(parts) == 1 or parts[1] in ON_THE_GROUND:
        return 0
    if parts[1] in FORMER:
        return len(FLOORS)  # from which nobody else imports
    return FLOORS.index(parts[1])


def imports(path: Path, deferred: bool = True) -> set[str]:
    """Modules that a file imports; deferred: also inside functions, and for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if deferred else tree.body
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in inside if name in NAMES} or {node.module}
    return found


ARROWS = {name: {m for m in imports(p) if m.startswith("ecgcore")} for name, p in NAMES.items()}


@pytest.mark.parametrize("module", ARROWS)
def test_arrows_run_only_down(module):
    upward = {other for other in ARROWS[module] if floor(other) > floor(module)}
    assert not upward


def test_there_are_no_circles():
    left = {name: set(arrows) & set(NAMES) for name, arrows in ARROWS.items()}
    while free := [name for name, arrows in left.items() if not arrows & left.keys()]:
        for name in free:
            del left[name]
    assert not left


@pytest.mark.parametrize(
    ("library", "at_home"),
    [
        ("matplotlib", ("plots", "widgets")),
        ("seaborn", ("plots", "widgets")),
        ("papermill", ("workflow",)),
        ("snakemake", ("workflow",)),
        ("ipywidgets", ("widgets",)),
        ("anywidget", ("widgets",)),
        ("typer", ("cli",)),
    ],
)
def test_a_library_stays_at_home(library, at_home):
    users = {
        name for name, path in NAMES.items() if library in {i.split(".")[0] for i in imports(path)}
    }
    assert {name.split(".")[1] for name in users} <= set(at_home)


@pytest.mark.parametrize("folder", FLOORS[1:])
def test_every_folder_says_what_it_is_for(folder):
    assert ast.get_docstring(ast.parse((PACKAGE / folder / "__init__.py").read_text("utf-8")))


def test_every_chapter_has_its_module():
    notebooks = {p.stem.partition("_")[2] for p in (PACKAGE.parent / "notebooks").glob("*.ipynb")}
    chapters = {p.stem for p in (PACKAGE / "chapters").iterdir()} - {"__init__", "__pycache__"}
    assert chapters == notebooks


def loaded_by(code: str) -> set[str]:
    """Top-level modules that are there after some code, in a fresh interpreter."""
    shown = f"{code}\nimport sys; print(*{{m.partition('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_beat_is_classified_without_torch(checkpoint):
    code = f"""
import numpy as np
from ecgcore.inference import classifier, classifying, writers
network = classifier.load({str(classifier.onnx_file(checkpoint))!r})
assert network.probabilities(np.zeros((3, 187))).shape == (3, 5)"""
    assert not loaded_by(code) & {"torch", "sklearn", "matplotlib", "snakemake", "papermill"}


def test_former_addresses_still_answer():
    from ecgcore.beats import build, segment_file
    from ecgcore.profiles import load_profile
    from ecgcore.records import overview
    from ecgcore.signals import from_record

    for found in (build, segment_file, load_profile, overview, from_record):
        assert found.__module__.removeprefix("ecgcore.").partition(".")[0] in FLOORS


def test_the_face_is_thin():
    """Twenty names that load only what they need, each with a docstring."""
    assert len(ecgcore.__all__) <= 20
    for name in ecgcore.__all__:
        assert getattr(ecgcore, name).__doc__
        assert name in ecgcore.__doc__
    assert not loaded_by("import ecgcore") & {"numpy", "torch", "pandas"}
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = ecgcore.nothing_of_the_kind


CODE = [*MODULES, *(PACKAGE.parent / "app").rglob("*.py")]
RUNS_WHAT_IT_READS = {
    "eval", "exec", "yaml.load", "yaml.unsafe_load", "yaml.full_load", "torch.load", "os.system",
    "pd.read_pickle",
}  # fmt: skip
PICKLES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}


def test_nothing_that_is_read_is_run():
    """No pickle, no eval, no YAML objects, no shell: data stay data."""
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in RUNS_WHAT_IT_READS, path
                given = {word.arg: ast.unparse(word.value) for word in node.keywords}
                assert given.get("allow_pickle", "False") == "False", path
                assert given.get("shell", "False") == "False", path
        assert not {name.partition(".")[0] for name in imports(path)} & PICKLES, path
