from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from mlcore.acquire import Candidates, Composition
from mlcore.types import Term
from tests.mlcore.acquire.compositions import BARE, composed, terms_of
from tests.mlcore.acquire.pools import answered_of, pool, scores_of


def _by_subject(found: Composition, clips: Candidates, n: int) -> dict[int, int]:
    return dict(Counter(clips.subject[found.place[:n]].tolist()))


def test_one_subject_gets_no_more_than_the_cap() -> None:
    subject = [0] * 50 + [1 + place % 25 for place in range(50)]
    clips = pool(subject, scores=scores_of(100))
    found = composed(
        clips, 1.0 - np.arange(100) / 100, replace(BARE, max_subject_share=0.3, batch_size=20), n_composed=20
    )
    assert _by_subject(found, clips, 20)[0] == 6
    assert found.place[:6].tolist() == [0, 1, 2, 3, 4, 5]


def test_with_few_subjects_the_cap_rises_to_an_even_split() -> None:
    clips = pool([0] * 60 + [1] * 60, scores=scores_of(120))
    found = composed(
        clips, 1.0 - np.arange(120) / 120, replace(BARE, max_subject_share=0.25, batch_size=20), n_composed=20
    )
    assert _by_subject(found, clips, 20) == {0: 10, 1: 10}


def test_the_cap_gives_way_before_the_gap() -> None:
    # subject 0 has clips to spare, subject 1's lie all within a gap
    start_s = [60.0 * place for place in range(60)] + [0.1 * place for place in range(60)]
    clips = pool([0] * 60 + [1] * 60, start_s=start_s, scores=scores_of(120))
    found = composed(clips, np.arange(120) / 120, replace(BARE, batch_size=20), n_composed=20)
    assert _by_subject(found, clips, 20) == {0: 19, 1: 1}


def test_the_gap_gives_way_last_rather_than_a_place_stays_empty() -> None:
    clips = pool([0] * 12, start_s=[1.0 * place for place in range(12)], scores=scores_of(12))
    found = composed(clips, np.arange(12) / 12, replace(BARE, min_gap_s=30.0), n_composed=10)
    assert found.place.tolist() == list(range(11, -1, -1))
    assert terms_of(found) == [Term.POLICY] * 12


def test_clips_of_a_recording_are_apart_from_the_end_of_one_to_the_beginning_of_the_next() -> None:
    start_s = [0.0, 14.9, 15.0, 40.0]
    clips = pool([0, 0, 0, 0], start_s=start_s, length_s=5.0, scores=scores_of(4))
    config = replace(BARE, min_gap_s=10.0, max_subject_share=1.0, batch_size=3)
    found = composed(clips, np.array([0.9, 0.8, 0.7, 0.1]), config, n_composed=3)
    assert found.place.tolist() == [0, 2, 3, 1]


def test_repeats_keep_apart_from_new_clips() -> None:
    config = replace(BARE, repeat_share=0.5, max_subject_share=1.0, batch_size=2)
    # session 0: an answered clip beside the strategy's favourite
    clips = pool([0, 0], start_s=[8.0, 500.0], scores=scores_of(2))
    answered = answered_of(pool([0], start_s=[0.0]), [(0, 7, 0)], asked_now=[7])
    found = composed(clips, np.array([0.9, 0.1]), config, n_composed=2, answered=answered)
    assert sorted(found.place[:2].tolist()) == [-1, 1]
