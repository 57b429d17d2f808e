"""ActiveLab against a reference that follows the papers answer by answer, and against sums done by hand."""

from __future__ import annotations

from collections import Counter
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlcore.acquire.activelab import (
    MIN_SHARED,
    Trust,
    Votes,
    certainty_of_answered,
    certainty_of_new,
    trust,
)

Floats = NDArray[np.float64]
Answers = dict[int, dict[int, int]]
LEAST = 1e-6


class Reference:
    """`answers`: clip -> person -> class; `model`: clip -> probabilities. CROWDLAB, section 3; ActiveLab, section 3."""

    def __init__(self, answers: Answers, model: list[list[float]]) -> None:
        self.answers, self.model, self.k = answers, model, len(model[0])
        self.people = sorted({person for given in answers.values() for person in given})
        self.shared = [clip for clip, given in answers.items() if len(given) > 1]
        self.is_measured = len(self.shared) >= MIN_SHARED

    def consensus(self, clip: int) -> int:
        said = Counter(self.answers.get(clip, {}).values())
        return max(range(self.k), key=lambda one: (said[one], self.model[clip][one]))

    def likely(self) -> float:
        shares = []
        for clip in self.shared:
            said = list(self.answers[clip].values())
            shares.append(said.count(self.consensus(clip)) / len(said))
        return sum(shares) / len(shares)

    def agreement(self, person: int) -> float | None:
        agree = total = 0
        for clip in self.shared:
            for other, label in self.answers[clip].items():
                if other != person and person in self.answers[clip]:
                    agree += label == self.answers[clip][person]
                    total += 1
        return agree / total if total else None

    def error_common(self) -> float:
        said = Counter(label for given in self.answers.values() for label in given.values())
        commonest = max(range(self.k), key=lambda one: (said[one], -one))
        return sum(self.consensus(clip) != commonest for clip in self.shared) / len(self.shared)

    def weight(self, error: float) -> float:
        return max(1 - error / max(self.error_common(), LEAST), LEAST)

    def w_person(self, person: int) -> float:
        if not self.is_measured:
            return 1.0
        known = [one for one in map(self.agreement, self.people) if one is not None]
        mine = self.agreement(person)
        return self.weight(1 - (sum(known) / len(known) if mine is None else mine))

    def w_model(self) -> float:
        if not self.is_measured:
            return 1.0
        wrong = sum(int(np.argmax(self.model[clip])) != self.consensus(clip) for clip in self.shared)
        n_answers = [len(given) for given in self.answers.values()]
        return self.weight(wrong / len(self.shared)) * sqrt(sum(n_answers) / len(n_answers))

    def w_mean(self) -> float:
        return sum(map(self.w_person, self.people)) / len(self.people) if self.people else 1.0

    def of_answered(self, clip: int) -> float:
        """A mean of a mean: consensus quality, then the prior 1/K."""
        best, given = self.consensus(clip), self.answers.get(clip, {})
        voices = [(self.w_model(), self.model[clip][best])]
        for person, label in given.items():
            if self.is_measured:
                likely = self.likely() if label == best else (1 - self.likely()) / (self.k - 1)
            else:
                likely = self.model[clip][best]
            voices.append((self.w_person(person), likely))
        total = sum(weight for weight, _ in voices)
        quality = sum(weight * value for weight, value in voices) / total
        return (total * quality + self.w_mean() / self.k) / (total + self.w_mean())

    def of_new(self, probabilities: list[float]) -> float:
        top = self.w_model() * max(probabilities) + self.w_mean() / self.k
        return top / (self.w_model() + self.w_mean())


def _votes(answers: Answers, model: list[list[float]]) -> Votes:
    rows = [(clip, person, label) for clip, given in answers.items() for person, label in given.items()]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    _, people = np.unique(table[:, 1], return_inverse=True)
    return Votes(table[:, 0], people, table[:, 2], np.array(model))


@st.composite
def _cases(draw: st.DrawFn) -> tuple[Answers, list[list[float]]]:
    n, k, n_people = draw(st.integers(1, 40)), draw(st.integers(2, 4)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    truth = rng.integers(0, k, n)
    share = draw(st.sampled_from([0.2, 0.6, 1.0]))
    wrong = draw(st.sampled_from([0.0, 0.2, 0.7]))
    answers: Answers = {}
    for clip in range(n):
        people = [person for person in range(n_people) if rng.random() < share] or [int(rng.integers(n_people))]
        said = np.where(rng.random(len(people)) < wrong, rng.integers(0, k, len(people)), truth[clip])
        answers[clip] = dict(zip(people, said.tolist(), strict=True))
    return answers, rng.dirichlet(np.ones(k), n).tolist()


@given(_cases())
def test_both_scores_are_those_of_the_papers(case: tuple[Answers, list[list[float]]]) -> None:
    answers, model = case
    reference, votes = Reference(answers, model), _votes(answers, model)
    weights = trust(votes)
    np.testing.assert_allclose(weights.people, [reference.w_person(person) for person in reference.people])
    assert weights.model == pytest.approx(reference.w_model())
    assert weights.accuracy == (pytest.approx(reference.likely()) if reference.is_measured else None)
    expected = [reference.of_answered(clip) for clip in range(len(model))]
    np.testing.assert_allclose(certainty_of_answered(votes, weights), expected)
    new = np.random.default_rng(0).dirichlet(np.ones(reference.k), 5)
    np.testing.assert_allclose(certainty_of_new(new, weights), [reference.of_new(row) for row in new.tolist()])


def test_sums_done_by_hand() -> None:
    votes = _votes({0: {0: 1, 1: 1}, 1: {0: 0, 1: 1}}, [[0.2, 0.8], [0.6, 0.4]])
    weights = Trust(np.array([0.5, 1.0]), 2.0, 0.9)
    # (2·0.8 + 0.75/2 + 0.5·0.9 + 1·0.9)/(2 + 0.75 + 1.5) and, the model deciding for 0, (2·0.6 + … + 0.5·0.9 + 1·0.1)/…
    expected = [(1.6 + 0.375 + 0.45 + 0.9) / 4.25, (1.2 + 0.375 + 0.45 + 0.1) / 4.25]
    np.testing.assert_allclose(certainty_of_answered(votes, weights), expected)
    np.testing.assert_allclose(certainty_of_new(np.array([[0.3, 0.7]]), weights), [(1.4 + 0.375) / 2.75])


def test_a_careless_person_weighs_less_than_careful_ones() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 200)
    answers = {clip: {0: int(truth[clip]), 1: int(truth[clip]), 2: int(rng.integers(3))} for clip in range(200)}
    weights = trust(_votes(answers, rng.dirichlet(np.ones(3), 200).tolist()))
    assert weights.people[0] == weights.people[1] > 3 * weights.people[2]


def test_one_person_and_one_answer_each_is_all_that_nothing_is_measured_on() -> None:
    answers = {clip: {0: clip % 2} for clip in range(50)}
    weights = trust(_votes(answers, [[0.5, 0.5]] * 50))
    assert (weights.people.tolist(), weights.model, weights.accuracy) == ([1.0], 1.0, None)
