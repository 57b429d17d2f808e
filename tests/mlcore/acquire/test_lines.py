from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.errors import TrainingError
from mlcore.types import Strategy
from tests.mlcore.acquire.compositions import BARE, composed, many_subjects
from tests.mlcore.acquire.pools import scores_of


def _clusters(n_each: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    return np.repeat(centres, n_each, axis=0) + rng.normal(0.0, 0.01, (4 * n_each, 2))


def test_diversity_reaches_beyond_the_cluster_that_scores_best() -> None:
    # values fall from cluster to cluster; five places reach 50 clips at full diversity
    clips = many_subjects(40, scores=scores_of(40), embedding=_clusters(10))
    config = replace(BARE, batch_size=5)
    values = 1.0 - np.arange(40) / 40
    plain, diverse = (composed(clips, values, replace(config, diversity=d), n_composed=5) for d in (0.0, 1.0))
    assert [place // 10 for place in plain.place[:5]] == [0, 0, 0, 0, 0]
    assert {place // 10 for place in diverse.place[:4]} == {0, 1, 2, 3}
    assert diverse.place[0] == 0


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.CORE_SET, Strategy.BADGE, Strategy.TYPICLUST])
def test_what_is_diverse_or_random_already_keeps_its_order(strategy: Strategy) -> None:
    clips = many_subjects(40, scores=scores_of(40), embedding=_clusters(10))
    config = replace(BARE, batch_size=5, diversity=1.0, strategy=strategy)
    found = composed(clips, 1.0 - np.arange(40) / 40, config, n_composed=10)
    assert found.place.tolist() == list(range(40))


@pytest.mark.parametrize("diversity", [0.2, 0.5, 1.0])
def test_a_diverse_batch_is_that_of_a_slow_search(diversity: float) -> None:
    rng = np.random.default_rng(4)
    n, n_places = 90, 6
    embedding, values = rng.normal(size=(n, 3)), rng.random(n)
    clips = many_subjects(n, scores=scores_of(n), embedding=embedding.astype(np.float32))
    config = replace(BARE, batch_size=n_places, diversity=diversity)
    found = composed(clips, values, config, n_composed=n_places)

    vectors = embedding.astype(np.float32).astype(float)
    size = int(np.ceil(n_places * (1 + 9 * diversity)))
    window = sorted(range(n), key=lambda place: -values[place])[:size]
    chosen: list[int] = []
    while len(chosen) < n_places:
        left = [place for place in window if place not in chosen]
        near = {p: min((float(np.linalg.norm(vectors[p] - vectors[c])) for c in chosen), default=0.0) for p in left}
        top = max(near.values()) or 1.0
        chosen.append(
            max(
                left,
                key=lambda p: (1 - diversity * bool(chosen)) * (1 - window.index(p) / size) + diversity * near[p] / top,
            )
        )
    assert found.place[:n_places].tolist() == chosen


def test_an_embedding_that_is_no_number_is_an_error() -> None:
    embedding = _clusters(10)
    embedding[3, 1] = np.nan
    clips = many_subjects(40, scores=scores_of(40), embedding=embedding)
    with pytest.raises(TrainingError, match="embedding: expected finite numbers, got others for 1 of"):
        composed(clips, 1.0 - np.arange(40) / 40, replace(BARE, diversity=0.5), n_composed=5)
