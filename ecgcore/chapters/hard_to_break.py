"""Chapter 17, hard to break: what was done to the project, how often, and what was lost.

`make torture` does it and keeps the tables in figures/torture.json; here they are read.
"""

from pathlib import Path

import pandas as pd

from ecgcore import paths
from ecgcore.errors import DataError
from ecgcore.files import read_json

FILE = "torture.json"
TITLES = {
    "fuzz": "fuzzed",
    "tampered": "tampered with",
    "killed": "killed",
    "starved": "starved",
    "elsewhere": "elsewhere",
    "load": "under load",
    "repeated": "repeated",
}
KINDS = ("right", "refused", "lost", "skipped")
PROTOCOLS = ("random", "inter_patient")


def load(path: Path | None = None) -> dict:
    """What the suite wrote. Raises DataError if it has not run, or did not write it whole."""
    path = Path(path or paths.FIGURES / FILE)
    if not path.is_file():
        raise DataError(f"{path}: nothing tried here; run `make torture` first")
    found = read_json(path)
    if not isinstance(found, dict) or not isinstance(found.get("parts"), dict):
        raise DataError(f"{path}: no tables of the torture suite")
    return found


def overview(found: dict) -> pd.DataFrame:
    """A row a part: how much of it was done, what became of it, the worst time and memory."""
    rows = []
    for name, part in found["parts"].items():
        total = {
            k: sum(r[k] for r in part["rows"]) for k in ("right", "refused", "lost", "skipped")
        }
        worst = {k: max((r[k] for r in part["rows"]), default=0.0) for k in ("worst_s", "worst_mb")}
        rows.append(
            {
                "part": TITLES.get(name, name),
                "done": f"{part['done']:,} of {part['planned']:,}",
                **total,
                "longest (s)": worst["worst_s"],
                "most memory (MB)": worst["worst_mb"] or None,
            }
        )
    return pd.DataFrame(rows)


def details(part: dict) -> pd.DataFrame:
    """A row a kind of harm within a part."""
    names = {"worst_s": "longest (s)", "worst_mb": "most memory (MB)"}
    frame = pd.DataFrame(part["rows"]).drop(columns="said").rename(columns=names)
    return frame.drop(columns=[c for c in names.values() if not frame[c].any()])


def said(found: dict, kind: str) -> pd.DataFrame:
    """What was lost, could not be tried here, or was measured: a row a sentence.

    kind: `lost`, `skipped` or `right`.
    """
    rows = [
        {"part": TITLES.get(name, name), "what": row["what"], "said": text}
        for name, part in found["parts"].items()
        for row in part["rows"]
        if row[kind]
        for text in row["said"]
    ]
    return pd.DataFrame(rows, columns=["part", "what", "said"])


def sources(found: dict) -> pd.DataFrame:
    """Where the tables come from: a row a part."""
    rows = []
    for name, part in found["parts"].items():
        source = part["source"]
        hardware = source["hardware"]
        rows.append(
            {
                "part": TITLES.get(name, name),
                "commit": source["commit"],
                "date": source["date"],
                "share of the cases": source["share"],
                "processor": hardware["processor"],
                "cores": hardware["cores"],
                "torch": source["versions"]["torch"],
            }
        )
    return pd.DataFrame(rows)


def texts(found: dict) -> dict[str, str]:
    """The numbers that the chapter's prose names."""
    parts = found["parts"].values()
    rows = [row for part in parts for row in part["rows"]]
    lost = sum(row["lost"] for row in rows)
    left = sum(part["planned"] - part["done"] for part in parts)
    return {
        "torture_times": f"{sum(row['times'] for row in rows):,}",
        "torture_lost": "nothing" if not lost else f"{lost:,} times something",
        "torture_left": "none" if not left else f"{left:,}",
        "torture_refused": f"{sum(row['refused'] for row in rows):,}",
    }


# On a GPU


def gpu_runs(gpu: dict) -> pd.DataFrame:
    """A row a timed way of training on the GPU, alone on it: seconds an epoch and in all."""
    ways = {
        "random_0": "random split, repeatable",
        "random_fp32": "the same in fp32",
        "random_graph": "steps replayed as a CUDA graph",
        "random_large": f"batches of {gpu['sizes']['large']:,}, repeatable",
        "random_large_graph": "the same as a CUDA graph",
    }
    rows = []
    for name, title in ways.items():
        run = gpu["runs"].get(name) or {}
        told = run.get("refused") or run.get("failed")
        if "epoch_s" not in run:
            rows.append({"way": title, "said": told or "not done in the time there was"})
            continue
        rows.append(
            {
                "way": title,
                "precision": run["precision"],
                "epochs": len(run["epoch_s"]),
                "s an epoch": pd.Series(run["epoch_s"]).median(),
                "s in all": run["seconds"],
                "beats/s": pd.Series(run["beats_per_s"]).median(),
                "MB": run["memory_mb"],
            }
        )
    return pd.DataFrame(rows)


def gpu_repeats(gpu: dict) -> pd.DataFrame:
    """A row a pair of runs that should end in the same weights, and whether they do."""
    pairs = {
        "the same seed twice, beside another run": ("random_0", "random_0_again"),
        "the same seed twice in fp32": ("random_fp32", "random_fp32_again"),
        "killed and resumed, random split": ("random_0", "random_0_killed"),
        "killed and resumed, inter-patient split": ("inter_patient_0", "inter_patient_0_killed"),
    }
    rows = []
    for title, names in pairs.items():
        weights = [(gpu["runs"].get(name) or {}).get("weights") for name in names]
        same = "not done" if None in weights else "yes" if weights[0] == weights[1] else "no"
        rows.append({"runs": title, "same weights bit for bit": same})
    return pd.DataFrame(rows)


def gpu_seeds(gpu: dict) -> pd.DataFrame:
    """A row a split and seed: what the network trained on the GPU is worth on the test beats."""
    rows = []
    for protocol in PROTOCOLS:
        for name, run in sorted(gpu["runs"].items()):
            seed = name.removeprefix(f"{protocol}_")
            if name.startswith(protocol) and seed.isdigit() and "accuracy" in run:
                rows.append(
                    {
                        "split": protocol,
                        "seed": int(seed),
                        "accuracy": run["accuracy"],
                        "macro-F1": run["macro_f1"],
                    }
                )
    return pd.DataFrame(rows, columns=["split", "seed", "accuracy", "macro-F1"])


def gpu_texts(gpu: dict | None) -> dict[str, str]:
    """What the chapter says of the GPU, where there was one."""
    if not gpu:
        return {
            "gpu_story": "No GPU was at hand when this was written: training on one is untried.",
            "gpu_memory": "",
        }
    device = gpu["hardware"].get("device", "unknown")
    said = (gpu["runs"].get("exhaust") or {}).get("said")
    compared = gpu["runs"].get("compare") or {}
    story = (
        f"Measured on one {device} at commit {gpu['commit']}, at most two processes at a time, "
        f"each of which was allowed {gpu['limit_mb']:,} MB of its memory."
    )
    if "fp32" in compared:
        story += (
            f" The same weights give probabilities that differ from the processor's by at most "
            f"{compared['fp32']['largest']:.1e} in fp32 and {compared['tf32']['largest']:.1e} with "
            f"TF32, torch's default there, and another class for {compared['tf32']['other_class']} "
            f"of {compared['beats']:,} beats."
        )
    return {
        "gpu_story": story,
        "gpu_memory": f"With a batch that does not fit, training says: “{said}”." if said else "",
    }
