from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.errors import SyncError
from mlcore.sync.sequences import Marks, match_sequences

METHOD = "status triggers"


@settings(deadline=None, max_examples=30)
@given(st.floats(-500, 500), st.floats(-300e-6, 300e-6), st.integers(0, 2**32 - 1), st.booleans())
def test_missing_and_extra_events_do_not_matter(offset_s: float, drift: float, seed: int, has_codes: bool) -> None:
    rng = np.random.default_rng(seed)
    times_s = np.cumsum(rng.uniform(1.0, 9.0, 60))
    codes = rng.integers(1, 5, 60)
    on_video, on_session = rng.random(60) > 0.2, rng.random(60) > 0.2
    session_s = offset_s + (1 + drift) * times_s + rng.normal(0, 0.002, 60)
    extra_s = offset_s + rng.uniform(0, times_s[-1], 8)
    all_s = np.concatenate([session_s[on_session], extra_s])
    all_codes = np.concatenate([codes[on_session], rng.integers(1, 5, 8)])
    order = np.argsort(all_s)
    names = (tuple(map(int, codes[on_video])), tuple(map(int, all_codes[order]))) if has_codes else ((), ())
    match = match_sequences(Marks(times_s[on_video], names[0]), Marks(all_s[order], names[1]), method=METHOD)
    assert (on_video & on_session).sum() - 2 <= match.video_places.size <= (on_video & on_session).sum() + 2
    for video_s in (times_s[0], times_s[-1]):
        assert match.fit.clock.to_session(video_s) == pytest.approx(offset_s + (1 + drift) * video_s, abs=0.005)


def test_lists_of_strangers_are_refused() -> None:
    rng = np.random.default_rng(1)
    one, other = (Marks(np.cumsum(rng.uniform(1.0, 9.0, 40))) for _ in range(2))
    with pytest.raises(SyncError, match=r"^events: only \d+ of 40 and 40 events agree"):
        match_sequences(one, other, method=METHOD)


def test_other_codes_share_nothing() -> None:
    with pytest.raises(SyncError, match="share no code"):
        match_sequences(Marks(np.arange(5.0), (1,) * 5), Marks(np.arange(5.0), (2,) * 5), method=METHOD)


def test_even_intervals_with_one_missing_fit_in_more_than_one_place() -> None:
    with pytest.raises(SyncError, match="their intervals repeat"):
        match_sequences(Marks(np.arange(0, 40, 2.0)), Marks(7.0 + np.arange(0, 38, 2.0)), method=METHOD)


def test_even_intervals_that_all_meet_are_one_to_one() -> None:
    match = match_sequences(Marks(np.arange(0, 40, 2.0)), Marks(7.0 + np.arange(0, 40, 2.0)), method=METHOD)
    assert match.fit.clock.offset_s == pytest.approx(7.0)
