from __future__ import annotations

import numpy as np
import torch

from mlcore.evidence import dirichlet
from mlcore.evidence.ensemble import disagreement
from mlcore.simulate.loop.evidence import dissonance, entropy, mutual_information

RNG = np.random.default_rng(5)
ALPHA = np.concatenate([1.0 + RNG.gamma(0.5, 20.0, size=(200, 4)), np.ones((1, 4)), [[50.0, 50.0, 1.0, 1.0]]])


def test_dissonance_is_that_of_the_opinions() -> None:
    assert np.allclose(dissonance(ALPHA), dirichlet.dissonance(torch.tensor(ALPHA)).numpy())


def test_entropy_is_that_of_the_opinions() -> None:
    p = ALPHA / ALPHA.sum(axis=1, keepdims=True)
    assert np.allclose(entropy(p), dirichlet.total_uncertainty(torch.tensor(ALPHA)).numpy())
    assert entropy(np.array([1.0, 0.0])) == 0.0


def test_mutual_information_is_the_committees_disagreement() -> None:
    said = RNG.dirichlet(np.ones(3), size=(5, 50))
    assert np.allclose(mutual_information(said), disagreement(torch.tensor(said)).numpy())
    assert np.allclose(mutual_information(np.repeat(said[:1], 5, axis=0)), 0.0)
