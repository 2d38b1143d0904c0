"""Classified beats, written part by part: a table to read, CSV, JSON, or Parquet."""

import json
from typing import IO

import numpy as np
import pandas as pd

from ecgcore.beats.cutting import class_counts
from ecgcore.constants import CLASS_NAMES, CLASSES
from ecgcore.errors import ConfigError
from ecgcore.inference import published
from ecgcore.inference.choosing import Model
from ecgcore.inference.classifying import PROBABILITIES, Classified, Part
from ecgcore.rhythm.whole import RhythmClassifier

NOTICE = "Research software, no medical device: no basis for a diagnosis or a treatment."
DIGITS = 6  # of a probability


def about_model(model: Model) -> dict:
    """Which model answers, as plain values: its name, how it sees beats, where its weights come
    from, what they learnt from, and what they reached (see published.worth)."""
    return {
        "name": model.name,
        "sees": "rhythm" if isinstance(model, RhythmClassifier) else "single beats",
        "weights_sha256": model.about["weights_sha256"],
        "origin": model.about["origin"],
        "learnt_from": published.learnt_from(model.about),
        "reached": model.about["reached"],
    }


def about_sentences(model: Model) -> list[str]:
    """The same in words."""
    how = "among the others" if isinstance(model, RhythmClassifier) else "alone"
    return [f"{model.name} saw each beat {how}.", *published.sentences(model.about)]


class Writer:
    """Writes to `out`; counts beats by class, and those whose label is known and met."""

    binary = False  # what kind of file `out` has to be

    def __init__(self, out: IO, source: str, classifier: Model):
        self.out, self.source, self.classifier = out, source, classifier
        self.counts = dict.fromkeys(CLASSES, 0)
        self.labelled = self.right = self.bad = 0
        self.started = False

    def add(self, part: Part) -> None:
        beats = part.beats
        self.bad += len(part.problems)
        for letter, n in class_counts(beats.predicted).items():
            self.counts[letter] += n
        known = beats.true >= 0
        self.labelled += int(known.sum())
        self.right += int((beats.predicted == beats.true)[known].sum())
        if len(beats):
            self.beats(beats)
            self.started = True
        self.note(part)

    def beats(self, beats: Classified) -> None:
        raise NotImplementedError

    def note(self, part: Part) -> None:
        """What is wrong or doubtful; only JSON keeps it with the beats."""

    def finish(self) -> None:
        """Write what comes after the last beat."""


class CsvWriter(Writer):
    def beats(self, beats: Classified) -> None:
        table = beats.table()
        if "time_s" in table:
            table["time_s"] = table["time_s"].map("{:.3f}".format)
        self.out.write(
            table.to_csv(
                index=False,
                header=not self.started,
                float_format=f"%.{DIGITS}f",
                lineterminator="\n",
            )
        )


class TableWriter(Writer):
    def beats(self, beats: Classified) -> None:
        table = beats.table()
        formats = {c: "{:9.3f}".format for c in table.select_dtypes("float")}
        formats |= {"time_s": "{:10.3f}".format, "probability": "{:11.3f}".format}
        text = table.to_string(
            index=False, formatters=formats | {"row": "{:8d}".format, "class": "{:>5}".format}
        )
        self.out.write(text.split("\n", 1)[1] + "\n" if self.started else text + "\n")

    def finish(self) -> None:
        total = sum(self.counts.values())
        self.out.write(f"\n{self.source}: {total:,} beats classified by {self.classifier.name}\n")
        for letter, n in self.counts.items():
            share = n / total if total else 0
            self.out.write(f"{letter} {n:9,} {share:7.1%}  {CLASS_NAMES[letter]}\n")
        if self.labelled:
            share = self.right / self.labelled
            self.out.write(f"{share:.1%} of {self.labelled:,} labelled beats agree\n")
        self.out.writelines(f"{sentence}\n" for sentence in about_sentences(self.classifier))
        self.out.write(f"{NOTICE}\n")


class JsonWriter(Writer):
    """One object; its beats, one a line, are written as they come."""

    def __init__(self, out: IO, source: str, classifier: Model):
        super().__init__(out, source, classifier)
        self.problems: list[dict] = []
        self.warnings: list[str] = []

    def beats(self, beats: Classified) -> None:
        if not self.started:
            about = self.classifier.about
            head = {
                "file": self.source,
                "notice": NOTICE,
                "network": self.classifier.name,
                "weights_sha256": about["weights_sha256"],
                "protocol": about["protocol"],
                "model": about_model(self.classifier),
                "classes": list(CLASSES),
            }
            self.out.write(json.dumps(head)[:-1] + ', "beats": [\n')
        self.out.write(",\n" if self.started else "")
        self.out.write(",\n".join(json.dumps(beat) for beat in _records(beats.table())))

    def note(self, part: Part) -> None:
        self.problems += [{"row": p.row, "text": p.text} for p in part.problems]
        self.warnings += part.warnings

    def finish(self) -> None:
        tail = {"counts": self.counts, "problems": self.problems, "warnings": self.warnings}
        if self.labelled:
            tail |= {"labelled": self.labelled, "right": self.right}
        self.out.write("\n], " + json.dumps(tail)[1:] + "\n")


def _records(table: pd.DataFrame) -> list[dict]:
    """Plain values; probabilities as one object."""
    rounded = np.round(table[PROBABILITIES].to_numpy(dtype=np.float64), DIGITS).tolist()
    top = np.round(table["probability"].to_numpy(dtype=np.float64), DIGITS)
    others = table.drop(columns=PROBABILITIES).assign(probability=top)
    if "time_s" in others:
        others["time_s"] = others["time_s"].round(3)
    return [
        beat | {"probabilities": dict(zip(CLASSES, p, strict=True))}
        for beat, p in zip(others.to_dict("records"), rounded, strict=True)
    ]


class ParquetWriter(Writer):
    """Columns as in CSV; file, notice and model stand in the metadata of the schema."""

    binary = True

    def __init__(self, out: IO, source: str, classifier: Model):
        super().__init__(out, source, classifier)
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise ConfigError("Parquet needs pyarrow: pip install pyarrow") from None
        self.arrow, self.file = pyarrow, None

    def beats(self, beats: Classified) -> None:
        table = self.arrow.Table.from_pandas(beats.table(), preserve_index=False)
        if self.file is None:
            model = json.dumps(about_model(self.classifier))
            about = {"file": self.source, "notice": NOTICE, "model": model}
            schema = table.schema.with_metadata(about | (table.schema.metadata or {}))
            self.file = self.arrow.parquet.ParquetWriter(self.out, schema)
        self.file.write_table(table.replace_schema_metadata(self.file.schema.metadata))

    def finish(self) -> None:
        if self.file:
            self.file.close()


WRITERS: dict[str, type[Writer]] = {
    "table": TableWriter,
    "csv": CsvWriter,
    "json": JsonWriter,
    "parquet": ParquetWriter,
}
