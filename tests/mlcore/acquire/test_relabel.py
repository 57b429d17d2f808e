from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.answered import MOST_PEOPLE
from mlcore.acquire.relabel import worth
from tests.mlcore.acquire.pools import NO_CLASS, answered_of, pool, scores_of

Floats = NDArray[np.float64]


def _worth_of(answers: list[tuple[int, int, int]], probabilities: Floats) -> Floats:
    m = len(probabilities)
    clips = pool([0] * m, scores=scores_of(m, probabilities={"valence": probabilities}))
    new = pool([0], scores=scores_of(1, probabilities={"valence": np.array([[0.4, 0.6]])}))
    found = worth(answered_of(clips, answers, asked_now=[0, 1, 2, 3, 4, 5]), new)
    assert found is not None
    # nothing is measured: (0.6 + 1/2)/2
    np.testing.assert_allclose(found.new, [1 - 0.55])
    return found.answered


def test_an_answer_that_the_model_does_not_believe_is_worth_another() -> None:
    found = _worth_of([(0, 0, 0), (1, 0, 0)], np.array([[0.1, 0.9], [0.9, 0.1]]))
    # (2·0.1 + 1/2)/3 and (2·0.9 + 1/2)/3
    np.testing.assert_allclose(found, [1 - 0.7 / 3, 1 - 2.3 / 3])


def test_nobody_is_asked_again_where_it_can_tell_nothing() -> None:
    unknown = np.full(2, np.nan)
    everybody = [(2, person, 0) for person in range(6)]
    many = [(3, person, 0) for person in range(MOST_PEOPLE)]
    answers = [(0, 0, NO_CLASS), (1, 0, 0), *everybody, *many, (4, 0, 0)]
    sure = [0.5, 0.5]
    found = _worth_of(answers, np.array([sure, unknown, sure, sure, sure]))
    assert np.isnan(found).tolist() == [True, True, True, True, False]


def test_a_repeat_of_ones_own_is_no_second_vote() -> None:
    clips = pool([0], scores=scores_of(1, probabilities={"valence": np.array([[0.9, 0.1]])}))
    new = pool([0], scores=scores_of(1, probabilities={"valence": np.array([[0.4, 0.6]])}))
    once = worth(answered_of(clips, [(0, 0, 0)], asked_now=[0, 1]), new)
    twice = worth(answered_of(clips, [(0, 0, 0), (0, 0, 1)], passes=[0, 1], asked_now=[0, 1]), new)
    assert once is not None
    assert twice is not None
    assert once.answered.tolist() == twice.answered.tolist()


def test_two_targets_count_alike() -> None:
    sure, unsure = np.array([[0.9, 0.1]]), np.array([[0.5, 0.5]])
    new = pool([0], scores=scores_of(1, probabilities={"valence": sure, "arousal": unsure}))
    clips = pool([0], scores=scores_of(1, probabilities={"valence": sure, "arousal": unsure}))
    plain = answered_of(clips, [(0, 0, 0)], asked_now=[0, 1])
    both = type(plain)(
        plain.clips, plain.gated, plain.clip, plain.annotator, plain.pass_number, plain.age_s,
        {**plain.labels, "arousal": plain.labels["valence"]}, plain.asked_now,
    )  # fmt: skip
    found = worth(both, new)
    assert found is not None
    np.testing.assert_allclose(found.new, [1 - (0.7 + 0.5) / 2])
    np.testing.assert_allclose(found.answered, [1 - (2.3 / 3 + 1.5 / 3) / 2])


def test_without_a_model_nothing_is_worth_anything() -> None:
    assert worth(answered_of(pool([0]), [(0, 0, 0)], asked_now=[0, 1]), pool([0], scores=scores_of(1))) is None
    assert worth(answered_of(pool([0], scores=scores_of(1)), [(0, 0, 0)], asked_now=[0, 1]), pool([0])) is None
