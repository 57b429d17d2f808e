"""What an admin sets up for newcomers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from annotator.domain import teaching
from annotator.domain.access import ObjectKind, Verb, access
from annotator.enums import TeachingKind
from annotator.exceptions import DomainError, NotFound
from annotator.forms.onboarding import OnboardingForm, TeachingClipForm
from annotator.models import TeachingClip
from annotator.queries import newcomers
from annotator.views.http import StudyRequest


@access(ObjectKind.ONBOARDING, Verb.VIEW, post=Verb.EDIT)
def onboarding(request: StudyRequest, slug: str) -> HttpResponse:
    form = OnboardingForm(request.POST or None, initial=teaching.settings_of(request.study).to_json())
    if request.method == "POST" and form.is_valid():
        try:
            is_new = teaching.set_onboarding(request.study, form.settings, actor=request.user)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(
                request,
                gettext("Saved; it holds from the next clip on.") if is_new else gettext("Nothing was different."),
            )
            return redirect("onboarding", slug=slug)
    context = {
        "study": request.study,
        "form": form,
        "clips": newcomers.clips_with_answers(request.study),
        "choosing": newcomers.choosing_of(request.study),
        "has_clips": request.study.clips.filter(superseded_at=None).exists(),
    }
    return render(request, "onboarding/settings.html", context)


@access(ObjectKind.ONBOARDING, Verb.VIEW, post=Verb.EDIT)
def teaching_new(request: StudyRequest, slug: str) -> HttpResponse:
    initial = {"clip": request.GET.get("clip", "")}
    form = TeachingClipForm(request.study.dimensions, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            clip = teaching.clip_named(request.study, given["clip"])
            kind = TeachingKind(given["kind"])
            answer: dict[str, Any] = {"accepted": form.accepted(), "accepted_answers": given["accepted_answers"]}
            teaching.add_clip(request.study, clip, kind, explanation=given["explanation"], actor=request.user, **answer)
        except DomainError as error:
            form.add_error("clip" if isinstance(error, NotFound) else None, error.message)
        else:
            messages.success(
                request,
                gettext("Clip {clip} is out of the queue: {kind}.").format(clip=clip.pk, kind=kind.label.lower()),
            )
            return redirect("onboarding", slug=slug)
    return render(request, "onboarding/clip.html", {"study": request.study, "form": form, "known": None})


@access(ObjectKind.ONBOARDING, Verb.VIEW, post=Verb.EDIT)
def teaching_edit(request: StudyRequest, slug: str, item_id: int) -> HttpResponse:
    known = _find(request, item_id)
    form = TeachingClipForm(request.study.dimensions, request.POST or None, known=known)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            kind = TeachingKind(given["kind"])
            answer: dict[str, Any] = {"accepted": form.accepted(), "accepted_answers": given["accepted_answers"]}
            teaching.change_clip(known, kind, explanation=given["explanation"], actor=request.user, **answer)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(
                request,
                gettext("Clip {clip_id} is saved; answers given so far are judged by it too.").format(
                    clip_id=known.clip_id
                ),
            )
            return redirect("onboarding", slug=slug)
    return render(request, "onboarding/clip.html", {"study": request.study, "form": form, "known": known})


@access(ObjectKind.ONBOARDING, Verb.EDIT)
@require_POST
def teaching_remove(request: StudyRequest, slug: str, item_id: int) -> HttpResponse:
    known = _find(request, item_id)
    if teaching.remove_clip(known, actor=request.user):
        messages.success(request, gettext("Clip {clip_id} is back in the queue.").format(clip_id=known.clip_id))
    else:
        messages.success(
            request,
            gettext("Clip {clip_id} is shown no more. Somebody has met it, so it stays out of the queue.").format(
                clip_id=known.clip_id
            ),
        )
    return redirect("onboarding", slug=slug)


def _find(request: StudyRequest, item_id: int) -> TeachingClip:
    try:
        return teaching.find_clip(request.study, item_id)
    except NotFound as error:
        raise Http404(error.message) from error
