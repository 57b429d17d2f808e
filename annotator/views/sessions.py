from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from annotator.domain import importing, uploads
from annotator.domain.access import ObjectKind, Verb, access, may
from annotator.enums import JobKind, JobState
from annotator.exceptions import DomainError
from annotator.forms.recordings import FolderImportForm, UploadImportForm
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


@access(ObjectKind.SESSION, Verb.IMPORT)
def import_(request: StudyRequest, slug: str) -> HttpResponse:
    wants_upload = request.method == "POST" and request.POST.get("source") == "upload"
    wants_folder = request.method == "POST" and not wants_upload
    upload = UploadImportForm(request.POST if wants_upload else None, request.FILES if wants_upload else None)
    folder = FolderImportForm(request.POST if wants_folder else None)
    form = upload if wants_upload else folder
    if request.method == "POST" and form.is_valid():
        try:
            source = (
                uploads.store_upload(form.cleaned_data["recordings"])
                if wants_upload
                else uploads.server_folder(form.cleaned_data["folder"])
            )
            importing.request_import(
                request.study, actor=request.user, source=source, layout=form.cleaned_data["layout"]
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "The import has started; this page follows it, and you may leave it.")
            return redirect("sessions", slug=slug)
    return render(request, "sessions/import.html", {"study": request.study, "upload": upload, "folder": folder})


@access(ObjectKind.SESSION, Verb.IMPORT)
@require_POST
def import_cancel(request: StudyRequest, slug: str, job_id: int) -> HttpResponse:
    job = get_object_or_404(request.study.jobs.filter(kind=JobKind.IMPORT), pk=job_id)
    importing.cancel_import(job)
    messages.success(request, "The import is being cancelled; sessions that are ready stay.")
    return redirect("sessions", slug=slug)


def _table(request: StudyRequest) -> dict[str, object]:
    job = recordings.latest_import(request.study)
    return {
        "study": request.study,
        "sessions": recordings.sessions_with_counts(request.study),
        "job": job,
        "may_import": may(request.user, Verb.IMPORT, ObjectKind.SESSION, request.study),
        "is_live": job is not None and job.state in _UNFINISHED,
    }
