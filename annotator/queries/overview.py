"""What the studies page and a study's own page show: a constant number of SQL queries, however many rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, ngettext

from annotator.enums import AnswerKind, Role, RoundState, SessionStatus, SlotState
from annotator.models import Clip, Label, Membership, RecordingSession, Round, Slot, Study, User
from annotator.queries import newcomers


def _count_of(rows: QuerySet, group: str = "study") -> Coalesce:  # type: ignore[type-arg]
    """Count of `rows` per outer study as a subquery: joins of several relations would multiply the rows."""
    counted = rows.filter(**{group: OuterRef("pk")}).order_by().values(group).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@dataclass(frozen=True, slots=True)
class StudyCard:
    """One row of the studies page."""

    study: Study
    roles: tuple[str, ...]
    n_clips: int
    n_labels: int
    n_open: int
    n_failed_sessions: int

    @property
    def role_names(self) -> list[str]:
        return [Role(role).label.lower() for role in self.roles]

    @property
    def may_label(self) -> bool:
        return bool({Role.ANNOTATOR, Role.ADMIN} & set(self.roles))


def visible_studies(user: User) -> list[StudyCard]:
    """The studies that `user` belongs to (all of them for a superuser), newest first. Two queries."""
    studies = Study.objects.order_by("-created_at", "-pk")
    if not user.is_superuser:
        studies = studies.filter(Exists(Membership.objects.filter(study=OuterRef("pk"), user=user)))
    counted = studies.annotate(
        n_clips=_count_of(Clip.objects.filter(superseded_at=None, is_kept_apart=False)),
        n_labels=_count_of(Label.objects.that_count()),
        n_open=_count_of(Slot.objects.filter(state=SlotState.OPEN)),
        n_failed=_count_of(RecordingSession.objects.filter(status=SessionStatus.FAILED)),
    )
    roles: dict[int, list[str]] = {}
    for study_id, role in Membership.objects.filter(user=user).order_by("role").values_list("study_id", "role"):
        roles.setdefault(study_id, []).append(role)
    return [
        StudyCard(
            study=study,
            roles=tuple(roles.get(study.pk, [])) or ((Role.ADMIN.value,) if user.is_superuser else ()),
            n_clips=study.n_clips,
            n_labels=study.n_labels,
            n_open=study.n_open,
            n_failed_sessions=study.n_failed,
        )
        for study in counted
    ]


@dataclass(frozen=True, slots=True)
class StudyFigures:
    """The numbers at the top of a study's page."""

    n_sessions: int
    n_failed_sessions: int
    n_clips: int
    n_test_clips: int
    n_subjects: int
    n_test_subjects: int
    n_labels: int
    n_labelled_pool_clips: int
    n_annotators: int
    n_open: int
    n_leased: int
    last_round: Round | None
    choosing: newcomers.Choosing

    @property
    def n_pool_clips(self) -> int:
        return self.n_clips - self.n_test_clips


#: what a round counts as labelled (`annotator.domain.rounds`): "can't tell" and "bad signal" teach it nothing
_TEACHES = Q(clip__subject__is_test=False, answer=AnswerKind.LABEL, clip__session__status=SessionStatus.READY)


def study_figures(study: Study) -> StudyFigures:
    """Seven queries, whatever the study's size."""
    there = study.sessions.exclude(status=SessionStatus.DELETED)
    sessions = there.aggregate(n=Count("pk"), failed=Count("pk", filter=Q(status=SessionStatus.FAILED)))
    subjects = study.subjects.aggregate(n=Count("pk"), test=Count("pk", filter=Q(is_test=True)))
    clips = study.clips.filter(superseded_at=None, is_kept_apart=False).aggregate(
        n=Count("pk"), test=Count("pk", filter=Q(subject__is_test=True))
    )
    labels = (
        Label.objects.that_count()
        .filter(study=study)
        .aggregate(
            n=Count("pk"),
            pool=Count("clip", distinct=True, filter=_TEACHES),
            annotators=Count("annotator", distinct=True),
        )
    )
    slots = study.slots.aggregate(
        open=Count("pk", filter=Q(state=SlotState.OPEN)), leased=Count("pk", filter=Q(state=SlotState.LEASED))
    )
    last_round = study.rounds.filter(state=RoundState.PUBLISHED).order_by("-number").first()
    return StudyFigures(
        n_sessions=sessions["n"],
        n_failed_sessions=sessions["failed"],
        n_clips=clips["n"],
        n_test_clips=clips["test"],
        n_subjects=subjects["n"],
        n_test_subjects=subjects["test"],
        n_labels=labels["n"],
        n_labelled_pool_clips=labels["pool"],
        n_annotators=labels["annotators"],
        n_open=slots["open"],
        n_leased=slots["leased"],
        last_round=last_round,
        choosing=newcomers.choosing_of(study),
    )


class NextStep(StrEnum):
    """What somebody can do about what limits a study: a page of it."""

    IMPORT = "import"
    LABEL = "label"
    PEOPLE = "people"
    TEACHING = "teaching"
    ROUND = "round"
    SESSIONS = "sessions"
    #: it goes on by itself
    NONE = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """What stands between a study and its next round, in a sentence, and what to do about it."""

    sentence: str
    step: NextStep = NextStep.NONE


def what_limits_now(study: Study, figures: StudyFigures, *, has_live_round: bool) -> Limit:
    if figures.n_clips == 0:
        return _no_clips(figures)
    if figures.n_labels == 0 and figures.choosing.is_open:
        return Limit(figures.choosing.sentence, NextStep.TEACHING)
    if figures.n_annotators == 0 and figures.n_labels == 0:
        waiting = ngettext(
            "Nobody has labelled yet: {n} answer is waiting to be given.",
            "Nobody has labelled yet: {n} answers are waiting to be given.",
            figures.n_open,
        ).format(n=figures.n_open)
        return Limit(waiting, NextStep.LABEL)
    if has_live_round:
        return Limit(gettext("A round is running; annotators go on with the ranking that stands."))
    missing = study.min_labels - figures.n_labelled_pool_clips
    if missing > 0:
        wanted = gettext("A round needs {n} labelled clips outside the test subjects: {missing} to go.").format(
            n=study.min_labels, missing=missing
        )
        return Limit(wanted, NextStep.LABEL)
    if figures.n_open == 0:
        return Limit(
            gettext("Every clip has the answers it needs. Import more recordings, or raise the overlap."),
            NextStep.IMPORT,
        )
    if figures.last_round is None:
        return Limit(gettext("Enough labels for a first round: start it on the Rounds page."), NextStep.ROUND)
    since = figures.n_labels - figures.last_round.n_labels
    if since <= 0:
        return Limit(
            gettext("No label has come in since round {n}.").format(n=figures.last_round.number), NextStep.LABEL
        )
    came = ngettext("{n} label came in since round {round}.", "{n} labels came in since round {round}.", since)
    return Limit(came.format(n=since, round=figures.last_round.number), NextStep.ROUND)


def _no_clips(figures: StudyFigures) -> Limit:
    if figures.n_failed_sessions:
        failed = gettext("No recording came in: {n} failed. Each says why on the Sessions page.")
        return Limit(failed.format(n=figures.n_failed_sessions), NextStep.SESSIONS)
    return Limit(gettext("There are no clips yet: import recordings first."), NextStep.IMPORT)
