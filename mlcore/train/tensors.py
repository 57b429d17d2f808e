"""All clips of a round's training as tensors that stay on the device for the whole round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlcore.errors import TrainingError
from mlcore.nets import ClipInput, summary_width
from mlcore.store import Store
from mlcore.train.measures import batches_of
from mlcore.train.scaling import Scaler


@dataclass(frozen=True, slots=True)
class Clips:
    """n clips, each tensor with n rows.

    Args:
        inputs: per modality the standardised clips, zeros where missing.
        present: per modality (n,) bool.
        targets: per target distributions (n, K); uniform where not scored.
        weights: per target (n,) float ≥ 0, 0 where not scored.
        trials: (n,) whole numbers, equal within a trial.
        traces: per trace target (n, T) standardised values, NaN where not scored.
    """

    inputs: dict[str, ClipInput]
    present: dict[str, Tensor]
    targets: dict[str, Tensor]
    weights: dict[str, Tensor]
    trials: Tensor
    traces: dict[str, Tensor] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where they are."""
        return self.trials.device

    def __len__(self) -> int:
        return len(self.trials)


def pick_device(name: str) -> torch.device:
    """The device of a configuration: "auto" takes a GPU where there is one.

    Raises:
        TrainingError: no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name not in ("cpu", "cuda"):
        raise TrainingError(f"device: expected auto, cpu or cuda, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("device cuda was asked for, but this machine offers torch no CUDA device")
    return torch.device(name)


def load_clips(
    store: Store,
    scalers: Mapping[str, Scaler],
    rows: NDArray[np.int64],
    *,
    targets: Mapping[str, NDArray[np.float64]],
    class_weights: Mapping[str, NDArray[np.float64]],
    clip_weights: Mapping[str, NDArray[np.float64]],
    trials: NDArray[np.int64],
    device: torch.device,
) -> Clips:
    """Read, standardise and place clips.

    Args:
        store: the clips.
        scalers: of the modalities wanted.
        rows: (n,).
        targets: per target (n, K), rows of NaN = not scored.
        class_weights: per target (K,).
        clip_weights: per target (n,) ≥ 0.
        trials: (n,).
        device: where to.
    """
    filled = {name: np.where(np.isnan(y), 1 / y.shape[1], y) for name, y in targets.items()}
    weights = {
        name: ~np.isnan(y).any(1) * (filled[name] @ class_weights[name]) * clip_weights[name]
        for name, y in targets.items()
    }
    return Clips(
        inputs=load_modalities(store, rows, scalers=scalers, device=device),
        present={name: torch.from_numpy(store.present(name)[rows]).to(device) for name in scalers},
        targets={name: _floats(y, device) for name, y in filled.items()},
        weights={name: _floats(w, device) for name, w in weights.items()},
        trials=torch.from_numpy(trials).to(device),
    )


def load_inputs(
    store: Store, modality: str, rows: NDArray[np.int64], *, scaler: Scaler, device: torch.device
) -> ClipInput:
    """Standardised clips of one modality and their summaries; besides them, one batch of clips is in memory."""
    signal = torch.empty((len(rows), *scaler.meta.shape), device=device)
    summary = torch.empty((len(rows), summary_width(scaler.meta)), device=device)
    subjects = store.subjects[rows]
    for batch in batches_of(len(rows)):
        clips = store.gather(modality, rows[batch])
        signal[batch] = torch.from_numpy(scaler.apply(clips, subjects[batch]))
        known = scaler.known_summaries(store, rows[batch])
        summary[batch] = torch.from_numpy(scaler.summaries(clips, subjects[batch]) if known is None else known)
    return ClipInput(signal, summary)


def load_modalities(
    store: Store, rows: NDArray[np.int64], *, scalers: Mapping[str, Scaler], device: torch.device
) -> dict[str, ClipInput]:
    """Standardised clips of every modality that there is a scaler for."""
    return {name: load_inputs(store, name, rows, scaler=scaler, device=device) for name, scaler in scalers.items()}


def load_summaries(store: Store, modality: str, rows: NDArray[np.int64], *, scaler: Scaler) -> NDArray[np.float32]:
    """Standardised summaries (n, S) of one modality; clips are read where they are not known yet."""
    known = scaler.known_summaries(store, rows)
    if known is not None:
        return known
    subjects = store.subjects[rows]
    parts = [scaler.summaries(store.gather(modality, rows[batch]), subjects[batch]) for batch in batches_of(len(rows))]
    return np.concatenate([np.zeros((0, summary_width(scaler.meta)), dtype=np.float32), *parts])


def class_weights(target: NDArray[np.float64], *, balance: float) -> NDArray[np.float64]:
    """Weights (K,) ∝ (N/(K n_k))^balance of the classes that occur, with mean 1 over the labelled clips.

    Args:
        target: (n, K), rows of NaN = not scored.
        balance: 0 = every clip the same, 1 = every class the same.
    """
    counts = np.nansum(target, axis=0)
    weights = np.where(counts > 0, (counts.sum() / (len(counts) * np.maximum(counts, 1e-9))) ** balance, 1.0)
    mean = float((weights * counts).sum() / max(counts.sum(), 1e-9))
    return np.asarray(weights / (mean or 1.0))


def _floats(values: NDArray[np.float64], device: torch.device) -> Tensor:
    return torch.from_numpy(values.astype(np.float32)).to(device)
