from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie

from annotator.domain.access import ObjectKind, Verb, access, is_only_annotator
from annotator.enums import SkipReason
from annotator.views.http import StudyRequest


@access(ObjectKind.CLIP, Verb.LABEL)
@ensure_csrf_cookie
def workbench(request: StudyRequest, slug: str, clip_id: int | None = None) -> HttpResponse:
    """Return the shell of the label page; the clips come by the API. With `clip_id`: the same page on that clip."""
    config = {
        "slug": slug,
        "scheme": request.study.scheme,
        "user_id": request.user.pk,
        "clip_id": clip_id,
        "sees_session": not is_only_annotator(request.user, request.study),
    }
    return render(request, "label.html", {"config": config, "skip_reasons": SkipReason.choices})
