"""What an admin sets up for newcomers: instructions, and which clips teach or check, with their accepted answers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from annotator.domain import audit, studies
from annotator.domain.accepted import check_accepted, check_answers
from annotator.domain.leases import reopen
from annotator.domain.ranking import hold_queue, hold_study, open_clips
from annotator.domain.said import told_by_serving
from annotator.domain.slots import FIRST_GOLD
from annotator.enums import LeaseOutcome, OpinionPolicy, SlotState, TeachingKind
from annotator.exceptions import Conflict, DomainError, NotFound
from annotator.models import Clip, Lease, Newcomer, Onboarding, Slot, Study, TeachingClip, User
from mlcore.types import JsonObject

MAX_INSTRUCTIONS = 20_000
MAX_FEEDBACK_TIMES = 20
#: more than anybody chooses by hand
MAX_PLANNED = {"practice_planned": 100, "checks_planned": 1000}
_PLANNED = {
    "practice_planned": gettext_lazy("Practice clips planned"),
    "checks_planned": gettext_lazy("Checks planned"),
}
#: settings that are the study's own, as they are asked for at every answer
_OF_STUDY = ("leads_newcomers", "check_rate", "opinion")
_OF_ONBOARDING = ("instructions", "practice_planned", "checks_planned", "pass_share", "feedback_times", "contact")
_ADDRESS = re.compile(r"^(?:https?://[^/\s]+)?/studies/(?P<slug>[-\w]+)/clips/(?P<clip>\d+)/?$")


@dataclass(frozen=True, slots=True)
class OnboardingSettings:
    leads_newcomers: bool = False
    instructions: str = ""
    #: how many of them the lab means to choose, once recordings are in
    practice_planned: int = 0
    checks_planned: int = 0
    pass_share: float = 0.8
    feedback_times: int = 1
    contact: str = ""
    check_rate: float = 0.0
    opinion: OpinionPolicy = OpinionPolicy.AFTER

    def to_json(self) -> JsonObject:
        return {one.name: getattr(self, one.name) for one in fields(self)}


@transaction.atomic
def create_study(spec: studies.StudySpec, settings: OnboardingSettings, *, actor: User | None) -> Study:
    """A new study that leads its newcomers as said; before it has recordings there are no clips to choose."""
    study = studies.create_study(spec, actor=actor)
    set_onboarding(study, settings, actor=actor)
    return study


def settings_of(study: Study) -> OnboardingSettings:
    row = Onboarding.objects.filter(study=study).first() or Onboarding(study=study)
    return OnboardingSettings(
        **{name: getattr(row, name) for name in _OF_ONBOARDING},
        leads_newcomers=study.leads_newcomers,
        check_rate=study.check_rate,
        opinion=OpinionPolicy(study.opinion),
    )


@transaction.atomic
def set_onboarding(study: Study, settings: OnboardingSettings, *, actor: User | None) -> bool:
    """Store them; they hold from the next clip on. False where nothing was different."""
    _check(settings)
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    before, after = settings_of(locked).to_json(), settings.to_json()
    different = {name: value for name, value in after.items() if value != before[name]}
    if not different:
        return False
    if settings.leads_newcomers and not settings.instructions.strip() and not _has_clips(locked):
        raise DomainError(
            gettext("There is nothing to lead newcomers through: write instructions or choose clips first."),
            "empty_onboarding",
        )
    Onboarding.objects.update_or_create(study=locked, defaults={name: after[name] for name in _OF_ONBOARDING})
    for row in (locked, study):
        for name in _OF_STUDY:
            setattr(row, name, after[name])
    locked.save(update_fields=_OF_STUDY)
    audit.record(actor, study, "set_onboarding", study, different)
    return True


def _check(settings: OnboardingSettings) -> None:
    for name, title in (("pass_share", gettext("The share to pass")), ("check_rate", gettext("The rate of checks"))):
        value = getattr(settings, name)
        if not (math.isfinite(value) and 0 <= value <= 1):
            raise DomainError(
                gettext("{title} lies between 0 and 1, got {value}.").format(title=title, value=f"{value:g}"),
                "bad_setting",
            )
    if not 0 <= settings.feedback_times <= MAX_FEEDBACK_TIMES:
        raise DomainError(
            gettext("Feedback is given 0 to {max_feedback_times} times, got {feedback_times}.").format(
                max_feedback_times=MAX_FEEDBACK_TIMES, feedback_times=settings.feedback_times
            ),
            "bad_setting",
        )
    for name, most in MAX_PLANNED.items():
        if not 0 <= getattr(settings, name) <= most:
            raise DomainError(
                gettext("{what}: 0 to {most}, got {given}.").format(
                    what=_PLANNED[name], most=most, given=getattr(settings, name)
                ),
                "bad_setting",
            )
    if len(settings.instructions) > MAX_INSTRUCTIONS:
        raise DomainError(
            gettext("The instructions are too long: at most {max_instructions} characters.").format(
                max_instructions=MAX_INSTRUCTIONS
            ),
            "bad_setting",
        )
    if len(settings.contact) > 200:
        raise DomainError(gettext("Whom to talk to is too long: at most 200 characters."), "bad_setting")


def _has_clips(study: Study) -> bool:
    return study.teaching_clips.filter(retired_at=None).exclude(kind=TeachingKind.CHECK).exists()


# --- clips -----------------------------------------------------------------------------------------------------------


def clip_named(study: Study, text: str) -> Clip:
    """A clip of the study by its number or its address, as somebody copied it."""
    found = _ADDRESS.match(text.strip())
    number = found["clip"] if found else text.strip()
    if found and found["slug"] != study.slug:
        raise NotFound(gettext("That address is of another study."))
    clip = None
    if number.isascii() and number.isdecimal() and len(number) < 19:
        clip = Clip.objects.select_related("subject").filter(study=study, pk=int(number)).first()
    if clip is None:
        raise NotFound(
            gettext("This study has no clip {text}: give its number or its address.").format(text=repr(text.strip()))
        )
    return clip


def find_clip(study: Study, item_id: int) -> TeachingClip:
    found = TeachingClip.objects.select_related("study", "clip__session__subject")
    teaching = found.filter(study=study, pk=item_id, retired_at=None).first()
    if teaching is None:
        raise NotFound(gettext("This study has no such example, practice clip or check."))
    return teaching


@transaction.atomic
def add_clip(
    study: Study,
    clip: Clip,
    kind: TeachingKind,
    accepted: Mapping[str, Any],
    explanation: str = "",
    *,
    accepted_answers: Sequence[str] = (),
    actor: User | None,
) -> TeachingClip:
    """From now on the clip teaches or checks: no ranking serves it, no round learns from it.

    `accepted_answers`: "cant_tell", "bad_signal" where they are right, too or alone.

    Who is answering it as an ordinary clip may finish; it counts no more.
    """
    locked = hold_queue(study)
    clip = Clip.objects.select_for_update().get(pk=clip.pk)
    subject = clip.subject
    if clip.superseded_at is not None:
        raise Conflict(gettext("A newer import of its recording has no such clip: choose another."), "superseded")
    if subject.is_test:
        raise Conflict(
            gettext("It is of a test subject, whose clips measure the model: choose another."), "test_subject"
        )
    known = TeachingClip.objects.filter(clip=clip).first()
    if known is not None and known.retired_at is None:
        raise Conflict(
            gettext("This clip is used already: {kind}.").format(kind=known.get_kind_display().lower()),
            "used_already",
        )
    facts = {
        **_known_answer(locked, accepted, accepted_answers),
        "kind": kind,
        "explanation": _explanation(explanation),
        "told": told_by_serving(locked, clip),
        "retired_at": None,
        "created_by": actor,
    }
    made, _ = TeachingClip.objects.update_or_create(study=locked, clip=clip, defaults=facts)
    Clip.objects.filter(pk=clip.pk).update(is_kept_apart=True)
    Slot.objects.filter(clip=clip, state=SlotState.OPEN).delete()
    audit.record(actor, locked, "add_teaching_clip", made, {"clip": clip.pk, "kind": kind})
    return made


@transaction.atomic
def change_clip(
    teaching: TeachingClip,
    kind: TeachingKind,
    accepted: Mapping[str, Any],
    explanation: str,
    *,
    accepted_answers: Sequence[str] = (),
    actor: User | None,
) -> None:
    """Answers given so far are judged by what is accepted now; nobody who has passed is sent back."""
    known = _known_answer(hold_study(teaching.study), accepted, accepted_answers)
    teaching.kind, teaching.explanation = kind, _explanation(explanation)
    teaching.accepted, teaching.accepted_answers = known["accepted"], known["accepted_answers"]
    teaching.save(update_fields=["kind", "explanation", *known])
    audit.record(
        actor, teaching.study, "change_teaching_clip", teaching, {"clip": teaching.clip_id, "kind": kind, **known}
    )


def _known_answer(study: Study, accepted: Mapping[str, Any], accepted_answers: Sequence[str]) -> JsonObject:
    answers = check_answers(accepted_answers)
    return {"accepted": check_accepted(study.dimensions, accepted, answers), "accepted_answers": answers}


def _explanation(text: str) -> str:
    if len(text) > 500:
        raise DomainError(gettext("The explanation is too long: at most 500 characters."), "bad_explanation")
    return text.strip()


@transaction.atomic
def remove_clip(teaching: TeachingClip, *, actor: User | None) -> bool:
    """Away with it. Whether the clip goes back to the queue: only if nobody has met it with its answer."""
    study = hold_queue(teaching.study)
    teaching = TeachingClip.objects.select_for_update().get(pk=teaching.pk)
    goes_back = not _is_met(teaching)
    detail = {"clip": teaching.clip_id, "back_in_queue": goes_back}
    audit.record(actor, study, "remove_teaching_clip", teaching, detail)
    if goes_back:
        Clip.objects.filter(pk=teaching.clip_id).update(is_kept_apart=False)
        teaching.delete()
        open_clips(study)
    else:
        now = timezone.now()
        TeachingClip.objects.filter(pk=teaching.pk).update(retired_at=now)
        reopen(Q(clip=teaching.clip_id, number__gte=FIRST_GOLD), LeaseOutcome.RELEASED, now=now)
    return goes_back


def _is_met(teaching: TeachingClip) -> bool:
    """Served with its answer known, or looked at as an example."""
    if Lease.objects.filter(clip=teaching.clip_id, slot_number__gte=FIRST_GOLD).exists():
        return True
    seen = Newcomer.objects.filter(study=teaching.study, examples_seen_at__gte=teaching.created_at)
    return teaching.kind == TeachingKind.EXAMPLE and seen.exists()
