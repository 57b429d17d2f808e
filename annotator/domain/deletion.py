"""A session goes with everything derived from it. Answers are facts: where there are some, a tombstone keeps them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext

from annotator.domain import audit, cold_start, importing, jobs, originals, queueing, sessions
from annotator.enums import LeaseOutcome, RoundState, SessionStatus, SlotState
from annotator.exceptions import Conflict, NotFound
from annotator.models import Draft, Job, Label, Original, RecordingSession, SelfReport, Slot, Study, Subject, User


@dataclass(frozen=True, slots=True)
class Deletion:
    """What goes and what stays when a session is deleted."""

    n_clips: int
    #: clips with answers stay, and so does the session then, as a tombstone
    n_labelled_clips: int
    n_labels: int
    n_annotators: int
    #: clips that somebody is answering at this moment
    n_leases: int
    n_files_removed: int
    #: originals that another session or a running import needs too
    n_files_shared: int
    bytes_removed: int
    #: numbers of the published rounds that learned from its answers, or were measured on them
    rounds: tuple[int, ...]
    is_importing: bool
    #: what people said of its channels and timeline: kept with a tombstone, else gone
    n_marks: int

    @property
    def leaves_tombstone(self) -> bool:
        return self.n_labels > 0


def preview(session: RecordingSession) -> Deletion:
    labels = Label.objects.filter(clip__session=session).aggregate(
        n=Count("pk"), clips=Count("clip", distinct=True), people=Count("annotator", distinct=True)
    )
    files = list(Original.objects.filter(uses__session=session).distinct())
    removed = [original for original in files if not originals.is_used(original, besides=session)]
    return Deletion(
        n_clips=session.clips.count(),
        n_labelled_clips=labels["clips"],
        n_labels=labels["n"],
        n_annotators=labels["people"],
        n_leases=Slot.objects.filter(clip__session=session, state=SlotState.LEASED).count(),
        n_files_removed=len(removed),
        n_files_shared=len(files) - len(removed),
        bytes_removed=sum(original.size_bytes for original in removed),
        rounds=rounds_that_used(session),
        is_importing=session.jobs.filter(state__in=jobs.UNFINISHED).exists(),
        n_marks=session.channel_marks.count() + session.interval_marks.count(),
    )


def rounds_that_used(session: RecordingSession) -> tuple[int, ...]:
    published = session.study.rounds.filter(state=RoundState.PUBLISHED)
    used = published.filter(frozen_labels__label__clip__session=session)
    return tuple(used.order_by("number").values_list("number", flat=True).distinct())


def delete_session(session: RecordingSession, *, actor: User | None) -> Deletion:
    """Delete it now; what was done. Locks as `importing.session_ready` does: jobs, study and queue, session, originals.

    Files go after the commit; derived ones that a round is reading go when it has ended.
    """
    with transaction.atomic():
        claimed = _stop_imports(session)
        study = queueing.hold_queue(session.study)
        locked = RecordingSession.objects.select_for_update(of=("self",)).filter(pk=session.pk).first()
        if locked is None:
            raise NotFound(gettext("This session has been deleted already."))
        if locked.status == SessionStatus.DELETED:
            raise Conflict(gettext("The recording of this session has been deleted already."), "deleted")
        done = preview(locked)
        audit.record(actor, study, "delete_session", locked, {"code": str(locked), **asdict(done)})
        _let_go_of_files(study, locked, claimed)
        _empty_the_queue(locked)
        if done.leaves_tombstone:
            _leave_tombstone(locked)
        else:
            _remove(study, locked)
        queueing.open_clips(study)
        cold_start.pool_changed(study)
    return done


def _stop_imports(session: RecordingSession) -> set[str]:
    """Those that no worker has end now, the others at their next heartbeat; the originals that the former claimed."""
    running = session.jobs.filter(state__in=jobs.UNFINISHED)
    parents = list(
        Job.objects.select_for_update(of=("self",)).filter(pk__in=running.values("parent_id")).order_by("pk")
    )
    claimed: set[str] = set()
    for job in running.order_by("pk"):
        if jobs.request_cancel(job):
            claimed |= originals.claimed_by(job)
    for parent in parents:
        importing.settle_parent(parent.pk)
    return claimed


def _let_go_of_files(study: Study, session: RecordingSession, claimed: set[str]) -> None:
    used = set(session.files.values_list("original_id", flat=True)) | claimed
    originals.hold(used)
    session.files.all().delete()
    originals.let_go(study, used)
    sessions.drop_derived(session)


def _empty_the_queue(session: RecordingSession) -> None:
    sessions.hold_slots(session)
    queueing.reopen(Q(clip__session=session), LeaseOutcome.RELEASED, now=timezone.now())
    Draft.objects.filter(clip__session=session).delete()
    session.clips.filter(labels=None).delete()


def _leave_tombstone(session: RecordingSession) -> None:
    """The answers, and what is needed to read them: whose, which window, how the clocks lay."""
    sessions.supersede(session.clips.filter(superseded_at=None))
    SelfReport.objects.filter(trial__session=session).delete()
    session.trials.filter(clips=None).delete()
    session.status, session.error, session.fingerprint = SessionStatus.DELETED, "", ""
    session.warnings, session.channel_faults = [], {}
    session.save(update_fields=["status", "error", "fingerprint", "warnings", "channel_faults"])


def _remove(study: Study, session: RecordingSession) -> None:
    """Its person goes too if they have no other recording; not once labelling has begun: who is a test subject is fixed
    by then, and has to be known if they come back."""
    subject = session.subject_id
    session.delete()
    if not study.labels.exists():
        Subject.objects.filter(pk=subject, sessions=None).delete()
