"""Recorded traces: what a client sends is checked, measured against its clip, and kept event by event.

A recording is `{"clock", "began_ms", "events", "superseded", "accepts_gaps"}`. Events are columns of equal length:
`video_s` (of the frame on screen, or session time where the clip has no video), `wall_ms` since `began_ms`, `value`,
and `device`, a text of one letter an event: b recording began, e it ended or paused; m mouse, t touch, p pen, k keys,
w wheel. Between b and e the value stands until the next event; elsewhere nobody looked. `superseded` holds what was
recorded again, each time in the same columns. A trace of a label that one corrects or undid is named by
`{"sha256", "coverage", "n_events"}`, as its label has it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext

from annotator.enums import TraceClock, TraceDevice
from annotator.exceptions import DomainError
from annotator.models import Clip, Label, TraceRecording, User
from mlcore.types import ClockMap, Dimension, JsonObject

MAX_EVENTS = 20_000
#: share of the clip from which on a trace counts as whole: the first and last frame are partly seen
FULL_COVERAGE = 0.95
#: an unbounded trace that goes further is a broken client
MAX_VALUE = 1e6
BEGIN, END = "b", "e"
DEVICES = {
    "m": TraceDevice.POINTER,
    "t": TraceDevice.POINTER,
    "p": TraceDevice.POINTER,
    "k": TraceDevice.KEYS,
    "w": TraceDevice.WHEEL,
}
COLUMNS = ("video_s", "wall_ms", "value")
#: of a session's clock, times before its zero and after any recording's end are nonsense
MAX_TIME_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Split:
    """An answer apart: what its label holds, and the recordings that are stored beside it, not yet saved."""

    values: JsonObject
    recordings: tuple[TraceRecording, ...]


def split(clip: Clip, user: User, dimensions: Iterable[Dimension], values: Mapping[str, Any]) -> Split:
    """Puts recordings in a table of their own and what identifies them into the label."""
    given = {one.key: one for one in dimensions if one.kind.is_trace and one.key in values}
    recordings = [_recording(clip, user, dimension, values[key]) for key, dimension in given.items()]
    return Split(dict(values) | {one.dimension: summary(one) for one in recordings}, tuple(recordings))


def summary(recording: TraceRecording) -> JsonObject:
    """What the label of a trace holds in its place."""
    return {"sha256": recording.sha256, "coverage": recording.coverage, "n_events": recording.n_events}


def save(label: Label, recordings: Sequence[TraceRecording]) -> None:
    for recording in recordings:
        recording.label = label
    if recordings:
        TraceRecording.objects.bulk_create(recordings)


def main_device(devices: str) -> TraceDevice | None:
    """By what most of a trace was led; None where nobody touched anything."""
    counts = dict.fromkeys(TraceDevice, 0)
    for letter in devices:
        if letter in DEVICES:
            counts[DEVICES[letter]] += 1
    best = max(counts, key=lambda device: counts[device])
    return best if counts[best] else None


# --- reading what came -----------------------------------------------------------------------------------------------


def _recording(clip: Clip, user: User, dimension: Dimension, given: Any) -> TraceRecording:
    if not isinstance(given, dict):
        raise _refused(dimension, gettext("a recording was expected"))
    if "sha256" in given:
        return _kept(clip, user, dimension, given)
    body = _body(clip, dimension, given)
    coverage = coverage_of(clip, TraceClock(body["clock"]), body["events"])
    if coverage <= 0.0:
        raise _refused(dimension, gettext("the recording shows nothing of this clip: record it while the clip plays"))
    if coverage < FULL_COVERAGE and not given.get("accepts_gaps"):
        raise DomainError(
            gettext(
                "{title}: the trace covers {coverage} of the clip: record the rest, or say that it may have gaps."
            ).format(title=dimension.title, coverage=f"{coverage:.0%}"),
            "trace_has_gaps",
        )
    return TraceRecording(
        dimension=dimension.key,
        **body,
        n_events=len(body["events"]["value"]),
        coverage=coverage,
        sha256=_digest(body),
    )


def _kept(clip: Clip, user: User, dimension: Dimension, given: Mapping[str, Any]) -> TraceRecording:
    """The recording of an earlier answer of one's own to the same clip."""
    own = TraceRecording.objects.filter(label__clip=clip, label__annotator=user, dimension=dimension.key)
    found = own.filter(sha256=str(given["sha256"])).order_by("pk").first()
    if found is None:
        raise _refused(dimension, gettext("there is no such recording of yours: record it again"))
    found.pk, found._state.adding = None, True
    return found


def _body(clip: Clip, dimension: Dimension, given: Mapping[str, Any]) -> JsonObject:
    clock = TraceClock.VIDEO if clip.session.has_video else TraceClock.SESSION
    if given.get("clock") != clock:
        raise _refused(dimension, gettext("times on the {clock} clock were expected").format(clock=clock))
    began_ms = given.get("began_ms")
    if not isinstance(began_ms, int) or isinstance(began_ms, bool) or not 0 <= began_ms < 2**53:
        raise _refused(dimension, gettext("began_ms should be milliseconds since 1970"))
    superseded = given.get("superseded", [])
    if not isinstance(superseded, list):
        raise _refused(dimension, gettext("superseded should be a list"))
    takes = [_events(dimension, one) for one in [given.get("events"), *superseded]]
    if sum(len(take["value"]) for take in takes) > MAX_EVENTS:
        raise _refused(
            dimension,
            gettext("a trace has at most {max_events} events, those recorded again included").format(
                max_events=f"{MAX_EVENTS:,}"
            ),
        )
    _check_marks(dimension, takes[0]["device"])
    return {"clock": clock.value, "began_ms": began_ms, "events": takes[0], "superseded": takes[1:]}


def _events(dimension: Dimension, given: Any) -> JsonObject:
    device = given.get("device") if isinstance(given, dict) else None
    if not isinstance(device, str) or set(given) != {*COLUMNS, "device"}:
        raise _refused(dimension, gettext("events come as the columns video_s, wall_ms, value and device"))
    columns = {name: _numbers(dimension, name, given[name]) for name in COLUMNS}
    if {len(column) for column in columns.values()} != {len(device)}:
        raise _refused(dimension, gettext("the columns of its events differ in length"))
    if unknown := sorted(set(device) - {BEGIN, END, *DEVICES}):
        raise _refused(dimension, gettext("there is no device {unknown}").format(unknown=repr(unknown[0])))
    for name in ("video_s", "wall_ms"):
        if any(after < before for before, after in pairwise(columns[name])):
            raise _refused(dimension, gettext("{name} runs backwards").format(name=name))
    if columns["video_s"] and not 0.0 <= columns["video_s"][0] <= columns["video_s"][-1] <= MAX_TIME_S:
        raise _refused(dimension, gettext("video_s lies outside any recording"))
    low, high = dimension.bounds or (-MAX_VALUE, MAX_VALUE)
    if any(not low <= value <= high for value in columns["value"]):
        raise _refused(
            dimension, gettext("a value lies outside {low}..{high}").format(low=f"{low:g}", high=f"{high:g}")
        )
    return {**columns, "device": device}


def _numbers(dimension: Dimension, name: str, column: Any) -> list[float]:
    is_list = isinstance(column, list)
    if not is_list or any(isinstance(one, bool) or not isinstance(one, int | float) for one in column):
        raise _refused(dimension, gettext("{name} should be a list of numbers").format(name=name))
    if not all(math.isfinite(one) for one in column):
        raise _refused(dimension, gettext("{name} has a number that is not finite").format(name=name))
    return [float(one) for one in column]


def _check_marks(dimension: Dimension, devices: str) -> None:
    """Stretches begin and end in turn, and events lie within them."""
    is_running = False
    for letter in devices:
        if (letter == BEGIN and is_running) or (letter != BEGIN and not is_running):
            raise _refused(dimension, gettext("an event lies outside what was recorded"))
        is_running = letter != END
    if is_running or not devices:
        raise _refused(dimension, gettext("the recording has not ended"))


def _refused(dimension: Dimension, why: str) -> DomainError:
    return DomainError(f"{dimension.title}: {why}.", "bad_trace")


def _digest(body: JsonObject) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


# --- how much of the clip was seen -----------------------------------------------------------------------------------


def coverage_of(clip: Clip, clock: TraceClock, events: Mapping[str, Any]) -> float:
    """Share 0..1, of what there is to see of the clip, within the stretches that were recorded."""
    first_s, last_s = seeable_span(clip, clock)
    to_session = session_clock(clip, clock).to_session
    seen_s = sum(
        max(0.0, min(to_session(stop), last_s) - max(to_session(start), first_s)) for start, stop in stretches(events)
    )
    return min(1.0, round(seen_s / (last_s - first_s), 4)) if last_s > first_s else 0.0


def seeable_span(clip: Clip, clock: TraceClock) -> tuple[float, float]:
    """The clip, session clock, without what lies before the video's first frame or after its last."""
    if clock == TraceClock.SESSION:
        return clip.start_s, clip.stop_s
    to_session, length_s = session_clock(clip, clock).to_session, (clip.session.video_info or {}).get("duration_s")
    last_s = clip.stop_s if length_s is None else min(clip.stop_s, to_session(float(length_s)))
    return max(clip.start_s, to_session(0.0)), last_s


def session_clock(clip: Clip, clock: TraceClock) -> ClockMap:
    """From the clock of a trace's events to the session's."""
    if clock == TraceClock.SESSION:
        return ClockMap(0.0)
    return ClockMap(clip.session.video_offset_s, clip.session.video_drift)


def stretches(events: Mapping[str, Any]) -> list[tuple[float, float]]:
    """(start, stop) of what was recorded, on the events' own clock, in order."""
    edges = [time for time, letter in zip(events["video_s"], events["device"], strict=True) if letter in (BEGIN, END)]
    return list(zip(edges[::2], edges[1::2], strict=True))
