from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST

from annotator.domain import importing, sources
from annotator.domain.access import ObjectKind, Verb, access
from annotator.enums import JobKind
from annotator.exceptions import DomainError
from annotator.forms.recordings import LayoutForm, ServerImportForm
from annotator.views.http import StudyRequest


@access(ObjectKind.SESSION, Verb.IMPORT)
@ensure_csrf_cookie
def import_(request: StudyRequest, slug: str) -> HttpResponse:
    """Upload by the API, piece by piece; or name what lies on the server."""
    form = ServerImportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            source = sources.on_the_server(form.cleaned_data["source"])
            importing.request_import(
                request.study, actor=request.user, source=source, layout=form.cleaned_data["layout"]
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, gettext("The import has started; this page follows it, and you may leave it."))
            return redirect("sessions", slug=slug)
    context = {
        "study": request.study,
        "form": form,
        "layout": LayoutForm(auto_id="upload-%s"),
        "places": [*settings.IMPORT_ROOTS, *settings.IMPORT_S3],
        "config": {
            "uploads": reverse("api:begin_upload", args=[slug]),
            "sessions": reverse("sessions", args=[slug]),
            "max_bytes": settings.UPLOAD_MAX_BYTES,
        },
    }
    return render(request, "sessions/import.html", context)


@access(ObjectKind.SESSION, Verb.IMPORT)
@require_POST
def import_cancel(request: StudyRequest, slug: str, job_id: int) -> HttpResponse:
    job = get_object_or_404(request.study.jobs.filter(kind=JobKind.IMPORT), pk=job_id)
    importing.cancel_import(job)
    messages.success(request, gettext("The import is being cancelled; sessions that are ready stay."))
    return redirect("sessions", slug=slug)
