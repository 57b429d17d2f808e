"""Clocks and trials of EEG-BIDS: what events.tsv or the video's own sidecar say of the video's start.

By order of trust:

1. rows of events.tsv that name the video's file in a `video` or `stim_file` column. `onset` is the EEG time; the video
   time is in `video_time` (seconds), 0 where that column is absent. Two or more rows give offset and drift.
2. one row whose trial_type is video_start, video_onset or the like: the EEG time of the first frame.
3. `StartTime` of the video's *_beh.json or *_video.json: seconds after the EEG's first sample.
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mlcore.datasets.bids_tables import Event, companion_ending, events_of, table_of
from mlcore.datasets.layout import Opened, Relation
from mlcore.datasets.tables import number
from mlcore.errors import RecordingError, SyncError
from mlcore.sync import event_clock, given_offset, unrelated
from mlcore.types import ClockMap, SyncMethod, TrialSpec

_VIDEO_COLUMNS = ("video", "stim_file")
_VIDEO_TIME = "video_time"
_VIDEO_STARTS = re.compile(r"^(face_?)?(video|camera)[ _-]?(start|onset|begin)", re.IGNORECASE)
_SELF_REPORTS = ("valence", "arousal", "dominance", "liking", "familiarity")
_LARGEST_JSON = 1_000_000

Points = list[tuple[float, float]]


def relate(opened: Opened) -> Relation:
    """Trials are the events that last; the clock is what the data set says of the video's start."""
    events = events_of(table_of(companion_ending(opened.spec, opened.root, "events.tsv")))
    marks = [event for event in events if _marks_video(event, opened)]
    trials = _trials(tuple(event for event in events if event not in marks))
    if opened.eeg is None or opened.video is None:
        return Relation(unrelated(), trials)
    clock, notes = _clock(opened, marks)
    is_assumed = clock.method == SyncMethod.SAME_START
    return Relation(clock, trials, () if is_assumed else notes, assumption=" ".join(notes) if is_assumed else "")


def _trials(events: tuple[Event, ...]) -> tuple[TrialSpec, ...]:
    lasting = [event for event in events if event.duration_s > 0]
    return tuple(
        TrialSpec(
            number=index,
            start_s=event.onset_s,
            stop_s=event.onset_s + event.duration_s,
            stimulus=event.names("trial_type", "stim_file", "value"),
            self_reports=_self_reports(event),
        )
        for index, event in enumerate(lasting, start=1)
    )


def _self_reports(event: Event) -> dict[str, float]:
    said = {name: number(event.cells.get(name)) for name in _SELF_REPORTS}
    return {name: value for name, value in said.items() if value is not None}


def _marks_video(event: Event, opened: Opened) -> bool:
    return _names_video(event, opened) or bool(_VIDEO_STARTS.match(event.names("trial_type")))


def _names_video(event: Event, opened: Opened) -> bool:
    if opened.video_path is None:
        return False
    named = (event.cells.get(column, "").replace("\\", "/") for column in _VIDEO_COLUMNS)
    return any(PurePosixPath(name).name == opened.video_path.name for name in named if name)


def _clock(opened: Opened, marks: list[Event]) -> tuple[ClockMap, tuple[str, ...]]:
    named = [event for event in marks if _names_video(event, opened)]
    points = [(number(event.cells.get(_VIDEO_TIME)) or 0.0, event.onset_s) for event in named or marks[:1]]
    if points:
        return _from_events(opened, points)
    start_s = _start_time(opened)
    if start_s is not None:
        return given_offset(start_s, method=SyncMethod.BIDS_EVENTS.value), ()
    note = "No event and no StartTime says when the video began; EEG and video were taken to begin together."
    return unrelated(method=SyncMethod.SAME_START.value), (note,)


def _from_events(opened: Opened, points: Points) -> tuple[ClockMap, tuple[str, ...]]:
    method = SyncMethod.BIDS_EVENTS
    distinct = dict(points)
    if len(distinct) == 1:
        video_s, session_s = points[0]
        return given_offset(session_s - video_s, method=method.value), ()
    try:
        return event_clock(list(distinct), list(distinct.values()), method=method), ()
    except SyncError as error:
        video_s, session_s = points[0]
        note = f"{opened.spec.session}: its events do not agree about the video ({error}); the first was used."
        return given_offset(session_s - video_s, method=method.value), (note,)


def _start_time(opened: Opened) -> float | None:
    for ending in ("_beh.json", "_video.json"):
        path = companion_ending(opened.spec, opened.root, ending)
        value = _json(path).get("StartTime") if path else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return number(str(value))
    return None


def _json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _LARGEST_JSON:
        raise RecordingError(f"{path.name}: a sidecar above {_LARGEST_JSON // 1_000_000} MB is not read.")
    try:
        held = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"{path.name}: can't be read as JSON.") from error
    return held if isinstance(held, dict) else {}
