"""The recipe that this project set out to reproduce, as it is usually written.

A data set that z-scores a beat whenever it is asked for one, a DataLoader, a sampler *and* a loss
that weight the rare classes, Adam at 1e-3, 32 bits, the layers as PyTorch brings them. Nothing here
is slow on purpose; it is what one writes first.
"""

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

from ecgcore.beats.cutting import Beats
from ecgcore.beats.splits import Split

BATCH = 128


class BeatDataset(Dataset):
    """signal: (n_beats, 187); aami: (n_beats,) class numbers."""

    def __init__(self, signal: np.ndarray, aami: np.ndarray):
        self.signal, self.aami = signal, aami

    def __len__(self) -> int:
        return len(self.aami)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        beat = self.signal[index]
        beat = (beat - beat.mean()) / max(beat.std(), 1e-6)
        return torch.tensor(beat, dtype=torch.float32), torch.tensor(int(self.aami[index]))


class CNNLSTM(nn.Module):
    """Input (B, 187), output (B, 5) logits."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, 64, 5, padding=2),
            nn.BatchNorm1d(64),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Dropout(0.2),
            nn.Conv1d(64, 128, 3, padding=1),
            nn.BatchNorm1d(128),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Dropout(0.2),
            nn.Conv1d(128, 128, 3, padding=1),
            nn.BatchNorm1d(128),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Dropout(0.2),
        )
        self.lstm = nn.LSTM(128, 64, batch_first=True, bidirectional=True)
        self.classifier = nn.Sequential(
            nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 5)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x.unsqueeze(1))  # (B, 128, 23)
        _, (last, _) = self.lstm(x.permute(0, 2, 1))
        return self.classifier(torch.cat([last[0], last[1]], dim=1))


class Original:
    """The recipe at work on the beats of a split."""

    def __init__(self, beats: Beats, split: Split):
        torch.use_deterministic_algorithms(False)  # PyTorch's default
        torch.manual_seed(0)
        aami = beats.aami[split.train]
        self.loader = loader(beats.signal[split.train], aami)
        self.validation = DataLoader(
            BeatDataset(beats.signal[split.val], beats.aami[split.val]), batch_size=1024
        )
        self.model = CNNLSTM()
        self.criterion = nn.CrossEntropyLoss(weight=class_weights(aami))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimizer, mode="max", patience=3
        )

    def epoch(self, tick=lambda n: None) -> float:
        """One pass; returns the mean loss. `tick` hears of each batch."""
        self.model.train()
        running_loss = 0.0
        for x, y in self.loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            running_loss += loss.item()
            tick(len(y))
        return running_loss / len(self.loader)

    def evaluate(self) -> tuple[float, float]:
        """Accuracy and macro-F1 on the validation beats."""
        self.model.eval()
        with torch.no_grad():
            answers = [(y, self.model(x).argmax(1)) for x, y in self.validation]
        self.model.train()
        true, predicted = (torch.cat(part).numpy() for part in zip(*answers, strict=True))
        macro_f1 = f1_score(true, predicted, average="macro", zero_division=0)
        return float((true == predicted).mean()), float(macro_f1)


def class_weights(aami: np.ndarray) -> Tensor:
    counts = np.bincount(aami, minlength=5)
    return torch.tensor(len(aami) / (5 * np.maximum(counts, 1)), dtype=torch.float32)


def loader(signal: np.ndarray, aami: np.ndarray) -> DataLoader:
    """Batches in which all classes are about equally frequent."""
    sampler = WeightedRandomSampler(class_weights(aami)[aami.astype(int)], len(aami))
    return DataLoader(BeatDataset(signal, aami), batch_size=BATCH, sampler=sampler)
