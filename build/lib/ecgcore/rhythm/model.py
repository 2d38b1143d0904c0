"""The rhythm model: trees that read a beat's context, and networks that read its shape.

Two stages. Ventricular beats are told by a forest and by small networks that see the beat beside
the patient's usual one; supraventricular beats, among the rest, by a forest and boosted trees that
also learnt from synthetic atrial fibrillation. Thresholds, chosen on records that the model had
not seen, make classes of their scores.
"""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from torch import nn

from ecgcore.constants import CLASSES
from ecgcore.evaluation.predictions import Predictions
from ecgcore.rhythm.cases import Cases, concatenate, with_fibrillation
from ecgcore.rhythm.thresholds import Thresholds, decide, log_odds, probabilities

N, S, V, F, Q = range(len(CLASSES))
LEARNT = 4  # N, S, V, F; a handful of Q beats teaches nothing
TREES, SPLIT, LEAF = 100, 4, 8  # features a split, beats a leaf
SHARE, MOST = 0.3, 15_000  # of all beats, and beats at most, that a tree is grown on
ROUNDS, RATE, LEAVES = 60, 0.1, 12  # of boosting; leaves a tree
NETWORKS = 2  # whose probabilities are averaged

Trees = RandomForestClassifier | HistGradientBoostingClassifier


@dataclass(frozen=True)
class Training:
    """How the network is trained. steps of `batch` beats; shift: samples; gain, noise: spread."""

    steps: int = 400
    batch: int = 256
    rate: float = 2e-3
    decay: float = 0.03
    dropout: float = 0.4
    smoothing: float = 0.03
    mixup: float = 0.2
    shift: int = 3
    gain: float = 0.1
    noise: float = 0.03


def weights(aami: np.ndarray, record: np.ndarray) -> np.ndarray:
    """(n,) weight of each beat, mean 1: rare classes count more, and so do patients with few.

    One over the root of (beats of its class, times beats of its class in its record).
    """
    _, number = np.unique(record, return_inverse=True)
    own = np.zeros((number.max() + 1, len(CLASSES)))
    np.add.at(own, (number, aami), 1)
    weight = (own.sum(axis=0)[aami] * own[number, aami]) ** -0.5
    return weight / weight.mean()


def forest(cases: Cases, seed: int) -> RandomForestClassifier:
    """A random forest on the features of some annotated beats."""
    made = RandomForestClassifier(
        TREES,
        max_features=SPLIT,
        min_samples_leaf=LEAF,
        max_samples=min(SHARE, MOST / len(cases)),
        n_jobs=1,
        random_state=seed,
    )
    return made.fit(cases.features, cases.aami, weights(cases.aami, cases.record))


def boosted(cases: Cases, seed: int) -> HistGradientBoostingClassifier:
    """Boosted trees on the features of some annotated beats; each tree sees every beat."""
    made = HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=40,
        l2_regularization=1.0,
        max_features=SHARE,
        early_stopping=False,  # it would stop by beats of patients that it learns from
        random_state=seed,
    )
    return made.fit(cases.features, cases.aami, weights(cases.aami, cases.record))


def tree_probabilities(made: Trees, cases: Cases) -> np.ndarray:
    """(n, 5) float64; 0 for classes that the trees never saw."""
    found = np.zeros((len(cases), len(CLASSES)))
    found[:, made.classes_] = made.predict_proba(cases.features)
    return found


class ShapeNetwork(nn.Module):
    """Beat and template as two channels through three convolutions, beside the features.

    Inputs (n, 2, 128) and (n, n_features); output (n, 4) logits of N, S, V, F.
    """

    def __init__(self, n_features: int, dropout: float = 0.4):
        super().__init__()
        self.register_buffer("centre", torch.zeros(n_features))
        self.register_buffer("spread", torch.ones(n_features))

        def block(before: int, after: int, width: int) -> list[nn.Module]:
            convolution = nn.Conv1d(before, after, width, stride=2, padding=width // 2)
            return [convolution, nn.BatchNorm1d(after), nn.ReLU()]

        self.shape = nn.Sequential(
            *(*block(2, 24, 9), *block(24, 32, 5), *block(32, 48, 5)),
            *(nn.Flatten(), nn.Dropout(dropout), nn.Linear(48 * 16, 48), nn.ReLU()),
        )
        self.context = nn.Sequential(nn.Linear(n_features, 24), nn.ReLU(), nn.Dropout(dropout / 2))
        self.head = nn.Linear(48 + 24, LEARNT)

    def forward(self, pair: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        scaled = ((features - self.centre) / self.spread).clamp(-5, 5)
        return self.head(torch.cat([self.shape(pair), self.context(scaled)], dim=1))


def _pairs(cases: Cases) -> torch.Tensor:
    return torch.from_numpy(np.stack([cases.window, cases.template], axis=1).astype(np.float32))


def train_network(cases: Cases, seed: int, training: Training = Training()) -> ShapeNetwork:
    """Train the network on annotated beats, drawn by their weights. Same seed, same network."""
    torch.manual_seed(seed)
    draw = torch.Generator().manual_seed(seed)
    pair, features = _pairs(cases), torch.from_numpy(cases.features)
    target = nn.functional.one_hot(torch.from_numpy(cases.aami).long(), LEARNT).float()
    weight = torch.from_numpy(weights(cases.aami, cases.record))
    model = ShapeNetwork(features.shape[1], training.dropout)
    model.centre.copy_(features.mean(0))
    model.spread.copy_(features.std(0).clamp(min=1e-3))
    optimiser = torch.optim.AdamW(model.parameters(), training.rate, weight_decay=training.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, training.rate, total_steps=training.steps
    )
    for _ in range(training.steps):
        at = torch.multinomial(weight, training.batch, replacement=True, generator=draw)
        x, f, y = _mixed(
            _varied(pair[at], training, draw), features[at], target[at], training, draw
        )
        loss = nn.functional.cross_entropy(model(x, f), y, label_smoothing=training.smoothing)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.eval()


def _varied(pair: torch.Tensor, how: Training, draw: torch.Generator) -> torch.Tensor:
    """Beats and templates, each pair moved, scaled and made noisy by its own draw."""
    n, _, length = pair.shape
    by = torch.randint(-how.shift, how.shift + 1, (n, 2, 1), generator=draw)
    at = (torch.arange(length) + by).clamp(0, length - 1)
    gain = torch.exp(how.gain * torch.randn(n, 1, 1, generator=draw))
    noise = how.noise * torch.rand(n, 1, 1, generator=draw)
    return pair.gather(2, at) * gain + noise * torch.randn(pair.shape, generator=draw)


def _mixed(x, f, y, how: Training, draw: torch.Generator) -> tuple[torch.Tensor, ...]:
    """Mixup (Zhang et al. 2018): each example and its class blended with another's."""
    share = 1 - how.mixup * torch.rand(len(x), 1, generator=draw)
    other = torch.randperm(len(x), generator=draw)
    blend = [share * a + (1 - share) * a[other] for a in (f, y)]
    return share[..., None] * x + (1 - share[..., None]) * x[other], *blend


def network_probabilities(model: ShapeNetwork, cases: Cases, batch: int = 4096) -> np.ndarray:
    """(n, 5) float64; 0 for Q."""
    found = np.zeros((len(cases), len(CLASSES)))
    with torch.inference_mode():
        for start in range(0, len(cases), batch):
            part = cases[start : start + batch]
            logits = model(_pairs(part), torch.from_numpy(part.features))
            found[start : start + batch, :LEARNT] = logits.softmax(1).numpy()
    return found


@dataclass(frozen=True)
class RhythmModel:
    """early: forest and boosted trees for S; wide: forest, shapes: networks for V and F."""

    early: tuple[Trees, ...]
    wide: tuple[Trees, ...]
    shapes: tuple[ShapeNetwork, ...]

    def scores(self, cases: Cases) -> np.ndarray:
        """See `scores`."""
        return scores(self, cases)


def fit(
    cases: Cases,
    seed: int = 0,
    causal: bool = False,
    also: Cases | None = None,
    training: Training = Training(),
) -> RhythmModel:
    """Fit all parts on annotated beats.

    also: beats of another database, from which V and F are learnt, but not S, which it
    annotates otherwise. causal: how the features of `cases` were made.
    """
    own = cases[np.isin(cases.aami, range(LEARNT))]
    fibrillating = with_fibrillation(own, causal, seed)
    shapes = own if also is None else concatenate([own, also[np.isin(also.aami, range(LEARNT))]])
    rhythms = concatenate([own, fibrillating])
    shapes_too = concatenate([shapes, fibrillating])
    numbers = range(NETWORKS * seed, NETWORKS * (seed + 1))
    return RhythmModel(
        early=(forest(rhythms, seed), boosted(rhythms, seed)),
        wide=(forest(shapes, seed),),
        shapes=tuple(train_network(shapes_too, number, training) for number in numbers),
    )


def scores(model: RhythmModel, cases: Cases) -> np.ndarray:
    """(n, 3) float64: log odds of S, V and F. Reads features, window and template, no class."""
    early = [log_odds(tree_probabilities(trees, cases)[:, S]) for trees in model.early]
    (wide,) = (tree_probabilities(trees, cases) for trees in model.wide)
    shape = np.mean([network_probabilities(network, cases) for network in model.shapes], axis=0)
    both = [(log_odds(wide[:, c]) + log_odds(shape[:, c])) / 2 for c in (V, F)]
    return np.column_stack([np.mean(early, axis=0), *both])


def predictions(cases: Cases, scores: np.ndarray, at: Thresholds) -> Predictions:
    """Annotated beats and what the thresholds make of their scores."""
    p = probabilities(scores)
    return Predictions(cases.aami, decide(scores, at), p, cases.record, cases.sample)
