"""The beat inspector: one view, live in JupyterLab and without Python in the published page."""

import base64
import html
import json
import re
from collections.abc import Mapping
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from torch import nn

from ecgcore.constants import CLASSES
from ecgcore.data.records import default_database
from ecgcore.errors import DataError
from ecgcore.evaluation.predictions import Predictions
from ecgcore.widgets.comparing import RELATIONS
from ecgcore.widgets.payload import Preset, Source, answering, build

HERE = Path(__file__).parent
# Each after those it imports from. They become one module: neither a widget's state nor a page
# opened as a file can import a second one.
MODULES = ("data", "elements", "filters", "address", "notes", "drawing", "matrix", "controls",
           "gallery", "tachogram", "detail", "inspector")  # fmt: skip
IMPORT = re.compile(r'^import [^;]*? from "\./\w+\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(async )?function|const|class)", re.MULTILINE)
STATE = ("protocol", "true_class", "predicted_class", "record", "outcome", "confidence", "sort",
         "preset", "other", "relation", "opened")  # fmt: skip


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def join_modules(names: tuple[str, ...] = MODULES) -> str:
    """The JavaScript files as one module: the same text without imports from one another."""
    parts = (IMPORT.sub("", _read(f"{name}.js")) for name in names)
    return "\n".join(EXPORT.sub("", part) for part in parts)


class BeatInspector(anywidget.AnyWidget):
    """A confusion matrix whose beats one can look at, one by one.

    predictions: what the networks said, by protocol (`random`, `inter_patient`, …).
    database: the WFDB database that the predictions' records are in; by default the embedded one.
    models: the network of a protocol, for Grad-CAM; a protocol without one has none.
    presets: named choices of beats, for instance likely label errors.
    beside: answers of further models, by what they are called, to be shown beside; they may be of
    some of the beats alone.
    notes: a sentence to stand above a protocol's beats.
    signals: (n, 187) beats in [0, 1] of a protocol whose beats are of no known record (Kaggle's).
    right_per_class: how many rightly classified beats of each class to show beside all wrong
    ones; drawn with `seed`.

    Raises DataError for no, empty or one-class predictions, a preset or model of an unknown
    protocol, a record that is missing, or an R peak that is not annotated.

    The filters are traits that Python may set: `protocol`, `true_class` and `predicted_class`
    (a letter, or "" for any), `record`, `outcome`, `confidence` (from, to), `sort`, `preset`;
    `other`, who is compared on the same beats, by title; `relation`, who of both is right there.
    `selected` holds the positions, in `predictions[protocol]`, of the shown beats that match,
    in their order; `opened` that of the beat in detail, or -1. `selected` is empty until the
    widget is drawn.
    """

    _esm = join_modules()
    _css = _read("inspector.css")

    payload = traitlets.Bytes().tag(sync=True)
    parts = traitlets.List(traitlets.Bytes()).tag(sync=True)  # one a record
    seconds = traitlets.List(traitlets.Bytes()).tag(sync=True)  # likewise, of second leads
    protocol = traitlets.Unicode().tag(sync=True)
    true_class = traitlets.Enum(("", *CLASSES), "").tag(sync=True)
    predicted_class = traitlets.Enum(("", *CLASSES), "").tag(sync=True)
    record = traitlets.Unicode().tag(sync=True)
    outcome = traitlets.Enum(("wrong", "right", "all"), "wrong").tag(sync=True)
    confidence = traitlets.Tuple(
        traitlets.Float(min=0, max=1), traitlets.Float(min=0, max=1), default_value=(0.0, 1.0)
    ).tag(sync=True)
    sort = traitlets.Enum(("confidence", "unsure", "loss", "time", "ranking"), "confidence").tag(
        sync=True
    )
    preset = traitlets.Unicode().tag(sync=True)
    other = traitlets.Unicode().tag(sync=True)
    relation = traitlets.Enum(("", *RELATIONS), "").tag(sync=True)
    opened = traitlets.Int(-1).tag(sync=True)
    selected = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(
        self,
        predictions: Mapping[str, Predictions],
        database: Path | None = None,
        models: Mapping[str, nn.Module] | None = None,
        presets: Mapping[str, Preset] | None = None,
        signals: Mapping[str, np.ndarray] | None = None,
        beside: Mapping[str, Predictions] | None = None,
        notes: Mapping[str, str] | None = None,
        right_per_class: int = 200,
        seed: int = 0,
    ):
        source = Source(
            predictions=predictions,
            database=database or default_database(),
            models=models or {},
            presets=presets or {},
            signals=signals or {},
            beside=beside or {},
            notes=notes or {},
            right_per_class=right_per_class,
            seed=seed,
        )
        self.predictions, self.presets = dict(predictions), dict(source.presets)
        self.answering = answering(source)
        payload, parts, seconds = build(source)
        first = next(iter(predictions))
        super().__init__(payload=payload, parts=parts, seconds=seconds, protocol=first)

    @traitlets.validate("protocol")
    def _known_protocol(self, proposal):
        return self._known(proposal, self.predictions)

    @traitlets.validate("preset")
    def _known_preset(self, proposal):
        return self._known(proposal, ["", *self.presets])

    @traitlets.validate("other")
    def _known_other(self, proposal):
        return self._known(proposal, ["", *self.answering])

    @traitlets.validate("record")
    def _known_record(self, proposal):
        records = {r for p in self.predictions.values() for r in np.unique(p.record).tolist()}
        return self._known(proposal, ["", *sorted(records)])

    def _known(self, proposal, names):
        if proposal["value"] not in names:
            wanted = ", ".join(name for name in names if name)
            raise traitlets.TraitError(
                f"{proposal['trait'].name} {proposal['value']!r} is unknown; choose from {wanted}"
            )
        return proposal["value"]

    def link(self, protocol: str, position: int) -> str:
        """The part of a page's address that opens a beat: `#beat-` protocol, record, sample.

        Raises DataError for a protocol or position that is not there.
        """
        if protocol not in self.predictions:
            raise DataError(f"no predictions of {protocol!r} to link to")
        p = self.predictions[protocol]
        if not 0 <= position < len(p):
            raise DataError(f"{protocol!r} has no beat {position}, only {len(p)}")
        sample = int(p.sample[position])
        return f"#beat-{protocol}-{p.record[position]}-{sample if sample >= 0 else position}"

    def to_html(self) -> str:
        """The inspector as a piece of a page that needs no Python, no kernel and no network.

        The book moves the records' parts to files of their own (ecgcore/workflow/widget_files.py).
        """
        state = json.dumps({name: getattr(self, name) for name in STATE})
        found = (self.payload, *self.parts, *self.seconds)
        blocks = (base64.b64encode(data).decode() for data in found)
        n = len(self.parts)
        kinds = ("data-table", *["data-part"] * n, *["data-part data-second"] * n)
        data = "".join(
            f'<script type="application/octet-stream" {kind}>{block}</script>'
            for kind, block in zip(kinds, blocks, strict=True)
        )
        return (
            f'<div class="beat-inspector-page" data-state="{html.escape(state)}">'
            f"<style>{self._css}</style>"
            "<div><p>The beat inspector is drawn by JavaScript, which is off here.</p></div>"
            f"{data}</div>\n"
            f'<script type="module">\n{self._esm}\n{_read("page.js")}</script>\n'
        )

    def _repr_mimebundle_(self, **kwargs):
        """The live widget, and for pages without a kernel its twin in HTML."""
        bundle = super()._repr_mimebundle_(**kwargs)
        content, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return content | {"text/html": self.to_html()}, metadata
