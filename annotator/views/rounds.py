from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from annotator.domain import rounds
from annotator.domain.access import ObjectKind, Verb, access, may
from annotator.enums import RoundState
from annotator.exceptions import DomainError
from annotator.models import Round
from annotator.queries import another_round, learning, overview, round_page, serving
from annotator.views.figures import plotly_page
from annotator.views.http import StudyRequest

N_TOP = 20


@access(ObjectKind.ROUND, Verb.LIST)
@plotly_page
def round_list(request: StudyRequest, slug: str) -> HttpResponse:
    context = _table(request)
    figures = overview.study_figures(request.study)
    limit = overview.what_limits_now(request.study, figures, has_live_round=context["live"] is not None)
    more = {
        "figures": figures,
        "limit": limit,
        "serving": serving.serving_of(request.study),
        "another": another_round.newest_advice(request.study, figures.last_round),
    }
    return render(request, "rounds/list.html", context | more)


@access(ObjectKind.ROUND, Verb.LIST)
def rounds_table(request: StudyRequest, slug: str) -> HttpResponse:
    response = render(request, "rounds/partials/table.html", _table(request))
    if learning.live_round(request.study) is None:
        response["HX-Refresh"] = "true"  # the round ended: the curve and the buttons change too
    return response


@access(ObjectKind.ROUND, Verb.VIEW)
@plotly_page
def round_detail(request: StudyRequest, slug: str, number: int) -> HttpResponse:
    round_ = _round(request, number)
    context = {
        "study": request.study,
        "read": round_page.how_answers_were_read(round_, request.study),
        "round": round_,
        "live": round_.state in {RoundState.QUEUED, RoundState.RUNNING},
        "learnt": round_page.how_it_learnt(round_),
        "top": learning.top_of_ranking(round_, N_TOP),
        "another": another_round.another_round(round_),
        "reliability": _reliability(request, round_),
        "may_promote": may(request.user, Verb.PROMOTE, ObjectKind.ROUND, request.study),
    }
    return render(request, "rounds/detail.html", context)


@access(ObjectKind.ROUND, Verb.LIST)
def learning_curve(request: StudyRequest, slug: str) -> JsonResponse:
    return JsonResponse(learning.learning_curve(request.study))


@access(ObjectKind.ROUND, Verb.VIEW)
def loss_history(request: StudyRequest, slug: str, number: int) -> JsonResponse:
    return JsonResponse(learning.loss_history(_round(request, number)))


@access(ObjectKind.ROUND, Verb.VIEW)
def audit_curve(request: StudyRequest, slug: str, number: int) -> JsonResponse:
    return JsonResponse(another_round.audit_curve(_round(request, number)))


@access(ObjectKind.ROUND, Verb.LAUNCH)
@require_POST
def round_start(request: StudyRequest, slug: str) -> HttpResponse:
    try:
        round_ = rounds.launch_round(request.study, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request, gettext("Round {number} has started; labelling goes on meanwhile.").format(number=round_.number)
        )
    return redirect("rounds", slug=slug)


@access(ObjectKind.ROUND, Verb.CANCEL)
@require_POST
def round_cancel(request: StudyRequest, slug: str, number: int) -> HttpResponse:
    round_ = _round(request, number)
    said = gettext("Round {number} is being cancelled; the old ranking goes on serving.").format(number=number)
    _do(request, lambda: rounds.cancel_round(round_, actor=request.user), said)
    return redirect("rounds", slug=slug)


@access(ObjectKind.ROUND, Verb.PROMOTE)
@require_POST
def round_promote(request: StudyRequest, slug: str, number: int) -> HttpResponse:
    round_ = _round(request, number)
    said = gettext("Round {number} serves now: its ranking orders the queue.").format(number=number)
    _do(request, lambda: rounds.promote(round_, actor=request.user), said)
    return redirect("round", slug=slug, number=number)


@access(ObjectKind.ROUND, Verb.PROMOTE)
@require_POST
def round_roll_back(request: StudyRequest, slug: str) -> HttpResponse:
    said = gettext("Rolled back: the ranking before it serves again.")
    _do(request, lambda: rounds.roll_back(request.study, actor=request.user), said)
    return redirect("rounds", slug=slug)


def _do(request: StudyRequest, action: Callable[[], object], said: str) -> None:
    """Do it and say so, or say why it can't be done."""
    try:
        action()
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)


def _round(request: StudyRequest, number: int) -> Round:
    return get_object_or_404(request.study.rounds.select_related("job", "parent"), number=number)


def _reliability(request: StudyRequest, round_: Round) -> tuple[another_round.ReliabilityRow, ...]:
    """Only for those who may see who is in the study."""
    if not may(request.user, Verb.LIST, ObjectKind.MEMBER, request.study):
        return ()
    return another_round.reliability_rows(round_)


def _table(request: StudyRequest) -> dict[str, object]:
    return {
        "study": request.study,
        "rounds": learning.rounds_newest_first(request.study),
        "live": learning.live_round(request.study),
        "may_launch": may(request.user, Verb.LAUNCH, ObjectKind.ROUND, request.study),
    }
