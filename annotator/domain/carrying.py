"""Which clips of an earlier import are clips of a new one: they keep their rows, and with them labels and leases."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from annotator.models import Clip
from mlcore.types import JsonObject

#: how far the ends of a clip may move and it is still the same
TOLERANCE_S = 1e-3
#: floats on both sides of a millisecond
_EPSILON_S = 1e-9


@dataclass(frozen=True, slots=True)
class NewClip:
    trial: int
    start_s: float
    stop_s: float
    has_eeg: bool
    has_face: bool
    eeg_quality: float | None
    face_quality: float | None
    #: severity 0..1 of each fault found, by mlcore's QualityFault
    eeg_faults: JsonObject = field(default_factory=dict)
    face_faults: JsonObject = field(default_factory=dict)
    #: x, y, width, height as shares of the frame
    face_place: tuple[float, float, float, float] | None = None


def carried_over(earlier: Iterable[Clip], found: Sequence[NewClip]) -> dict[int, Clip]:
    """Index in `found` -> the row that it keeps: same trial, same window, at least one modality in common.

    A row is kept once. A current one comes before one that was superseded, and of those the latest comes first: a
    window that was gone for a while gets its labels back. The rows come with their trials.
    """
    places: dict[tuple[int, int], list[Clip]] = defaultdict(list)
    for clip in sorted(earlier, key=_preference):
        places[clip.trial.number, _bucket(clip.start_s)].append(clip)
    taken: set[int] = set()
    kept: dict[int, Clip] = {}
    for index, new in enumerate(found):
        match = next((old for old in _near(places, new) if old.pk not in taken and _is_same(old, new)), None)
        if match is not None:
            taken.add(match.pk)
            kept[index] = match
    return kept


def _preference(clip: Clip) -> tuple[bool, float]:
    is_superseded = clip.superseded_at is not None
    return is_superseded, -clip.superseded_at.timestamp() if clip.superseded_at else 0.0


def _bucket(start_s: float) -> int:
    return math.floor(start_s / TOLERANCE_S)


def _near(places: dict[tuple[int, int], list[Clip]], new: NewClip) -> Iterator[Clip]:
    """Those that begin in the same millisecond or beside it, the preferred ones first."""
    here = _bucket(new.start_s)
    # a difference of a whole millisecond may lie two buckets away by rounding
    found = [clip for bucket in range(here - 2, here + 3) for clip in places.get((new.trial, bucket), ())]
    return iter(sorted(found, key=_preference))


def _is_same(old: Clip, new: NewClip) -> bool:
    moved_s = max(abs(old.start_s - new.start_s), abs(old.stop_s - new.stop_s))
    shares = (old.has_eeg and new.has_eeg) or (old.has_face and new.has_face)
    return shares and moved_s <= TOLERANCE_S + _EPSILON_S
