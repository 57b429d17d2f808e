"""Clocks and channels that somebody sets right: checked, written, recorded, and the session derived anew with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import linear_regression

from django.db import transaction
from django.utils.translation import gettext

from annotator.domain import audit, channel_marks, importing
from annotator.domain.jobs import UNFINISHED
from annotator.enums import SessionStatus
from annotator.exceptions import Conflict, DomainError
from annotator.models import Job, RecordingSession, User
from mlcore.types import JsonObject

#: the same moment on both clocks: (video_s, session_s)
Point = tuple[float, float]

#: clocks of machines that work differ by less: points that ask for more contradict each other
MAX_DRIFT = 0.01
#: and so do points that lie further than this from one map
MAX_SLIP_S = 1.0
#: points that lie closer together say where the clocks stand, not how fast they run
LEAST_SPAN_S = 10.0
MAX_POINTS = 50
#: a point may lie so far outside what was recorded, for the last frame's and sample's length
SLACK_S = 1.0


def set_sync_points(session: RecordingSession, points: Sequence[Point], *, actor: User | None) -> Job:
    """Relate the clocks by what somebody saw on both streams, and derive the session anew."""
    with transaction.atomic():
        held = _hold(session)
        check_points(held, points)
        return _change(held, {"sync_points": [list(point) for point in sorted(points)]}, "set_sync_points", actor)


def clear_sync_points(session: RecordingSession, *, actor: User | None) -> Job:
    """Back to what the files say of the clocks."""
    with transaction.atomic():
        held = _hold(session)
        if not held.sync_points:
            raise DomainError(
                gettext("No points are set: the clocks are what the files say already."), "nothing_to_clear"
            )
        return _change(held, {"sync_points": []}, "clear_sync_points", actor)


def set_bad_channels(session: RecordingSession, names: Sequence[str], *, actor: User | None) -> Job:
    """Mark these channels, and no others, as bad, and derive the session anew without them."""
    with transaction.atomic():
        held = _hold(session)
        channels = held.eeg_info.get("channels", [])
        unknown = sorted(set(names) - set(channels))
        if unknown:
            raise DomainError(
                gettext("Session {held} has no channel {unknown}.").format(held=held, unknown=", ".join(unknown)),
                "no_such_channel",
            )
        bad = [name for name in channels if name in set(names)]
        taken_back = [name for name in held.bad_channels if name not in bad]
        channel_marks.add_words(held, taken_back, is_bad=False, actor=actor)
        added = [name for name in bad if name not in held.bad_channels]
        channel_marks.add_words(held, added, is_bad=True, actor=actor)
        return _change(held, {"bad_channels": bad}, "set_bad_channels", actor)


def check_points(session: RecordingSession, points: Sequence[Point]) -> None:
    """Raises DomainError with one sentence for points that can't be right."""
    if not (session.has_eeg and session.has_video):
        raise DomainError(gettext("This session has one stream only: there are no clocks to relate."), "one_stream")
    if not 1 <= len(points) <= MAX_POINTS:
        raise DomainError(
            gettext("Set 1 to {max_points} points; {n_points} were given.").format(
                max_points=MAX_POINTS, n_points=len(points)
            ),
            "bad_points",
        )
    for video_s, session_s in points:
        _check_inside(gettext("video"), video_s, session.video_info.get("seconds"))
        _check_inside(gettext("EEG"), session_s, session.eeg_info.get("seconds"))
    _check_agreement(points, session.video_drift)


def _check_inside(stream: str, seconds: float, length_s: float | None) -> None:
    if not math.isfinite(seconds) or seconds < -SLACK_S or seconds > (length_s or math.inf) + SLACK_S:
        raise DomainError(
            gettext("A point at {seconds} s lies outside the {stream}.").format(seconds=f"{seconds:g}", stream=stream),
            "bad_points",
        )


def _check_agreement(points: Sequence[Point], drift: float) -> None:
    """The fit and the limits of mlcore.sync.hand_clock, so that what is refused is refused before anything is made."""
    video_s = [point[0] for point in points]
    if max(video_s) - min(video_s) >= LEAST_SPAN_S:
        drift = linear_regression(video_s, [session_s - video_s for video_s, session_s in points]).slope
    if abs(drift) > MAX_DRIFT:
        raise DomainError(
            gettext(
                "The points contradict each other: they ask for clocks that drift by {drift} %, "
                "and real ones differ by less than {max_drift} %."
            ).format(drift=f"{100 * drift:+.1f}", max_drift=f"{100 * MAX_DRIFT:.0f}"),
            "contradictory_points",
        )
    left_s = [session_s - (1.0 + drift) * video_s for video_s, session_s in points]
    slip_s = max(left_s) - min(left_s)
    if slip_s > MAX_SLIP_S:
        raise DomainError(
            gettext("The points contradict each other by {slip_s} s: one of them names another moment.").format(
                slip_s=f"{slip_s:.1f}"
            ),
            "contradictory_points",
        )


def _hold(session: RecordingSession) -> RecordingSession:
    """The session's row, locked. An import that runs would publish what it read before: it is waited for."""
    locked = RecordingSession.objects.select_for_update(of=("self",)).select_related("subject", "study")
    held = locked.get(pk=session.pk)
    if held.status != SessionStatus.READY:
        raise Conflict(
            gettext("Session {held} is {status}: nothing was changed.").format(
                held=held, status=held.get_status_display().lower()
            ),
            "not_ready",
        )
    if held.jobs.filter(state__in=UNFINISHED).exclude(parent=None).exists():
        raise Conflict(
            gettext("Session {held} is being imported: wait until that has ended, then save again.").format(held=held),
            "import_runs",
        )
    return held


def _change(session: RecordingSession, fields: JsonObject, verb: str, actor: User | None) -> Job:
    before = {name: getattr(session, name) for name in fields}
    for name, value in fields.items():
        setattr(session, name, value)
    session.save(update_fields=list(fields))
    audit.record(actor, session.study, verb, session, {"before": before, "after": fields})
    return importing.request_rebuild(session, actor=actor)
