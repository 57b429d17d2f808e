"""The claim walks along open entries: what it reads grows neither with the queue nor with what is answered of it."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.utils import timezone

from annotator.domain import claiming, labelling, queueing
from annotator.enums import AnswerKind
from annotator.models import Slot, Study, User
from tests.factories.people import make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db
_READ = """
SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables
WHERE relname IN ('annotator_rankentry', 'annotator_slot', 'annotator_label', 'annotator_lease')
"""


def n_read() -> int:
    """Rows of the ranking, slots, answers and leases that this transaction has looked at so far."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        return int(cursor.fetchone()[0])


def rows_of_a_claim(study: Study, user: User) -> int:
    before = n_read()
    claiming.top_up(study, user, now=timezone.now())
    n_rows = n_read() - before
    queueing.release(queueing.held_slots(study, user)[0].clip, user)
    return n_rows


def test_a_claim_reads_no_more_of_a_long_queue_than_of_a_short_one() -> None:
    cost = {}
    for n_clips in (50, 800):
        study = make_study(n_subjects=4, n_clips=n_clips, test_clips_per_subject=0, reserve=1)
        cost[n_clips] = rows_of_a_claim(study, make_member(study, f"ann-{n_clips}"))
    assert cost[800] <= cost[50] + 10
    assert cost[800] < 150


def test_a_claim_reads_no_more_once_most_clips_are_answered() -> None:
    study = make_study(n_subjects=4, n_clips=400, test_clips_per_subject=0, reserve=1)
    ann, ben = make_member(study, "ann"), make_member(study, "ben")
    before = rows_of_a_claim(study, ann)
    assert study.active_ranking is not None
    best = study.active_ranking.entries.order_by("rank").values("clip")[:700]
    Slot.objects.filter(clip__in=best).update(state="filled", holder=ben)
    assert rows_of_a_claim(study, ann) <= before + 10


def test_a_claim_reads_no_more_for_somebody_who_has_answered_much() -> None:
    study = make_study(n_subjects=4, n_clips=100, test_clips_per_subject=0, reserve=1)
    ann = make_member(study, "ann")
    before = rows_of_a_claim(study, ann)
    for _ in range(150):
        (slot,) = queueing.claim(study, ann)
        labelling.submit(slot.clip, ann, labelling.Submission(uuid.uuid4(), AnswerKind.CANT_TELL))
    assert rows_of_a_claim(study, ann) <= before + 10


def test_what_runs_for_every_answer_is_planned_once_a_connection() -> None:
    study = make_study(n_subjects=4, n_clips=10)
    ann = make_member(study, "ann")
    for slot in queueing.claim(study, ann):
        answer = labelling.Submission(uuid.uuid4(), AnswerKind.CANT_TELL)
        labelling.submit_and_claim(slot.clip, ann, answer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
        n_runs = {text.strip().split("(")[0]: n for text, n in cursor.fetchall()}
    assert n_runs["SELECT concord_hold_annotator"] >= 3
    assert n_runs["SELECT concord_claim"] >= 3
    assert sum(text.startswith("WITH made AS") for text in n_runs) == 1
