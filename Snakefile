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
FIGURES = "figures" if PROFILE in ("paper", "full") else f"{RUN}/figures"
HTML = "_build/html" if PROFILE in ("paper", "full") else f"{RUN}/_build/html"
PROTOCOLS = profile.protocols
NOTEBOOKS = sorted(path.stem for path in Path("notebooks").glob("*.ipynb"))
MODELS = expand(RUN + "/models/{protocol}.safetensors", protocol=PROTOCOLS)
ONNX = f"{RUN}/models/random.onnx"
PREDICTIONS = expand(RUN + "/predictions/{protocol}.npz", protocol=PROTOCOLS)
RESAMPLES = expand(RUN + "/bootstrap/{protocol}.npz", protocol=PROTOCOLS)
LOGS = f"{RUN}/logs"
STUDIES, RHYTHM, ANSWERS, NOISE, DETECTORS = (
    os.path.relpath(profile.kept_file(name), workflow.basedir)
    for name in (
        profiles.STUDIES,
        profiles.RHYTHM,
        profiles.ANSWERS,
        profiles.NOISE,
        profiles.DETECTORS,
    )
)
RHYTHM_MODEL = f"{RUN}/models/rhythm.safetensors"
RECOMPUTE = profile.recomputes("08_label_errors")


def parameters(notebook):
    return lambda wildcards: profile.parameters(notebook)


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
        sources=sources("ecgcore.workflow.site"),
    output:
        f"{HTML}/index.html",
    params:
        target=str(Path(HTML).parent.parent),
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

    rule studies:
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
        shell:
            "ecgcore rhythm --gather --profile {PROFILE}"


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


rule exploration:
    message:
        "01 Exploration"
    input:
        rules.beats.output,
        dependencies("01_exploration"),
    output:
        f"{EXECUTED}/01_exploration.ipynb",
    params:
        parameters=parameters("01_exploration"),
    log:
        f"{LOGS}/01_exploration.log",
    shell:
        "ecgcore run 01_exploration --profile {PROFILE} 2>&1 | tee {log}"


rule training:
    message:
        "02 Training"
    input:
        rules.beats.output,
        dependencies("02_training"),
    output:
        f"{EXECUTED}/02_training.ipynb",
        MODELS,
    params:
        parameters=parameters("02_training"),
    log:
        f"{LOGS}/02_training.log",
    threads: workflow.cores  # it computes on all of them: nothing else runs beside it
    shell:
        "ecgcore run 02_training --profile {PROFILE} 2>&1 | tee {log}"


rule evaluation:
    message:
        "03 Evaluation"
    input:
        rules.beats.output,
        MODELS,
        STUDIES,
        dependencies("03_evaluation"),
    output:
        f"{EXECUTED}/03_evaluation.ipynb",
        PREDICTIONS,
        RESAMPLES,
    params:
        parameters=parameters("03_evaluation"),
    log:
        f"{LOGS}/03_evaluation.log",
    threads: workflow.cores
    shell:
        "ecgcore run 03_evaluation --profile {PROFILE} 2>&1 | tee {log}"


rule error_analysis:
    message:
        "04 Error analysis"
    input:
        rules.beats.output,
        PREDICTIONS,
        dependencies("04_error_analysis"),
    output:
        f"{EXECUTED}/04_error_analysis.ipynb",
    params:
        parameters=parameters("04_error_analysis"),
    log:
        f"{LOGS}/04_error_analysis.log",
    shell:
        "ecgcore run 04_error_analysis --profile {PROFILE} 2>&1 | tee {log}"


rule literature:
    message:
        "05 Literature"
    input:
        f"{EXECUTED}/03_evaluation.ipynb",
        "book/literature.csv",
        "book/original_claims.csv",
        dependencies("05_literature"),
    output:
        f"{EXECUTED}/05_literature.ipynb",
    params:
        parameters=parameters("05_literature"),
    log:
        f"{LOGS}/05_literature.log",
    shell:
        "ecgcore run 05_literature --profile {PROFILE} 2>&1 | tee {log}"


rule uncertainty:
    message:
        "06 How sure are we?"
    input:
        rules.beats.output,
        MODELS,
        PREDICTIONS,
        f"{EXECUTED}/03_evaluation.ipynb",
        dependencies("06_uncertainty"),
    output:
        f"{EXECUTED}/06_uncertainty.ipynb",
    params:
        parameters=parameters("06_uncertainty"),
    log:
        f"{LOGS}/06_uncertainty.log",
    threads: workflow.cores
    shell:
        "ecgcore run 06_uncertainty --profile {PROFILE} 2>&1 | tee {log}"


rule own_ecg:
    message:
        "07 Your own ECG"
    input:
        rules.beats.output,
        MODELS,
        RHYTHM_MODEL,
        DETECTORS,
        f"{EXECUTED}/03_evaluation.ipynb",
        dependencies("07_own_ecg"),
    output:
        f"{EXECUTED}/07_own_ecg.ipynb",
        ONNX,
    params:
        parameters=parameters("07_own_ecg"),
    log:
        f"{LOGS}/07_own_ecg.log",
    threads: workflow.cores
    shell:
        "ecgcore run 07_own_ecg --profile {PROFILE} 2>&1 | tee {log}"


rule try_it:
    message:
        "What the page 'Try it' loads: network, runtime, beats"
    input:
        rules.beats.output,
        ONNX,
        sources("ecgcore.workflow.try_it"),
    output:
        f"{RUN}/site/book/_static/try-it/assets/manifest.json",
    log:
        f"{LOGS}/try_it.log",
    shell:
        "ecgcore try-it --profile {PROFILE} 2>&1 | tee {log}"


rule label_errors:
    message:
        "08 Doubtful annotations"
    input:
        rules.beats.output,
        # Either made here, in the folds that this profile trains, or kept with the project.
        [] if RECOMPUTE else f"{FIGURES}/08_out_of_sample.npz",
        dependencies("08_label_errors"),
    output:
        f"{EXECUTED}/08_label_errors.ipynb",
    params:
        parameters=parameters("08_label_errors"),
    log:
        f"{LOGS}/08_label_errors.log",
    threads: workflow.cores if RECOMPUTE else 1
    shell:
        "ecgcore run 08_label_errors --profile {PROFILE} 2>&1 | tee {log}"


rule comparison:
    message:
        "09 Seeds, baselines, ablations"
    input:
        STUDIES,
        f"{EXECUTED}/03_evaluation.ipynb",
        dependencies("09_studies"),
    output:
        f"{EXECUTED}/09_studies.ipynb",
    params:
        parameters=parameters("09_studies"),
    log:
        f"{LOGS}/09_studies.log",
    shell:
        "ecgcore run 09_studies --profile {PROFILE} 2>&1 | tee {log}"


rule cost:
    message:
        "10 Cost"
    input:
        "figures/benchmarks.json",  # kept with the project, whatever the profile
        dependencies("10_cost"),
    output:
        f"{EXECUTED}/10_cost.ipynb",
    params:
        parameters=parameters("10_cost"),
    log:
        f"{LOGS}/10_cost.log",
    shell:
        "ecgcore run 10_cost --profile {PROFILE} 2>&1 | tee {log}"


rule rhythm:
    message:
        "11 Rhythm"
    input:
        RHYTHM,
        NOISE,  # whose answers for DS2 stand in the log that this chapter prints
        f"{EXECUTED}/03_evaluation.ipynb",
        "book/literature.csv",
        dependencies("11_rhythm"),
    output:
        f"{EXECUTED}/11_rhythm.ipynb",
    params:
        parameters=parameters("11_rhythm"),
    log:
        f"{LOGS}/11_rhythm.log",
    shell:
        "ecgcore run 11_rhythm --profile {PROFILE} 2>&1 | tee {log}"


rule another_database:
    message:
        "12 Another database"
    input:
        RHYTHM,
        "data/mitdb/SHA256SUMS.txt",
        "data/svdb/SHA256SUMS.txt",
        dependencies("12_another_database"),
    output:
        f"{EXECUTED}/12_another_database.ipynb",
    params:
        parameters=parameters("12_another_database"),
    log:
        f"{LOGS}/12_another_database.log",
    shell:
        "ecgcore run 12_another_database --profile {PROFILE} 2>&1 | tee {log}"


rule two_patients:
    message:
        "13 Two patients"
    input:
        RHYTHM,
        ANSWERS,
        MODELS,
        "data/mitdb/SHA256SUMS.txt",
        dependencies("13_two_patients"),
    output:
        f"{EXECUTED}/13_two_patients.ipynb",
    params:
        parameters=parameters("13_two_patients"),
    log:
        f"{LOGS}/13_two_patients.log",
    shell:
        "ecgcore run 13_two_patients --profile {PROFILE} 2>&1 | tee {log}"


rule noise:
    message:
        "14 Noise"
    input:
        NOISE,
        f"{EXECUTED}/11_rhythm.ipynb",  # which it links to, and whose numbers it continues
        dependencies("14_noise"),
    output:
        f"{EXECUTED}/14_noise.ipynb",
    params:
        parameters=parameters("14_noise"),
    log:
        f"{LOGS}/14_noise.log",
    shell:
        "ecgcore run 14_noise --profile {PROFILE} 2>&1 | tee {log}"
