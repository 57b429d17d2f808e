"""In which order clips are asked for: slots, the test ranking, the random ranking of round 0, a round's ranking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.db.models import Max

from annotator.domain import studies
from annotator.enums import RankingPolicy
from annotator.exceptions import DomainError
from annotator.models import Clip, RankEntry, Ranking, Round, Study
from mlcore.types import JsonObject

#: advisory locks of Postgres are named by two numbers: this one, and the study
QUEUE_LOCK = 7261
BATCH = 2000

_RANKED = """
    EXISTS (SELECT 1 FROM annotator_rankentry e JOIN annotator_study s
            ON e.ranking_id IN (s.test_ranking_id, s.active_ranking_id)
            WHERE s.id = %(study)s AND e.clip_id = clip.id)
"""
_ADD_SLOTS = f"""
INSERT INTO annotator_slot (clip_id, study_id, number, state)
SELECT clip.id, clip.study_id, n.number, 'open'
FROM annotator_clip clip
CROSS JOIN LATERAL generate_series(0, coalesce(clip.overlap, %(overlap)s) - 1) AS n (number)
WHERE clip.study_id = %(study)s AND clip.superseded_at IS NULL AND {_RANKED}
ON CONFLICT (clip_id, number) DO NOTHING
"""  # noqa: S608  # put together from the constant above only
_DROP_SLOTS = f"""
DELETE FROM annotator_slot slot USING annotator_clip clip
WHERE slot.clip_id = clip.id AND slot.study_id = %(study)s AND slot.state = 'open'
  AND (slot.number >= coalesce(clip.overlap, %(overlap)s) OR clip.superseded_at IS NOT NULL OR NOT {_RANKED})
"""  # noqa: S608


@transaction.atomic
def open_clips(study: Study) -> None:
    """Every clip that is to be labelled has its slots and its place in a ranking. Call it after an import.

    Twice is as good as once. As long as nobody has labelled, test subjects are drawn and both rankings shuffled anew
    over all that is there; afterwards new clips are appended.
    """
    study = hold_queue(study)
    is_fresh = not study.labels.exists()
    studies.fix_test_subjects(study)
    study.refresh_from_db()
    study.test_ranking = _shuffled(study, study.test_ranking, RankingPolicy.TEST, _test_clips(study), is_fresh)
    if study.active_ranking is None or study.active_ranking.policy == RankingPolicy.RANDOM:
        pool = _pool_clips(study)
        study.active_ranking = _shuffled(study, study.active_ranking, RankingPolicy.RANDOM, pool, is_fresh)
    else:
        _append(study.active_ranking, _pool_clips(study))
    study.save(update_fields=["test_ranking", "active_ranking"])
    _fit_slots(study)


def hold_queue(study: Study) -> Study:
    """The study's row, locked: until this transaction ends nobody claims or answers (`queueing.lock_annotator`)."""
    locked = hold_study(study)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [QUEUE_LOCK, study.pk])
    return locked


def hold_study(study: Study) -> Study:
    """The study's row, locked: until this transaction ends no sessions come or go."""
    return Study.objects.select_for_update(no_key=True).get(pk=study.pk)


def _fit_slots(study: Study) -> None:
    """As many slots as the overlap asks for, on every clip that a ranking serves."""
    arguments = {"study": study.pk, "overlap": study.overlap}
    with connection.cursor() as cursor:
        cursor.execute(_ADD_SLOTS, arguments)
        cursor.execute(_DROP_SLOTS, arguments)


def _test_clips(study: Study) -> list[int]:
    """The test subjects' clips in seeded random order, up to the study's cap each."""
    n_of: dict[int, int] = {}
    chosen = []
    for clip_id, subject_id in _clips_shuffled(study, is_test=True):
        n_of[subject_id] = n_of.get(subject_id, 0) + 1
        if n_of[subject_id] <= study.test_clips_per_subject:
            chosen.append(clip_id)
    return chosen


def _pool_clips(study: Study) -> list[int]:
    return [clip_id for clip_id, _ in _clips_shuffled(study, is_test=False)]


def _clips_shuffled(study: Study, *, is_test: bool) -> list[tuple[int, int]]:
    """(clip, subject) ids in an order that the seed and the recordings' names fix, not the order of import."""
    rows = Clip.objects.filter(study=study, superseded_at=None, subject__is_test=is_test).values_list(
        "pk", "subject_id", "subject__code", "session__code", "number"
    )
    shuffled = sorted(rows, key=lambda row: studies.shuffle_key(study.seed, "clip", *row[2:]))
    return [(row[0], row[1]) for row in shuffled]


def _shuffled(
    study: Study, ranking: Ranking | None, policy: RankingPolicy, clip_ids: list[int], is_fresh: bool
) -> Ranking:
    """The ranking over these clips: the given one where it is right already or may only grow, else a new one."""
    if ranking is not None and not is_fresh:
        _append(ranking, clip_ids)
        return ranking
    if ranking is not None:
        if list(ranking.entries.order_by("rank").values_list("clip_id", flat=True)) == clip_ids:
            return ranking
        ranking.delete()
    made = Ranking.objects.create(study=study, policy=policy, seed=study.seed)
    _add_entries(made, ((clip_id, {}) for clip_id in clip_ids), first_rank=1)
    return made


def _append(ranking: Ranking, clip_ids: Iterable[int]) -> None:
    known = set(ranking.entries.values_list("clip_id", flat=True))
    last = ranking.entries.aggregate(last=Max("rank"))["last"] or 0
    _add_entries(ranking, ((clip_id, {}) for clip_id in clip_ids if clip_id not in known), first_rank=last + 1)


def _add_entries(ranking: Ranking, ordered: Iterable[tuple[int, JsonObject]], *, first_rank: int) -> None:
    entries = [
        RankEntry(ranking=ranking, clip_id=clip_id, rank=rank, scores=scores)
        for rank, (clip_id, scores) in enumerate(ordered, first_rank)
    ]
    RankEntry.objects.bulk_create(entries, batch_size=BATCH)


def publish_ranking(
    study: Study,
    *,
    round: Round | None,  # noqa: A002  # the field's name
    policy: RankingPolicy,
    ordered: Sequence[tuple[int, JsonObject]],
    seed: int | None = None,
) -> Ranking:
    """The queue serves this order from the caller's commit on; reserved clips stay with whoever holds them.

    Pool clips that `ordered` leaves out follow in seeded random order, so that a clip still short of answers is
    never forgotten. Call it inside the transaction that publishes the model.
    """
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    pool = _pool_clips(locked)
    strangers = {clip_id for clip_id, _ in ordered} - set(pool)
    if strangers:
        raise DomainError(
            f"A ranking may hold only this study's clips outside the test subjects; {len(strangers)} are not.",
            "bad_ranking",
        )
    ranking = Ranking.objects.create(study=locked, round=round, policy=policy, seed=seed)
    _add_entries(ranking, ordered, first_rank=1)
    _append(ranking, pool)
    Study.objects.filter(pk=study.pk).update(active_ranking=ranking)
    study.active_ranking = ranking
    return ranking
