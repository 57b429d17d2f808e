from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from annotator.domain.access import ObjectKind, Verb, access, may
from annotator.enums import JobState
from annotator.queries import recordings
from annotator.views.http import StudyRequest

_UNFINISHED = {JobState.QUEUED, JobState.RUNNING}


@access(ObjectKind.SESSION, Verb.LIST)
def session_list(request: StudyRequest, slug: str) -> HttpResponse:
    return render(request, "sessions/list.html", _table(request))


@access(ObjectKind.SESSION, Verb.LIST)
def sessions_table(request: StudyRequest, slug: str) -> HttpResponse:
    return render(request, "sessions/partials/table.html", _table(request))


@access(ObjectKind.SESSION, Verb.VIEW)
def session_detail(request: StudyRequest, slug: str, session_id: int) -> HttpResponse:
    session = get_object_or_404(request.study.sessions.select_related("subject"), pk=session_id)
    context = {
        "study": request.study,
        "session": session,
        "files": session.files.select_related("original").order_by("name"),
        "trials": recordings.trials_of_session(session),
        "clips": recordings.clips_of_session(session),
    }
    return render(request, "sessions/detail.html", context)


def _table(request: StudyRequest) -> dict[str, object]:
    job = recordings.latest_import(request.study)
    return {
        "study": request.study,
        "sessions": recordings.sessions_with_counts(request.study),
        "job": job,
        "may_import": may(request.user, Verb.IMPORT, ObjectKind.SESSION, request.study),
        "is_live": job is not None and job.state in _UNFINISHED,
    }
