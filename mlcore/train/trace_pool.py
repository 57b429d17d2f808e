"""How several answers to one trace are brought together: coefficients that are learnt from clips held back.

Each modality speaks twice: its networks by a trace n_m (T values), its linear expert by a trace ℓ_m.

    t_m = b_m + a_m · n_m + c_m · ℓ_m              one modality's answer; a_m, c_m ≥ 0
    y   = b + Σ_m w_m · t_m                        where a clip has every modality, w_m ≥ 0
    y   = Σ_m w_m · t_m / Σ_m w_m                  over those that it has, else; one alone is t_m

Coefficients minimise the squared error by non-negative least squares on centred values, so that a voice that says
nothing gets 0 and what is left is the mean. All on the standardised scale.

Source: stacking with non-negative weights, Breiman 1996, doi 10.1007/BF00117832.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlcore.train.pool import MIN_CLIPS
from mlcore.train.trace_line import Line, fit_line
from mlcore.types import JsonObject

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: what a modality that adds nothing beside the others still counts where it is alone
_LEAST = 1e-6


#: networks alone, and networks and expert each as loud as the other, before anything is known
NETWORKS, BOTH = Line((1.0, 0.0)), Line((0.5, 0.5))


@dataclass(frozen=True, slots=True)
class TraceVoice:
    """What one modality says of n clips on one trace.

    Args:
        networks: (n, T), mean over networks and heads.
        expert: (n, T) of its linear expert, zeros where there is none.
        heard: (n,) whether the modality may be read.
    """

    networks: Floats
    expert: Floats
    heard: Mask


@dataclass(frozen=True, slots=True)
class TracePool:
    """The coefficients of one trace target.

    Args:
        alone: modality -> (a_m, c_m) and b_m; networks alone where nothing is said.
        together: the modalities' weights in the order of `alone`, and b; None = all alike.
    """

    alone: Mapping[str, Line] = field(default_factory=dict)
    together: Line | None = None

    def answer(self, voices: Mapping[str, TraceVoice]) -> Floats:
        """The trace (n, T) from what each modality says; NaN where none is heard."""
        said = {name: self.alone.get(name, NETWORKS).of(one.networks, one.expert) for name, one in voices.items()}
        mean = self._mean(said, {name: one.heard for name, one in voices.items()})
        if self.together is None or set(said) != set(self.alone):
            return mean
        everywhere = np.all([one.heard for one in voices.values()], axis=0)
        return np.where(everywhere[:, None], self.together.of(*(said[name] for name in self.alone)), mean)

    def _mean(self, said: Mapping[str, Floats], heard: Mapping[str, Mask]) -> Floats:
        """Weighted mean over the modalities that each clip has."""
        weights = {} if self.together is None else dict(zip(self.alone, self.together.weights, strict=True))
        counts = {name: np.where(heard[name], max(weights.get(name, 1.0), _LEAST), 0.0)[:, None] for name in said}
        total = np.sum([counts[name] * np.where(heard[name][:, None], said[name], 0.0) for name in said], axis=0)
        n_heard = np.sum([*counts.values()], axis=0)
        return np.asarray(total / np.where(n_heard > 0, n_heard, np.nan))

    def to_json(self) -> JsonObject:
        """Plain values; `from_json` reads them back."""
        together = None if self.together is None else self.together.to_json()
        return {"alone": {name: line.to_json() for name, line in self.alone.items()}, "together": together}

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        together = None if item["together"] is None else Line.from_json(item["together"])
        return cls({name: Line.from_json(line) for name, line in item["alone"].items()}, together)


def fit_trace_pool(voices: Mapping[str, TraceVoice], truth: Floats, *, has_experts: bool) -> TracePool:
    """Fit the coefficients to clips held back: each modality alone, then together.

    Args:
        voices: of each modality, n clips that neither networks nor experts have learnt from.
        truth: (n, T) standardised, NaN = not scored.
        has_experts: without them c_m stays 0.
    """
    alone = {name: _fit_alone(voice, truth, has_experts=has_experts) for name, voice in voices.items()}
    everywhere = np.all([voice.heard for voice in voices.values()], axis=0)
    if len(voices) < 2 or _n_clips(truth, everywhere) < MIN_CLIPS:
        return TracePool(alone)
    said = [alone[name].of(voice.networks, voice.expert) for name, voice in voices.items()]
    return TracePool(alone, _fit(said, truth, everywhere))


def _fit_alone(voice: TraceVoice, truth: Floats, *, has_experts: bool) -> Line:
    if _n_clips(truth, voice.heard) < MIN_CLIPS:
        return BOTH if has_experts else NETWORKS
    if has_experts:
        return _fit([voice.networks, voice.expert], truth, voice.heard)
    line = _fit([voice.networks], truth, voice.heard)
    return Line((*line.weights, 0.0), line.bias)


def _n_clips(truth: Floats, where: Mask) -> int:
    return int((where & ~np.isnan(truth).all(axis=1)).sum())


def _fit(said: list[Floats], truth: Floats, where: Mask) -> Line:
    judged = where[:, None] & ~np.isnan(truth)
    return fit_line(np.stack([one[judged] for one in said], axis=1), truth[judged])
