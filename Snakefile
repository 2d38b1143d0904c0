# The graph of steps: records -> beats -> notebooks -> book. `make book` runs it.
# A step runs again when a parameter, its notebook, a module that it uses, or its data changed.
import os
import sys
from pathlib import Path

sys.path.insert(0, workflow.basedir)
# Nothing heavy is imported here, lest it take longer to see that nothing changed.
from ecgcore.sources import modules_used
from ecgcore.workflow import profiles
from ecgcore.workflow.dependencies import dependencies

PROFILE = config.get("profile", "paper")
profile = profiles.load_profile(PROFILE)
RUN = f"runs/{PROFILE}"
EXECUTED = f"{RUN}/site/book/executed"
HTML = f"{RUN}/_build/html"
PROTOCOLS = profile.protocols
NOTEBOOKS = sorted(path.stem for path in Path("notebooks").glob("*.ipynb"))
MODELS = expand(RUN + "/models/{protocol}.safetensors", protocol=PROTOCOLS)
ONNX = f"{RUN}/models/random.onnx"
PREDICTIONS = expand(RUN + "/predictions/{protocol}.npz", protocol=PROTOCOLS)
RESAMPLES = expand(RUN + "/bootstrap/{protocol}.npz", protocol=PROTOCOLS)
LOGS = f"{RUN}/logs"
STUDIES, RHYTHM, ANSWERS, IN_RHYTHM, NOISE, OUT_OF_SAMPLE, DETECTORS = (
    os.path.relpath(profile.kept_file(name), workflow.basedir)
    for name in (
        profiles.STUDIES,
        profiles.RHYTHM,
        profiles.ANSWERS,
        profiles.IN_RHYTHM,
        profiles.NOISE,
        profiles.OUT_OF_SAMPLE,
        profiles.DETECTORS,
    )
)
RHYTHM_MODEL = (
    f"{RUN}/models/rhythm.safetensors"
    if profile.recomputes("11_rhythm")
    else "ecgcore/published/rhythm.safetensors"
)
RECOMPUTE = profile.recomputes("08_label_errors")


def parameters(notebook):
    return str(profile.parameters(notebook))


def sources(module):
    """A module's file and those of the modules that it imports."""
    return [str(path.relative_to(workflow.basedir)) for path in modules_used(f"import {module}")]


def data_files():
    database = profile.data.database_path
    folders = [database] + ([Path(profile.data.kaggle)] if profile.data.kaggle else [])
    return sorted(str(p) for folder in folders for p in folder.iterdir() if p.is_file())


rule book:
    message:
        "Build the book's pages"
    input:
        notebooks=expand(EXECUTED + "/{notebook}.ipynb", notebook=NOTEBOOKS),
        pages=[str(p) for p in sorted(Path("book").rglob("*")) if p.is_file() and "executed" not in p.parts],
        assets=f"{RUN}/site/book/_static/try-it/assets/manifest.json",
        config=["_config.yml", "_toc.yml"],
        sources=sorted({*sources("ecgcore.workflow.site"), *sources("ecgcore.workflow.pages")}),
    output:
        f"{HTML}/index.html",
    params:
        target=RUN,
    log:
        f"{LOGS}/book.log",
    shell:
        "ecgcore site --profile {PROFILE} > {log} && "
        "jupyter-book build {RUN}/site --path-output {params.target} --all -W --keep-going -q >> {log} 2>&1 "
        "|| {{ tail -n 30 {log}; exit 1; }}"


rule beats:
    message:
        "Cut the beats out of the records"
    input:
        data_files(),
        sources("ecgcore.beats.dataset"),
    output:
        [f"{RUN}/beats.npz"] + ([f"{RUN}/kaggle.npz"] if profile.data.kaggle else []),
    params:
        data=str(profile.data),
    log:
        f"{LOGS}/beats.log",
    shell:
        "ecgcore beats --profile {PROFILE} 2>&1 | tee {log}"


if profile.studies:  # else their published results are read

    # One job a run: several at a time on one machine, or each on a node of a cluster. One thread
    # each, since two networks on a core apiece train faster than one after the other on both.
    rule study_run:
        message:
            "Study: {wildcards.run}"
        input:
            rules.beats.output,
            dependencies("02_training"),
            sources("ecgcore.chapters.studies.runs"),
        output:
            f"{RUN}/studies/{{run}}/score.json",
        params:
            run=lambda wildcards: str(profile.study_of(wildcards.run)[1].of_run(profile.study_of(wildcards.run)[2])),
        log:
            f"{LOGS}/studies/{{run}}.log",
        threads: 1
        shell:
            "OMP_NUM_THREADS={threads} ecgcore study {wildcards.run} --profile {PROFILE} > {log} 2>&1 "
            "|| {{ tail -n 20 {log}; exit 1; }}"

    rule study_results:
        message:
            "Gather the studies' scores"
        input:
            expand(RUN + "/studies/{run}/score.json", run=profile.run_names()),
        output:
            STUDIES,
        shell:
            "ecgcore collect --profile {PROFILE}"


if profile.recomputes("11_rhythm"):  # else the published results are read
    from ecgcore.chapters.rhythm.runs import RUNS as RHYTHM_RUNS

    rule rhythm_run:
        message:
            "Rhythm: {wildcards.run}"
        input:
            "data/mitdb/SHA256SUMS.txt",
            "data/svdb/SHA256SUMS.txt",
            sources("ecgcore.chapters.rhythm.runs"),
        output:
            f"{RUN}/rhythm/{{run}}.npz",
        log:
            f"{LOGS}/rhythm/{{run}}.log",
        threads: 1
        shell:
            "OMP_NUM_THREADS={threads} ecgcore rhythm {wildcards.run} --profile {PROFILE} > {log} 2>&1 "
            "|| {{ tail -n 20 {log}; exit 1; }}"

    rule rhythm_results:
        message:
            "Gather the rhythm model's results"
        input:
            expand(RUN + "/rhythm/{run}.npz", run=RHYTHM_RUNS),
        output:
            RHYTHM,
            ANSWERS,
            IN_RHYTHM,
        shell:
            "ecgcore rhythm --gather --profile {PROFILE}"


if profile.recomputes("11_rhythm"):  # else the published one is used

    rule rhythm_model:
        message:
            "Fit the rhythm model that classifies records"
        input:
            RHYTHM,
            "data/mitdb/SHA256SUMS.txt",
            sources("ecgcore.chapters.rhythm.offered"),
        output:
            RHYTHM_MODEL,
        shell:
            "ecgcore rhythm --teach --profile {PROFILE}"


if profile.recomputes("14_noise"):  # else the published results are read
    from ecgcore.chapters.noise.runs import RUNS as NOISE_RUNS

    # One job a classifier. Two of them train, one thread each.
    rule noise_run:
        message:
            "Noise: {wildcards.run}"
        input:
            rules.beats.output,
            f"{RUN}/models/inter_patient.safetensors",
            RHYTHM,
            "data/nstdb/SHA256SUMS.txt",
            sources("ecgcore.chapters.noise.runs"),
        output:
            f"{RUN}/noise/{{run}}.json",
        log:
            f"{LOGS}/noise/{{run}}.log",
        threads: 1
        shell:
            "OMP_NUM_THREADS={threads} ecgcore noise {wildcards.run} --profile {PROFILE} > {log} 2>&1 "
            "|| {{ tail -n 20 {log}; exit 1; }}"

    rule noise_results:
        message:
            "Gather the answers under noise"
        input:
            expand(RUN + "/noise/{run}.json", run=NOISE_RUNS),
        output:
            NOISE,
        shell:
            "ecgcore noise --gather --profile {PROFILE}"


if profile.recomputes("07_own_ecg"):  # else the published results are read
    from ecgcore.chapters.own_ecg.detectors import COMPARED

    # One job a detector, which looks at no record twice.
    rule detector_run:
        message:
            "Detector: {wildcards.detector}"
        input:
            "data/mitdb/SHA256SUMS.txt",
            "data/svdb/SHA256SUMS.txt",
            "data/nstdb/SHA256SUMS.txt",
            sources("ecgcore.chapters.own_ecg.detectors"),
        output:
            touch(f"{RUN}/detectors/{{detector}}.done"),
        log:
            f"{LOGS}/detectors/{{detector}}.log",
        threads: 1
        shell:
            "OMP_NUM_THREADS={threads} ecgcore detectors {wildcards.detector} --profile {PROFILE} "
            "> {log} 2>&1 || {{ tail -n 20 {log}; exit 1; }}"

    rule detector_results:
        message:
            "Gather what the detectors found"
        input:
            expand(RUN + "/detectors/{detector}.done", detector=COMPARED),
        output:
            DETECTORS,
        shell:
            "ecgcore detectors --gather --profile {PROFILE}"


rule try_it:
    message:
        "What the page 'Try it' loads: models, runtime, records, beats"
    input:
        rules.beats.output,
        ONNX,
        RHYTHM,
        RHYTHM_MODEL,
        "data/mitdb/SHA256SUMS.txt",
        "data/svdb/SHA256SUMS.txt",
        sources("ecgcore.workflow.try_it"),
    output:
        f"{RUN}/site/book/_static/try-it/assets/manifest.json",
    log:
        f"{LOGS}/try_it.log",
    shell:
        "ecgcore try-it --profile {PROFILE} 2>&1 | tee {log}"


# The notebooks: what each needs beside its own source and the modules that it uses, and what it
# makes beside its executed self. Those on all cores run alone.
SCORED = f"{EXECUTED}/03_evaluation.ipynb"
RECORDS = "data/mitdb/SHA256SUMS.txt"
STEPS = {
    "01_exploration": {"needs": [rules.beats.output]},
    "02_training": {"needs": [rules.beats.output], "makes": MODELS, "cores": "all"},
    "03_evaluation": {
        "needs": [rules.beats.output, MODELS, STUDIES],
        "makes": [*PREDICTIONS, *RESAMPLES],
        "cores": "all",
    },
    "04_error_analysis": {"needs": [rules.beats.output, PREDICTIONS, IN_RHYTHM]},
    "05_literature": {"needs": [SCORED, RHYTHM, STUDIES, "figures/benchmarks.json", "book/literature.csv", "book/original_claims.csv"]},
    "06_uncertainty": {"needs": [rules.beats.output, MODELS, PREDICTIONS, RHYTHM, SCORED], "cores": "all"},
    "07_own_ecg": {
        "needs": [rules.beats.output, MODELS, RHYTHM_MODEL, DETECTORS, SCORED],
        "makes": [ONNX],
        "cores": "all",
    },
    "08_label_errors": {
        # Either made here, in the folds that this profile trains, or kept with the project.
        "needs": [rules.beats.output, [] if RECOMPUTE else OUT_OF_SAMPLE],
        "cores": "all" if RECOMPUTE else 1,
    },
    "09_studies": {"needs": [STUDIES, SCORED]},
    "10_cost": {"needs": ["figures/benchmarks.json"]},  # kept with the project, whatever the profile
    # The answers under noise stand in the log of DS2 that the chapter on rhythm prints.
    "11_rhythm": {"needs": [RHYTHM, NOISE, SCORED]},
    "12_another_database": {"needs": [RHYTHM, RECORDS, "data/svdb/SHA256SUMS.txt"]},
    "13_two_patients": {"needs": [RHYTHM, ANSWERS, MODELS, RECORDS]},
    "14_noise": {"needs": [NOISE, f"{EXECUTED}/11_rhythm.ipynb"]},
    "16_reproduction": {
        "needs": [f"{EXECUTED}/{n}.ipynb" for n in NOTEBOOKS if n != "16_reproduction"],
        "reads": ["figures/metrics.json"],
    },
    "17_hard_to_break": {"needs": ["figures/torture.json"]},  # kept with the project, likewise
    "15_house": {"needs": [[str(p) for p in sorted(Path("ecgcore").rglob("*.py"))]]},  # draws all
}
for notebook in NOTEBOOKS:
    step = STEPS[notebook]

    rule:
        name:
            notebook.partition("_")[2]
        message:
            f"Notebook {notebook}"
        input:
            step["needs"],
            step.get("reads", []),
            dependencies(notebook),
        output:
            f"{EXECUTED}/{notebook}.ipynb",
            step.get("makes", []),
        params:
            notebook=notebook,
            parameters=parameters(notebook),
        log:
            f"{LOGS}/{notebook}.log",
        threads: workflow.cores if step.get("cores") == "all" else 1
        shell:
            "ecgcore run {params.notebook} --profile {PROFILE} 2>&1 | tee {log}"
