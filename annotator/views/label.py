from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import ensure_csrf_cookie

from annotator.api import present
from annotator.domain import newcomers
from annotator.domain.access import ObjectKind, Verb, access, is_only_annotator
from annotator.enums import SkipReason, Stage
from annotator.views.figures import plotly_page
from annotator.views.http import StudyRequest
from mlcore.types import JsonObject


@access(ObjectKind.CLIP, Verb.LABEL)
@plotly_page
@ensure_csrf_cookie
def workbench(request: StudyRequest, slug: str, clip_id: int | None = None) -> HttpResponse:
    """Return the label page with what is held already; those to come are the API's. With `clip_id`: of that clip.

    A newcomer is sent to the step that comes before.
    """
    if request.study.leads_newcomers:
        stage = newcomers.standing_of(request.study, request.user).stage
        if stage not in (Stage.PRACTICE, Stage.DONE):
            return redirect("first_hour", slug=slug)
    return render(request, "label.html", {"config": config_of(request, clip_id), "skip_reasons": SkipReason.choices})


def config_of(request: StudyRequest, clip_id: int | None) -> JsonObject:
    """What the page's script is given."""
    return {
        "slug": request.study.slug,
        "scheme": request.study.scheme,
        "scheme_version": request.study.scheme_version,
        "user_id": request.user.pk,
        "clip_id": clip_id,
        "worklist": None if clip_id else present.held(request.study, request.user),
        "sees_session": not is_only_annotator(request.user, request.study),
    }
