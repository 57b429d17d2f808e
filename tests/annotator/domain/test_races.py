"""Many annotators at once, each on a connection of their own, against the real Postgres."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection, transaction

from annotator.domain import labelling, people, queueing
from annotator.domain.ranking import RankedClip
from annotator.enums import AnswerKind, LabelState, RankingPolicy, SkipReason, SlotState
from annotator.exceptions import DomainError
from annotator.models import Clip, Label, Lease, RankEntry, Slot, Study, User
from tests.factories.people import make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db(transaction=True)

N_ANNOTATORS = 50
VALUES = {"valence": 1, "arousal": 1}


def together(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Runs all of them at the same moment, each in a thread and on a connection of its own; their results in order."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(timeout=60)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


def served_order(study: Study) -> list[int]:
    study.refresh_from_db()
    parts = [study.test_ranking_id, study.active_ranking_id]
    return [e.clip_id for part in parts for e in RankEntry.objects.filter(ranking=part).order_by("rank")]


def crowd(study: Study, n: int = N_ANNOTATORS) -> list[User]:
    return [make_member(study, f"annotator-{number:02d}") for number in range(n)]


def assert_overlap_kept(study: Study) -> None:
    """No clip with more holders and answers than its overlap, nobody twice on a clip, every label in its slot."""
    taken = Slot.objects.filter(study=study).exclude(state=SlotState.OPEN)
    assert not [pair for pair, n in Counter(taken.values_list("clip", "holder")).items() if n > 1]
    labels = Label.objects.filter(study=study, state=LabelState.CURRENT)
    assert max(Counter(labels.values_list("clip", flat=True)).values(), default=0) <= study.overlap
    filled = set(taken.filter(state=SlotState.FILLED).values_list("clip", "number", "holder"))
    assert filled == set(labels.values_list("clip", "slot_number", "annotator"))


@pytest.mark.parametrize("overlap", [1, 2])
def test_fifty_claims_at_once_take_the_top_of_the_ranking(overlap: int) -> None:
    study = make_study(n_subjects=5, n_clips=12, overlap=overlap, reserve=1)
    users = crowd(study)
    results = together([partial(queueing.claim, study, user) for user in users])
    clips = [slot.clip_id for held in results for slot in held]
    top = served_order(study)[: N_ANNOTATORS // overlap]
    assert Counter(clips) == Counter(top * overlap)
    assert_overlap_kept(study)


def test_more_annotators_than_clips_each_clip_goes_once_and_the_others_get_nothing() -> None:
    study = make_study(n_subjects=3, n_clips=3, reserve=2)
    results = together([partial(queueing.claim, study, user) for user in crowd(study, 30)])
    assert sorted(slot.clip_id for held in results for slot in held) == sorted(served_order(study))


def test_one_annotator_in_many_tabs_never_holds_more_than_the_reserve() -> None:
    study = make_study(n_subjects=4, n_clips=10, reserve=2)
    user = make_member(study, "ann")
    results = together([lambda: {slot.clip_id for slot in queueing.claim(study, user)} for _ in range(20)])
    assert all(result == results[0] for result in results)
    assert Slot.objects.filter(holder=user).count() == 2


@pytest.mark.parametrize("overlap", [1, 2])
def test_one_address_opened_by_fifty_goes_to_its_overlap(overlap: int) -> None:
    study = make_study(overlap=overlap)
    clip = Clip.objects.filter(study=study)[0]

    def open_it(user: User) -> bool:
        try:
            return queueing.claim_clip(clip, user).clip_id == clip.pk
        except DomainError:
            return False

    got = together([partial(open_it, user) for user in crowd(study)])
    assert sum(got) == overlap
    assert_overlap_kept(study)


def test_one_answer_sent_many_times_at_once_is_stored_once() -> None:
    study = make_study()
    user = make_member(study, "ann")
    clip = queueing.claim(study, user)[0].clip
    answer = labelling.Submission(uuid=uuid.uuid4(), answer=AnswerKind.LABEL, values=VALUES)
    labels = together([lambda: labelling.submit(clip, user, answer).pk for _ in range(20)])
    assert set(labels) == {Label.objects.get().pk}


def test_two_annotators_with_one_uuid_one_is_refused() -> None:
    study = make_study(overlap=2, reserve=1)
    users = crowd(study, 8)
    for user in users:
        queueing.claim(study, user)
    same = uuid.uuid4()

    def send(user: User) -> str:
        clip = queueing.held_slots(study, user)[0].clip
        try:
            labelling.submit(clip, user, labelling.Submission(uuid=same, answer=AnswerKind.LABEL, values=VALUES))
        except DomainError as error:
            return error.code
        return "stored"

    said = together([partial(send, user) for user in users])
    assert sorted(said) == ["stored"] + ["uuid_reused"] * 7


def test_late_answer_and_refill_at_the_same_time_lose_nothing() -> None:
    study = make_study(n_subjects=2, n_clips=1, reserve=1)
    late, *others = crowd(study, 12)
    clip = queueing.claim(study, late)[0].clip
    queueing.expire_leases(now=queueing.held_slots(study, late)[0].expires_at)
    answer = labelling.Submission(uuid=uuid.uuid4(), answer=AnswerKind.LABEL, values=VALUES)
    together([lambda: labelling.submit(clip, late, answer)] + [partial(queueing.claim, study, user) for user in others])
    label, slot = Label.objects.get(), Slot.objects.get(clip=clip)
    assert label.is_late
    assert (slot.holder == late) is not label.is_extra
    assert slot.state == (SlotState.LEASED if label.is_extra else SlotState.FILLED)


def test_a_new_ranking_under_full_load_never_shows_an_empty_queue() -> None:
    study = make_study(n_subjects=5, n_clips=20, reserve=1)
    pool = served_order(study)[40:]
    users = crowd(study, 20)

    def work(user: User) -> int:
        for _ in range(4):
            held = queueing.claim(study, user)
            assert held, "a false end of the queue"
            queueing.skip(held[0].clip, user, SkipReason.OTHER)
        return len(held)

    def publish() -> int:
        for _ in range(3):
            with transaction.atomic():
                queueing.publish_ranking(
                    study, round=None, policy=RankingPolicy.ENTROPY, ordered=[RankedClip(pk, {}) for pk in pool]
                )
            queueing.open_clips(Study.objects.get(pk=study.pk))
        return 1

    assert together([publish] + [partial(work, user) for user in users]) == [1] * 21
    assert_overlap_kept(study)


# --- the same over HTTP ----------------------------------------------------------------------------------------------


class UnixConnection(HTTPConnection):
    """HTTP by a Unix socket."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.host)


class Caller:
    """A program with an API token and a connection of its own."""

    def __init__(self, address: str, token: str) -> None:
        self.address, self.token = address, token

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        http = UnixConnection(self.address)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Host": "localhost"}
        http.request("POST", f"/api/v1{path}", json.dumps(body or {}), headers)
        with http.getresponse() as response:
            said = response.read()
        http.close()
        assert response.status == 200, said
        return json.loads(said)


@pytest.fixture
def server(tmp_path: Path, servers: Path) -> Iterator[str]:
    """The address of a real web server of two processes, on the test's database."""
    known = connection.settings_dict
    url = f"postgresql://{known['USER']}@/{known['NAME']}?{urlencode({'host': known['HOST']})}&port={known['PORT']}"
    address, log = str(tmp_path / "web.sock"), tmp_path / "web.log"
    command = [sys.executable, "-m", "gunicorn", "annotator.wsgi", "--workers", "2", "--threads", "8"]
    command += ["--bind", f"unix:{address}", "--log-file", str(log)]
    environment = {**os.environ, "CONCORD_VAR": str(servers), "DATABASE_URL": url}
    with subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR) as process:
        while not Path(address).exists():
            assert process.poll() is None, log.read_text()
        yield address
        process.terminate()


@pytest.mark.parametrize("overlap", [1, 2])
def test_fifty_connections_label_the_whole_queue_by_http(overlap: int, server: str) -> None:
    study = make_study(n_subjects=5, n_clips=8, overlap=overlap, reserve=2)

    callers = [Caller(server, people.issue_token(user, "test")) for user in crowd(study)]

    def label_all(caller: Caller) -> int:
        held = caller.post(f"/studies/{study.slug}/queue/claim")["held"]
        n_labels = 0
        while held:
            body = {"uuid": str(uuid.uuid4()), "answer": "label", "values": VALUES, "seconds_spent": 1}
            held = caller.post(f"/clips/{held[0]['clip_id']}/submit", body)["held"]
            n_labels += 1
        return n_labels

    n_labels = together([partial(label_all, caller) for caller in callers])
    assert sum(n_labels) == 40 * overlap == Label.objects.filter(is_extra=False).count() == Label.objects.count()
    assert set(Slot.objects.values_list("state", flat=True)) == {SlotState.FILLED}
    assert not Lease.objects.exclude(outcome="answered").exists()
    assert_overlap_kept(study)
