"""Publishing a run whole, also where that was killed."""

import pytest

from ecgcore import paths
from ecgcore.errors import ConfigError
from ecgcore.files import write_json
from ecgcore.workflow import publication, status


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run whose figures may be published where another's are, in a project of its own."""
    for name, folder in {"FIGURES": "figures", "RUNS": "runs", "ROOT": "."}.items():
        monkeypatch.setattr(paths, name, tmp_path / folder)
    monkeypatch.setattr(publication, "refuse", lambda *given: None)
    monkeypatch.setattr(publication, "fill_readme", lambda text, metrics: f"{text}, filled")
    own = paths.figures_dir("paper")
    for folder, said in {own: "of this run", paths.FIGURES: "of another run"}.items():
        folder.mkdir(parents=True)
        for number in range(4):
            (folder / f"{number}.svg").write_text(said, encoding="utf-8")
    (paths.FIGURES / "no_longer_made.svg").touch()
    (paths.FIGURES / "benchmarks.json").touch()
    (tmp_path / "README.md").write_text("README", encoding="utf-8")
    part = {"provenance": {"profile": "paper"}, "numbers": {"entry": {"accuracy": 0.5}}}
    monkeypatch.setattr(publication, "parts", lambda profile: {"03_evaluation": part})
    monkeypatch.setattr(publication, "load_metrics", lambda profile: part["numbers"])
    monkeypatch.setattr(
        publication,
        "assemble",
        lambda profile: write_json(own / "metrics.json", part["numbers"]),
    )
    monkeypatch.setattr(publication.verdict, "tolerances", lambda runs: {})
    return tmp_path


def published(root):
    return {p.name: p.read_bytes() for p in (root / "figures").iterdir()}


def test_what_is_published_is_of_one_run(run):
    publication.publish("paper")
    found = published(run)
    assert {found[f"{n}.svg"] for n in range(4)} == {b"of this run"}
    assert {"benchmarks.json", "metrics.json", status.PUBLISHED} <= found.keys()
    assert "no_longer_made.svg" not in found
    assert (run / "README.md").read_text(encoding="utf-8") == "README, filled"


@pytest.mark.parametrize("copied", [0, 2, 5])
def test_a_publication_killed_in_the_middle_goes_on(run, monkeypatch, copied):
    whole, put = [], publication._copied

    def killed(source, target):
        if len(whole) == copied:
            raise KeyboardInterrupt
        whole.append(put(source, target))
        return target

    monkeypatch.setattr(publication, "_copied", killed)
    with pytest.raises(KeyboardInterrupt):
        publication.publish("paper")
    monkeypatch.setattr(publication, "_copied", put)

    def refused(*given):
        raise ConfigError("not published: README.md has changed")

    monkeypatch.setattr(publication, "refuse", refused)
    publication.publish("paper")  # as its first half was allowed
    assert {published(run)[f"{n}.svg"] for n in range(4)} == {b"of this run"}
    assert (run / "README.md").read_text(encoding="utf-8") == "README, filled"
    with pytest.raises(ConfigError, match="has changed"):
        publication.publish("paper")


def test_what_another_commit_left_staged_is_not_published(run, monkeypatch):
    publication._stage("paper", paths.run_dir("paper") / publication.STAGED)
    monkeypatch.setattr(publication.provenance, "commit", lambda: "another")
    for path in paths.figures_dir("paper").glob("*.svg"):
        path.write_text("computed since", encoding="utf-8")
    publication.publish("paper")
    assert published(run)["0.svg"] == b"computed since"
