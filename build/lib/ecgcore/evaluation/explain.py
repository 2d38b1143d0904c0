"""Which part of a beat speaks for a class: Grad-CAM of the last convolution."""

import numpy as np
import torch
from captum.attr import LayerAttribution, LayerGradCam
from torch import nn

from ecgcore.beats.cutting import normalise
from ecgcore.constants import BEAT_LENGTH, CLASSES
from ecgcore.errors import DataError


def last_convolution(model: nn.Module) -> nn.Module:
    """The layer whose output Grad-CAM reads: the block that holds the last convolution.

    The block, not the bare convolution, because its output comes after normalisation and ReLU:
    before them an activation has an arbitrary offset and sign. A convolution that lies directly
    in the network stands for itself. Raises DataError if there is none.
    """
    names = [n for n, m in model.named_modules() if isinstance(m, nn.Conv1d | nn.Conv2d)]
    if not names:
        raise DataError(f"{type(model).__name__} has no convolution, which Grad-CAM needs")
    block = names[-1].rpartition(".")[0]
    return model.get_submodule(block or names[-1])


def grad_cam(
    model: nn.Module,
    signal: np.ndarray,
    target: np.ndarray | None = None,
    device: str = "cpu",
    batch: int = 256,
) -> np.ndarray:
    """Grad-CAM (Selvaraju et al. 2017) of the last convolution block, at each sample of a beat.

    signal: (n, 187), beats scaled to [0, 1]; target: (n,) class numbers to explain, by default
    the class that the network chooses. Returns (n, 187) float32: each beat's evidence for its
    target class over its own maximum, so in [0, 1]; zeros where nothing speaks for the class.
    Raises DataError for another shape, values that are not finite, or a target that is no class.
    """
    signal = np.asarray(signal, dtype=np.float32)
    target = _check(signal, target)
    model = model.to(device).eval()
    method = LayerGradCam(model, last_convolution(model))
    inputs = torch.from_numpy(normalise(signal)).to(device)
    parts = [np.empty((0, BEAT_LENGTH), np.float32)]
    for start in range(0, len(inputs), batch):
        x = inputs[start : start + batch]
        classes = None if target is None else target[start : start + batch].to(device)
        parts.append(_one_batch(method, model, x, classes))
    return np.concatenate(parts)


def _check(signal: np.ndarray, target: np.ndarray | None) -> torch.Tensor | None:
    if signal.ndim != 2 or signal.shape[1] != BEAT_LENGTH:
        raise DataError(f"Grad-CAM: beats must be (n, {BEAT_LENGTH}), not {signal.shape}")
    if not np.isfinite(signal).all():
        row = int(np.flatnonzero(~np.isfinite(signal).all(axis=1))[0])
        raise DataError(f"Grad-CAM: beat {row} holds a value that is not finite")
    if target is None:
        return None
    target = np.asarray(target)
    if target.shape != (len(signal),):
        raise DataError(f"Grad-CAM: {len(signal)} beats but targets of shape {target.shape}")
    if not np.isin(target, range(len(CLASSES))).all():
        raise DataError("Grad-CAM: a target is no class (0 to 4)")
    return torch.from_numpy(target.astype(np.int64))


def _one_batch(
    method: LayerGradCam, model: nn.Module, x: torch.Tensor, target: torch.Tensor | None
) -> np.ndarray:
    """(b, 187) evidence of one batch. cuDNN's LSTM refuses gradients outside training."""
    with torch.backends.cudnn.flags(enabled=False):
        if target is None:
            with torch.inference_mode():
                target = model(x).argmax(dim=1)
            target = target.clone()  # an inference tensor cannot index what needs gradients
        cam = method.attribute(x, target=target, relu_attributions=True).detach()  # (b, 1, 1, 23)
    size = BEAT_LENGTH if cam.ndim == 3 else (1, BEAT_LENGTH)
    mode = "linear" if cam.ndim == 3 else "bilinear"
    cam = LayerAttribution.interpolate(cam, size, interpolate_mode=mode).reshape(len(x), -1)
    highest = cam.amax(dim=1, keepdim=True)
    return (cam / highest.clamp_min(torch.finfo(cam.dtype).tiny)).cpu().numpy()
