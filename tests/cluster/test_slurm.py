"""The studies on a cluster: a sweep through a real SLURM, which loses a job and its daemon."""

import json
import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from project import copy_project

from ecgcore import paths

NODE = Path(__file__).with_name("slurm_node.sh")
PATIENCE_S = 1200  # only ever used up by a failure: on a busy machine everything takes longer
RUNS = 3  # of the profile


@pytest.fixture
def slurm(monkeypatch):
    """A SLURM of one node, which every command uses now; skips where none can be started."""
    started = subprocess.run([NODE, "start"], text=True, capture_output=True)
    if started.returncode:
        pytest.skip(f"no SLURM can be started here: {started.stderr.strip()}")
    folder = Path(re.search("SLURM_CONF=(.*)/slurm.conf", started.stdout)[1])
    monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    monkeypatch.setenv("PATH", f"{folder}/bin{os.pathsep}{os.environ['PATH']}")
    yield
    subprocess.run([NODE, "stop"], check=True)
    assert not folder.exists()


def snakemake(*options: str) -> tuple[str, ...]:
    return ("snakemake", "--config", "profile=sweep", *options, "--", "study_results")


@contextmanager
def in_background(project, command, log: Path):
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=project.root, env=project.environment, stdout=file, stderr=file
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def until(condition, process: subprocess.Popen):
    """What a condition gives once it holds, which it must while the process runs."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert process.poll() is None, "Snakemake has ended"
        assert time.monotonic() < deadline, f"Snakemake was waited for in vain for {PATIENCE_S} s"
        time.sleep(0.1)
    return found


def jobs() -> list[tuple[str, str, str]]:
    """Number, state and rule of every job that SLURM remembers."""
    command = ("squeue", "--states=all", "--noheader", "--format=%i %T %k")
    printed = subprocess.run(command, text=True, capture_output=True).stdout
    return [tuple(line.split(maxsplit=2)) for line in printed.splitlines()]


def numbers(rule: str, *states: str) -> list[str]:
    """The jobs of a rule that are in one of these states, or in any."""
    return [n for n, state, of in jobs() if of == rule and (not states or state in states)]


def cancel_one(project) -> str:
    """Cancel a job that is training; returns its rule, or nothing if none was caught at it."""
    for number, state, rule in jobs():
        run = project.root / "runs/sweep/studies" / rule.removeprefix("rule_study_run_wildcards_")
        if state == "RUNNING" and (run / "notebooks/02_training.ipynb").is_file():
            subprocess.run(["scancel", number], check=True)
            while numbers(rule, "RUNNING", "COMPLETING"):
                time.sleep(0.1)
            return rule if numbers(rule, "CANCELLED") else ""
    return ""


def details(number: str) -> str:
    return subprocess.check_output(["scontrol", "show", "job", "--oneliner", number], text=True)


def scores(project) -> list[dict]:
    """What the runs found, without what differs from one machine to the next."""
    file = project.root / "runs/sweep/figures/09_studies.json"
    entries = json.loads(file.read_text())
    for entry in entries:
        del entry["provenance"], entry["inference"], entry["training"]["seconds"]
    return entries


def test_a_sweep_survives_a_killed_job_and_a_dead_daemon(slurm, sweep, tmp_path):
    project = copy_project(tmp_path / "project")
    shutil.copy(sweep.root / "profiles/sweep.yaml", project.root / "profiles")
    # As on a cluster with GPUs; this node only pretends to have two.
    project.replace("profiles/slurm/config.yaml", "gpu: 0", "gpu: 1")
    log = tmp_path / "log"
    options = ("--profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "2")
    with in_background(project, snakemake(*options), log) as process:
        rule = until(lambda: cancel_one(project), process)
        first, again = until(lambda: len(numbers(rule)) > 1 and numbers(rule), process)[:2]
        assert "TimeLimit=02:00:00" in details(first) and "TresPerJob=gres:gpu:1" in details(first)
        assert "MinMemoryNode=8000M" in details(first)
        assert "MinMemoryNode=16000M" in details(again)

        # The node's daemon dies. Jobs that compute do not need it, others fail and are retried.
        subprocess.run([NODE, "crash", "slurmd"], check=True)
        subprocess.run([NODE, "resume"], check=True)
        assert process.wait(PATIENCE_S) == 0, log.read_text()[-6000:]

    assert len(scores(sweep)) == RUNS
    assert scores(project) == scores(sweep)
    done = [rule for _, state, rule in jobs() if state == "COMPLETED"]
    assert sum("study_run" in rule for rule in done) >= RUNS


def test_the_cluster_profile_knows_the_rules_of_the_snakefile():
    profile = yaml.safe_load((paths.PROFILES / "slurm/config.yaml").read_text())
    snakefile = (paths.ROOT / "Snakefile").read_text()
    steps = dict(re.findall(r'^    "\d\d_(\w+)": (\{.*?\}),(?:  # .*)?$', snakefile, re.M | re.S))
    known = {*re.findall(r"^ *rule (\w+):", snakefile, re.M), *steps}
    # A step on all cores would ask for all that the sweep may have.
    greedy = {name for name, text in steps.items() if '"cores": "all"' in text}
    assert greedy and greedy <= set(profile["set-threads"]) <= known
    assert set(profile["set-resources"]) <= known
