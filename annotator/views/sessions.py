from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from annotator.domain.access import ObjectKind, Verb, access, may
from annotator.enums import DerivedKind, JobState
from annotator.models import RecordingSession, User
from annotator.queries import marks, media, recordings, session_page
from annotator.views.http import StudyRequest
from mlcore.types import JsonObject

_UNFINISHED = {JobState.QUEUED, JobState.RUNNING}


@access(ObjectKind.SESSION, Verb.LIST)
def session_list(request: StudyRequest, slug: str) -> HttpResponse:
    return render(request, "sessions/list.html", _table(request))


@access(ObjectKind.SESSION, Verb.LIST)
def sessions_table(request: StudyRequest, slug: str) -> HttpResponse:
    return render(request, "sessions/partials/table.html", _table(request))


@access(ObjectKind.SESSION, Verb.VIEW)
def session_detail(request: StudyRequest, slug: str, session_id: int) -> HttpResponse:
    sessions = request.study.sessions.select_related("subject", "study").prefetch_related("derived")
    session = get_object_or_404(sessions, pk=session_id)
    clips, superseded = recordings.clips_by_currency(session)
    trials = list(recordings.trials_of_session(session))
    may_edit = may(request.user, Verb.EDIT, ObjectKind.SESSION, request.study)
    context = {
        "study": request.study,
        "session": session,
        "clock": session_page.clock_of(session),
        "files": session.files.select_related("original").order_by("name"),
        "trials": trials,
        "clips": clips,
        "superseded": superseded,
        "channels": session_page.channels_of(session),
        "channel_words": marks.standing_words(session),
        "waiting_channels": marks.waiting_channels(session),
        "intervals": marks.intervals_of(session, request.user, sees_all=True),
        "problems": session_page.problems_of(session, clips),
        "gaps": session_page.gaps_of(session),
        "is_shown": session_page.is_shown(session),
        "may_edit": may_edit,
        "may_delete": may(request.user, Verb.DELETE, ObjectKind.SESSION, request.study),
        "config": {
            **viewer_config(session, request.user, session_page.figure_of(session, clips, trials)),
            "may_mark": may_edit,
        },
    }
    return render(request, "sessions/detail.html", context | _work(session))


@access(ObjectKind.SESSION, Verb.VIEW)
def session_work(request: StudyRequest, slug: str, session_id: int) -> HttpResponse:
    """How far the session's derivation is; once it has ended, the whole page is another."""
    session = get_object_or_404(request.study.sessions, pk=session_id)
    work = _work(session)
    response = render(request, "sessions/partials/work.html", {"study": request.study, "session": session} | work)
    if not work["is_live"]:
        response["HX-Refresh"] = "true"
    return response


def _work(session: RecordingSession) -> dict[str, object]:
    job = recordings.latest_work(session)
    return {"job": job, "is_live": job is not None and job.state in _UNFINISHED}


def viewer_config(session: RecordingSession, user: User, figure: JsonObject) -> JsonObject:
    """What the viewer's script is given: the figures and where the signals lie."""
    has_tiles, has_proxy = (
        media.newest(session, kind) is not None for kind in (DerivedKind.EEG_TILES, DerivedKind.PROXY_VIDEO)
    )
    video = reverse("session_video", args=[session.study.slug, session.pk]) if has_proxy else None
    eeg = reverse("api:session_eeg", args=[session.pk]) if has_tiles else None
    return {
        **figure,
        "slug": session.study.slug,
        "user_id": user.pk,
        "session_id": session.pk,
        "video_url": video,
        "eeg_url": eeg,
        "marks_url": reverse("api:session_marks", args=[session.pk]),
        "channel_marks_url": reverse("api:session_channel_marks", args=[session.pk]),
    }


def _table(request: StudyRequest) -> dict[str, object]:
    job = recordings.latest_import(request.study)
    sessions = list(recordings.sessions_with_counts(request.study))
    is_import_live = job is not None and job.state in _UNFINISHED
    return {
        "study": request.study,
        "sessions": sessions,
        "strips": recordings.quality_strips(request.study),
        "job": job,
        "may_import": may(request.user, Verb.IMPORT, ObjectKind.SESSION, request.study),
        "is_import_live": is_import_live,
        "is_live": is_import_live or any(session.is_worked_on for session in sessions),  # type: ignore[attr-defined]  # annotated
    }
