"""Each strategy against its formula, written down anew and without regard to speed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.stats import chisquare

from mlcore.acquire import Candidates, pick
from mlcore.acquire.strategies.conflict import conflict
from mlcore.errors import TrainingError
from mlcore.types import Strategy
from tests.mlcore.acquire.strategies.pools import N_CLASSES, make_pool, scores_of, with_scores

Floats = NDArray[np.float64]


def values_of(strategy: Strategy, pool: Candidates, *, seed: int = 0, min_quality: float = 0.5) -> Floats:
    return pick(strategy, pool, 5, rng=np.random.default_rng(seed), min_quality=min_quality).values


def test_entropy_is_the_mean_over_targets() -> None:
    pool = make_pool()
    assert pool.scores is not None
    assert values_of(Strategy.ENTROPY, pool).tolist() == pool.scores.mean_entropy.tolist()


def test_margin_and_confidence_are_means_over_targets_of_values_in_0_to_1() -> None:
    pool = make_pool()
    assert pool.scores is not None
    margins, doubts = [], []
    for name, k in N_CLASSES.items():
        rows = [sorted(row / row.sum()) for row in pool.scores.alpha[name]]
        margins.append([1 - (row[-1] - row[-2]) for row in rows])
        doubts.append([(1 - row[-1]) / (1 - 1 / k) for row in rows])
    assert np.allclose(values_of(Strategy.MARGIN, pool), np.mean(margins, axis=0))
    assert np.allclose(values_of(Strategy.LEAST_CONFIDENCE, pool), np.mean(doubts, axis=0))


@pytest.mark.parametrize("strategy", [Strategy.VACUITY, Strategy.DISSONANCE, Strategy.BALD, Strategy.DISAGREEMENT])
def test_what_the_scores_hold_is_averaged_over_targets(strategy: Strategy) -> None:
    pool = make_pool()
    held = getattr(pool.scores, strategy.value)
    is_information = strategy in (Strategy.BALD, Strategy.DISAGREEMENT)
    scaled = [held[name] / (np.log(k) if is_information else 1.0) for name, k in N_CLASSES.items()]
    assert np.allclose(values_of(strategy, pool), np.mean(scaled, axis=0))


@pytest.mark.parametrize("strategy", [Strategy.DISSONANCE, Strategy.BALD, Strategy.DISAGREEMENT])
def test_scores_that_nobody_made_are_an_error(strategy: Strategy) -> None:
    with pytest.raises(
        TrainingError, match=f"^{strategy} needs scores of {strategy}, and the model's scores hold none$"
    ):
        values_of(strategy, with_scores(make_pool(), **{strategy.value: {}}))


def test_a_target_that_was_not_learnt_has_no_say() -> None:
    """Its α is 1 throughout."""
    pool = make_pool()
    assert pool.scores is not None
    both = {**pool.scores.alpha, "liking": np.ones((60, 9))}
    wider = with_scores(pool, alpha=both, vacuity={**pool.scores.vacuity, "liking": np.ones(60)})
    for strategy in (Strategy.MARGIN, Strategy.LEAST_CONFIDENCE, Strategy.VACUITY, Strategy.BADGE):
        assert values_of(strategy, wider).tolist() == values_of(strategy, pool).tolist()


def test_a_model_that_says_nothing_makes_all_clips_equal() -> None:
    pool = replace(make_pool(5), scores=scores_of({"valence": np.ones((5, 3))}))
    assert values_of(Strategy.MARGIN, pool).tolist() == [1.0] * 5
    assert values_of(Strategy.VACUITY, pool).tolist() == [1.0] * 5


def test_cost_aware_is_entropy_by_the_second_and_wants_to_know_the_seconds() -> None:
    pool = make_pool(6)
    assert pool.scores is not None
    seconds = np.array([5.0, 10.0, 0.0, -1.0, np.nan, np.inf])
    picked = pick(Strategy.COST_AWARE, replace(pool, seconds=seconds), 6, rng=np.random.default_rng(0))
    assert np.allclose(picked.values[:2], pool.scores.mean_entropy[:2] / seconds[:2])
    assert {reason: places.tolist() for reason, places in picked.excluded.items()} == {
        "no predicted seconds": [2, 3, 4, 5]
    }


def test_power_entropy_takes_clips_in_proportion_to_their_entropy() -> None:
    pool = with_scores(make_pool(4), mean_entropy=np.array([0.1, 0.2, 0.3, 0.4]))
    rng = np.random.default_rng(0)
    firsts = [int(pick(Strategy.POWER_ENTROPY, pool, 1, rng=rng).places[0]) for _ in range(4000)]
    counts = np.bincount(firsts, minlength=4)
    assert chisquare(counts, 4000 * np.array([0.1, 0.2, 0.3, 0.4])).pvalue > 0.01


def test_a_clip_without_entropy_comes_last_in_power_entropy() -> None:
    pool = with_scores(make_pool(4), mean_entropy=np.array([0.0, 1e-6, 1e-6, 0.5]))
    for seed in range(50):
        assert pick(Strategy.POWER_ENTROPY, pool, 4, rng=np.random.default_rng(seed)).places[-1] == 0


def test_a_random_order_is_every_order_equally_often() -> None:
    pool, rng = make_pool(3), np.random.default_rng(0)
    orders = [tuple(pick(Strategy.RANDOM, pool, 3, rng=rng).places.tolist()) for _ in range(1200)]
    counts = [orders.count(one) for one in sorted(set(orders))]
    assert len(counts) == 6
    assert chisquare(counts).pvalue > 0.01


class TestConsistency:
    def test_uncertain_and_apart_comes_before_uncertain_and_together(self) -> None:
        pool = with_scores(
            make_pool(4), mean_entropy=np.array([0.9, 0.9, 0.1, 0.1]), agreement=np.array([0.8, 0.1, 0.8, 0.1])
        )
        picked = pick(Strategy.CONSISTENCY, pool, 4, rng=np.random.default_rng(0))
        assert picked.places.tolist() == [1, 0, 3, 2]
        assert np.allclose(picked.values, [0.18, 0.81, 0.02, 0.09])

    def test_clips_with_one_modality_stand_in_the_order_of_their_entropy_at_the_mean_of_the_others(self) -> None:
        entropies, agreement = np.array([0.5, 0.5, 0.4, 0.8]), np.array([0.2, 0.6, np.nan, np.nan])
        pool = with_scores(make_pool(4), mean_entropy=entropies, agreement=agreement)
        assert np.allclose(values_of(Strategy.CONSISTENCY, pool), [0.4, 0.2, 0.4 * 0.6, 0.8 * 0.6])

    def test_without_a_clip_that_has_both_it_says_so(self) -> None:
        pool = with_scores(make_pool(), agreement=np.full(60, np.nan))
        with pytest.raises(TrainingError, match="consistency needs clips with both EEG and face, and there are none"):
            values_of(Strategy.CONSISTENCY, pool)


class TestGatedConsistency:
    def test_conflict_is_the_divergence_of_good_modalities_in_bits(self) -> None:
        pool = make_pool(200)
        assert pool.scores is not None
        found = conflict(pool.scores.alpha_by_modality, pool.quality, min_quality=0.5)
        eeg, face = (pool.scores.alpha_by_modality[name] for name in ("eeg", "face"))
        expected = np.full(200, np.nan)
        for row in range(200):
            if pool.quality["eeg"][row] >= 0.5 and pool.quality["face"][row] >= 0.5:
                expected[row] = np.mean([jensenshannon(eeg[t][row], face[t][row], base=2) ** 2 for t in N_CLASSES])
        assert 20 < np.isfinite(expected).sum() < 100
        assert np.allclose(found, expected, equal_nan=True)

    def test_three_modalities_that_contradict_one_another_altogether_conflict_by_1(self) -> None:
        said = {str(k): {"t": 1e-9 + 1e6 * np.eye(4)[[k]]} for k in range(3)}
        quality = dict.fromkeys(said, np.ones(1))
        assert np.allclose(conflict(said, quality, min_quality=0.5), 1.0)
        assert np.allclose(conflict({**said, "1": said["0"], "2": said["0"]}, quality, min_quality=0.5), 0.0)

    def test_opinions_without_evidence_don_t_conflict(self) -> None:
        quality = {"eeg": np.ones(2), "face": np.ones(2)}
        eeg, face = np.array([[1.0, 1.0], [50.0, 1.0]]), np.array([[1.0, 1.0], [1.0, 50.0]])
        found = conflict({"eeg": {"t": eeg}, "face": {"t": face}}, quality, min_quality=0.5)
        assert found[0] == 0.0
        assert found[1] > 0.8

    def test_a_bad_sensor_that_contradicts_is_no_conflict(self) -> None:
        """Both clips say the same; one has a bad EEG, and falls back on its entropy at the mean conflict."""
        eeg, face = np.array([[50.0, 1.0]] * 3), np.array([[1.0, 50.0], [1.0, 50.0], [50.0, 1.0]])
        pool = with_scores(
            make_pool(3), mean_entropy=np.full(3, 0.5), alpha_by_modality={"eeg": {"t": eeg}, "face": {"t": face}}
        )
        pool = replace(pool, quality={"eeg": np.array([0.9, 0.2, 0.9]), "face": np.ones(3)})
        values = values_of(Strategy.GATED_CONSISTENCY, pool)
        assert values[0] > values[1] > values[2] == 0.0
        assert np.isclose(values[1], (values[0] + values[2]) / 2)
        assert np.isclose(*values_of(Strategy.GATED_CONSISTENCY, pool, min_quality=0.1)[:2])

    @pytest.mark.parametrize("without", ["other opinion", "good quality", "other quality"])
    def test_where_nothing_can_be_compared_it_is_entropy(self, without: str) -> None:
        pool = make_pool()
        assert pool.scores is not None
        if without == "other opinion":
            pool = with_scores(pool, alpha_by_modality={"eeg": pool.scores.alpha_by_modality["eeg"]})
        elif without == "other quality":
            pool = replace(pool, quality={"eeg": np.ones(60)})
        else:
            pool = replace(pool, quality={**pool.quality, "face": np.full(60, 0.4)})
        assert values_of(Strategy.GATED_CONSISTENCY, pool).tolist() == values_of(Strategy.ENTROPY, pool).tolist()

    def test_without_the_modalities_own_opinions_it_says_so(self) -> None:
        with pytest.raises(TrainingError, match="gated-consistency needs each modality's own opinion"):
            values_of(Strategy.GATED_CONSISTENCY, with_scores(make_pool(), alpha_by_modality={}))
