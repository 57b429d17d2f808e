"""The fast model of a loop: heads on fixed summaries of the clips, and evidence from the answers nearby."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.scores import PoolScores
from mlcore.simulate.loop.evidence import dissonance, entropy, mutual_information
from mlcore.simulate.loop.features import Features
from mlcore.simulate.loop.heads import STRENGTH, Heads, fit_heads
from mlcore.simulate.loop.strength import choose_strength

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
N_MEMBERS = 5
#: dropout masks behind BALD, and the share of the features that each leaves
N_MASKS, KEPT = 10, 0.8


class LoopModel(Protocol):
    """Whatever learns in a loop."""

    def fit(self, learnt: Integers, y: Floats) -> None:
        """Learn from places of the pool (n,) and their distributions (n, K)."""
        ...

    def test(self) -> Floats:
        """What is said of the test clips, (m, K)."""
        ...

    def pool(self, places: Integers) -> PoolScores:
        """Scores of places of the pool, row by row."""
        ...

    def embedding(self, places: Integers) -> NDArray[np.floating] | None:
        """Where places of the pool lie, (n, D); None where that is not known."""
        ...


@dataclass(slots=True)
class FastModel:
    """A bootstrap committee of softmax heads on all modalities, and one on each alone.

    How strongly the heads are held back is chosen anew whenever twice as many clips are answered.

    Prediction p is the committee's mean. Evidence e of a clip is how many answers lie near it (Gaussian kernel in the
    space of the features), times how far its signal can be trusted; α = 1 + e·p. So a clip that resembles nothing
    answered, or whose sensors are bad, is vacuous, and one among contradicting answers dissonant.

    Args:
        features: of pool and test clips.
        target: name under which scores are given.
        n_classes: K.
        seed: of the bootstrap and the dropout masks.
        members: committee; empty before the first fit.
    """

    features: Features
    target: str
    n_classes: int
    seed: int
    members: Heads | None = None
    alone: dict[str, Heads] = field(default_factory=dict)
    _c: float = STRENGTH
    _n_chosen: int = 0
    _learnt: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _y: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    _boot: Floats = field(init=False)
    _masks: Floats = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 0xB007])
        self._boot = rng.exponential(size=(N_MEMBERS, self.features.n_pool))
        self._masks = (rng.random((N_MASKS, self.features.joint.shape[1], 1)) < KEPT) / KEPT

    def fit(self, learnt: Integers, y: Floats) -> None:
        """Learn from places of the pool (n,) and their distributions (n, K)."""
        self._learnt, self._y = learnt, y
        x = self.features.joint[learnt]
        if len(learnt) >= 2 * self._n_chosen:
            rng = np.random.default_rng([self.seed, 0xC0DE])
            self._c, self._n_chosen = choose_strength(x, y, self.features.group[learnt], rng), len(learnt)
        self.members = fit_heads(x, y, self._boot[:, learnt], c=self._c, start=self.members)

    def test(self) -> Floats:
        """What is said of the test clips, (m, K)."""
        return np.asarray(self._committee(self.features.joint_test).mean(axis=0))

    def pool(self, places: Integers) -> PoolScores:
        """Scores of places of the pool."""
        said = self._committee(self.features.joint[places])
        p, trust = said.mean(axis=0), self.features.trust[places]
        alpha = 1.0 + (trust * self._evidence(places, self.features.kernel))[:, None] * p
        alone = {name: self._alone(name, places) for name in self.features.by_modality}
        target, entropies = self.target, entropy(alpha / alpha.sum(axis=1, keepdims=True))
        return PoolScores(
            rows=places,
            alpha={target: alpha},
            entropy={target: entropies},
            mean_entropy=entropies / np.log(self.n_classes),
            vacuity={target: self.n_classes / alpha.sum(axis=1)},
            agreement=self._agreement(alone),
            dissonance={target: dissonance(alpha)},
            disagreement={target: mutual_information(said)},
            predicted={target: p},
            predicted_by_modality={name: {target: one[0]} for name, one in alone.items()},
            alpha_by_modality={name: {target: one[1]} for name, one in alone.items()},
            bald={target: self._bald(places)},
        )

    def embedding(self, places: Integers) -> NDArray[np.floating]:
        """Where places of the pool lie, (n, D)."""
        return self.features.embedding[places]

    def _committee(self, x: Floats) -> Floats:
        """(n, S) -> (M, n, K); the prior before anything is learnt."""
        if self.members is None:
            return np.full((N_MEMBERS, len(x), self.n_classes), 1.0 / self.n_classes)
        return self.members.probabilities(x)

    def _evidence(self, places: Integers, kernel: Floats) -> Floats:
        return np.asarray(kernel[np.ix_(places, self._learnt)].sum(axis=1))

    def _alone(self, name: str, places: Integers) -> tuple[Floats, Floats]:
        """One modality's probabilities and α, (n, K) each; NaN rows where the clip lacks it."""
        own = self.features.by_modality[name]
        if len(self._learnt):
            one = np.ones((1, len(self._learnt)))
            self.alone[name] = fit_heads(own.x[self._learnt], self._y, one, c=self._c, start=self.alone.get(name))
            p = self.alone[name].probabilities(own.x[places])[0]
        else:
            p = np.full((len(places), self.n_classes), 1.0 / self.n_classes)
        quality = own.quality[places]
        p[np.isnan(quality)] = np.nan
        return p, 1.0 + (quality * self._evidence(places, own.kernel))[:, None] * p

    def _agreement(self, alone: Mapping[str, tuple[Floats, Floats]]) -> Floats:
        """(cos + 1)/2 of what two modalities say beyond "all alike"; NaN where there are not two."""
        said = [p - 1.0 / self.n_classes for p, _ in alone.values()]
        if len(said) < 2:
            return np.full(len(said[0]), np.nan)
        one, other = said[0], said[1]
        norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        return np.asarray(((one * other).sum(axis=1) / np.maximum(norms, 1e-12) + 1.0) / 2.0)

    def _bald(self, places: Integers) -> Floats:
        if self.members is None:
            return np.zeros(len(places))
        weight, bias = self.members.weight.mean(axis=0), self.members.bias.mean(axis=0)
        masked = Heads(self._masks * weight, np.broadcast_to(bias, (N_MASKS, *bias.shape)))
        return mutual_information(masked.probabilities(self.features.joint[places]))
