"""A shard of every kind of modality and target, small enough to write in a millisecond. Its values mean nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.store import (
    UNLABELLED,
    ClipTable,
    ModalityKind,
    ModalityMeta,
    ShardMeta,
    TargetKind,
    TargetMeta,
)

Arrays = dict[str, NDArray[Any]]

META = ShardMeta(
    modalities={
        "eeg": ModalityMeta(ModalityKind.WAVEFORM, (3, 8), "float32", 128.0, "µV", ("Fp1", "Cz", "O2")),
        "face": ModalityMeta(ModalityKind.SEQUENCE, (5, 2), "float32", 5.0),
        "crops": ModalityMeta(ModalityKind.FRAMES, (2, 3, 4, 4), "uint8", 1.0),
        "powers": ModalityMeta(ModalityKind.VECTOR, (6,), "float64"),
    },
    targets={
        "valence3": TargetMeta(TargetKind.CLASS, classes=("unpleasant", "neutral", "pleasant")),
        "sam": TargetMeta(TargetKind.ORDINAL, levels=9),
        "votes": TargetMeta(TargetKind.DISTRIBUTION, classes=("calm", "activated")),
        "course": TargetMeta(TargetKind.TRACE, sfreq=4.0),
    },
    versions={"face features": 1},
)


def table(n: int, *, seed: int = 0, prefix: str = "s0", meta: ShardMeta = META) -> ClipTable:
    rng = np.random.default_rng(seed)
    start_s = np.round(rng.uniform(0, 100, n), 3)
    present = {name: rng.random(n) < 0.7 for name in meta.modalities}
    answers = {"valence3": rng.integers(0, 3, n), "sam": rng.integers(1, 10, n)}
    return ClipTable(
        clip_id=np.array([f"{prefix}-{row}" for row in range(n)], dtype=str),
        subject=np.full(n, prefix),
        session=np.full(n, f"{prefix}/Sitzung ä"),
        trial=rng.integers(1, 20, n),
        start_s=start_s,
        stop_s=start_s + 5.0,
        present=present,
        quality={name: rng.uniform(0, 1, n) for name in meta.modalities},
        targets={
            name: np.where(rng.random(n) < 0.3, UNLABELLED, values)
            for name, values in answers.items()
            if name in meta.targets
        },
    )


def arrays(n: int, *, seed: int = 0) -> Arrays:
    rng = np.random.default_rng(seed + 1000)
    votes = rng.dirichlet((1.0, 1.0), n).astype(np.float32)
    votes[::3] = np.nan
    course = rng.normal(size=(n, 20)).astype(np.float32)
    course[:, :2] = np.nan
    return {
        "eeg": rng.normal(size=(n, 3, 8)).astype(np.float32),
        "face": rng.normal(size=(n, 5, 2)).astype(np.float32),
        "crops": rng.integers(0, 256, (n, 2, 3, 4, 4)).astype(np.uint8),
        "powers": rng.normal(size=(n, 6)),
        "votes": votes,
        "course": course,
    }


def eeg_only(n_times: int) -> ShardMeta:
    """A meta of EEG alone with clips of `n_times` samples."""
    eeg = replace(META.modalities["eeg"], shape=(3, n_times))
    return ShardMeta({"eeg": eeg})
