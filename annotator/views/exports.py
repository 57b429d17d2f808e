from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext

from annotator.domain import exporting
from annotator.domain.access import ObjectKind, Verb, access
from annotator.enums import ExportFormat, JobState
from annotator.exceptions import DomainError
from annotator.models import Export
from annotator.views.http import StudyRequest


@access(ObjectKind.EXPORT, Verb.LIST, post=Verb.CREATE)
def export_list(request: StudyRequest, slug: str) -> HttpResponse:
    if request.method == "POST":
        return _start(request)
    return render(request, "exports/list.html", _table(request))


@access(ObjectKind.EXPORT, Verb.LIST)
def exports_table(request: StudyRequest, slug: str) -> HttpResponse:
    return render(request, "exports/partials/table.html", _table(request))


@access(ObjectKind.EXPORT, Verb.DOWNLOAD)
def export_download(request: StudyRequest, slug: str, export_id: int) -> FileResponse:
    export = get_object_or_404(request.study.exports.select_related("job"), pk=export_id)
    root = Path(settings.EXPORT_ROOT).resolve()
    path = (root / export.path).resolve()
    if export.job.state != JobState.SUCCEEDED or not (path.is_relative_to(root) and path.is_file()):
        raise Http404(gettext("This export has no file here; it was written elsewhere, or is not ready."))
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)


def _start(request: StudyRequest) -> HttpResponse:
    try:
        format_ = ExportFormat(request.POST.get("format", ""))
        exporting.request_export(request.study, actor=request.user, format=format_)
    except ValueError:
        messages.error(request, gettext("Choose CSV or Parquet; nothing was exported."))
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, gettext("The export has started; it appears below when it is ready."))
    return redirect("exports", slug=request.study.slug)


def _table(request: StudyRequest) -> dict[str, object]:
    exports = request.study.exports.select_related("job", "created_by").order_by("-created_at", "-pk")
    unfinished = Export.objects.filter(study=request.study, job__state__in=[JobState.QUEUED, JobState.RUNNING])
    return {
        "study": request.study,
        "exports": exports,
        "is_live": unfinished.exists(),
        "has_labels": exporting.labels_to_export(request.study).exists(),
    }
