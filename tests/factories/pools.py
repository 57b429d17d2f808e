"""Made-up candidates with every column that a round gives them; seeded, and telling nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire import PoolScores
from mlcore.acquire.candidates import Candidates

TARGETS = {"valence": 3, "arousal": 2}
MODALITIES = ("eeg", "face")
WIDTH = 8


def make_scores(n_clips: int, *, seed: int = 0) -> PoolScores:
    rng = np.random.default_rng(seed)

    def by_target(low: float, high: float) -> dict[str, NDArray[np.float64]]:
        return {name: rng.uniform(low, high, n_clips) for name in TARGETS}

    def opinions() -> dict[str, NDArray[np.float64]]:
        return {name: rng.uniform(1.0, 5.0, (n_clips, k)) for name, k in TARGETS.items()}

    def predicted() -> dict[str, NDArray[np.float64]]:
        return {name: rng.dirichlet(np.ones(k), n_clips) for name, k in TARGETS.items()}

    return PoolScores(
        rows=np.arange(n_clips),
        alpha=opinions(),
        entropy=by_target(0.0, 1.0),
        mean_entropy=rng.uniform(size=n_clips),
        vacuity=by_target(0.0, 1.0),
        agreement=np.where(rng.uniform(size=n_clips) < 0.2, np.nan, rng.uniform(size=n_clips)),
        dissonance=by_target(0.0, 1.0),
        disagreement=by_target(0.0, 1.0),
        predicted=predicted(),
        predicted_by_modality={name: predicted() for name in MODALITIES},
        alpha_by_modality={name: opinions() for name in MODALITIES},
        bald=by_target(0.0, 0.1),
        embedding=_unit_parts(rng, n_clips),
    )


def make_candidates(n_clips: int, *, n_known: int = 5, seed: int = 0) -> Candidates:
    rng = np.random.default_rng(seed + 1)
    scores = make_scores(n_clips, seed=seed)
    return Candidates(
        subject=rng.integers(0, 4, n_clips),
        session=rng.integers(0, 9, n_clips),
        start_s=np.arange(n_clips, dtype=np.float64) * 5.0,
        stop_s=np.arange(n_clips, dtype=np.float64) * 5.0 + 5.0,
        quality={"eeg": rng.uniform(size=n_clips), "face": np.where(rng.random(n_clips) < 0.2, np.nan, 0.8)},
        seconds=rng.uniform(4.0, 20.0, n_clips),
        crosses_change=rng.random(n_clips) < 0.1,
        scores=scores,
        embedding=scores.embedding,
        known=_unit_parts(rng, n_known),
    )


def _unit_parts(rng: np.random.Generator, n_clips: int) -> NDArray[np.float32]:
    places = rng.standard_normal((n_clips, len(MODALITIES), WIDTH))
    places /= np.linalg.norm(places, axis=2, keepdims=True)
    return places.reshape(n_clips, len(MODALITIES) * WIDTH).astype(np.float32)
