"""Annotators who claim and answer while the order is swapped under them; and real worker processes."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.fixtures import Settings
from redis import Redis

from annotator import services
from annotator.domain import live, queueing
from annotator.enums import LabelState, LeaseOutcome, SlotState
from annotator.models import Label, Lease, Ranking, Slot, Study, User
from annotator.queries.live import ranking_state
from tests.factories.labels import add_label
from tests.factories.live_rounds import LiveStudy, make_live_study
from tests.factories.people import make_member
from tests.factories.workers import StartWorker, until
from worker import housekeeping
from worker.live import live_update

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
N_ANNOTATORS, N_ANSWERS = 6, 8


@pytest.fixture(autouse=True)
def places(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MODEL_ROOT = tmp_path / "models"
    monkeypatch.setenv("CONCORD_MODEL_ROOT", str(settings.MODEL_ROOT))  # for worker processes


def work(made: LiveStudy, user: User) -> list[int]:
    """Claim and answer; what was held first is answered first, whatever the order has become. Clips as served."""
    try:
        served: list[int] = []
        for _ in range(N_ANSWERS):
            held = queueing.claim(made.study, user)
            assert set(served) <= {slot.clip_id for slot in held} | set(
                Label.objects.filter(annotator=user).values_list("clip", flat=True)
            ), "a reservation was lost"
            served += [slot.clip_id for slot in held if slot.clip_id not in served]
            add_label(held[0].clip, user, made.answer_to(held[0].clip))
        return served
    finally:
        connection.close()


def swap_until(done: threading.Event, study: Study) -> int:
    """Swap heads without pause, forgetting replaced ones as the sweep does; how many were published."""
    try:
        while not done.is_set():
            live_update(study.pk)
            live.forget_replaced()
        return Ranking.objects.filter(study=study, base__isnull=False).count()
    finally:
        connection.close()


def test_no_clip_is_served_twice_and_no_reservation_lost_while_heads_are_swapped() -> None:
    made = make_live_study(n_subjects=6, n_clips=30, audit_every=5)
    users = [make_member(made.study, f"annotator-{number}") for number in range(N_ANNOTATORS)]
    done = threading.Event()
    with ThreadPoolExecutor(N_ANNOTATORS + 2) as pool:
        swappers = [pool.submit(swap_until, done, made.study) for _ in range(2)]
        served = list(pool.map(partial(work, made), users))
        done.set()
        assert max(swapper.result() for swapper in swappers) > 1
    assert [clip for clip, n in Counter(clip for clips in served for clip in clips).items() if n > 1] == []
    labels = Label.objects.filter(study=made.study, state=LabelState.CURRENT, is_extra=False)
    assert labels.count() == N_ANNOTATORS * N_ANSWERS
    assert max(Counter(labels.values_list("clip", flat=True)).values()) == 1
    assert set(Lease.objects.exclude(ended_at=None).values_list("outcome", flat=True)) == {LeaseOutcome.ANSWERED}
    held = Slot.objects.filter(study=made.study, state=SlotState.LEASED)
    assert max(Counter(held.values_list("holder", flat=True)).values()) <= made.study.reserve
    live_update(made.study.pk)
    state = ranking_state(Study.objects.get(pk=made.study.pk))
    assert state is not None
    assert (state.n_labels, state.n_waiting) == (40 + N_ANNOTATORS * N_ANSWERS, 0)


def knows(study: Study, n_labels: int) -> bool:
    state = ranking_state(Study.objects.get(pk=study.pk))
    return state is not None and (state.n_labels, state.n_waiting) == (n_labels, 0)


@pytest.mark.e2e
def test_a_worker_process_takes_each_answer_in(start_worker: StartWorker) -> None:
    made = make_live_study(reserve=1)
    user = make_member(made.study, "ann")
    start_worker("live")
    for number in range(1, 4):
        clip = queueing.claim(made.study, user)[0].clip
        add_label(clip, user, made.answer_to(clip))
        until(partial(knows, made.study, 40 + number), f"a ranking that knows {number} answers")
    head = Study.objects.get(pk=made.study.pk).head_ranking
    assert head is not None
    assert head.base == made.base
    answered = set(Label.objects.values_list("clip", flat=True))
    assert not answered & set(head.entries.values_list("clip", flat=True))
    assert queueing.claim(made.study, user)[0].entry == head.entries.order_by("rank").first()


@pytest.mark.e2e
def test_answers_that_came_while_no_worker_ran_and_the_broker_forgot_are_taken_in_by_the_sweep(
    start_worker: StartWorker, servers: Path
) -> None:
    made = make_live_study(reserve=1)
    user = make_member(made.study, "ann")
    clip = queueing.claim(made.study, user)[0].clip
    add_label(clip, user, made.answer_to(clip))
    with Redis(unix_socket_path=str(services.socket_folder(servers) / "valkey.sock")) as client:
        client.flushall()
    start_worker("live")

    def sweep_and_look() -> bool:
        housekeeping.catch_up()
        return knows(made.study, 41)

    until(sweep_and_look, "a ranking that knows the answer")
