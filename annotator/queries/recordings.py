"""Reads for the sessions pages: lists with a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import (
    Avg,
    Count,
    Exists,
    F,
    FloatField,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
)
from django.db.models.functions import Cast, Floor, NullIf

from annotator.domain.jobs import UNFINISHED
from annotator.enums import JobKind, LabelState
from annotator.models import Clip, Job, RecordingSession, SelfReport, Study, Trial

#: a session's strip in the list has at most so many bars, each as low as the worst of its clips
N_BARS = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """The least quality over a part of a session; its bounds as shares of the session's length."""

    start: float
    stop: float
    eeg: float | None
    face: float | None


_CURRENT = Q(clips__superseded_at__isnull=True)


def sessions_with_counts(study: Study) -> QuerySet[RecordingSession]:
    """Sessions by subject and code, each with its number of clips, mean quality, and whether it is worked on."""
    return (
        study.sessions.select_related("subject")
        .annotate(
            n_clips=Count("clips", filter=_CURRENT),
            mean_eeg_quality=Avg("clips__eeg_quality", filter=_CURRENT),
            mean_face_quality=Avg("clips__face_quality", filter=_CURRENT),
            is_worked_on=Exists(Job.objects.filter(session=OuterRef("pk"), state__in=UNFINISHED)),
        )
        .order_by("subject__code", "code")
    )


def latest_import(study: Study) -> Job | None:
    return study.jobs.filter(kind=JobKind.IMPORT).order_by("-created_at", "-pk").first()


def latest_work(session: RecordingSession) -> Job | None:
    """The last job that derived this session from its files."""
    return session.jobs.order_by("-created_at", "-pk").first()


def quality_strips(study: Study) -> dict[int, list[Bar]]:
    """The least quality along each session, in a few bars whatever its number of clips. One query."""
    length_s = NullIf(F("session__duration_s"), 0.0, output_field=FloatField())
    part = Cast(Floor(F("start_s") / length_s * N_BARS), IntegerField())
    found = (
        study.clips.filter(superseded_at__isnull=True, session__duration_s__gt=0)
        .annotate(part=part)
        .values("session_id", "part")
        .annotate(
            start=Min(F("start_s") / length_s),
            stop=Max(F("stop_s") / length_s),
            eeg=Min("eeg_quality"),
            face=Min("face_quality"),
        )
        .order_by("session_id", "part")
        .values_list("session_id", "start", "stop", "eeg", "face")
    )
    strips: dict[int, list[Bar]] = defaultdict(list)
    for session_id, *bar in found:
        strips[session_id].append(Bar(*bar))
    return dict(strips)


def all_clips(session: RecordingSession) -> QuerySet[Clip]:
    """By their place in the session; each with its number of current labels."""
    n_labels = Count("labels", filter=Q(labels__state=LabelState.CURRENT, labels__gold=""))
    return session.clips.annotate(n_labels=n_labels).order_by("number", "pk")


def clips_by_currency(session: RecordingSession) -> tuple[list[Clip], list[Clip]]:
    """Those of the last import, and those that an earlier one left behind with their labels. One query."""
    clips = list(all_clips(session))
    return [clip for clip in clips if clip.superseded_at is None], _superseded(clips)


def _superseded(clips: Iterable[Clip]) -> list[Clip]:
    return [clip for clip in clips if clip.superseded_at is not None]


def trials_of_session(session: RecordingSession) -> QuerySet[Trial]:
    reports = SelfReport.objects.order_by("item")
    return session.trials.prefetch_related(Prefetch("self_reports", queryset=reports)).order_by("number")
