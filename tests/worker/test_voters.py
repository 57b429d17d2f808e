"""Answers after a round, weighed by what the round found of those who give them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from annotator.domain.rounds import Vote
from annotator.enums import VoteModel
from mlcore.evaluate.agreement import dawid_skene, evaluator_weighted_mean, prior_confusion
from mlcore.types import SAM_VALENCE9, VALENCE3, Dimension
from worker.voters import LEAST_RELIABILITY, Voters, keep_voters, open_voters
from worker.votes import clip_targets, columns_of

Clips = list[list[Vote]]
STRANGER, OTHER_STRANGER = 900, 901
BOTH = pytest.mark.parametrize("dimension", [VALENCE3, SAM_VALENCE9])


def simulated(dimension: Dimension, *, n_clips: int, people: dict[int, float], seed: int) -> Clips:
    """Each answers two clips in three; right so often, else one class off or anything."""
    rng = np.random.default_rng(seed)
    first, n_classes = (1 if dimension.levels else 0), dimension.n_classes
    clips: Clips = []
    for true in rng.integers(0, n_classes, n_clips):
        given = [
            Vote(who, 0, {"valence": first + int(true if rng.random() < right else rng.integers(n_classes))})
            for who, right in people.items()
            if rng.random() < 2 / 3
        ]
        clips.append(given)
    return clips


def fitted(dimension: Dimension, clips: Clips) -> Voters:
    found = clip_targets(clips, dimension, VoteModel.DAWID_SKENE).voters
    assert found is not None
    return found


def judged(voters: Voters, clips: Clips, dimension: Dimension) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    columns = columns_of(clips, dimension)
    return voters.judge(columns.votes, columns.annotators)


def slowly(voters: Voters, given: Sequence[Vote], dimension: Dimension) -> tuple[list[float], float]:
    """One clip, answer by answer, as the formulas say."""
    places = [
        voters.people.index(vote.annotator_id) if vote.annotator_id in voters.people else len(voters.people)
        for vote in given
    ]
    answers = [dimension.class_index(int(vote.values["valence"])) for vote in given]
    missed = 1.0
    for who in {vote.annotator_id: place for vote, place in zip(given, places, strict=True)}.values():
        missed *= 1.0 - voters.reliability[who]
    worth = [0.0] * dimension.n_classes
    if voters.heard is not None:
        for place, answer in zip(places, answers, strict=True):
            worth[answer] += voters.heard[place]
    else:
        assert voters.marginals is not None
        assert voters.confusion is not None
        for true in range(dimension.n_classes):
            worth[true] = voters.marginals[true]
            for place, answer in zip(places, answers, strict=True):
                worth[true] *= voters.confusion[place, true, answer]
    return [one / sum(worth) for one in worth], (1.0 - missed) / voters.usual_chance


PEOPLE = {3: 0.9, 5: 0.6, 8: 0.1}


@BOTH
def test_a_rounds_own_answers_get_the_targets_and_weights_that_they_had(dimension: Dimension, tmp_path: Path) -> None:
    clips = simulated(dimension, n_clips=200, people=PEOPLE, seed=1)
    found = clip_targets(clips, dimension, VoteModel.DAWID_SKENE)
    assert found.voters is not None
    keep_voters(tmp_path, {"valence": found.voters})
    targets, weights = judged(open_voters(tmp_path)["valence"], clips, dimension)
    assert np.array_equal(targets.astype(np.float32), found.targets, equal_nan=True)
    assert np.array_equal(weights, found.weights)


@BOTH
def test_later_answers_are_what_the_formulas_say_answer_by_answer(dimension: Dimension) -> None:
    voters = fitted(dimension, simulated(dimension, n_clips=200, people=PEOPLE, seed=2))
    everybody = {**PEOPLE, STRANGER: 0.7, OTHER_STRANGER: 0.2}
    later = [given for given in simulated(dimension, n_clips=60, people=everybody, seed=3) if given]
    first = later[0][0]
    later.append([first, Vote(first.annotator_id, 1, later[1][0].values), *later[0][1:]])  # a repeat of one's own
    targets, weights = judged(voters, later, dimension)
    for row, given in enumerate(later):
        target, weight = slowly(voters, given, dimension)
        assert targets[row] == pytest.approx(target, abs=1e-12)
        assert weights[row] == pytest.approx(weight)


@BOTH
def test_an_answer_counts_by_who_gave_it(dimension: Dimension) -> None:
    voters = fitted(dimension, simulated(dimension, n_clips=400, people=PEOPLE, seed=4))
    alone = [[Vote(who, 0, {"valence": 1})] for who in (*PEOPLE, STRANGER)]
    _, (good, fair, guess, stranger) = judged(voters, alone, dimension)
    assert good > fair > guess
    assert guess < stranger < good


def test_a_stranger_is_taken_for_the_average_annotator_of_the_round() -> None:
    clips = simulated(VALENCE3, n_clips=200, people=PEOPLE, seed=5)
    voters = fitted(VALENCE3, clips)
    together = dawid_skene(columns_of(clips, VALENCE3).votes.of_one_annotator(), prior=prior_confusion(3))
    assert voters.confusion is not None
    assert voters.confusion[-1] == pytest.approx(together.confusion[0])
    assert voters.people == (3, 5, 8)


def test_on_a_scale_a_stranger_is_heard_as_people_are_on_the_whole() -> None:
    clips = simulated(SAM_VALENCE9, n_clips=200, people=PEOPLE, seed=6)
    votes = columns_of(clips, SAM_VALENCE9).votes
    plain = evaluator_weighted_mean(
        votes.clip, votes.annotator, votes.answer.astype(float), n_clips=200, n_annotators=3, with_own=False
    )
    voters = fitted(SAM_VALENCE9, clips)
    assert voters.heard is not None
    # nobody's correlation is below 0, where the mean would not be of what is heard
    assert plain.weight.min() > 0
    assert voters.heard[-1] == pytest.approx(np.average(plain.weight, weights=plain.n_shared))


@BOTH
def test_two_strangers_are_two_people(dimension: Dimension) -> None:
    voters = fitted(dimension, simulated(dimension, n_clips=200, people=PEOPLE, seed=7))
    answer = {"valence": 2}
    one, twice, two = (
        [Vote(STRANGER, 0, answer)],
        [Vote(STRANGER, 0, answer), Vote(STRANGER, 1, answer)],
        [Vote(STRANGER, 0, answer), Vote(OTHER_STRANGER, 0, answer)],
    )
    _, weights = judged(voters, [one, twice, two], dimension)
    assert weights[0] == weights[1] < weights[2]


@BOTH
def test_before_anybody_answered_everybody_is_a_stranger(dimension: Dimension) -> None:
    voters = fitted(dimension, [[], []])
    targets, weights = judged(voters, [[Vote(STRANGER, 0, {"valence": 2})], []], dimension)
    assert int(targets[0].argmax()) == dimension.class_index(2)
    assert np.isnan(targets[1]).all()
    assert weights[0] >= LEAST_RELIABILITY
    assert weights[1] == 0.0


def test_a_round_that_counts_answers_alike_keeps_nobody(tmp_path: Path) -> None:
    assert open_voters(tmp_path) == {}
    keep_voters(tmp_path, {})
    assert open_voters(tmp_path) == {}


@BOTH
def test_what_is_kept_is_plain_json(dimension: Dimension) -> None:
    item = fitted(dimension, simulated(dimension, n_clips=20, people=PEOPLE, seed=8)).to_json()
    assert json.loads(json.dumps(item, allow_nan=False)) == item
    assert Voters.from_json(item).to_json() == item
