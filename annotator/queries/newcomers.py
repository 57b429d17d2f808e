"""How an onboarding looks to an admin: its clips, and how each annotator did on those whose answer is known."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from annotator.domain.accepted import in_words
from annotator.domain.newcomers import ATTEMPT, is_within
from annotator.enums import LabelState, Role, Stage, TeachingKind
from annotator.models import Label, Newcomer, Study, TeachingClip


@dataclass(frozen=True, slots=True)
class ClipRow:
    teaching: TeachingClip
    #: (question, its accepted answers)
    answers: list[tuple[str, str]]
    n_answers: int
    n_within: int


@dataclass(frozen=True, slots=True)
class Choosing:
    """How many clips with a known answer are chosen, of those that the lab means to."""

    leads_newcomers: bool
    n_examples: int
    n_practice: int
    n_checks: int
    practice_planned: int
    checks_planned: int

    @property
    def is_open(self) -> bool:
        """Fewer are there than were planned, or newcomers would be shown words alone."""
        shows_nothing = self.leads_newcomers and not self.n_examples and not self.n_practice
        return shows_nothing or self.n_practice < self.practice_planned or self.n_checks < self.checks_planned

    @property
    def sentence(self) -> str:
        """What is there, as far as something was planned."""
        planned = (
            (self.n_practice, self.practice_planned, gettext("practice clips {n} of {wanted}")),
            (self.n_checks, self.checks_planned, gettext("checks {n} of {wanted}")),
        )
        chosen = [words.format(n=n, wanted=wanted) for n, wanted, words in planned if wanted]
        if chosen:
            return gettext("Clips with a known answer are still to be chosen: {chosen}.").format(
                chosen=", ".join(chosen)
            )
        return gettext(
            "New annotators would be shown the instructions alone: no example and no practice clip is chosen yet."
        )


def choosing_of(study: Study) -> Choosing:
    """One query."""
    there = Q(teaching_clips__retired_at=None, teaching_clips__clip__superseded_at=None)
    counts = {
        name: Count("teaching_clips", filter=there & Q(teaching_clips__kind=kind))
        for name, kind in (
            ("n_examples", TeachingKind.EXAMPLE),
            ("n_practice", TeachingKind.PRACTICE),
            ("n_checks", TeachingKind.CHECK),
        )
    }
    planned = {name: Coalesce(F(f"onboarding__{name}"), 0) for name in ("practice_planned", "checks_planned")}
    row = Study.objects.filter(pk=study.pk).annotate(**counts, **planned).values("leads_newcomers", *counts, *planned)
    return Choosing(**row.get())


def clips_with_answers(study: Study) -> list[ClipRow]:
    """In the order in which newcomers meet them, each with how it was answered. Two queries."""
    found = TeachingClip.objects.filter(study=study, retired_at=None).order_by("pk")
    given = _gold_by_clip(study)
    return [
        ClipRow(
            teaching=one,
            answers=in_words(study.dimensions, one.accepted, one.accepted_answers),
            n_answers=len(given[one.clip_id]),
            n_within=sum(is_within(one, label) for label in given[one.clip_id]),
        )
        for one in found.select_related("clip__session__subject")
    ]


def _gold(study: Study) -> list[Label]:
    return list(Label.objects.filter(study=study, state=LabelState.CURRENT).exclude(gold="").order_by("pk"))


def _gold_by_clip(study: Study) -> defaultdict[int, list[Label]]:
    by_clip: defaultdict[int, list[Label]] = defaultdict(list)
    for label in _gold(study):
        by_clip[label.clip_id].append(label)
    return by_clip


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one annotator, as the people page says it."""

    #: where they are, in words
    stage: str
    is_through: bool
    #: answers as accepted, of those given: practice clips of the last time through, and checks
    practice: tuple[int, int]
    checks: tuple[int, int]


def progress_by_user(study: Study) -> dict[int, Progress]:
    """User -> how far, for the annotators of a study that leads newcomers or has clips with a known answer.

    Five queries at most, however many people and answers.
    """
    clips = {one.clip_id: one for one in TeachingClip.objects.filter(study=study)}
    if not clips and not study.leads_newcomers:
        return {}
    answers: defaultdict[int, list[Label]] = defaultdict(list)
    for label in _gold(study):
        answers[label.annotator_id].append(label)
    rows = {row.user_id: row for row in Newcomer.objects.filter(study=study)}
    here = set(study.memberships.filter(role=Role.ANNOTATOR).values_list("user", flat=True))
    worked = set(Label.objects.filter(study=study, gold="").values_list("annotator", flat=True).distinct())
    return {user: _progress(rows.get(user), answers[user], clips, has_worked=user in worked) for user in here}


def _progress(
    row: Newcomer | None, answers: list[Label], clips: dict[int, TeachingClip], *, has_worked: bool
) -> Progress:
    attempt = row.attempt if row else 0
    practice = [one for one in answers if one.gold == TeachingKind.PRACTICE and one.served.get(ATTEMPT) == attempt]
    checks = [one for one in answers if one.gold == TeachingKind.CHECK]
    n_practice = sum(one.kind == TeachingKind.PRACTICE and one.retired_at is None for one in clips.values())
    return Progress(
        is_through=has_worked or (row is not None and row.passed_at is not None),
        stage=_stage_in_words(row, n_left=n_practice - len(practice), has_worked=has_worked),
        practice=_tally(practice, clips),
        checks=_tally(checks, clips),
    )


def _stage_in_words(row: Newcomer | None, *, n_left: int, has_worked: bool) -> str:
    if row is not None and row.passed_at is not None:
        return gettext("passed, time {n}").format(n=row.attempt + 1) if row.attempt else gettext("passed")
    if has_worked:
        return gettext("was here before")
    if row is None or row.read_at is None:
        return gettext("not begun")
    if row.examples_seen_at is None:
        return Stage.EXAMPLES.label.lower()
    stage = Stage.PRACTICE if n_left > 0 else Stage.REPEAT
    return stage.label.lower()


def _tally(labels: list[Label], clips: dict[int, TeachingClip]) -> tuple[int, int]:
    judged = [(clips[label.clip_id], label) for label in labels if label.clip_id in clips]
    return sum(is_within(teaching, label) for teaching, label in judged), len(judged)
