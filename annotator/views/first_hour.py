"""A newcomer's way to the queue, page by page."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.csrf import ensure_csrf_cookie

from annotator.domain import newcomers, teaching
from annotator.domain.accepted import an_accepted_answer, in_words
from annotator.domain.access import ObjectKind, Verb, access
from annotator.enums import SkipReason, Stage, TeachingKind
from annotator.exceptions import DomainError
from annotator.models import Study
from annotator.views.figures import plotly_page
from annotator.views.http import StudyRequest
from annotator.views.label import config_of


@access(ObjectKind.FIRST_HOUR, Verb.VIEW, post=Verb.EDIT)
def first_hour(request: StudyRequest, slug: str) -> HttpResponse:
    """The instructions, where the newcomer stands, and the one step that comes next. POST takes a step."""
    if request.method == "POST":
        return _take_step(request)
    standing = newcomers.standing_of(request.study, request.user)
    context = {
        "study": request.study,
        "standing": standing,
        "instructions": teaching.settings_of(request.study).instructions,
        "contact": newcomers.contacts_of(request.study) if standing.stage is Stage.REPEAT else "",
    }
    return render(request, "onboarding/first_hour.html", context)


def _take_step(request: StudyRequest) -> HttpResponse:
    try:
        step = Stage(request.POST.get("step", ""))
        standing = newcomers.take_step(request.study, request.user, step)
    except (ValueError, DomainError):  # pressed twice, or in an old tab: the page says where they stand
        standing = newcomers.standing_of(request.study, request.user)
    return redirect(next_page(request.study, standing))


def next_page(study: Study, standing: newcomers.Standing) -> str:
    """The address where somebody at this stage goes on."""
    home = f"/studies/{study.slug}/"
    if standing.stage in (Stage.PRACTICE, Stage.DONE):
        return f"{home}label/"
    return f"{home}first-hour/examples/1/" if standing.stage is Stage.EXAMPLES else f"{home}first-hour/"


@access(ObjectKind.FIRST_HOUR, Verb.VIEW)
@plotly_page
@ensure_csrf_cookie
def example(request: StudyRequest, slug: str, place: int) -> HttpResponse:
    """The label page on an example: its answer is filled in, with the reason beside it; nothing can be answered."""
    clips = [one for one in newcomers.teaching_clips(request.study) if one.kind == TeachingKind.EXAMPLE]
    if not 1 <= place <= len(clips):
        raise Http404(gettext("There is no such example."))
    shown = clips[place - 1]
    config = config_of(request, shown.clip_id) | {"example": an_accepted_answer(shown.accepted)}
    context = {
        "config": config,
        "skip_reasons": SkipReason.choices,
        "example": {
            "place": place,
            "n": len(clips),
            "answers": in_words(request.study.dimensions, shown.accepted, shown.accepted_answers),
            "explanation": shown.explanation,
        },
    }
    return render(request, "label.html", context)
