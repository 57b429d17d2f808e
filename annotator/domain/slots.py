"""Room for answers: as many slots as a clip wants, and which entries of a ranking have one open.

An entry is open where its route is served and some slot of its clip is open. Triggers keep that true for the rankings
that serve, whoever writes slots (migration 0009); here it is computed anew for a whole ranking.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotator.models import Ranking, Study
from mlcore.types import Route

#: advisory locks of Postgres are named by two numbers: this one, and the study
QUEUE_LOCK = 7261
SERVED = [route.value for route in Route if route.is_served]
#: slots for a repeat of one's own answer are numbered from here on: they are no part of a clip's overlap
FIRST_REPEAT = 10_000
#: and those for the answer to a clip with a known one from here on
FIRST_GOLD = 20_000

_ADD = """
INSERT INTO annotator_slot (clip_id, study_id, number, pass_number, state)
SELECT clip.id, clip.study_id, n.number, 0, 'open'
FROM annotator_rankentry e
JOIN annotator_clip clip ON clip.id = e.clip_id
CROSS JOIN LATERAL generate_series(0, coalesce(clip.overlap, %(overlap)s) - 1) AS n (number)
WHERE e.ranking_id = ANY(%(rankings)s) AND e.route = ANY(%(served)s) AND clip.superseded_at IS NULL
  AND NOT clip.is_kept_apart
  AND NOT EXISTS (SELECT 1 FROM annotator_slot s WHERE s.clip_id = clip.id AND s.number = n.number)
ON CONFLICT (clip_id, number) DO NOTHING
"""
_DROP = """
DELETE FROM annotator_slot slot USING annotator_clip clip
LEFT JOIN (SELECT DISTINCT clip_id FROM annotator_rankentry
           WHERE ranking_id = ANY(%(rankings)s) AND route = ANY(%(served)s)) served ON served.clip_id = clip.id
WHERE slot.clip_id = clip.id AND slot.study_id = %(study)s AND slot.state = 'open'
  AND (served.clip_id IS NULL OR clip.superseded_at IS NOT NULL OR clip.is_kept_apart
       OR (slot.pass_number = 0 AND slot.number >= coalesce(clip.overlap, %(overlap)s)))
"""
_SYNC = """
UPDATE annotator_rankentry entry SET is_open = wanted.is_open
FROM (SELECT e.id, e.route = ANY(%(served)s) AND free.clip_id IS NOT NULL AS is_open
      FROM annotator_rankentry e
      LEFT JOIN (SELECT DISTINCT clip_id FROM annotator_slot WHERE study_id = %(study)s AND state = 'open') free
      ON free.clip_id = e.clip_id
      WHERE e.ranking_id = %(ranking)s) wanted
WHERE wanted.id = entry.id AND entry.is_open <> wanted.is_open
RETURNING entry.id, entry.is_open
"""
_CLOSE_TAKEN = """
UPDATE annotator_rankentry entry SET is_open = false
WHERE entry.ranking_id = %(ranking)s AND entry.is_open
  AND NOT EXISTS (SELECT 1 FROM annotator_slot s WHERE s.clip_id = entry.clip_id AND s.state = 'open')
"""
_OPEN_AGAIN = """
UPDATE annotator_rankentry entry SET is_open = true
WHERE entry.id = ANY(%(entries)s) AND entry.route = ANY(%(served)s)
  AND EXISTS (SELECT 1 FROM annotator_slot s WHERE s.clip_id = entry.clip_id AND s.state = 'open')
"""
_TWO_OPINIONS = """
UPDATE annotator_clip clip SET overlap = 2
FROM annotator_rankentry e
WHERE e.ranking_id = %(ranking)s AND e.route = %(route)s AND e.clip_id = clip.id
  AND coalesce(clip.overlap, %(overlap)s) < 2
"""
# Clips whose slots are all taken want one more; where one is open, the repeat of an earlier ranking still waits.
_ANOTHER_ANSWER = """
UPDATE annotator_clip clip SET overlap = greatest(
    coalesce(clip.overlap, %(overlap)s),
    (SELECT count(*) FROM annotator_slot s WHERE s.clip_id = clip.id AND s.pass_number = 0)
) + 1
WHERE clip.id = ANY(%(clips)s) AND clip.study_id = %(study)s
  AND NOT EXISTS (SELECT 1 FROM annotator_slot s
                  WHERE s.clip_id = clip.id AND s.state = 'open' AND s.pass_number = 0)
"""
_FORGET_OWN = "DELETE FROM annotator_slot WHERE study_id = %(study)s AND state = 'open' AND pass_number > 0"
# A repeat is for somebody who answered, still annotates here, and has no repeat of this clip before them.
_OWN_AGAIN = """
INSERT INTO annotator_slot (clip_id, study_id, number, pass_number, reserved_for_id, state)
SELECT wish.clip_id, %(study)s,
       greatest(%(first)s, 1 + coalesce((SELECT max(number) FROM annotator_slot s WHERE s.clip_id = wish.clip_id), 0))
       + row_number() OVER (PARTITION BY wish.clip_id ORDER BY wish.user_id) - 1,
       1 + given.last_pass, wish.user_id, 'open'
FROM (SELECT DISTINCT * FROM unnest(%(clips)s::bigint[], %(users)s::bigint[])) AS wish (clip_id, user_id)
JOIN LATERAL (SELECT max(l.pass_number) AS last_pass FROM annotator_label l
              WHERE l.clip_id = wish.clip_id AND l.annotator_id = wish.user_id AND l.study_id = %(study)s
                AND l.state = 'current') given ON given.last_pass IS NOT NULL
WHERE NOT EXISTS (SELECT 1 FROM annotator_clip clip WHERE clip.id = wish.clip_id AND clip.is_kept_apart)
  AND EXISTS (SELECT 1 FROM annotator_membership m
              WHERE m.study_id = %(study)s AND m.user_id = wish.user_id AND m.ended_at IS NULL
                AND m.role IN ('admin', 'annotator'))
  AND NOT EXISTS (SELECT 1 FROM annotator_slot s
                  WHERE s.clip_id = wish.clip_id AND s.reserved_for_id = wish.user_id AND s.state <> 'filled')
"""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Clips to be answered once more."""

    #: by anybody who has not answered them
    by_others: Sequence[int] = ()
    #: (clip, the annotator who answered it before)
    by_the_same: Sequence[tuple[int, int]] = ()


def hold_study(study: Study) -> Study:
    """The study's row, locked: until this transaction ends no sessions come or go."""
    return Study.objects.select_for_update(no_key=True).get(pk=study.pk)


def hold_queue(study: Study) -> Study:
    """The study's row, locked: until this transaction ends nobody claims or answers (`queueing.lock_annotator`)."""
    locked = hold_study(study)
    stop_the_queue(study)
    return locked


def stop_the_queue(study: Study) -> None:
    """Until this transaction ends nobody claims, answers, or gives back."""
    _run("SELECT pg_advisory_xact_lock(%(lock)s, %(study)s)", lock=QUEUE_LOCK, study=study.pk)


def use_the_queue(study_id: int) -> None:
    """Until this transaction ends no ranking is swapped; any number of people use the queue at once."""
    _run("SELECT pg_advisory_xact_lock_shared(%(lock)s, %(study)s)", lock=QUEUE_LOCK, study=study_id)


@contextmanager
def in_bulk() -> Iterator[None]:
    """Statements over a whole study: joined by hashing, as statistics know nothing of rows that are minutes old and
    would have it a row at a time; and triggers don't follow slots one by one (`sync` computes entries afterwards)."""
    _run("SET LOCAL concord.many_slots = 'on'; SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'")
    yield
    _run("SET LOCAL concord.many_slots = 'off'; SET LOCAL enable_nestloop = on; SET LOCAL work_mem TO DEFAULT")


def fit(study: Study, *, add_for: Sequence[Ranking | None], keep_for: Sequence[Ranking | None]) -> None:
    """As many slots as the overlap asks for, on every clip that `add_for` serves; no free ones beside `keep_for`."""
    with in_bulk():
        add(study, add_for)
        _run(_DROP, **_serving(study, keep_for))


def add(study: Study, rankings: Sequence[Ranking | None]) -> None:
    """As many slots as the overlap asks for, on every clip that these rankings serve."""
    _run(_ADD, **_serving(study, rankings))


def _serving(study: Study, rankings: Sequence[Ranking | None]) -> dict[str, Any]:
    keys = [ranking.pk for ranking in rankings if ranking is not None]
    return {"study": study.pk, "overlap": study.overlap, "rankings": keys, "served": SERVED}


def sync(study: Study, ranking: Ranking) -> list[int]:
    """Every entry of the ranking is open or not as its clip's slots say; the ids of those that were closed."""
    with in_bulk(), connection.cursor() as cursor:
        cursor.execute(_SYNC, {"study": study.pk, "ranking": ranking.pk, "served": SERVED})
        return [entry for entry, is_open in cursor.fetchall() if not is_open]


def close_taken(head: Ranking) -> None:
    """Entries of a short ranking, all new, whose clip has no open slot."""
    _run(_CLOSE_TAKEN, ranking=head.pk)


def count_anew() -> None:
    """Statistics of what was just written, in the same transaction: without them a claim may be planned for a queue of
    one clip, and would read all of a long one."""
    _run("ANALYZE annotator_rankentry; ANALYZE annotator_slot")


def open_again(entries: Sequence[int]) -> None:
    """Those of these entries whose clip has an open slot after all."""
    _run(_OPEN_AGAIN, entries=list(entries), served=SERVED)


def want_more_answers(study: Study, ranking: Ranking, repeats: Repeats) -> None:
    """Raises the overlap of clips that a ranking wants second opinions and repeats of; it is never lowered."""
    arguments = {"study": study.pk, "overlap": study.overlap}
    _run(_TWO_OPINIONS, ranking=ranking.pk, route=Route.SECOND_OPINION.value, **arguments)
    if repeats.by_others:
        _run(_ANOTHER_ANSWER, clips=list(repeats.by_others), **arguments)


def forget_own_repeats(study: Study) -> None:
    """Repeats of their own answers that nobody has taken yet: each ranking decides anew."""
    with in_bulk():
        _run(_FORGET_OWN, study=study.pk)


def add_own_repeats(study: Study, repeats: Repeats) -> None:
    if repeats.by_the_same:
        clips, users = ([pair[place] for pair in repeats.by_the_same] for place in (0, 1))
        _run(_OWN_AGAIN, study=study.pk, clips=clips, users=users, first=FIRST_REPEAT)


def _run(sql: str, **arguments: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments or None)
