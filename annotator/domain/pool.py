"""Clips in the order that the study's seed and the recordings' names fix, not the order of import: all inside SQL.

The key is `studies.shuffle_key(seed, "clip", subject, session, number)`.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from annotator.domain.slots import in_bulk
from annotator.models import Ranking, Study
from mlcore.types import Term

_KEY = r"""
sha256(convert_to(concat_ws(E'\x1f', %(seed)s::text, 'clip', person.code, recording.code, clip.number), 'UTF8'))
"""
_CLIPS = f"""
SELECT clip.id, {_KEY} AS key, row_number() OVER (PARTITION BY person.id ORDER BY {_KEY}) AS place
FROM annotator_clip clip
JOIN annotator_subject person ON person.id = clip.subject_id
JOIN annotator_recordingsession recording ON recording.id = clip.session_id
WHERE clip.study_id = %(study)s AND clip.superseded_at IS NULL AND NOT clip.is_kept_apart
  AND person.is_test = %(is_test)s
"""  # noqa: S608  # put together from the constant above only
_WANTED = f"""
SELECT id AS clip_id, row_number() OVER (ORDER BY key) AS rank FROM ({_CLIPS}) shuffled WHERE place <= %(cap)s
"""  # noqa: S608
_ORDER = f"SELECT clip_id FROM ({_WANTED}) wanted ORDER BY rank"  # noqa: S608
_HOLDS_TEST = """
SELECT EXISTS (
    SELECT 1 FROM annotator_rankentry e
    JOIN annotator_clip clip ON clip.id = e.clip_id
    JOIN annotator_subject person ON person.id = clip.subject_id
    WHERE e.ranking_id = %(ranking)s AND person.is_test
)
"""
_APPEND = f"""
INSERT INTO annotator_rankentry (ranking_id, clip_id, rank, term, route, ask, is_open, scores)
SELECT %(ranking)s, wanted.clip_id,
       coalesce((SELECT max(rank) FROM annotator_rankentry WHERE ranking_id = %(ranking)s), 0)
       + row_number() OVER (ORDER BY wanted.rank),
       %(term)s, 'main', 'both', true, '{{}}'
FROM ({_WANTED}) wanted
WHERE NOT EXISTS (SELECT 1 FROM annotator_rankentry e WHERE e.ranking_id = %(ranking)s AND e.clip_id = wanted.clip_id)
"""  # noqa: S608
_DIFFERS = f"""
SELECT EXISTS (
    SELECT 1 FROM ({_WANTED}) wanted
    FULL JOIN (SELECT clip_id, rank FROM annotator_rankentry WHERE ranking_id = %(ranking)s) had USING (clip_id)
    WHERE wanted.rank IS DISTINCT FROM had.rank
)
"""  # noqa: S608
#: no cap
ALL = 2**31 - 1


def append_pool(study: Study, ranking: Ranking) -> None:
    """What the ranking lacks of the clips outside the test subjects, behind what it has."""
    _run(_APPEND, _arguments(study, ranking, is_test=False) | {"term": Term.REST.value})


def append_test(study: Study, ranking: Ranking) -> None:
    """What the ranking lacks of the test subjects' clips, up to the study's cap each, behind what it has."""
    _run(_APPEND, _arguments(study, ranking, is_test=True) | {"term": Term.TEST.value})


def is_in_order(study: Study, ranking: Ranking, *, is_test: bool) -> bool:
    """Whether the ranking is what shuffling all clips anew would give."""
    return not _run(_DIFFERS, _arguments(study, ranking, is_test=is_test))


def holds_test_clips(ranking: Ranking) -> bool:
    """Whether the ranking has clips of subjects who have been drawn as test subjects since it was made."""
    return _run(_HOLDS_TEST, {"ranking": ranking.pk})


def in_random_order(study: Study) -> list[int]:
    """The clips outside the test subjects as `append_pool` would put them."""
    with connection.cursor() as cursor:
        cursor.execute(_ORDER, {"study": study.pk, "seed": study.seed, "is_test": False, "cap": ALL})
        return [clip_id for (clip_id,) in cursor.fetchall()]


def _arguments(study: Study, ranking: Ranking, *, is_test: bool) -> dict[str, Any]:
    cap = study.test_clips_per_subject if is_test else ALL
    return {"study": study.pk, "seed": study.seed, "ranking": ranking.pk, "is_test": is_test, "cap": cap}


def _run(sql: str, arguments: dict[str, Any]) -> bool:
    with in_bulk(), connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return bool(cursor.description and cursor.fetchone()[0])
