"""The quality list: is the sensor bad? Somebody looks and says so, clip by clip or for a whole session."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from annotator.domain import verdicts
from annotator.domain.access import ObjectKind, Verb, access, may
from annotator.enums import SensorVerdict
from annotator.exceptions import DomainError
from annotator.models import Clip
from annotator.queries import quality_list
from annotator.queries.quality_list import Show
from annotator.views.http import StudyRequest

N_ON_A_PAGE = 50
SAID = {SensorVerdict.BAD: _("the sensor is bad"), SensorVerdict.FINE: _("the signal is fine")}


@access(ObjectKind.QUALITY, Verb.LIST)
def quality(request: StudyRequest, slug: str) -> HttpResponse:
    return render(request, "sessions/quality.html", _list(request))


@access(ObjectKind.QUALITY, Verb.EDIT)
@require_POST
def clip_verdict(request: StudyRequest, slug: str, clip_id: int) -> HttpResponse:
    """One row as it then is; without a script, the list again."""
    clip = get_object_or_404(request.study.clips.select_related("study", "session"), pk=clip_id)
    try:
        verdict = verdicts.verdict_named(request.POST.get("verdict", ""))
        verdicts.judge(clip, verdict, actor=request.user)
    except DomainError as error:
        return _refused(request, error)
    said = gettext("Clip {number} of session {code}: {said}.").format(
        number=clip.number, code=clip.session.code, said=SAID[verdict]
    )
    if request.headers.get("HX-Request") != "true":
        return _back(request, said)
    context = {"clip": quality_list.one(request.study, clip.pk), "said": said}
    return render(request, "sessions/partials/quality_answer.html", context | _frame(request))


@access(ObjectKind.QUALITY, Verb.EDIT)
@require_POST
def session_verdict(request: StudyRequest, slug: str, session_id: int) -> HttpResponse:
    session = get_object_or_404(request.study.sessions.select_related("study"), pk=session_id)
    try:
        verdict = verdicts.verdict_named(request.POST.get("verdict", ""))
        n_clips = verdicts.judge_session(session, verdict, actor=request.user)
    except DomainError as error:
        return _refused(request, error)
    said = ngettext("{n} clip of session {code}: {said}.", "{n} clips of session {code}: {said}.", n_clips).format(
        n=n_clips, code=session.code, said=SAID[verdict]
    )
    if request.headers.get("HX-Request") != "true":
        return _back(request, said)
    return render(request, "sessions/partials/quality_list.html", _list(request) | {"said": said})


def _refused(request: StudyRequest, error: DomainError) -> HttpResponse:
    """The page's own message, and the list as it is."""
    if request.headers.get("HX-Request") != "true":
        messages.error(request, error.message)
        return redirect("quality", slug=request.study.slug)
    answer = render(request, "sessions/partials/quality_list.html", _list(request) | {"refused": error.message})
    answer["HX-Retarget"], answer["HX-Reswap"] = "#quality", "outerHTML"
    return answer


def _back(request: StudyRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect(f"{reverse('quality', args=[request.study.slug])}?show={_show(request)}")


def _list(request: StudyRequest) -> dict[str, object]:
    page = _page(request)
    return {
        "groups": quality_list.groups(request.study, list(page)),
        "page": page,
        **_frame(request),
    }


def _frame(request: StudyRequest) -> dict[str, object]:
    """What stands around the rows: which part of the list, how many each holds, and who looks."""
    counted = quality_list.counts(request.study)
    return {
        "study": request.study,
        "show": _show(request),
        "parts": [(part, part.label, counted[part]) for part in Show],
        "n_all": counted[Show.ALL],
        "may_judge": may(request.user, Verb.EDIT, ObjectKind.QUALITY, request.study),
    }


def _show(request: StudyRequest) -> Show:
    return quality_list.show_named(request.POST.get("show") or request.GET.get("show", ""))


def _page(request: StudyRequest) -> Page[Clip]:
    number = request.POST.get("page") or request.GET.get("page", "1")
    paginator = Paginator(quality_list.clips(request.study, _show(request)), N_ON_A_PAGE)
    return paginator.get_page(number)
