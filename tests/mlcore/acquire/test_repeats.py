from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mlcore.acquire.answered import OWN_REPEAT_AFTER_S
from mlcore.acquire.repeats import repeats_of_others, repeats_of_own
from mlcore.errors import TrainingError
from tests.mlcore.acquire.pools import answered_of, pool

LONG, SHORT = OWN_REPEAT_AFTER_S, OWN_REPEAT_AFTER_S - 1.0


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_others_repeat_what_one_person_answered_and_another_can_see() -> None:
    clips = pool([0] * 5, eeg=[1, 1, 1, 0.1, 1], face=[1, 1, 1, 0.1, 1])
    # 0: once; 1: by two; 2: only by the one who labels now, and again; 3: bad signals; 4: by somebody who left
    answers = [(0, 7, 0), (1, 7, 0), (1, 8, 0), (2, 7, 0), (2, 7, 0), (3, 7, 0), (4, 9, 0)]
    passes = [0, 0, 0, 0, 1, 0, 0]
    two = answered_of(clips, answers, passes=passes, asked_now=[7, 8])
    assert sorted(repeats_of_others(two, _rng()).tolist()) == [0, 2, 4]
    alone = answered_of(clips, answers, passes=passes, asked_now=[7])
    assert repeats_of_others(alone, _rng()).tolist() == [4]
    assert repeats_of_others(answered_of(clips, answers, passes=passes, asked_now=[]), _rng()).tolist() == []


def test_others_repeats_come_in_random_order() -> None:
    answered = answered_of(pool([0] * 40), [(clip, 0, 0) for clip in range(40)], asked_now=[0, 1])
    orders = {tuple(repeats_of_others(answered, _rng(seed)).tolist()) for seed in range(5)}
    assert len(orders) == 5
    assert {tuple(sorted(order)) for order in orders} == {tuple(range(40))}


def test_ones_own_repeats_are_old_answers_given_once_on_good_clips() -> None:
    clips = pool([0] * 5, eeg=[1, 1, 1, 1, 0.1], face=[1, 1, 1, 1, 0.1])
    # 0: old; 1: young; 2: repeated already; 3: of somebody who left; 4: bad signals
    answers = [(0, 7, 0), (1, 7, 0), (2, 7, 0), (2, 7, 0), (3, 9, 0), (4, 7, 0)]
    answered = answered_of(
        clips, answers, passes=[0, 0, 0, 1, 0, 0], age_s=[LONG, SHORT, LONG, LONG, LONG, LONG], asked_now=[7]
    )
    clip, person = repeats_of_own(answered, _rng())
    assert (clip.tolist(), person.tolist()) == ([0], [7])


def test_people_take_turns_and_who_repeated_least_comes_first() -> None:
    answers = [(clip, person, 0) for clip in range(12) for person in (7, 8)]
    # 8 has repeated two already
    answers += [(12, 8, 0), (12, 8, 0), (13, 8, 0), (13, 8, 0)]
    passes = [0] * 24 + [0, 1, 0, 1]
    answered = answered_of(pool([0] * 14), answers, passes=passes, asked_now=[7, 8])
    clip, person = repeats_of_own(answered, _rng())
    assert sorted(clip.tolist()) == list(range(12))
    assert person[:2].tolist() == [7, 7]
    assert Counter(person.tolist()) == {7: 7, 8: 5}


def test_nobody_loses_a_turn_because_another_has_the_clip() -> None:
    answered = answered_of(pool([0] * 2), [(0, 7, 0), (1, 7, 0), (0, 8, 0), (1, 8, 0)], asked_now=[7, 8])
    for seed in range(20):
        clip, person = repeats_of_own(answered, _rng(seed))
        assert (sorted(clip.tolist()), sorted(person.tolist())) == ([0, 1], [7, 8])


def test_columns_must_be_of_one_length_and_answers_on_clips() -> None:
    with pytest.raises(TrainingError, match="age_s: expected 1 answers, got 2"):
        type(one := answered_of(pool([0]), [(0, 0, 0)], asked_now=[]))(
            one.clips, one.gated, one.clip, one.annotator, one.pass_number, np.zeros(2)
        )
    with pytest.raises(TrainingError, match="on none of the 1 clips"):
        answered_of(pool([0]), [(1, 0, 0)], asked_now=[])
