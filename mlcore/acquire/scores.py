"""What a round knows about each pool clip; numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PoolScores:
    """Scores of n clips, row by row.

    Args:
        rows: (n,) rows of the store.
        alpha: per target the fused Dirichlet parameters (n, K).
        entropy: per target H[α/S] in nats (n,).
        mean_entropy: mean over the class targets of H / ln K, (n,) in 0..1; 0 throughout where there is no class
            target, which ranks nothing.
        vacuity: per target K/S, (n,) in 0..1.
        dissonance: per target, (n,) in 0..1.
        agreement: (cos(EEG, face) + 1)/2 in the shared space, (n,) in 0..1; NaN where a modality is missing.
        disagreement: per target the mutual information between class and network or head, (n,) in nats.
        predicted: per target the probabilities (n, K) that are given as the answer, calibrated on clips held back; the
            mean of the Dirichlet, α/S, where there are none. Entropy, vacuity and dissonance are of α: a clip that
            resembles nothing is uncertain, however sure the prediction would be.
        predicted_by_modality: likewise per modality and target, NaN rows where the clip lacks the modality.
        alpha_by_modality: per modality and target (n, K), NaN rows where the clip lacks the modality.
        traces: per trace target that was learnt the answer (n, T) on its own scale, NaN rows where no modality may be
            read.
        trace_variance: variance over networks and heads on the trace's own scale, mean over steps, modalities and
            trace targets (n,); NaN as in `traces`, and empty where there is no trace target.
        bald: per target the mutual information between class and dropout mask (n,), in nats; empty unless asked for.
        embedding: (n, D) places in the shared space, one part a modality (zeros where it is absent); (0, 0) unless
            asked for.
    """

    rows: NDArray[np.int64]
    alpha: Mapping[str, Floats]
    entropy: Mapping[str, Floats]
    mean_entropy: Floats
    vacuity: Mapping[str, Floats]
    agreement: Floats
    dissonance: Mapping[str, Floats] = field(default_factory=dict)
    disagreement: Mapping[str, Floats] = field(default_factory=dict)
    predicted: Mapping[str, Floats] = field(default_factory=dict)
    predicted_by_modality: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)
    alpha_by_modality: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)
    traces: Mapping[str, Floats] = field(default_factory=dict)
    trace_variance: Floats = field(default_factory=lambda: np.zeros(0))
    bald: Mapping[str, Floats] = field(default_factory=dict)
    embedding: NDArray[np.floating] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))

    def probabilities(self, target: str) -> Floats:
        """What is predicted (n, K)."""
        return self.predicted[target] if target in self.predicted else _mean(self.alpha[target])

    def probabilities_by_modality(self, modality: str) -> dict[str, Floats]:
        """What one modality alone predicts, per target (n, K); NaN rows where the clip lacks it."""
        predicted = self.predicted_by_modality.get(modality, {})
        return {
            name: predicted[name] if name in predicted else _mean(alpha)
            for name, alpha in self.alpha_by_modality[modality].items()
        }


def _mean(alpha: Floats) -> Floats:
    return np.asarray(alpha / alpha.sum(axis=1, keepdims=True))
