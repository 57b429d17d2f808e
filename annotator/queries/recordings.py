"""Reads for the sessions pages: lists with a constant number of queries."""

from __future__ import annotations

from django.db.models import Avg, Count, Prefetch, Q, QuerySet

from annotator.enums import JobKind, LabelState
from annotator.models import Clip, Job, RecordingSession, SelfReport, Study, Trial


def sessions_with_counts(study: Study) -> QuerySet[RecordingSession]:
    """Sessions by subject and code, each with its number of clips and mean quality. One query.

    Superseded clips are not counted.
    """
    current = Q(clips__superseded_at=None)
    return (
        study.sessions.select_related("subject")
        .annotate(
            n_clips=Count("clips", filter=current),
            mean_eeg_quality=Avg("clips__eeg_quality", filter=current),
            mean_face_quality=Avg("clips__face_quality", filter=current),
        )
        .order_by("subject__code", "code")
    )


def latest_import(study: Study) -> Job | None:
    return study.jobs.filter(kind=JobKind.IMPORT).order_by("-created_at", "-pk").first()


def clips_of_session(session: RecordingSession) -> QuerySet[Clip]:
    current = session.clips.filter(superseded_at=None)
    return current.annotate(n_labels=Count("labels", filter=Q(labels__state=LabelState.CURRENT))).order_by("number")


def trials_of_session(session: RecordingSession) -> QuerySet[Trial]:
    reports = SelfReport.objects.order_by("item")
    return session.trials.prefetch_related(Prefetch("self_reports", queryset=reports)).order_by("number")
