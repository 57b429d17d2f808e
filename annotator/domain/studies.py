"""Studies and who belongs to them."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from annotator.domain import audit, slots
from annotator.domain.acquisition import differing
from annotator.domain.trace_reading import TraceReading, check_trace_reading
from annotator.enums import Role
from annotator.exceptions import Conflict, DomainError, NotFound
from annotator.models import Membership, Study, Subject, TeachingClip, User
from mlcore.types import AcquisitionConfig, Dimension, check_scheme

#: fewer can't tell a lucky subject from a good model
MIN_TEST_SUBJECTS = 2


@dataclass(frozen=True, slots=True)
class StudySpec:
    slug: str
    title: str
    dimensions: tuple[Dimension, ...]
    description: str = ""
    is_simulated: bool = False
    window_s: float = 5.0
    hop_s: float = 5.0
    #: empty: those of the first recording imported
    eeg_channels: tuple[str, ...] = ()
    eeg_sfreq: float = 128.0
    min_eeg_channels: int = 4
    face_fps: float = 5.0
    include_single_modality: bool = True
    overlap: int = 1
    reserve: int = 2
    lease_s: int = 300
    test_subject_share: float = 0.2
    test_clips_per_subject: int = 20
    min_labels: int = 12
    trace_sfreq: float = 4.0
    applies_lag: bool = False
    acquisition: AcquisitionConfig = field(default_factory=AcquisitionConfig)
    #: None: drawn once and kept
    seed: int | None = None


@transaction.atomic
def create_study(spec: StudySpec, *, actor: User | None) -> Study:
    """A new study; whoever makes it is its first admin."""
    _check(spec)
    plain = {
        f.name: getattr(spec, f.name)
        for f in fields(spec)
        if f.name not in {"dimensions", "eeg_channels", "acquisition", "seed"}
    }
    study = Study(
        **plain,
        scheme=[dimension.to_json() for dimension in spec.dimensions],
        eeg_channels=list(spec.eeg_channels),
        acquisition=differing(spec.acquisition),
        seed=secrets.randbits(31) if spec.seed is None else spec.seed,
        created_by=actor,
    )
    try:
        study.clean_fields(exclude=["created_by", "eeg_channels"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise DomainError(f"{name.replace('_', ' ').capitalize()}: {' '.join(messages)}", "bad_study") from error
    if Study.objects.filter(slug=spec.slug).exists():
        raise Conflict(
            gettext("There is already a study called {slug}: choose another short name.").format(slug=repr(spec.slug)),
            "slug_taken",
        )
    study.save()
    audit.record(actor, study, "create", study, {"slug": study.slug})
    if actor is not None:
        add_member(study, actor, Role.ADMIN, actor=actor)
    return study


def _check(spec: StudySpec) -> None:
    _check_scheme(spec.dimensions)
    check_trace_reading(TraceReading(spec.trace_sfreq, spec.applies_lag), code="bad_study")
    if not 0 < spec.test_subject_share < 1:
        raise DomainError(gettext("The share of test subjects lies between 0 and 1, for example 0.2."), "bad_study")
    if min(spec.window_s, spec.hop_s, spec.eeg_sfreq, spec.face_fps, spec.lease_s) <= 0:
        raise DomainError(gettext("Window, step, rates and lease time must be above 0."), "bad_study")
    if min(spec.overlap, spec.reserve) < 1:
        raise DomainError(gettext("Overlap and reserve must be at least 1."), "bad_study")


def _check_scheme(dimensions: Sequence[Dimension]) -> None:
    try:
        check_scheme(dimensions)
    except ValueError as error:
        raise DomainError(
            gettext("The scheme does not hold together: {error}.").format(error=error), "bad_scheme"
        ) from error


def scheme_is_fixed(study: Study) -> bool:
    """From the first label on: answers to another scheme could not be compared."""
    return study.labels.exists()


@transaction.atomic
def set_scheme(study: Study, dimensions: Sequence[Dimension], *, actor: User | None) -> None:
    """Other questions, as long as nobody has labelled. An answer that comes at this very moment is stored before, and
    the scheme is fixed; or it comes after, and is judged by the new questions."""
    _check_scheme(dimensions)
    locked = slots.hold_queue(study)
    if scheme_is_fixed(locked):
        raise Conflict(
            gettext("The scheme is fixed: the study has labels. Make another study to ask otherwise."), "has_labels"
        )
    _refuse_to_strand_known_answers(locked, dimensions)
    locked.scheme = study.scheme = [dimension.to_json() for dimension in dimensions]
    locked.save(update_fields=["scheme"])
    audit.record(actor, study, "set_scheme", study, {"scheme": study.scheme})


def _refuse_to_strand_known_answers(study: Study, dimensions: Sequence[Dimension]) -> None:
    """What counts as right on a clip names answers by their places: of a changed question they would mean others."""
    before, after = ({one.key: one for one in asked} for asked in (study.dimensions, dimensions))
    changed = {key for key, one in before.items() if after.get(key) != one}
    for teaching in TeachingClip.objects.filter(study=study, retired_at=None).order_by("pk"):
        if stranded := [before[key].title for key in teaching.accepted if key in changed]:
            raise Conflict(
                gettext(
                    "Clip {clip} has a known answer to {questions}, which would change: remove the clip on the "
                    "onboarding page first, and add it again afterwards."
                ).format(clip=teaching.clip_id, questions=", ".join(stranded)),
                "known_answers",
            )


def find_study(slug: str) -> Study:
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        raise NotFound(gettext("There is no study called {slug}.").format(slug=repr(slug)))
    return study


@transaction.atomic
def add_member(study: Study, user: User, role: Role, *, actor: User | None) -> Membership:
    """Doing it again changes nothing; somebody who comes back keeps their pseudonym."""
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # pseudonyms are numbered one at a time
    known = Membership.everyone.filter(study=study, user=user)
    member = known.filter(role=role).first()
    if member is not None and member.ended_at is None:
        return member
    if member is not None:
        member.ended_at = None
        member.save(update_fields=["ended_at"])
    else:
        first = known.first()
        pseudonym = first.pseudonym if first is not None else _next_pseudonym(study)
        member = Membership.objects.create(study=study, user=user, role=role, pseudonym=pseudonym)
    audit.record(actor, study, "add_member", member, {"user": user.pk, "role": role})
    return member


def _next_pseudonym(study: Study) -> str:
    n_people = Membership.everyone.filter(study=study).values("user").distinct().count()
    return f"A{n_people + 1:02d}"


@transaction.atomic
def remove_member(member: Membership, *, actor: User | None) -> None:
    """Takes the role away; labels and pseudonym stay. A study keeps at least one admin."""
    Study.objects.select_for_update(no_key=True).get(pk=member.study_id)
    others = Membership.objects.filter(study=member.study, role=Role.ADMIN).exclude(pk=member.pk)
    if member.role == Role.ADMIN and not others.exists():
        raise Conflict(gettext("This is the study's only admin: make somebody else admin first."), "last_admin")
    member.ended_at = timezone.now()
    member.save(update_fields=["ended_at"])
    audit.record(actor, member.study, "remove_member", member, {"user": member.user_id, "role": member.role})


@transaction.atomic
def fix_test_subjects(study: Study) -> tuple[Subject, ...]:
    """Choose the test subjects anew, by the study's seed, as long as nobody has labelled; then never again."""
    if not study.labels.exists():
        subjects = list(study.subjects.order_by("code"))
        chosen = {subject.pk for subject in _draw(study.seed, subjects, n_test_subjects(study, len(subjects)))}
        study.subjects.filter(pk__in=chosen, is_test=False).update(is_test=True)
        study.subjects.exclude(pk__in=chosen).filter(is_test=True).update(is_test=False)
        study.test_subjects_fixed_at = timezone.now()
        study.save(update_fields=["test_subjects_fixed_at"])
    return tuple(study.subjects.filter(is_test=True).order_by("code"))


def n_test_subjects(study: Study, n_subjects: int) -> int:
    """The study's share, at least 2, but always somebody left to learn from."""
    wanted = max(MIN_TEST_SUBJECTS, math.ceil(study.test_subject_share * n_subjects - 1e-9))
    return max(0, min(wanted, n_subjects - 1))


def _draw(seed: int, subjects: Iterable[Subject], n: int) -> list[Subject]:
    return sorted(subjects, key=lambda subject: shuffle_key(seed, "subject", subject.code))[:n]


def shuffle_key(seed: int, *parts: object) -> bytes:
    """Sorting by this is a seeded shuffle that does not depend on ids or on what else is in the list."""
    return hashlib.sha256("\x1f".join(str(part) for part in (seed, *parts)).encode()).digest()
