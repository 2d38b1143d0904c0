"""What the project costs in time and memory: the bench's results, held against their targets.

The numbers are measured by `make bench` and kept in figures/benchmarks.json; here they are read.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ecgcore import paths
from ecgcore.errors import DataError
from ecgcore.files import read_json

FILE = "benchmarks.json"
FLAT = 1.2  # the same, for a time or a memory that should not depend on the amount of data
PAGE_MB, SENT_MB = 3, 1.5  # that a page may weigh, as it is and as sent
MEMORY_GB = 4.0  # that any amount of data must do with


def load(path: Path | None = None) -> dict:
    """What the bench wrote. Raises DataError if it has not run."""
    path = Path(path or paths.FIGURES / FILE)
    if not path.is_file():
        raise DataError(f"{path}: nothing measured here; run `make bench` first")
    return read_json(path)


@dataclass(frozen=True)
class Bar:
    """A target. at: where its number stands in the results; at_most: smaller is better."""

    text: str
    at: str
    target: float
    unit: str
    at_most: bool = True


BARS = (
    Bar("time to the target accuracy, original over ours", "race.ratio", 10, "×", False),
    Bar("training, ours over original", "training.ours_over_original.ratio", 3, "×", False),
    Bar("training, share of the machine's rate", "training.share.ours", 0.5, "%", False),
    Bar("training, peak memory", "memory.peak_mb", 2000, "MB"),
    Bar("12 epochs on a GPU", "gpu.seconds", 10, "s"),
    Bar("all records to beats", "data.build_s", 5, "s"),
    Bar("beats from the cache", "data.load_s", 0.5, "s"),
    Bar("ONNX, share of the machine's 32-bit rate", "inference.onnx.share", 0.6, "%", False),
    Bar("ONNX with 8 bits", "inference.onnx_int8.beats_per_s", 10_000, "beats/s", False),
    Bar("one beat, median", "inference.one_beat.p50_ms", 0.3, "ms"),
    Bar("one beat, 99th percentile", "inference.one_beat.p99_ms", 2, "ms"),
    Bar("book, nothing changed", "rebuild.unchanged_s", 5, "s"),
    Bar("book, a figure's code changed", "rebuild.changed_s", 60, "s"),
    Bar("heaviest page, as it is", "pages.raw_mb", PAGE_MB, "MB"),
    Bar("heaviest page, compressed", "pages.gzip_mb", SENT_MB, "MB"),
    Bar("slowest page until it can be used", "pages.usable_s", 2, "s"),
    Bar("time a beat, most data over least", "growth.time", FLAT, "×"),
    Bar("peak memory, most data over least", "growth.memory", FLAT, "×"),
)


def find(results: dict, at: str) -> float | None:
    """The number at a path such as `inference.onnx.share`; None if it was not measured."""
    found = results
    for key in at.split("."):
        found = found.get(key) if found else None
    return found


def bars(results: dict) -> pd.DataFrame:
    """A row a target: what was measured, how it compares, and whether it is met.

    times: how many times better than the target; met: yes, no, not measured; or "open", where
    only a bound below the target is known.
    """
    grown = {"growth": growth_factors(results["growth"])}
    rows = []
    for bar in BARS:
        value = find(results | grown, bar.at)
        bound = bar.at == "race.ratio" and bool(find(results, "race.lower_bound"))
        rows.append(
            {
                "what": bar.text,
                "target": f"{'≤' if bar.at_most else '≥'} {quantity(bar.target, bar.unit)}",
                "measured": ("more than " if bound else "") + quantity(value, bar.unit),
                "times": _times(bar, value),
                "met": _met(bar, value, bound),
            }
        )
    return pd.DataFrame(rows)


def _times(bar: Bar, value: float | None) -> float:
    if not value:
        return float("nan")
    return bar.target / value if bar.at_most else value / bar.target


def _met(bar: Bar, value: float | None, bound: bool) -> str:
    if value is None:
        return "not measured"
    if (value <= bar.target) if bar.at_most else (value >= bar.target):
        return "yes"
    return "open" if bound else "no"


def quantity(value: float | None, unit: str) -> str:
    """A number with its unit, in as many digits as one would say; a dash if there is none."""
    if value is None:
        return "–"
    value = 100 * value if unit == "%" else value
    number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 1 else f"{value:.2g}"
    return f"{number} {unit}"


def sources(results: dict) -> pd.DataFrame:
    """Where the numbers come from: a row a fact, a column for each day and commit of measuring."""
    facts: dict[tuple, dict] = {}
    for part, found in results["sources"].items():
        if not results[part]:
            continue
        hardware, versions = found["hardware"], found["versions"]
        told = {
            "commit": found["commit"],
            "processor": hardware["processor"],
            "cores, threads": f"{hardware['cores']}, {found['threads']}",
            "memory": quantity(hardware["memory_gb"], "GB"),
            "torch": versions["torch"],
            "onnxruntime": versions["onnxruntime"],
        }
        run = facts.setdefault((found["date"][:10], *told.values()), told | {"measured": ""})
        run["measured"] += f"{', ' if run['measured'] else ''}{part}"
    columns = {" ".join(key[:2]): told for key, told in facts.items()}
    return pd.DataFrame(columns).rename_axis("fact").reset_index()


def is_quick(results: dict) -> bool:
    """Whether any part was measured with the tiny sizes, which say nothing."""
    measured = (source for part, source in results["sources"].items() if results[part])
    return any(source["sizes"]["records"] for source in measured)


def parts_of_a_step(training: dict) -> dict[str, float]:
    """Share of the machine's rate that training reaches in the LSTM, and in all the rest."""
    time, work = training["lstm_share"], training["lstm_multiply_adds"] / training["multiply_adds"]
    whole = training["share"]["ours"]
    return {"lstm": whole * work / time, "rest": whole * (1 - work) / (1 - time)}


# How cost grows


def growth_factors(growth: dict) -> dict[str, float]:
    """The most data over the least: time a beat, and peak memory."""
    least, most = growth["rows"][0], growth["rows"][-1]
    return {
        "data": most["beats"] / least["beats"],
        "time": (most["seconds"] / most["beats"]) / (least["seconds"] / least["beats"]),
        "memory": most["peak_mb"] / least["peak_mb"],
    }


@dataclass(frozen=True)
class Rates:
    """What was measured, per hour of two-lead recording and per beat."""

    beats_an_hour: float
    recording_bytes: float  # an hour, lossless FLAC
    shard_bytes: float  # a beat
    answer_bytes: float  # a beat
    files: float  # a record in a shard of its own, with its answers
    cut_s: float  # a beat at an annotated R peak
    classify_s: float  # a beat
    find_s: float  # an hour: R peaks found, beats cut and classified


def rates(growth: dict) -> Rates:
    """From what the bench found at its largest size."""
    most, hours = growth["rows"][-1], growth["database_hours"]
    return Rates(
        beats_an_hour=growth["database_beats"] / hours,
        recording_bytes=growth["database_bytes"] / hours,
        shard_bytes=most["shards_bytes"] / most["beats"],
        answer_bytes=most["answers_bytes"] / most["beats"],
        files=most["files"] / most["records"],
        cut_s=most["cut_s"] / most["beats"],
        classify_s=most["classify_s"] / most["beats"],
        find_s=growth["holter"]["seconds"] / growth["holter"]["hours"],
    )


def on_paper(rates: Rates, records: float = 1e6, hours: float = 24.0) -> dict[str, float]:
    """What so many recordings of so many hours would need on the machine that was measured."""
    total = records * hours
    beats = total * rates.beats_an_hour
    return {
        "beats": beats,
        "recordings_tb": total * rates.recording_bytes / 1e12,
        "shards_tb": beats * rates.shard_bytes / 1e12,
        "answers_tb": beats * rates.answer_bytes / 1e12,
        "files": records * rates.files,
        "annotated_days": beats * (rates.cut_s + rates.classify_s) / 86400,
        "found_days": total * rates.find_s / 86400,
    }


def first_limits(
    rates: Rates, hours: float = 24.0, memory_gb: float = MEMORY_GB, disk_tb: float = 1.0
) -> pd.DataFrame:
    """What breaks first as recordings are added: limit, and recordings until it is reached."""
    one = on_paper(rates, 1, hours)
    reached = {
        f"all beats at once in {memory_gb:g} GB of memory": memory_gb / 1000 / one["shards_tb"],
        f"beats as shards on a disk of {disk_tb:g} TB": disk_tb / one["shards_tb"],
        f"recordings on a disk of {disk_tb:g} TB": disk_tb / one["recordings_tb"],
        "a day of computing, R peaks annotated": 1 / one["annotated_days"],
        "a day of computing, R peaks found": 1 / one["found_days"],
    }
    frame = pd.DataFrame({"limit": reached.keys(), "recordings": reached.values()})
    return frame.sort_values("recordings", ignore_index=True)


# Tables and texts of the chapter


def race_table(race: dict) -> pd.DataFrame:
    """A row a recipe: time and beats until the target accuracy, and the best accuracy seen."""
    rows = []
    for name in ("original", "ours"):
        run = race[name]
        late = f"not within {run['trained_s']:,.0f}"
        rows.append(
            {
                "recipe": name,
                "s until then": late if run["reached_s"] is None else f"{run['reached_s']:,.1f}",
                "beats until then": f"{run['reached_beats']:,}" if run["reached_beats"] else "–",
                "s trained": run["trained_s"],
                "best accuracy": run["best"],
            }
        )
    return pd.DataFrame(rows)


def share_table(results: dict) -> pd.DataFrame:
    """Share of the machine's own rate of multiply-adds: a row a use of the network."""
    width = {"fp32": "32 bits", "bf16": "16 bits"}
    training, inference = results["training"], results["inference"]
    rows = [
        ("training, original", training["share"]["original"], "fp32"),
        ("training, ours", training["share"]["ours"], training["precision"]),
        ("classifying, PyTorch", inference["pytorch"]["share"], "fp32"),
        ("classifying, ONNX", inference["onnx"]["share"], "fp32"),
    ]
    table = pd.DataFrame(rows, columns=["what", "share", "rate"])
    return table.assign(rate=table["rate"].map(width))


def inference_table(inference: dict) -> pd.DataFrame:
    """A row a file of the network: size, speed, accuracy, answers changed."""
    names = {"pytorch": "PyTorch", "onnx": "ONNX", "onnx_int8": "ONNX, 8 bits"}
    return pd.DataFrame({"file": name} | inference[key] for key, name in names.items())


def growth_table(growth: dict) -> pd.DataFrame:
    """A row an amount of data: records, beats, time and memory."""
    rows = pd.DataFrame(growth["rows"])
    table = {
        "records": rows["records"],
        "different": rows["distinct"],
        "beats": rows["beats"],
        "s": rows["seconds"],
        "µs a beat": 1e6 * rows["seconds"] / rows["beats"],
        "GB of beats": rows["shards_bytes"] / 1e9,
        "MB held": rows["peak_mb"],
    }
    return pd.DataFrame(table)


def paper_table(rates: Rates, records: float, hours: float) -> pd.DataFrame:
    """What `on_paper` works out, as text."""
    needed = on_paper(rates, records, hours)
    lines = {
        "beats": quantity(needed["beats"] / 1e9, "billion"),
        "recordings, two leads, lossless": quantity(needed["recordings_tb"], "TB"),
        "beats in shards": quantity(needed["shards_tb"], "TB"),
        "answers": quantity(needed["answers_tb"], "TB"),
        "files, beats and answers": f"{needed['files']:,.0f}",
        "computing, R peaks annotated": quantity(needed["annotated_days"], "days"),
        "computing, R peaks found": quantity(needed["found_days"], "days"),
    }
    return pd.DataFrame({"needed": lines.keys(), "amount": lines.values()})


def alternatives_table(rows: list[dict]) -> pd.DataFrame:
    """A row a classifier: quality, time to train, speed; the best first."""
    table = pd.DataFrame(rows).sort_values("macro_f1", ascending=False)
    named = table["classifier"].str.replace("_", " ")
    cycle = table["epochs"].map(lambda n: f", {n:.0f} epochs" if n == n else "")
    return pd.DataFrame(
        {
            "classifier": named + cycle,
            "macro-F1": table["macro_f1"],
            "accuracy": table["accuracy"],
            "s to train": table["train_s"],
            "beats/s classified": table["beats_per_s"],
        }
    )


def texts(results: dict) -> dict[str, str]:
    """The numbers that the chapter's prose names; a dash for what was not measured."""
    found = {
        "sooner": times(find(results, "race.ratio")),
        "faster": times(find(results, "training.ours_over_original.ratio")),
        "multiply_adds": millions(find(results, "training.multiply_adds")),
        "train_multiply_adds": millions(find(results, "training.multiply_adds_in_training")),
        "lstm_share": quantity(find(results, "training.lstm_share"), "%"),
        "int8_change": points(find(results, "inference.accuracy_change")),
    }
    if find(results, "race.lower_bound"):
        found["sooner"] = "more than " + found["sooner"]
    training, growth = results["training"], results["growth"]
    parts = parts_of_a_step(training)
    most, factors = growth["rows"][-1], growth_factors(growth)
    return (
        found
        | _page_texts(results["pages"])
        | {
            "train_share": quantity(find(results, "training.share.ours"), "%"),
            **{f"{part}_reaches": quantity(share, "%") for part, share in parts.items()},
            "lstm_work": quantity(training["lstm_multiply_adds"] / training["multiply_adds"], "%"),
            "largest": f"{most['beats']:,}",
            "largest_memory": quantity(most["peak_mb"], "MB"),
            "largest_data": quantity(most["shards_bytes"] / 1e9, "GB"),
            "growth_data": times(factors["data"]),
            "growth_time": times(factors["time"]),
            "growth_memory": times(factors["memory"]),
        }
    )


def _page_texts(pages: dict | None) -> dict[str, str]:
    if not pages:
        return dict.fromkeys(("pages", "page_lightest", "pages_heavy", "pages_heavy_sent"), "–")
    limits = {"raw_mb": PAGE_MB, "gzip_mb": SENT_MB}
    heavy = {
        key: [row["page"] for row in pages["rows"] if row[key] > most]
        for key, most in limits.items()
    }
    return {
        "pages": str(len(pages["rows"])),
        "page_lightest": quantity(min(row["raw_mb"] for row in pages["rows"]), "MB"),
        "pages_heavy": _named(heavy["raw_mb"]),
        "pages_heavy_sent": _named(heavy["gzip_mb"]),
    }


def _named(pages: list[str]) -> str:
    """How many, and which."""
    return f"{len(pages)} ({', '.join(pages)})" if pages else "none"


def times(value: float | None) -> str:
    return "–" if value is None else f"{value:.{0 if value >= 100 else 1}f} times"


def millions(value: float | None) -> str:
    return "–" if value is None else f"{value / 1e6:.1f} million"


def points(value: float | None) -> str:
    """A difference of accuracies."""
    return "–" if value is None else f"{100 * value:+.2f} percentage points".replace("-", "−")
