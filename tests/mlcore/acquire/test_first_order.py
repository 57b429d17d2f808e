"""The order of asking before there is a model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlcore.acquire import Candidates, Composition, cold_start, first_order, gate
from mlcore.acquire.codes import ROUTES, TERMS
from mlcore.errors import TrainingError
from mlcore.types import AcquisitionConfig, Route, Strategy, Term
from tests.mlcore.acquire.pools import pool

N = 40
LOOSE = AcquisitionConfig(batch_size=10, min_gap_s=0.0, max_subject_share=1.0)


@pytest.fixture(scope="module")
def clips() -> Candidates:
    """Four people, and every fourth clip on the quality list."""
    rng = np.random.default_rng(1)
    quality = np.where(np.arange(N) % 4 == 3, 0.1 + np.arange(N) / 1000, 0.9)
    subject = rng.integers(0, 4, N).tolist()
    return pool(subject, eeg=quality, face=quality, embedding=rng.standard_normal((N, 5)).astype(np.float32))


def order_of(clips: Candidates, config: AcquisitionConfig, *, seed: int = 0) -> Composition:
    return first_order(clips, config, gated=gate(clips, config), rng=np.random.default_rng(seed))


def test_one_batch_by_cold_start_then_the_clips_as_they_came_then_the_quality_list(clips: Candidates) -> None:
    found = order_of(clips, LOOSE)
    served = np.flatnonzero(np.arange(N) % 4 != 3)
    first = cold_start(clips, 10, rng=np.random.default_rng(0), among=served).places
    rest = [place for place in served.tolist() if place not in set(first.tolist())]
    listed = [place for place in range(N - 1, -1, -1) if place % 4 == 3]
    assert found.place.tolist() == [*first.tolist(), *rest, *listed]
    assert [TERMS[term] for term in found.term] == [Term.COLD_START] * 10 + [Term.REST] * 30
    assert [ROUTES[route] for route in found.route] == [Route.MAIN] * 30 + [Route.QUALITY] * 10
    assert np.isfinite(found.value).tolist() == [True] * 10 + [False] * 30


def test_at_random_is_the_clips_as_they_came(clips: Candidates) -> None:
    found = order_of(replace(clips, embedding=None), replace(LOOSE, strategy=Strategy.RANDOM))
    assert found.place[:30].tolist() == [place for place in range(N) if place % 4 != 3]
    assert {TERMS[term] for term in found.term} == {Term.REST}


def test_the_strategy_that_will_be_used_after_the_first_round_has_no_say(clips: Candidates) -> None:
    orders = {
        tuple(order_of(clips, replace(LOOSE, strategy=one)).place.tolist()) for one in Strategy if one != "random"
    }
    assert len(orders) == 1


def test_shares_that_need_a_model_buy_nothing(clips: Candidates) -> None:
    wide = replace(LOOSE, audit_share=0.3, repeat_share=0.3, second_opinion_share=0.3)
    assert {TERMS[term] for term in order_of(clips, wide).term} == {Term.COLD_START, Term.REST}


def test_the_cap_per_subject_holds(clips: Candidates) -> None:
    """Two people have one clip each; what they leave goes by typicality, of which subject 0 has most."""
    subject = np.where(np.arange(N) % 2 == 0, 0, 1)
    subject[-2:] = 2, 3
    assert clips.embedding is not None
    good = {name: np.full(N, 0.9) for name in clips.quality}
    near = clips.embedding * np.where(subject == 0, 0.01, 1.0).astype(np.float32)[:, None]
    crowded = replace(clips, subject=subject, quality=good, embedding=near)
    for share, shares in ((1.0, [5, 3, 1, 1]), (0.4, [4, 4, 1, 1])):
        batch = order_of(crowded, replace(LOOSE, max_subject_share=share)).place[:10]
        assert np.bincount(subject[batch]).tolist() == shares


def test_a_pool_smaller_than_a_batch_is_one(clips: Candidates) -> None:
    found = order_of(clips, replace(LOOSE, batch_size=100))
    assert sorted(found.place[:30].tolist()) == [place for place in range(N) if place % 4 != 3]
    assert {TERMS[term] for term in found.term[:30]} == {Term.COLD_START}
    assert len(found.place) == N


def test_a_pool_of_which_nothing_is_served_is_listed_whole(clips: Candidates) -> None:
    bad = replace(clips, quality={name: np.full(N, 0.1) for name in clips.quality})
    assert {ROUTES[route] for route in order_of(bad, LOOSE).route} == {Route.QUALITY}


def test_without_features_it_is_refused(clips: Candidates) -> None:
    with pytest.raises(TrainingError, match="needs an embedding"):
        order_of(replace(clips, embedding=None), LOOSE)


def test_the_same_seed_gives_the_same_order_and_another_another(clips: Candidates) -> None:
    orders = [order_of(clips, LOOSE, seed=seed).place.tolist() for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
