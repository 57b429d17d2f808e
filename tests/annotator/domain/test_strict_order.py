"""No claim is granted a worse clip while a better one is there for the taking, however many claim at once.

Precisely: while a claim's statement runs, let a slot be free if it is open, no other transaction has locked it, and it
is for this annotator to take. Then no claim is granted a slot of rank r if a slot of a better rank was free from the
beginning of its statement to its grant. What becomes free while the statement runs may be missed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TypeVar
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotator.domain import claiming, labelling, queueing
from annotator.enums import AnswerKind
from annotator.models import Clip, Study, User
from tests.annotator.domain.test_races import VALUES, crowd, served_order, together
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db(transaction=True)
Answer = TypeVar("Answer")
#: of one step: a claim that waits for another one's transaction would never end
PATIENCE_S = 60


# --- transactions that stay open, in every order ---------------------------------------------------------------------


class Annotator:
    """Somebody on a connection of their own, whose transactions stay open until they are told to end."""

    def __init__(self, study: Study, user: User) -> None:
        self.study, self.user = study, user
        self.is_open = False
        self.thread = ThreadPoolExecutor(1)
        self.transaction = ExitStack()

    def claim(self) -> list[int]:
        """The clips held then; the slot stays locked."""
        self.is_open = True
        return self._do(self._claim)

    def end(self, *, is_kept: bool) -> None:
        self.is_open = False
        self._do(partial(self._end, is_kept))

    def release(self, clip_id: int) -> None:
        self._do(lambda: queueing.release(Clip.objects.get(pk=clip_id), self.user))

    def leave(self) -> None:
        if self.is_open:
            self.end(is_kept=False)
        self._do(lambda: connection.close())  # the connection of that thread, not of this one
        self.thread.shutdown()

    def _claim(self) -> list[int]:
        self.transaction.enter_context(transaction.atomic())
        return [slot.clip_id for slot in queueing.claim(self.study, self.user)]

    def _end(self, is_kept: bool) -> None:
        transaction.set_rollback(not is_kept)
        self.transaction.close()

    def _do(self, step: Callable[[], Answer]) -> Answer:
        return self.thread.submit(step).result(timeout=PATIENCE_S)


@pytest.mark.parametrize("overlap", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_each_claim_gets_the_best_clip_that_is_neither_held_nor_locked(seed: int, overlap: int) -> None:
    study = make_study(n_subjects=3, n_clips=4, overlap=overlap, reserve=1)
    order, rng = served_order(study), random.Random(seed)
    annotators = [Annotator(study, user) for user in crowd(study, 8)]
    held: dict[Annotator, int] = {}
    n_passed_over = 0
    try:
        for _ in range(150):
            one = rng.choice(annotators)
            if one.is_open:
                is_kept = rng.random() < 0.7
                one.end(is_kept=is_kept)
                if not is_kept:
                    del held[one]
            elif one in held:
                # what changes the same clip's entry waits until the other transaction ends
                if not any(other.is_open and held[other] == held[one] for other in held):
                    one.release(held.pop(one))
            else:
                taken = Counter(held.values())
                free = [clip for clip in order if taken[clip] < overlap]
                n_passed_over += any(other.is_open for other in held)
                assert one.claim() == free[:1]
                held[one] = free[0]
    finally:
        for one in annotators:
            one.leave()
    assert n_passed_over > 20, "hardly a claim met a transaction that was open"


# --- all at the same moment ------------------------------------------------------------------------------------------

_SETUP = """
CREATE SEQUENCE moments;
CREATE TABLE grants (clip bigint, began bigint, granted bigint);
CREATE FUNCTION note_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO grants VALUES (NEW.clip_id, current_setting('tests.began')::bigint, nextval('moments'));
    RETURN NEW;
END $$;
CREATE TRIGGER note_grant BEFORE UPDATE ON annotator_slot
FOR EACH ROW WHEN (OLD.state = 'open' AND NEW.state = 'leased') EXECUTE FUNCTION note_grant();
"""
_TEARDOWN = """
DROP TRIGGER note_grant ON annotator_slot;
DROP FUNCTION note_grant();
DROP TABLE grants;
DROP SEQUENCE moments;
"""


@pytest.fixture
def stamped(transactional_db: None) -> Iterator[None]:
    """Each slot that is taken notes when its claim began and when it was taken, as places in one order of moments."""
    with connection.cursor() as cursor:
        cursor.execute(_SETUP)
    yield
    with connection.cursor() as cursor:
        cursor.execute(_TEARDOWN)


def work(study: Study, user: User, n_answers: int) -> None:
    for _ in range(n_answers):
        with transaction.atomic(), connection.cursor() as cursor:
            queueing.lock_annotator(study, user)
            cursor.execute("SELECT set_config('tests.began', nextval('moments')::text, true)")
            claiming.top_up(study, user, now=timezone.now())
        clip = queueing.held_slots(study, user)[0].clip
        labelling.submit(
            clip, user, labelling.Submission(uuid=uuid4(), answer=AnswerKind.LABEL, values=VALUES, seconds_spent=1.0)
        )


@pytest.mark.usefixtures("stamped")
def test_at_every_grant_each_better_clip_was_taken_or_being_taken() -> None:
    study = make_study(n_subjects=6, n_clips=15, reserve=1)
    together([partial(work, study, user, 6) for user in crowd(study, 12)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT clip, began, granted FROM grants")
        moments = {clip: (began, granted) for clip, began, granted in cursor.fetchall()}
    order = [clip for clip in served_order(study) if clip in moments]
    assert len(order) == 72
    assert order == served_order(study)[:72]
    for place, clip in enumerate(order):
        _, granted = moments[clip]
        # whoever took a better clip had begun by then: later, and it had been free all the while
        assert all(moments[better][0] < granted for better in order[:place])
