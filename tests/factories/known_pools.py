"""Pools of candidates with known classes, as a round leaves them: a model that is half right, and a latent space."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Candidates, Floats
from mlcore.acquire.scores import PoolScores

TARGETS = ("valence", "arousal")


@dataclass(frozen=True, slots=True)
class KnownPool:
    candidates: Candidates
    #: target -> (n,) classes
    truth: dict[str, NDArray[np.int64]]

    @property
    def scores(self) -> PoolScores:
        assert self.candidates.scores is not None
        return self.candidates.scores


def make_pool(
    n: int,
    *,
    dim: int = 16,
    n_classes: int = 3,
    strength: float = 1.0,
    noise: float = 0.6,
    seed: int = 0,
    dtype: type[np.floating] = np.float16,
) -> KnownPool:
    """Clips around a prototype of each class; the round's opinion follows them by `strength`, and is sure of nothing.

    Each target has prototypes of its own; the opinion is wrong about the last class, which it takes for the first.
    """
    rng = np.random.default_rng(seed)
    embedding = np.zeros((n, dim))
    truth, alpha = {}, {}
    for name in TARGETS:
        prototypes = rng.standard_normal((n_classes, dim)) / np.sqrt(dim)
        truth[name] = rng.integers(0, n_classes, n)
        embedding += prototypes[truth[name]] + noise * rng.standard_normal((n, dim)) / np.sqrt(dim)
        seen = np.where(truth[name] == n_classes - 1, 0, truth[name])
        evidence = rng.gamma(1.0, 1.0, (n, n_classes))
        evidence[np.arange(n), seen] += strength * rng.gamma(2.0, 1.0, n)
        alpha[name] = 1.0 + evidence
    return KnownPool(candidates_of(embedding.astype(dtype), alpha), truth)


def candidates_of(embedding: NDArray[np.floating], alpha: dict[str, Floats]) -> Candidates:
    """Ten clips of 5 s a session, four sessions a subject, all of good quality."""
    n = len(embedding)
    row = np.arange(n)
    return Candidates(
        subject=row // 40,
        session=row // 10,
        start_s=np.asarray(5.0 * (row % 10), dtype=np.float64),
        stop_s=np.asarray(5.0 * (row % 10 + 1), dtype=np.float64),
        quality={"eeg": np.full(n, 0.9), "face": np.full(n, 0.9)},
        seconds=np.full(n, 6.0),
        crosses_change=np.zeros(n, dtype=np.bool_),
        scores=scores_of(alpha, embedding),
        embedding=embedding,
    )


def scores_of(alpha: dict[str, Floats], embedding: NDArray[np.floating]) -> PoolScores:
    n = len(embedding)
    means = {name: values / values.sum(axis=1, keepdims=True) for name, values in alpha.items()}
    entropy = {name: -(p * np.log(p)).sum(axis=1) for name, p in means.items()}
    relative = [entropy[name] / np.log(values.shape[1]) for name, values in alpha.items()]
    return PoolScores(
        rows=np.arange(n),
        alpha=alpha,
        entropy=entropy,
        mean_entropy=np.mean(relative, axis=0),
        vacuity={name: values.shape[1] / values.sum(axis=1) for name, values in alpha.items()},
        agreement=np.full(n, 0.5),
        dissonance={name: np.zeros(n) for name in alpha},
        disagreement={name: np.full(n, 0.1) for name in alpha},
        embedding=embedding,
    )


def with_embedding(pool: KnownPool, embedding: NDArray[np.floating]) -> KnownPool:
    return replace(pool, candidates=replace(pool.candidates, embedding=embedding))
