from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie

from annotator.api import present
from annotator.domain.access import ObjectKind, Verb, access, is_only_annotator
from annotator.enums import SkipReason
from annotator.views.figures import plotly_page
from annotator.views.http import StudyRequest


@access(ObjectKind.CLIP, Verb.LABEL)
@plotly_page
@ensure_csrf_cookie
def workbench(request: StudyRequest, slug: str, clip_id: int | None = None) -> HttpResponse:
    """Return the label page with what is held already; those to come are the API's. With `clip_id`: of that clip."""
    config = {
        "slug": slug,
        "scheme": request.study.scheme,
        "user_id": request.user.pk,
        "clip_id": clip_id,
        "worklist": None if clip_id else present.held(request.study, request.user),
        "sees_session": not is_only_annotator(request.user, request.study),
    }
    return render(request, "label.html", {"config": config, "skip_reasons": SkipReason.choices})
