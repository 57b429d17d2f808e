"""Between rounds: what was just answered changes what is asked next, without anybody waiting for it.

A submit puts the study's id on the `live` queue once its transaction has committed; a worker corrects the serving
round's model by the answers since (`worker.live`) and publishes a short ranking, the head, that is served before the
round's. Postgres alone says what is left to do: a ranking that serves knows the answers as of `answers_seen`, and the
sweep sends the study again where they have moved on since.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils import timezone

from annotator.domain import ranking
from annotator.domain.line import line
from annotator.domain.ranking import RankedClip
from annotator.enums import JobQueue, LabelState
from annotator.models import Label, Ranking, Study

TASK = "concord.live_update"
#: advisory locks of Postgres are named by two numbers: this one, and the study
UPDATE_LOCK = 7262
#: a message that nobody took by then is superfluous: the sweep sends another
EXPIRES_S = 60
#: no claim takes longer than this: whoever found an entry of a replaced head has noted it by then
KEEP_REPLACED = timedelta(seconds=60)


# --- saying that something changed -----------------------------------------------------------------------------------


def answers_changed(study: Study) -> None:
    """An answer came, was corrected or taken back: ranked anew after the caller's commit, never in its request."""
    if study.promoted_round_id is not None:
        transaction.on_commit(partial(send_update, study.pk), robust=True)


def send_update(study_id: int) -> None:
    """Ask a worker to bring the study's ranking up to date; twice is as good as once."""
    line.send(TASK, study_id, JobQueue.LIVE, expires_s=EXPIRES_S)


def settle() -> None:
    """Until what was to be sent is sent, or given up."""
    line.settle()


# --- what is known, and what is not ----------------------------------------------------------------------------------


def answers_version(study: Study) -> int:
    """Rises with every answer, correction and withdrawal of the study, and says the same only while none comes.

    Labels are never deleted, and each change adds a label, ends one, or both.
    """
    is_over = Count("pk", filter=~Q(state=LabelState.CURRENT))
    counted = Label.objects.filter(study=study, gold="").aggregate(given=Count("pk"), over=is_over)
    return int(counted["given"] + counted["over"])


def serving_ranking(study: Study) -> Ranking | None:
    """What the queue serves first after the test subjects, with its round."""
    pk = study.head_ranking_id or study.active_ranking_id
    return None if pk is None else Ranking.objects.select_related("round", "base__round").filter(pk=pk).first()


def is_behind(study: Study) -> bool:
    """Whether answers came that the serving ranking has not looked at; never, before the first round."""
    serving = serving_ranking(study)
    if serving is None or (serving.base or serving).round is None:
        return False
    return serving.answers_seen is None or serving.answers_seen < answers_version(study)


def try_to_hold_updates(study_id: int) -> bool:
    """One update of a study at a time: whether it is the caller's turn, until its transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [UPDATE_LOCK, study_id])
        return bool(cursor.fetchone()[0])


# --- publishing ------------------------------------------------------------------------------------------------------


@transaction.atomic
def publish(
    study: Study, *, base: Ranking, ordered: Iterable[RankedClip], n_labels: int, answers_seen: int
) -> Ranking | None:
    """Serve this order before `base` from the caller's commit on; None where `base` serves no more."""
    head = ranking.publish_head(study, base=base, ordered=ordered, n_labels=n_labels)
    if head is not None:
        note_seen(head, answers_seen)
    return head


@transaction.atomic
def drop_head(study: Study, *, base: Ranking) -> None:
    """The round's own order serves again."""
    if ranking.hold_study(study).active_ranking_id == base.pk:
        Study.objects.filter(pk=study.pk).update(head_ranking=None)


def note_seen(looked_at: Ranking, answers_seen: int) -> None:
    """The answers as of then are known to this ranking, or change nothing in it."""
    Ranking.objects.filter(pk=looked_at.pk).update(answers_seen=answers_seen)
    looked_at.answers_seen = answers_seen


# A head that was replaced a while ago, or an order from before the first round that a later such order replaced: that
# is older than any claim that may still run. Entries that served somebody stay, as the reason why.
_REPLACED = """
    FROM annotator_ranking old JOIN annotator_study study ON study.id = old.study_id
    WHERE old.round_id IS NULL AND old.policy <> 'test'
      AND study.head_ranking_id IS DISTINCT FROM old.id AND study.active_ranking_id IS DISTINCT FROM old.id
      AND EXISTS (SELECT 1 FROM annotator_ranking later
                  WHERE later.study_id = old.study_id AND later.id > old.id AND later.created_at < %(before)s
                    AND (old.base_id IS NOT NULL
                         OR (later.base_id IS NULL AND later.round_id IS NULL AND later.policy <> 'test')))
"""
_FORGET_ENTRIES = f"""
DELETE FROM annotator_rankentry entry WHERE entry.ranking_id IN (SELECT old.id {_REPLACED})
    AND NOT EXISTS (SELECT 1 FROM annotator_slot s WHERE s.entry_id = entry.id)
    AND NOT EXISTS (SELECT 1 FROM annotator_lease l WHERE l.entry_id = entry.id)
    AND NOT EXISTS (SELECT 1 FROM annotator_label l WHERE l.entry_id = entry.id)
"""  # noqa: S608  # put together from the constant above only
_FORGET_ORDERS = f"""
DELETE FROM annotator_ranking WHERE id IN (SELECT old.id {_REPLACED}
    AND NOT EXISTS (SELECT 1 FROM annotator_rankentry e WHERE e.ranking_id = old.id))
"""  # noqa: S608


@transaction.atomic
def forget_replaced() -> int:
    """Away with entries of replaced orders that served nobody, and with orders of which nothing is left; how many."""
    before = {"before": timezone.now() - KEEP_REPLACED}
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_ENTRIES, before)
        n_entries = cursor.rowcount
        cursor.execute(_FORGET_ORDERS, before)
        return int(n_entries)
