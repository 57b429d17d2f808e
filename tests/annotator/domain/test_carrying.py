from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.domain.carrying import NewClip, carried_over
from annotator.models import Clip, Trial

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TRIALS = {number: Trial(pk=number, number=number) for number in (1, 2)}


def old(pk: int, start_s: float, *, trial: int = 1, eeg: bool = True, face: bool = True, gone_days: int = 0) -> Clip:
    superseded_at = NOW - timedelta(days=gone_days) if gone_days else None
    return Clip(
        pk=pk,
        trial=TRIALS[trial],
        start_s=start_s,
        stop_s=start_s + 5.0,
        has_eeg=eeg,
        has_face=face,
        superseded_at=superseded_at,
    )


def new(start_s: float, *, trial: int = 1, eeg: bool = True, face: bool = True, length_s: float = 5.0) -> NewClip:
    return NewClip(trial, start_s, start_s + length_s, eeg, face, None, None)


@pytest.mark.parametrize("moved_s", [0.0, 0.0004, 0.001, -0.001, -0.0006])
def test_within_a_millisecond_it_is_the_same_clip(moved_s: float) -> None:
    assert {index: clip.pk for index, clip in carried_over([old(7, 10.0)], [new(10.0 + moved_s)]).items()} == {0: 7}


@pytest.mark.parametrize(
    "found",
    [new(10.0011), new(9.9989), new(10.0, length_s=5.002), new(10.0, trial=2)],
    ids=["later", "earlier", "longer", "another trial"],
)
def test_another_window_is_another_clip(found: NewClip) -> None:
    assert carried_over([old(7, 10.0)], [found]) == {}


def test_a_clip_without_a_modality_in_common_is_another_one() -> None:
    assert carried_over([old(1, 0.0, face=False)], [new(0.0, eeg=False)]) == {}
    assert set(carried_over([old(1, 0.0, face=False)], [new(0.0)])) == {0}


def test_a_current_row_is_kept_before_one_that_was_superseded_and_a_late_one_before_an_early_one() -> None:
    rows = [old(1, 0.0, gone_days=9), old(2, 0.0, gone_days=2), old(3, 0.0)]
    assert carried_over(rows, [new(0.0)])[0].pk == 3
    assert carried_over(rows[:2], [new(0.0)])[0].pk == 2


@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans()), max_size=12),
    st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans()), max_size=12),
)
def test_no_row_is_kept_twice_and_each_fits(
    before: list[tuple[int, bool, bool]], found: list[tuple[int, bool, bool]]
) -> None:
    rows = [old(pk, start / 2000, eeg=eeg, face=face) for pk, (start, eeg, face) in enumerate(before, 1)]
    clips = [new(start / 2000, eeg=eeg, face=face) for start, eeg, face in found]
    kept = carried_over(rows, clips)
    assert len({clip.pk for clip in kept.values()}) == len(kept)
    for index, clip in kept.items():
        assert abs(clip.start_s - clips[index].start_s) <= 0.001 + 1e-9
        assert (clip.has_eeg and clips[index].has_eeg) or (clip.has_face and clips[index].has_face)
