"""The data, for those who compare: who is in which part, a card, and Croissant metadata.

Croissant: MLCommons' format for describing data sets, 1.0,
https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from ecgcore.beats import dataset
from ecgcore.beats.cutting import Beats
from ecgcore.constants import CLASS_NAMES, CLASSES
from ecgcore.data.records import overview
from ecgcore.workflow import citation
from ecgcore.workflow.profiles import load_profile

SPLITS = "splits.csv"
SOURCE = "https://physionet.org/content/mitdb/1.0.0/"
LICENCE = "https://opendatacommons.org/licenses/by/1-0/"
PARTS = ("train", "val", "test")


def splits(profile: str, protocols: tuple[str, ...] = ("random", "inter_patient")) -> pd.DataFrame:
    """A row a beat: record, sample (of the R peak, at the record's own rate), class, and for each
    protocol which part the beat is in; empty where it is in none."""
    beats = dataset.load(profile)
    table = pd.DataFrame(
        {
            "record": beats.record,
            "sample": beats.sample,
            "class": np.array(list(CLASSES))[beats.aami],
        }
    )
    for protocol in protocols:
        table[protocol] = _parts(profile, protocol, beats)
    return table


def _parts(profile: str, protocol: str, beats: Beats) -> np.ndarray:
    training = load_profile(profile).parameters("02_training")
    config = (training.get("overrides") or {}).get(protocol, {})
    split = dataset.split(
        profile, protocol, beats, config.get("val_share", 0.1), config.get("seed", 0)
    )
    found = np.full(len(beats), "", dtype="<U5")
    for part in PARTS:
        found[getattr(split, part)] = part
    return found


def croissant(splits_sha256: str, splits_bytes: int) -> dict:
    """The splits, described as JSON-LD. Names the records' own home, from which they are had."""
    fields = {
        "record": ("sc:Text", "Name of the record"),
        "sample": ("sc:Integer", "Sample of the R peak, at the record's own sampling rate"),
        "class": ("sc:Text", "; ".join(f"{c}: {CLASS_NAMES[c]}" for c in CLASSES)),
        "random": ("sc:Text", "Part of the random split: train, val or test"),
        "inter_patient": ("sc:Text", "Part of the inter-patient split; empty: in none"),
    }
    return {
        "@context": {
            "@language": "en",
            "@vocab": "https://schema.org/",
            "sc": "https://schema.org/",
            "cr": "http://mlcommons.org/croissant/",
            "dct": "http://purl.org/dc/terms/",
            "conformsTo": "dct:conformsTo",
            "citeAs": "cr:citeAs",
            "column": "cr:column",
            "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
            "extract": "cr:extract",
            "field": "cr:field",
            "fileObject": "cr:fileObject",
            "recordSet": "cr:recordSet",
            "source": "cr:source",
        },
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "mitdb-beats-and-splits",
        "description": (
            "Every annotated beat of the MIT-BIH Arrhythmia Database, its AAMI class, and which "
            "part of two splits it is in. The signals themselves are at PhysioNet."
        ),
        "license": LICENCE,
        "url": SOURCE,
        "version": str(citation.known()["version"]),
        "datePublished": datetime.now(UTC).strftime("%Y-%m-%d"),
        "creator": [{"@type": "sc:Organization", "name": name} for name in citation.authors()],
        "citeAs": citation.bibtex(),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": SPLITS,
                "name": SPLITS,
                "contentUrl": SPLITS,
                "contentSize": f"{splits_bytes} B",
                "encodingFormat": "text/csv",
                "sha256": splits_sha256,
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "beats",
                "name": "beats",
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"beats/{name}",
                        "name": name,
                        "description": words,
                        "dataType": kind,
                        "source": {"fileObject": {"@id": SPLITS}, "extract": {"column": name}},
                    }
                    for name, (kind, words) in fields.items()
                ],
            }
        ],
    }  # fmt: skip


CARD = """# The data

- **What:** {records} records of the MIT-BIH Arrhythmia Database, {hours:.0f} hours, {beats:,} \
annotated beats.
- **Who:** {women} records of women, {men} of men, {youngest:.0f} to {oldest:.0f} years old. \
Recorded in Boston, 1975 to 1979; some were chosen at random, others for their rare arrhythmias, \
so shares of classes are not those of any population.
- **How:** two leads at 360 Hz; this project uses one, MLII where there is one.
- **Labels:** two cardiologists, independently, and their agreement afterwards.
- **Classes:** {classes}.
- **Splits:** `{splits}` names the part of every beat. *random* draws beats, so that patients are \
on both sides; *inter_patient* keeps patients apart.
- **Licence:** ODC-By 1.0; cite Moody and Mark (2001) and PhysioNet. Source: {source}
- **Not for:** shares of arrhythmias in a population; patients, leads or devices of another kind \
without a test of their own.
"""


def card(profile: str, table: pd.DataFrame) -> str:
    """The data card, in Markdown. table: from `splits`."""
    found = overview(load_profile(profile).data.database_path, sorted(set(table["record"])))
    sex, age = found["sex"], found["age"]
    counts = table["class"].value_counts()
    return CARD.format(
        records=len(found),
        hours=found["seconds"].sum() / 3600,
        beats=len(table),
        women=(sex == "F").sum(),
        men=(sex == "M").sum(),
        youngest=age.min(),
        oldest=age.max(),
        classes=", ".join(f"{c} {counts.get(c, 0):,}" for c in CLASSES),
        splits=SPLITS,
        source=SOURCE,
    )
