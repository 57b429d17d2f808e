"""In which order clips are asked for: the test ranking, those before the first round, a round's ranking, its heads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial

from django.db import connection, transaction
from django.utils.translation import gettext

from annotator.domain import pool, slots, studies
from annotator.domain.copying import as_json, copy_rows
from annotator.domain.slots import QUEUE_LOCK, Repeats, hold_queue, hold_study
from annotator.enums import RankingPolicy
from annotator.exceptions import DomainError
from annotator.models import Ranking, Round, Study
from mlcore.types import Ask, JsonObject, Route, Term

__all__ = [
    "QUEUE_LOCK",
    "RankedClip",
    "hold_queue",
    "hold_study",
    "open_clips",
    "publish_head",
    "publish_ranking",
    "serve",
]
COLUMNS = ("ranking_id", "clip_id", "rank", "term", "route", "ask", "is_open", "scores")
NO_REPEATS = Repeats()


_CHECK = """
SELECT count(*) FILTER (WHERE clip.id IS NULL OR clip.superseded_at IS NOT NULL OR clip.is_kept_apart),
       count(*) FILTER (WHERE clip.study_id <> %(study)s OR person.is_test)
FROM annotator_rankentry e
LEFT JOIN annotator_clip clip ON clip.id = e.clip_id
LEFT JOIN annotator_subject person ON person.id = clip.subject_id
WHERE e.ranking_id = %(ranking)s
"""
_DROP_GONE = """
DELETE FROM annotator_rankentry e WHERE e.ranking_id = %(ranking)s
AND NOT EXISTS (SELECT 1 FROM annotator_clip clip
                WHERE clip.id = e.clip_id AND clip.superseded_at IS NULL AND NOT clip.is_kept_apart)
"""
_LET_GO = """
UPDATE annotator_slot SET entry_id = NULL FROM annotator_rankentry e
WHERE annotator_slot.entry_id = e.id AND e.ranking_id = %(ranking)s;
UPDATE annotator_lease SET entry_id = NULL FROM annotator_rankentry e
WHERE annotator_lease.entry_id = e.id AND e.ranking_id = %(ranking)s;
DELETE FROM annotator_rankentry WHERE ranking_id = %(ranking)s;
"""


@dataclass(frozen=True, slots=True)
class RankedClip:
    """A place in a ranking: which clip, what bought it the place, where its gate sent it, what it asks about."""

    clip_id: int
    #: what ordered it, e.g. {"entropy", "entropy_by_target", "vacuity", "disagreement", "agreement", "evidence"}
    scores: JsonObject
    term: Term = Term.POLICY
    route: Route = Route.MAIN
    ask: Ask = Ask.BOTH
    #: a repeat of one's own answer: whose (a user id)
    reserved_for: int | None = None
    #: 0 for a first answer; a repeat's number is the annotator's next, whatever is said here
    pass_number: int = 0


# --- after an import -------------------------------------------------------------------------------------------------


@transaction.atomic
def open_clips(study: Study) -> None:
    """Every clip that is to be labelled has its slots and its place in a ranking. Call it after an import.

    Twice is as good as once. As long as nobody has labelled, test subjects are drawn and both rankings shuffled anew
    over all that is there; afterwards new clips are appended. To an order that the cold start made they are appended
    too, until it has looked at them; it gives way where a test subject was drawn from among its clips.
    """
    study = hold_queue(study)
    is_fresh = not study.labels.exists()
    studies.fix_test_subjects(study)
    study.refresh_from_db()
    study.test_ranking = _shuffled(study, study.test_ranking, RankingPolicy.TEST, is_fresh)
    if study.active_ranking is not None and _stands(study.active_ranking, is_fresh):
        pool.append_pool(study, study.active_ranking)
    else:
        study.active_ranking = _shuffled(study, study.active_ranking, RankingPolicy.RANDOM, is_fresh)
    study.save(update_fields=["test_ranking", "active_ranking"])
    whole = [study.test_ranking, study.active_ranking]
    slots.fit(study, add_for=whole, keep_for=whole)
    for ranking in (*whole, study.head_ranking):
        if ranking is not None:
            slots.sync(study, ranking)
    slots.count_anew()


def _stands(ranking: Ranking, is_fresh: bool) -> bool:
    """Whether a score or a gate had a say in it, and none of its clips may not be asked about any more."""
    is_plain = ranking.policy == RankingPolicy.RANDOM and not ranking.config
    return not is_plain and not (is_fresh and pool.holds_test_clips(ranking))


def _shuffled(study: Study, ranking: Ranking | None, policy: RankingPolicy, is_fresh: bool) -> Ranking:
    """The ranking over all clips: the given one where it is right already or may only grow, else a new one."""
    is_test = policy is RankingPolicy.TEST
    append = pool.append_test if is_test else pool.append_pool
    if ranking is not None and is_fresh and not pool.is_in_order(study, ranking, is_test=is_test):
        with connection.cursor() as cursor:
            cursor.execute(_LET_GO, {"ranking": ranking.pk})
        ranking.delete()
        ranking = None
    if ranking is None:
        ranking = Ranking.objects.create(study=study, policy=policy, seed=study.seed)
    append(study, ranking)
    return ranking


# --- publishing ------------------------------------------------------------------------------------------------------


@transaction.atomic
def publish_ranking(
    study: Study,
    *,
    round: Round | None,  # noqa: A002  # the field's name
    policy: RankingPolicy,
    ordered: Iterable[RankedClip],
    seed: int | None = None,
    n_labels: int = 0,
    config: JsonObject | None = None,
) -> Ranking:
    """The queue serves this order from the caller's commit on; reserved clips stay with whoever holds them.

    Clips that are gone by then are left out. Pool clips that `ordered` leaves out follow in seeded random order, so
    that a clip still short of answers is never forgotten. Annotators go on while it is written; call it inside the
    transaction that publishes the model.
    """
    ranking = Ranking.objects.create(
        study=study, round=round, policy=policy, seed=seed, n_labels=n_labels, config=config or {}
    )
    asked_again = _write(ranking, ordered)
    locked = hold_study(study)
    with slots.in_bulk():
        _keep_what_may_be_asked(locked, ranking)
    pool.append_pool(locked, ranking)
    serve(locked, ranking, repeats=asked_again)
    study.active_ranking, study.head_ranking = ranking, None
    return ranking


def serve(study: Study, ranking: Ranking, *, repeats: Repeats = NO_REPEATS) -> None:
    """This ranking serves from the caller's commit on, its head none. The caller holds the study's row.

    All that takes long is done before annotators have to wait: they do for the last step only.
    """
    slots.forget_own_repeats(study)
    slots.want_more_answers(study, ranking, repeats)
    slots.fit(study, add_for=[ranking], keep_for=[study.test_ranking, ranking])
    slots.add_own_repeats(study, repeats)
    closed = slots.sync(study, ranking)
    slots.count_anew()
    slots.stop_the_queue(study)
    slots.open_again(closed)  # given back meanwhile
    Study.objects.filter(pk=study.pk).update(active_ranking=ranking, head_ranking=None)


@transaction.atomic
def publish_head(study: Study, *, base: Ranking, ordered: Iterable[RankedClip], n_labels: int) -> Ranking | None:
    """A short ranking that is served before `base`, in place of the head that was; None if `base` serves no longer.

    Nobody waits for it. A clip that `base` has is never lost by a head, whatever that head says. Repeats have their
    slots from `base`: a head that asked for them anew would ask once more for one that was answered meanwhile.
    """
    locked = hold_study(study)
    if locked.active_ranking_id != base.pk:
        return None
    head = Ranking.objects.create(
        study=locked, base=base, policy=base.policy, seed=base.seed, config=base.config, n_labels=n_labels
    )
    _write(head, ordered)
    _keep_what_may_be_asked(locked, head)
    slots.want_more_answers(locked, head, NO_REPEATS)
    slots.add(locked, [head])
    slots.close_taken(head)
    Study.objects.filter(pk=study.pk).update(head_ranking=head)
    study.head_ranking = head
    return head


def _write(ranking: Ranking, ordered: Iterable[RankedClip]) -> Repeats:
    """The entries, first to last, and which of them are repeats."""
    noted = _Noted()
    places = enumerate(noted.watch(ordered), 1)
    copy_rows("annotator_rankentry", COLUMNS, places, partial(_line, ranking.pk))
    return Repeats(noted.by_others, noted.by_the_same)


@dataclass(slots=True)
class _Noted:
    """Repeats, as they go by."""

    by_others: list[int] = field(default_factory=list)
    by_the_same: list[tuple[int, int]] = field(default_factory=list)

    def watch(self, ordered: Iterable[RankedClip]) -> Iterator[RankedClip]:
        for clip in ordered:
            if clip.reserved_for is not None:
                self.by_the_same.append((clip.clip_id, clip.reserved_for))
            elif clip.term in (Term.REPEAT_OTHER, Term.RELABEL) and clip.route.is_served:
                self.by_others.append(clip.clip_id)
            yield clip


def _line(ranking_id: int, place: tuple[int, RankedClip]) -> bytes:
    rank, clip = place
    words = _words(clip.term, clip.route, clip.ask)
    return b"%d\t%d\t%d\t%b\t%b\n" % (ranking_id, clip.clip_id, rank, words, as_json(clip.scores))


@cache
def _words(term: Term, route: Route, ask: Ask) -> bytes:
    """The columns from the term to `is_open`: served clips are open until `slots.sync` knows better."""
    return "\t".join((term, route, ask, "t" if route.is_served else "f")).encode()


def _keep_what_may_be_asked(study: Study, ranking: Ranking) -> None:
    """A session may have been imported anew meanwhile: clips that it no longer has are ranked no more."""
    arguments = {"study": study.pk, "ranking": ranking.pk}
    with connection.cursor() as cursor:
        cursor.execute(_CHECK, arguments)
        n_gone, n_strangers = cursor.fetchone()
        if n_strangers:
            raise DomainError(
                gettext(
                    "A ranking may hold only this study's clips outside the test subjects; {n_strangers} are not."
                ).format(n_strangers=n_strangers),
                "bad_ranking",
            )
        if n_gone:
            cursor.execute(_DROP_GONE, arguments)
