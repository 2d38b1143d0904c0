"""An LSTM that reads RR intervals: is a beat premature, is it in atrial fibrillation?

It sees no signal: of each beat the interval before it, against the usual one and the one before,
and whether the beat is V, which shape tells better. So it learns from annotations alone, and
there are nine million annotated beats of 84 patients in `data/ltafdb`. Two ways of looking, from
one recipe: over the whole record, in both directions; or causal, one beat ahead and no further.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from ecgcore.errors import DataError
from ecgcore.models.checkpoints import open_tensors, save_weights
from ecgcore.rhythm.features import FASTEST_S, SLOWEST_S

USUAL, TYPICAL_S = 301, 0.8  # beats whose mean ln RR is usual; an interval, to count from
COLUMNS = ("ln RR against the usual", "the usual", "change of ln RR", "V")
EMBEDDED, LAYERS = 32, 2
FORMAT = 1  # of the file; another is refused


def inputs(rr: np.ndarray, v: np.ndarray, causal: bool = False) -> np.ndarray:
    """(n, 4) float32, as COLUMNS. rr: (n,) s, the interval before each beat; v: (n,) 0 to 1.

    causal: of the intervals up to each beat's own, and whether the beat *before* it is V: what is
    known when its R peak is.
    """
    log = np.log(np.clip(rr, FASTEST_S, SLOWEST_S))
    rolling = pd.Series(log).rolling(USUAL, center=not causal, min_periods=1)
    usual = np.asarray(rolling.mean())
    flag = np.concatenate([[0.0], v[:-1]]) if causal else v
    change = np.diff(log, prepend=log[0])
    columns = [log - usual, usual - np.log(TYPICAL_S), change, flag]
    return np.column_stack(columns).astype(np.float32)


class RecurrentNetwork(nn.Module):
    """Inputs (batch, n, 4); outputs (batch, n, 2), logits of S and of fibrillation or flutter.

    Causal, it reads forwards only, and its output at a beat is about the beat before.
    """

    def __init__(self, units: int = 64, causal: bool = False, dropout: float = 0.1):
        super().__init__()
        self.units, self.causal = units, causal
        self.embed = nn.Sequential(nn.Linear(len(COLUMNS), EMBEDDED), nn.ReLU())
        self.lstm = nn.LSTM(
            EMBEDDED,
            units,
            LAYERS,
            batch_first=True,
            bidirectional=not causal,
            dropout=dropout,
        )
        self.head = nn.Linear(units * (1 if causal else 2), 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.lstm(self.embed(x))[0])


@dataclass(frozen=True)
class RhythmReader:
    """A trained network. threshold: logit of S with the highest F1 on left-out patients; about:
    what its file says of it."""

    network: RecurrentNetwork
    threshold: float
    about: dict

    @property
    def causal(self) -> bool:
        return self.network.causal

    def logits(self, rr: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(n - 1, 2) float64 logits of S and of fibrillation, of a record's beats but the last.

        rr: (n,) s, the interval before each beat; v: (n,) how likely each is V, 0 to 1.
        """
        x = torch.from_numpy(inputs(rr, v, self.causal))[None]
        with torch.inference_mode():
            found = self.network(x)[0].numpy().astype(float)
        return found[1:] if self.causal else found[:-1]


def write(path: Path, reader: RhythmReader) -> Path:
    """Write a trained network as safetensors, with the document that says what it is."""
    document = {
        **reader.about,
        "what": "rhythm reader",
        "format": FORMAT,
        "units": reader.network.units,
        "causal": reader.causal,
        "threshold": reader.threshold,
    }
    save_weights(path, reader.network.state_dict(), document)
    return path


def read(path: Path) -> RhythmReader:
    """Read what `write` wrote. Raises DataError if the file is missing or is none of these."""
    try:
        tensors, about = open_tensors(path)
        if (about["what"], about["format"]) != ("rhythm reader", FORMAT):
            raise ValueError("written by another version")
        network = RecurrentNetwork(len(tensors["lstm.weight_hh_l0"]) // 4, bool(about["causal"]))
        network.load_state_dict(tensors)
        return RhythmReader(network.eval(), float(about["threshold"]), about)
    except FileNotFoundError:
        raise DataError(
            f"{path}: no rhythm reader; `ecgcore rhythm --pretrain` trains one"
        ) from None
    except Exception as error:  # damage shows in many ways
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a rhythm reader of this version ({reason})") from error
