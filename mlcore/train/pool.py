"""How a clip's opinions are brought together: coefficients that are learnt from clips held back, by modality.

Each modality speaks twice: its networks by evidence e_m (K values), its linear expert by logits ℓ_m.

    t_m = a_m · ln e_m + c_m · ℓ_m                     one modality's score; a_m, c_m ≥ 0, ln e_m its networks' mean
    L   = Σ_m w_m · q_m · t_m                          q_m its quality, w_m ≥ 0, w_m = 1 where it is alone
    p   = softmax(L)                                   what is predicted
    α   = 1 + E · p                                    the opinion, E the evidence of the discounted fusion

The direction of an opinion comes from L, a product of experts, which is right where modalities err independently given
the class; w_m < 1 takes back what they have in common. How much evidence there is comes from the networks alone, so
that a clip which resembles no prototype stays vacuous whatever a linear model makes of it.

Source: ours; stacking, Wolpert 1992, doi 10.1016/S0893-6080(05)80023-1; products of experts, Hinton 2002,
doi 10.1162/089976602760128018.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from mlcore.types import JsonObject

Floats = NDArray[np.float64]
#: coefficients of networks and experts before anything is known: each as loud as the other, together as loud as one
UNKNOWN = (0.5, 0.5)
#: with fewer judged clips than this nothing is fitted
MIN_CLIPS = 10
#: how strongly w_m is drawn towards 1 (as many clips' worth), and a_m, c_m towards `UNKNOWN`
PRIOR_CLIPS = 2.0


@dataclass(frozen=True, slots=True)
class Voice:
    """What one modality says of n clips on one target.

    Args:
        log_evidence: ln e (n, K) of its networks.
        logits: ℓ (n, K) of its linear expert, zeros where there is none.
        quality: (n,) in 0..1; 0 = the clip lacks the modality.
    """

    log_evidence: Floats
    logits: Floats
    quality: Floats


@dataclass(frozen=True, slots=True)
class Pool:
    """The coefficients of one target.

    Args:
        alone: modality -> (a_m, c_m).
        together: modality -> w_m.
    """

    alone: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    together: Mapping[str, float] = field(default_factory=dict)

    def score(self, modality: str, voice: Voice) -> Floats:
        """t_m (n, K)."""
        return _score(voice, *self.alone.get(modality, UNKNOWN))

    def probabilities(self, voices: Mapping[str, Voice]) -> Floats:
        """softmax(L) (n, K); uniform where a clip has none of the modalities."""
        present = {name: voice.quality > 0 for name, voice in voices.items()}
        n_present = np.sum([*present.values()], axis=0)
        total = np.zeros_like(next(iter(voices.values())).logits)
        for name, voice in voices.items():
            weight = np.where(n_present > 1, self.together.get(name, 1.0), 1.0) * voice.quality
            total += weight[:, None] * np.where(present[name][:, None], self.score(name, voice), 0.0)
        return np.asarray(softmax(total, axis=1))

    def to_json(self) -> JsonObject:
        """Plain values; `from_json` reads them back."""
        return {
            "alone": {name: list(pair) for name, pair in self.alone.items()},
            "together": dict(self.together),
        }

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        alone = {name: (float(a), float(c)) for name, (a, c) in item["alone"].items()}
        return cls(alone, {name: float(w) for name, w in item["together"].items()})


def fit_pool(voices: Mapping[str, Voice], target: Floats, *, has_experts: bool) -> Pool:
    """Fit the coefficients to clips held back, by the negative log-likelihood of p: each modality alone, then together.

    Args:
        voices: of each modality, n clips that neither networks nor experts have learnt from.
        target: (n, K) distributions, rows of NaN = not scored.
        has_experts: without them c_m stays 0.
    """
    scored = ~np.isnan(target).any(axis=1)
    alone = {
        name: _fit_alone(_rows(voice, keep), target[keep], has_experts=has_experts)
        for name, voice in voices.items()
        for keep in [scored & (voice.quality > 0)]
    }
    pool = Pool(alone)
    everywhere = scored & np.all([voice.quality > 0 for voice in voices.values()], axis=0)
    if len(voices) < 2 or everywhere.sum() < MIN_CLIPS:
        return pool
    kept = {name: _rows(voice, everywhere) for name, voice in voices.items()}
    return Pool(alone, _fit_together(pool, kept, target[everywhere]))


def _score(voice: Voice, a: float, c: float) -> Floats:
    return a * voice.log_evidence + c * voice.logits


def _rows(voice: Voice, keep: NDArray[np.bool_]) -> Voice:
    return Voice(voice.log_evidence[keep], voice.logits[keep], voice.quality[keep])


def _fit_alone(voice: Voice, target: Floats, *, has_experts: bool) -> tuple[float, float]:
    first = np.array(UNKNOWN if has_experts else (1.0, 0.0))
    if len(target) < MIN_CLIPS:
        return float(first[0]), float(first[1])

    def loss(coefficients: Floats) -> float:
        scores = voice.quality[:, None] * _score(voice, *coefficients)
        return _nll(scores, target) + _prior(coefficients - first, len(target))

    top = (None, None) if has_experts else (None, 0.0)
    a, c = minimize(loss, first, method="L-BFGS-B", bounds=[(0.0, top[0]), (0.0, top[1])]).x
    return float(a), float(c)


def _fit_together(pool: Pool, voices: Mapping[str, Voice], target: Floats) -> dict[str, float]:
    scores = np.stack([voice.quality[:, None] * pool.score(name, voice) for name, voice in voices.items()])

    def loss(weights: Floats) -> float:
        return _nll(np.tensordot(weights, scores, axes=1), target) + _prior(weights - 1.0, len(target))

    found = minimize(loss, np.ones(len(scores)), method="L-BFGS-B", bounds=[(0.0, None)] * len(scores)).x
    return dict(zip(voices, (float(weight) for weight in found), strict=True))


def _nll(scores: Floats, target: Floats) -> float:
    return float(-(target * log_softmax(scores, axis=1)).sum(axis=1).mean())


def _prior(deviation: Floats, n_clips: int) -> float:
    return PRIOR_CLIPS / n_clips * float((deviation**2).sum())
