"""Random days of a small study against a plain model of it: whatever happens, the promises of the queue hold."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from annotator.domain import labelling, queueing
from annotator.enums import AnswerKind, LabelState, SkipReason, SlotState
from annotator.exceptions import DomainError
from annotator.models import Clip, Label, LabelWithdrawal, Lease, Skip, Slot, Study, User
from tests.factories.people import make_member
from tests.factories.studies import make_study

N_ANNOTATORS = 3
LEASE_S = 60
annotators = st.integers(0, N_ANNOTATORS - 1)
picks = st.integers(0, 4)


def refusal(call: Callable[[], object]) -> str:
    """The code with which the domain refused; empty where it did as asked."""
    try:
        call()
    except DomainError as error:
        return error.code
    return ""


class QueueMachine(RuleBasedStateMachine):
    """Each example runs in a savepoint of its own that is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.study: Study = make_study(n_subjects=3, n_clips=2, overlap=2, reserve=2, lease_s=LEASE_S)
        self.people: list[User] = [make_member(self.study, f"annotator-{i}") for i in range(N_ANNOTATORS)]
        self.now: datetime = timezone.now()
        self.stored: set[uuid.UUID] = set()
        self.skipped: set[tuple[int, int]] = set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @rule(who=annotators)
    def claim(self, who: int) -> None:
        user = self.people[who]
        before = {slot.clip_id for slot in queueing.held_slots(self.study, user) if self._runs(slot)}
        held = queueing.claim(self.study, user, now=self.now)
        clips = {slot.clip_id for slot in held}
        assert before <= clips, "what is held stays held"
        assert len(held) <= self.study.reserve
        assert not {(clip, who) for clip in clips} & self.skipped
        answered = Label.objects.filter(annotator=user, clip__in=clips, state=LabelState.CURRENT)
        assert not answered.exists(), "an answered clip is not offered again"
        if len(held) < self.study.reserve:
            assert not self._claimable(user), "a false end of the queue"

    def _served(self, who: int, pick: int) -> Clip | None:
        """One of the clips that this annotator ever got, 0 the latest."""
        leases = list(Lease.objects.filter(annotator=self.people[who]).order_by("-pk").select_related("clip__study"))
        return leases[pick % len(leases)].clip if leases else None

    def _runs(self, slot: Slot) -> bool:
        return slot.expires_at is not None and slot.expires_at > self.now

    def _claimable(self, user: User) -> bool:
        mine = Slot.objects.filter(holder=user, state=SlotState.LEASED).values("clip")
        labelled = Label.objects.filter(annotator=user, state=LabelState.CURRENT).values("clip")
        skipped = Skip.objects.filter(annotator=user).values("clip")
        free = Slot.objects.filter(state=SlotState.OPEN)
        return free.exclude(clip__in=mine).exclude(clip__in=labelled).exclude(clip__in=skipped).exists()

    @rule(seconds=st.integers(1, 2 * LEASE_S))
    def time_passes_and_leases_expire(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        queueing.expire_leases(now=self.now)
        assert not Slot.objects.filter(state=SlotState.LEASED, expires_at__lte=self.now).exists()

    @rule(who=annotators, pick=picks, value=st.integers(0, 2))
    def submit(self, who: int, pick: int, value: int) -> None:
        clip, user = self._served(who, pick), self.people[who]
        if clip is None:
            return
        had = Label.objects.filter(clip=clip, annotator=user, state=LabelState.CURRENT).exists()
        answer = labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, {"valence": value, "arousal": value})
        code = refusal(lambda: labelling.submit(clip, user, answer, now=self.now))
        assert code == ("already_labelled" if had else "")
        if not had:
            label = labelling.submit(clip, user, answer, now=self.now)
            assert label.uuid == answer.uuid, "sent again, it is the same one"
            self.stored.add(label.uuid)

    @rule(who=annotators, value=st.integers(0, 2))
    def submit_what_is_held_first(self, who: int, value: int) -> None:
        self.submit(who, 0, value)

    @rule(who=annotators)
    def undo(self, who: int) -> None:
        user = self.people[who]
        mine = Label.objects.filter(annotator=user, state=LabelState.CURRENT).order_by("-created_at", "-pk")
        latest, earlier = mine.first(), mine[1:2].first()
        if earlier is not None:
            assert refusal(lambda: labelling.undo(earlier.uuid, user)) == "not_last"
        if latest is None:
            return
        labelling.undo(latest.uuid, user)
        assert LabelWithdrawal.objects.filter(label=latest).exists()
        held = Slot.objects.filter(clip=latest.clip, holder=user, state=SlotState.LEASED).exists()
        assert held or latest.is_extra

    @rule(who=annotators, pick=picks)
    def skip(self, who: int, pick: int) -> None:
        clip, user = self._served(who, pick), self.people[who]
        if clip is None:
            return
        code = refusal(lambda: queueing.skip(clip, user, SkipReason.OTHER))
        assert code in ("", "already_labelled")
        if not code:
            self.skipped.add((clip.pk, who))

    @rule(who=annotators, pick=picks)
    def release(self, who: int, pick: int) -> None:
        clip, user = self._served(who, pick), self.people[who]
        if clip is not None:
            queueing.release(clip, user)
            assert not Slot.objects.filter(clip=clip, holder=user, state=SlotState.LEASED).exists()

    @rule(who=annotators, index=st.integers(0, 5))
    def open_by_address(self, who: int, index: int) -> None:
        clip = Clip.objects.filter(study=self.study).order_by("pk")[index]
        before = Slot.objects.filter(clip=clip).exclude(state=SlotState.OPEN).count()
        code = refusal(lambda: queueing.claim_clip(clip, self.people[who], now=self.now))
        assert code in ("", "clip_taken", "already_labelled", "skipped", "reserve_full")
        assert code != "clip_taken" or before == 2

    @invariant()
    def no_label_is_lost(self) -> None:
        assert set(Label.objects.values_list("uuid", flat=True)) == self.stored

    @invariant()
    def overlap_and_reserve_are_kept(self) -> None:
        for clip in Clip.objects.filter(study=self.study).prefetch_related("slots"):
            taken = [slot.holder_id for slot in clip.slots.all() if slot.state != SlotState.OPEN]
            assert len(taken) <= 2
            assert len(set(taken)) == len(taken), "nobody twice on one clip"
        for user in self.people:
            assert Slot.objects.filter(holder=user, state=SlotState.LEASED).count() <= self.study.reserve

    @invariant()
    def every_filled_slot_has_its_label_and_every_lease_its_row(self) -> None:
        filled = set(Slot.objects.filter(state=SlotState.FILLED).values_list("clip", "number", "holder"))
        labels = Label.objects.filter(state=LabelState.CURRENT, is_extra=False)
        assert filled == set(labels.values_list("clip", "slot_number", "annotator"))
        leased = set(Slot.objects.filter(state=SlotState.LEASED).values_list("clip", "holder"))
        assert leased == set(Lease.objects.filter(ended_at=None).values_list("clip", "annotator"))


@pytest.mark.django_db
def test_random_days() -> None:
    """Add Phase.shrink to make a failing day short; it takes minutes."""
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(
            max_examples=15,
            derandomize=True,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
