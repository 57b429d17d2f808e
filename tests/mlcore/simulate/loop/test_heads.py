from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from mlcore.simulate.loop import heads
from mlcore.simulate.loop.heads import fit_heads
from mlcore.train.linear import fit_logistic


@pytest.mark.parametrize("c", [0.01, 0.1])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_every_member_is_the_logistic_regression_of_its_own_weights(c: float, n_classes: int) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(150, 12))
    y = softmax(x @ rng.normal(size=(12, n_classes)) + rng.normal(size=(150, n_classes)), axis=1)
    weights = rng.exponential(size=(3, 150))
    found = fit_heads(x, y, weights, c=c).probabilities(x)
    for member, weight in enumerate(weights):
        assert np.allclose(found[member], fit_logistic(x, y, c=c, weights=weight).probabilities(x), atol=2e-3)


def test_where_the_search_begins_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "N_ITERATIONS", 500)
    monkeypatch.setattr(heads, "_TOLERANCE", 1e-9)
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(80, 6)), np.eye(3)[rng.integers(3, size=80)]
    one = np.ones((1, 80))
    cold = fit_heads(x, y, one, c=0.05)
    warm = fit_heads(x, y, one, c=0.05, start=fit_heads(x[:20], y[:20], one[:, :20], c=0.05))
    assert np.allclose(cold.probabilities(x), warm.probabilities(x), atol=1e-6)
