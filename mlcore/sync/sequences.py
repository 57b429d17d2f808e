"""Two lists of events of one recording, told from each other by their intervals: some are missing, some are extra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlcore.errors import SyncError
from mlcore.sync.blink_evidence import Places, mutual_pairs
from mlcore.sync.blink_search import Pairs, Search, search_pairs
from mlcore.sync.robust import EventFit, Floats, fit_events

_LEAST_MATCHED = 3
#: of the shorter list
_LEAST_SHARE = 0.5
#: the second best alignment may explain this share of what the best explains, unless the best explains all
_LARGEST_SECOND = 0.8


@dataclass(frozen=True, slots=True)
class Marks:
    """Events of one stream, by time."""

    #: (n,) rising seconds on the stream's own clock
    times_s: Floats
    #: (n,) trigger codes or names; () = all alike
    codes: tuple[int | str, ...] = ()


@dataclass(frozen=True, slots=True)
class SequenceMatch:
    """The map, and which events it pairs."""

    fit: EventFit
    #: (m,), (m,) places of the pairs in the two lists
    video_places: Places
    session_places: Places


def match_sequences(video: Marks, session: Marks, *, method: str, largest_drift: float = 1e-3) -> SequenceMatch:
    """Find which events of two lists are the same, and the map that this gives.

    Every offset at which two events of one code meet is tried, and drifts of up to `largest_drift`; where most events
    meet, each is paired with its nearest.

    Args:
        video: events on the video's clock.
        session: events on the session's clock.
        method: what they are: a `SyncMethod`.
        largest_drift: how far the rates may differ; 1e-3 = 0.1 %.

    Raises:
        SyncError: too few events are shared, or several alignments explain them.
    """
    pairs = _pairs(video, session)
    if pairs.apart_s.size == 0:
        raise SyncError(f"events: the two lists of {video.times_s.size} and {session.times_s.size} share no code.")
    range_s = float(np.max(np.abs(pairs.apart_s))) + 1.0
    found = search_pairs(pairs, range_s=range_s, largest_drift=largest_drift)
    video_places, session_places = mutual_pairs(found.best.to_eeg(video.times_s), session.times_s)
    is_same = _same_code(video, session, video_places, session_places)
    video_places, session_places = video_places[is_same], session_places[is_same]
    _refuse_doubt(found, n_matched=video_places.size, sizes=(video.times_s.size, session.times_s.size))
    fit = fit_events(video.times_s[video_places], session.times_s[session_places], method=method)
    return SequenceMatch(fit, video_places, session_places)


def _pairs(video: Marks, session: Marks) -> Pairs:
    is_same = _codes(video)[:, None] == _codes(session)[None, :]
    one, other = np.nonzero(is_same)
    since_s = video.times_s[one]
    return Pairs(session.times_s[other] - since_s, since_s, np.ones(one.size))


def _codes(marks: Marks) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return np.array([str(code) for code in marks.codes] or [""] * marks.times_s.size, dtype=np.str_)


def _same_code(video: Marks, session: Marks, one: Places, other: Places) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(_codes(video)[one] == _codes(session)[other])


def _refuse_doubt(found: Search, *, n_matched: int, sizes: Sequence[int]) -> None:
    if n_matched < max(_LEAST_MATCHED, _LEAST_SHARE * min(sizes)):
        raise SyncError(f"events: only {n_matched} of {sizes[0]} and {sizes[1]} events agree on one map.")
    explains_all = n_matched == max(sizes)
    if not explains_all and found.second_score > _LARGEST_SECOND * found.score:
        raise SyncError(f"events: their intervals repeat, so that {n_matched} of them fit in more than one place.")
