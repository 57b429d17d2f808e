"""Candidates with every column a strategy may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import entropy

from mlcore.acquire import Candidates, PoolScores

Floats = NDArray[np.float64]
N_CLASSES = {"valence": 3, "arousal": 4}


def make_pool(n: int = 60, *, seed: int = 0, n_known: int = 7, n_dims: int = 6) -> Candidates:
    """Random opinions on two targets; a quarter of the clips lack the face."""
    rng = np.random.default_rng(seed)
    has_face = rng.random(n) < 0.75
    start_s = rng.uniform(0, 600, n)
    return Candidates(
        subject=rng.integers(0, 4, n),
        session=rng.integers(0, 8, n),
        start_s=start_s,
        stop_s=start_s + 5,
        quality={"eeg": rng.uniform(0, 1, n), "face": np.where(has_face, rng.uniform(0, 1, n), np.nan)},
        seconds=rng.uniform(4, 20, n),
        crosses_change=np.zeros(n, dtype=np.bool_),
        scores=make_scores(n, rng, has_face),
        embedding=rng.normal(size=(n, n_dims)).astype(np.float32),
        known=rng.normal(size=(n_known, n_dims)).astype(np.float32) if n_known else None,
    )


def make_scores(n: int, rng: np.random.Generator, has_face: NDArray[np.bool_]) -> PoolScores:
    alpha = {name: 1 + rng.gamma(0.7, 3.0, (n, k)) for name, k in N_CLASSES.items()}
    eeg = {name: 1 + rng.gamma(0.7, 3.0, (n, k)) for name, k in N_CLASSES.items()}
    face = {name: np.where(has_face[:, None], 1 + rng.gamma(0.7, 3.0, (n, k)), np.nan) for name, k in N_CLASSES.items()}
    scores = scores_of(alpha, agreement=np.where(has_face, rng.uniform(0, 1, n), np.nan))
    return replace(
        scores,
        dissonance={name: rng.uniform(0, 1, n) for name in N_CLASSES},
        disagreement={name: rng.uniform(0, 1, n) for name in N_CLASSES},
        bald={name: rng.uniform(0, 1, n) for name in N_CLASSES},
        alpha_by_modality={"eeg": eeg, "face": face},
    )


def scores_of(alpha: Mapping[str, Floats], *, agreement: Floats | None = None) -> PoolScores:
    """What follows from Dirichlets."""
    n = len(next(iter(alpha.values())))
    each = {name: entropy(a / a.sum(axis=1, keepdims=True), axis=1) for name, a in alpha.items()}
    return PoolScores(
        rows=np.arange(n),
        alpha=alpha,
        entropy=each,
        mean_entropy=np.mean([each[name] / np.log(a.shape[1]) for name, a in alpha.items()], axis=0),
        vacuity={name: a.shape[1] / a.sum(axis=1) for name, a in alpha.items()},
        agreement=np.full(n, np.nan) if agreement is None else agreement,
    )


def with_scores(candidates: Candidates, **changes: Any) -> Candidates:
    assert candidates.scores is not None
    return replace(candidates, scores=replace(candidates.scores, **changes))


def taken(candidates: Candidates, places: NDArray[np.int64]) -> Candidates:
    """The same clips in another order, or some of them."""
    changes = {
        one.name: _taken(getattr(candidates, one.name), places)
        for one in fields(candidates)
        if one.name not in ("known", "scores")
    }
    scores = candidates.scores
    if scores is not None:
        values = {one.name: getattr(scores, one.name) for one in fields(scores)}
        filled = {name: value for name, value in values.items() if not _is_empty(value)}
        changes["scores"] = replace(scores, **{name: _taken(value, places) for name, value in filled.items()})
    return replace(candidates, **changes)


def _taken(value: Any, places: NDArray[np.int64]) -> Any:
    if isinstance(value, Mapping):
        return {name: _taken(one, places) for name, one in value.items()}
    return None if value is None else value[places]


def _is_empty(value: Any) -> bool:
    return not value if isinstance(value, Mapping) else value.size == 0


def spoilt(candidates: Candidates, places: NDArray[np.int64], value: float) -> Candidates:
    """The same, with `value` in every column that says anything of these clips, but for measured quality."""
    scores = candidates.scores
    assert scores is not None
    assert candidates.embedding is not None
    names = ("alpha", "entropy", "mean_entropy", "vacuity", "dissonance", "disagreement", "bald")
    return replace(
        candidates,
        scores=replace(scores, **{name: _spoilt(getattr(scores, name), places, value) for name in names}),
        embedding=_spoilt(candidates.embedding, places, value),
        seconds=_spoilt(candidates.seconds, places, value),
    )


def _spoilt(column: Any, places: NDArray[np.int64], value: float) -> Any:
    if isinstance(column, Mapping):
        return {name: _spoilt(one, places, value) for name, one in column.items()}
    changed = column.copy()
    changed[places] = value
    return changed
