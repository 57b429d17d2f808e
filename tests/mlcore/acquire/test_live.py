from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import entropy as scipy_entropy
from scipy.stats import ortho_group

from mlcore.acquire.live import (
    LivePool,
    NewAnswers,
    correct,
    corrected_candidates,
    entropy_of,
    prepare,
)
from mlcore.errors import TrainingError
from tests.factories.known_pools import TARGETS, KnownPool, make_pool, with_embedding

Floats = NDArray[np.float64]
N = 600


def answers_to(pool: KnownPool, places: NDArray[np.int64]) -> NewAnswers:
    targets = {name: np.eye(3)[pool.truth[name][places]] for name in TARGETS}
    return NewAnswers(places, targets, dict.fromkeys(TARGETS, np.ones(len(places))))


def no_answers() -> NewAnswers:
    nothing = dict.fromkeys(TARGETS, np.zeros(0))
    return NewAnswers(np.zeros(0, dtype=np.int64), {name: np.zeros((0, 3)) for name in TARGETS}, nothing)


def log_likelihood(pool: KnownPool, live: LivePool, answers: NewAnswers, places: NDArray[np.int64]) -> float:
    scores = corrected_candidates(live, correct(live, answers), places).scores
    assert scores is not None
    picked = [np.log(scores.probabilities(name)[np.arange(len(places)), pool.truth[name][places]]) for name in TARGETS]
    return float(np.mean(picked))


def entropies(pool: KnownPool, answers: NewAnswers) -> Floats:
    live = prepare(pool.candidates)
    return entropy_of(live, correct(live, answers)).mean


def test_without_answers_all_is_as_the_round_said() -> None:
    pool = make_pool(N)
    live = prepare(pool.candidates)
    corrections = correct(live, no_answers())
    assert corrections == {}
    after = entropy_of(live, corrections)
    assert after.mean is pool.scores.mean_entropy
    assert after.by_target is pool.scores.entropy
    part = corrected_candidates(live, corrections, np.array([5, 3])).scores
    assert part is not None
    for name in TARGETS:
        np.testing.assert_array_equal(part.probabilities(name), pool.scores.probabilities(name)[[5, 3]])


def test_an_answer_to_one_question_leaves_the_other_alone() -> None:
    pool = make_pool(N)
    live = prepare(pool.candidates)
    both = answers_to(pool, np.arange(4))
    silent = replace(both, targets={**both.targets, "arousal": np.full((4, 3), np.nan)})
    corrections = correct(live, silent)
    assert set(corrections) == {"valence"}
    after = entropy_of(live, corrections)
    np.testing.assert_array_equal(after.by_target["arousal"], pool.scores.entropy["arousal"])
    assert not np.allclose(after.by_target["valence"], pool.scores.entropy["valence"])


@pytest.mark.parametrize("n_answers", [10, 40, 160])
def test_answers_about_a_class_that_the_round_misjudged_make_strangers_likelier(n_answers: int) -> None:
    """Simulated: the round takes the third class for the first; the clips judged here are none of those answered."""
    pool = make_pool(N)
    live, held_out = prepare(pool.candidates), np.arange(300, N)
    before = log_likelihood(pool, live, no_answers(), held_out)
    assert log_likelihood(pool, live, answers_to(pool, np.arange(n_answers)), held_out) > before


def test_the_more_answers_the_likelier_are_strangers() -> None:
    pool = make_pool(N)
    live, held_out = prepare(pool.candidates), np.arange(300, N)
    by_number = [log_likelihood(pool, live, answers_to(pool, np.arange(n)), held_out) for n in (0, 20, 80, 300)]
    assert by_number == sorted(by_number)


def test_entropy_is_that_of_the_corrected_opinion() -> None:
    pool = make_pool(N, dtype=np.float64)
    live = prepare(pool.candidates)
    corrections = correct(live, answers_to(pool, np.arange(30)))
    after = entropy_of(live, corrections)
    assert live.candidates.embedding is not None
    for name, one in corrections.items():
        shift = live.candidates.embedding @ one.coefficients.T + one.intercept
        opinion = pool.scores.alpha[name] / pool.scores.alpha[name].sum(axis=1, keepdims=True)
        expected = scipy_entropy(softmax(np.log(opinion) + shift, axis=1), axis=1)
        np.testing.assert_allclose(after.by_target[name], expected, atol=1e-5)
    mean = (after.by_target["valence"] + after.by_target["arousal"]) / (2 * np.log(3))
    np.testing.assert_allclose(after.mean, mean)


def test_some_clips_alone_say_what_all_say() -> None:
    pool = make_pool(N)
    live = prepare(pool.candidates)
    corrections = correct(live, answers_to(pool, np.arange(30)))
    places = np.array([599, 4, 77])
    part = corrected_candidates(live, corrections, places)
    assert part.scores is not None
    of_all = entropy_of(live, corrections)
    np.testing.assert_allclose(part.scores.mean_entropy, of_all.mean[places], atol=1e-6)
    np.testing.assert_allclose(entropy_of(live, corrections, places).mean, of_all.mean[places], atol=1e-6)
    np.testing.assert_array_equal(entropy_of(live, {}, places).mean, pool.scores.mean_entropy[places])
    np.testing.assert_array_equal(part.subject, pool.candidates.subject[places])
    np.testing.assert_array_equal(part.scores.vacuity["valence"], pool.scores.vacuity["valence"][places])
    assert part.scores.probabilities("valence").sum(axis=1) == pytest.approx([1.0] * 3)


def test_turning_moving_and_stretching_the_latent_space_changes_nothing() -> None:
    pool = make_pool(N, dtype=np.float64)
    assert pool.candidates.embedding is not None
    turned = pool.candidates.embedding @ ortho_group.rvs(16, random_state=1) * 7.0 + 3.0
    answers = answers_to(pool, np.arange(25))
    np.testing.assert_allclose(entropies(with_embedding(pool, turned), answers), entropies(pool, answers), atol=1e-4)


def test_the_order_of_the_answers_does_not_matter() -> None:
    pool = make_pool(N)
    forth, back = (answers_to(pool, places) for places in (np.arange(25), np.arange(25)[::-1].copy()))
    np.testing.assert_allclose(entropies(pool, forth), entropies(pool, back), atol=1e-5)


def test_half_precision_on_disk_says_what_single_says(tmp_path: Path) -> None:
    pool = make_pool(N, dtype=np.float32)
    assert pool.candidates.embedding is not None
    np.save(tmp_path / "z.npy", pool.candidates.embedding.astype(np.float16))
    stored = with_embedding(pool, np.load(tmp_path / "z.npy", mmap_mode="r"))
    answers = answers_to(pool, np.arange(25))
    np.testing.assert_allclose(entropies(stored, answers), entropies(pool, answers), atol=2e-3)


def test_a_prediction_of_zero_and_a_space_without_extent_stay_finite() -> None:
    pool = make_pool(20)
    sure = np.tile([1.0, 0.0, 0.0], (20, 1))
    scores = replace(pool.scores, predicted=dict.fromkeys(TARGETS, sure))
    flat = replace(pool.candidates, scores=scores, embedding=np.zeros((20, 16), dtype=np.float16))
    live = prepare(flat)
    corrections = correct(live, answers_to(pool, np.arange(20)))
    part = corrected_candidates(live, corrections, np.arange(20)).scores
    assert part is not None
    assert np.isfinite(entropy_of(live, corrections).mean).all()
    assert all(np.isfinite(part.probabilities(name)).all() for name in TARGETS)


def test_a_pool_that_can_not_be_updated_is_refused() -> None:
    pool = make_pool(20)
    assert pool.candidates.embedding is not None
    with pytest.raises(TrainingError, match="scores and an embedding"):
        prepare(replace(pool.candidates, embedding=None))
    with pytest.raises(TrainingError, match="finite places"):
        prepare(replace(pool.candidates, embedding=np.full((20, 16), np.nan)))
    with pytest.raises(TrainingError, match=r"0\.\.19"):
        correct(prepare(pool.candidates), replace(answers_to(pool, np.array([3])), places=np.array([20])))
