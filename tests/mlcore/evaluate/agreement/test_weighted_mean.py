from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import pearsonr

from mlcore.errors import TrainingError
from mlcore.evaluate.agreement import evaluator_weighted_mean, level_distributions, votes_of
from tests.factories.shared import shared_file


def columns(table: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    clip, annotator = np.nonzero(~np.isnan(table))
    return clip, annotator, table[clip, annotator]


def test_the_published_formula_by_scipy() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=40)
    table = truth[:, None] + rng.normal(size=(40, 4)) * [0.2, 0.5, 1.0, 2.0]
    r = np.array([pearsonr(table[:, a], table.mean(axis=1)).statistic for a in range(4)])
    found = evaluator_weighted_mean(*columns(table), n_clips=40, n_annotators=4)
    assert found.weight == pytest.approx(r)
    assert found.mean == pytest.approx(table @ r / r.sum())
    assert found.n_shared.tolist() == [40] * 4


def test_an_annotator_is_compared_with_the_others_alone_if_asked() -> None:
    rng = np.random.default_rng(2)
    table = rng.normal(size=(60, 2))
    with_own = evaluator_weighted_mean(*columns(table), n_clips=60, n_annotators=2)
    assert (with_own.weight > 0.5).all()  # of pure noise
    table[:, 1] += table[:, 0]
    alone = evaluator_weighted_mean(*columns(table), n_clips=60, n_annotators=2, with_own=False)
    assert alone.weight == pytest.approx([pearsonr(table[:, 0], table[:, 1]).statistic] * 2)


def test_better_raters_count_more_and_opponents_not_at_all() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=300)
    noise = np.array([0.3, 0.3, 2.0, 0.3])
    table = truth[:, None] * [1, 1, 1, -1] + rng.normal(size=(300, 4)) * noise
    table[rng.random(table.shape) < 0.3] = np.nan
    found = evaluator_weighted_mean(*columns(table), n_clips=300, n_annotators=4, with_own=False)
    assert found.weight[:2].min() > found.weight[2] > found.weight[3] == 0.0
    told = ~np.isnan(found.mean) & ~np.isnan(table).all(axis=1)
    plain = np.nanmean(table[told], axis=1)
    assert pearsonr(found.mean[told], truth[told]).statistic > pearsonr(plain, truth[told]).statistic


def test_few_ratings_are_drawn_towards_the_others() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(size=50)
    table = truth[:, None] + rng.normal(size=(50, 3)) * 0.3
    table[4:, 2] = np.nan
    table[:4, 2] = -truth[:4]
    published, shrunk = (
        evaluator_weighted_mean(*columns(table), n_clips=50, n_annotators=3, with_own=False, prior_votes=prior).weight
        for prior in (0.0, 10.0)
    )
    assert published[2] == 0.0
    assert 0.2 < shrunk[2] < shrunk[:2].min()


def test_without_shared_clips_everybody_counts_the_same() -> None:
    votes = votes_of([(0, 0, 2), (1, 1, 4)], n_clips=3, n_annotators=2, n_classes=5)
    shares, weight = level_distributions(votes)
    assert weight.tolist() == [1.0, 1.0]
    assert shares[:2].tolist() == [[0, 0, 1, 0, 0], [0, 0, 0, 0, 1]]
    assert np.isnan(shares[2]).all()


def test_levels_are_weighed_by_who_said_them() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 9, 400)
    said = {0: truth, 1: np.clip(truth + rng.integers(-1, 2, 400), 0, 8), 2: rng.integers(0, 9, 400)}
    rows = [(clip, who, int(levels[clip])) for who, levels in said.items() for clip in range(400)]
    shares, weight = level_distributions(votes_of(rows, n_clips=400, n_annotators=3, n_classes=9))
    assert weight[0] > 0.6
    assert weight[2] < 0.2
    assert shares.sum(axis=1) == pytest.approx(np.ones(400))
    apart = (truth != said[2]) & (truth == said[1])
    assert (shares[apart, truth[apart]] > 0.8).all()


def test_real_intensities_of_faces() -> None:
    """Nine raters' intensity of happiness of 1,000 faces: each is far better than noise, and the mean is theirs."""
    ratings = json.loads(shared_file("labels", "mdns_ratings", "primary_expression_annotations.json").read_text())
    table = np.array([face["happy"] for face in ratings.values()], dtype=np.float64)
    found = evaluator_weighted_mean(*columns(table), n_clips=len(table), n_annotators=9, with_own=False)
    expected = [pearsonr(table[:, a], np.delete(table, a, axis=1).mean(axis=1)).statistic for a in range(9)]
    assert found.weight == pytest.approx(expected)
    assert found.mean == pytest.approx(table @ np.array(expected) / np.sum(expected))


def test_several_ratings_of_one_clip_by_one_person_count_as_their_mean() -> None:
    clip, annotator = np.array([0, 0, 0, 1, 1, 2, 2]), np.array([0, 0, 1, 0, 1, 0, 1])
    twice = evaluator_weighted_mean(
        clip, annotator, np.array([1.0, 3.0, 2.0, 5.0, 4.0, 8.0, 9.0]), n_clips=4, n_annotators=3
    )
    once = evaluator_weighted_mean(
        clip[1:], annotator[1:], np.array([2.0, 2.0, 5.0, 4.0, 8.0, 9.0]), n_clips=4, n_annotators=3
    )
    assert twice.weight == pytest.approx(once.weight)
    assert twice.mean == pytest.approx(once.mean, nan_ok=True)
    assert twice.n_shared.tolist() == [3, 3, 0]


def test_a_rating_that_is_none_is_refused() -> None:
    with pytest.raises(TrainingError, match="finite"):
        evaluator_weighted_mean(np.array([0]), np.array([0]), np.array([np.nan]), n_clips=1, n_annotators=1)
