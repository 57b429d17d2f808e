"""A study's onboarding: set up by its admins, walked through by its newcomers."""

from dataclasses import replace
from typing import Any

from ninja import Router, Status

from annotator.api import present, schemas
from annotator.api.auth import ApiRequest
from annotator.api.guard import guarded
from annotator.domain import newcomers, teaching
from annotator.domain.access import ObjectKind, Verb
from annotator.models import Study, TeachingClip
from mlcore.types import JsonObject

router = Router(tags=["onboarding"])


@router.get("/studies/{slug}/onboarding", response=schemas.OnboardingOut)
@guarded(ObjectKind.ONBOARDING, Verb.VIEW)
def onboarding(request: ApiRequest, slug: str) -> JsonObject:
    """Settings, and the clips with a known answer."""
    return _told(request.study)


def _told(study: Study) -> JsonObject:
    clips = TeachingClip.objects.filter(study=study, retired_at=None).order_by("pk")
    return teaching.settings_of(study).to_json() | {"clips": list(clips)}


@router.put("/studies/{slug}/onboarding", response=schemas.OnboardingOut)
@guarded(ObjectKind.ONBOARDING, Verb.EDIT)
def set_onboarding(request: ApiRequest, slug: str, body: schemas.OnboardingIn) -> JsonObject:
    """Change some settings; they hold from the next clip on."""
    given: dict[str, Any] = body.model_dump(exclude_none=True)
    teaching.set_onboarding(request.study, replace(teaching.settings_of(request.study), **given), actor=request.user)
    return _told(request.study)


@router.post("/studies/{slug}/onboarding/clips", response={201: schemas.TeachingClipOut})
@guarded(ObjectKind.ONBOARDING, Verb.EDIT)
def add_teaching_clip(request: ApiRequest, slug: str, body: schemas.TeachingClipIn) -> Status[Any]:
    """Take a clip out of the queue for good: its answer is known."""
    clip = teaching.clip_named(request.study, str(body.clip_id))
    made = teaching.add_clip(
        request.study,
        clip,
        body.kind,
        body.accepted,
        body.explanation,
        accepted_answers=body.accepted_answers,
        actor=request.user,
    )
    return Status(201, made)


@router.delete("/studies/{slug}/onboarding/clips/{item_id}", response={204: None})
@guarded(ObjectKind.ONBOARDING, Verb.EDIT)
def remove_teaching_clip(request: ApiRequest, slug: str, item_id: int) -> Status[Any]:
    """Show it no more. It goes back to the queue only if nobody has met it."""
    teaching.remove_clip(teaching.find_clip(request.study, item_id), actor=request.user)
    return Status(204, None)


@router.post("/studies/{slug}/first-hour", response=schemas.StandingOut | None)
@guarded(ObjectKind.FIRST_HOUR, Verb.EDIT)
def take_step(request: ApiRequest, slug: str, body: schemas.StepIn) -> JsonObject | None:
    """The instructions were read, the examples looked at, or the practice clips are to begin again. Null: through."""
    return present.standing(newcomers.take_step(request.study, request.user, body.step), request.study)
