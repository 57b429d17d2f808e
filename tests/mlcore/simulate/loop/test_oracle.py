from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from mlcore.errors import ConcordError
from mlcore.simulate.loop.given import Given
from mlcore.simulate.loop.oracle import BAD_SIGNAL, CANT_TELL, N_ANNOTATORS, N_PASSES, Answers, Oracle, draw_answers

N = 3000
#: half clear, half fought over; the last hundred are garbage
VOTES = np.where((np.arange(N) % 2 == 0)[:, None], [[0.0, 1.0, 0.0]], [[0.5, 0.1, 0.4]])
BAD = np.arange(N) >= N - 100
GIVEN = Given(
    ("low", "middle", "high"),
    np.where(BAD, -1, VOTES.argmax(axis=1)),
    np.where(BAD[:, None], np.nan, VOTES),
    BAD,
)
LENGTH_S = np.full(N, 4.0)


def _draw(text: str, given: Given = GIVEN, *, seed: int = 1) -> Answers:
    return draw_answers(Oracle.parse(text), given, LENGTH_S, np.random.default_rng(seed))


def _is_rate(hits: np.ndarray, rate: float) -> bool:
    interval = binomtest(int(hits.sum()), hits.size).proportion_ci(confidence_level=0.999)
    return bool(interval.low < rate < interval.high)


@pytest.mark.parametrize("text", ["clean", "flip:0.2", "ambiguous", "biased", "abstain"])
def test_garbage_is_told_as_such_by_everybody_and_costs_its_seconds(text: str) -> None:
    answers = _draw(text)
    assert answers.said.shape == answers.seconds.shape == (N_PASSES, N_ANNOTATORS, N)
    assert (answers.said[..., BAD] == BAD_SIGNAL).all()
    assert (answers.said[..., ~BAD] != BAD_SIGNAL).all()
    assert answers.seconds.min() > 4.0
    assert 5.5 < answers.seconds[..., BAD].mean() < 6.5


def test_clean_annotators_say_what_the_store_holds() -> None:
    answers = _draw("clean")
    assert (answers.said[..., ~BAD] == GIVEN.said[~BAD]).all()
    assert np.array_equal(answers.of_first(), np.where(BAD, BAD_SIGNAL, GIVEN.said))


def test_a_tied_vote_is_one_of_the_tied_classes() -> None:
    votes = np.tile([0.5, 0.0, 0.5], (N, 1))
    tied = Given(GIVEN.classes, np.full(N, -1), votes, np.zeros(N, dtype=np.bool_))
    said = _draw("clean", tied).of_first()
    assert set(said.tolist()) == {0, 2}
    assert _is_rate(said == 0, 0.5)


def test_flipped_answers_are_of_another_class_each_as_likely() -> None:
    said = _draw("flip:0.2").said[..., ~BAD]
    wrong = said != GIVEN.said[~BAD]
    assert _is_rate(wrong, 0.2)
    shift = (said - GIVEN.said[~BAD])[wrong] % 3
    assert _is_rate(shift == 1, 0.5)


def test_ambiguous_answers_are_drawn_from_the_votes() -> None:
    said = _draw("ambiguous").said
    assert (said[..., (~BAD) & (np.arange(N) % 2 == 0)] == 1).all()
    fought = said[..., (~BAD) & (np.arange(N) % 2 == 1)]
    assert all(_is_rate(fought == number, share) for number, share in enumerate((0.5, 0.1, 0.4)))


def test_biased_annotators_have_a_favourite_each() -> None:
    said = _draw("biased:0.5").said[..., ~BAD]
    wrong = said != GIVEN.said[~BAD]
    favourites = [np.unique(said[:, one][wrong[:, one]]).tolist() for one in range(N_ANNOTATORS)]
    assert all(len(one) == 1 for one in favourites)
    assert len({one[0] for one in favourites}) > 1


def test_what_is_fought_over_is_passed_more_often() -> None:
    passed = _draw("abstain:0.1").said == CANT_TELL
    assert _is_rate(passed[..., (~BAD) & (np.arange(N) % 2 == 0)], 0.1)
    hard = GIVEN.hardness[1]
    assert _is_rate(passed[..., (~BAD) & (np.arange(N) % 2 == 1)], 0.1 * (1 + 4 * hard))


def test_hardness_is_the_entropy_of_the_votes() -> None:
    expected = -(0.5 * np.log(0.5) + 0.1 * np.log(0.1) + 0.4 * np.log(0.4)) / np.log(3)
    assert GIVEN.hardness[:2].tolist() == pytest.approx([0.0, expected])


def test_without_votes_there_is_nothing_to_draw_from() -> None:
    silent = Given(GIVEN.classes, GIVEN.said, np.full((N, 3), np.nan), BAD)
    with pytest.raises(ConcordError, match="no votes over this target's classes"):
        _draw("ambiguous", silent)
    assert (_draw("clean", silent).of_first()[~BAD] == GIVEN.said[~BAD]).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("honest", "expected clean, flip:R, ambiguous"),
        ("flip:often", "expected clean, flip:R, ambiguous"),
        ("flip:1.5", "expected a rate 0..1, got 1.5"),
        ("clean:0.1", "clean takes no number"),
    ],
)
def test_other_oracles_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConcordError, match=message):
        Oracle.parse(text)


@pytest.mark.parametrize("text", ["clean", "flip:0.1", "flip:0.2", "ambiguous", "biased:0.25", "abstain:0.15"])
def test_an_oracle_is_told_as_it_is_written(text: str) -> None:
    assert str(Oracle.parse(text)) == text
