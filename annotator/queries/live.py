"""What the serving ranking knows, and what a live update learns from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from annotator.domain import live
from annotator.domain.rounds import Vote
from annotator.enums import AnswerKind, RankingPolicy, SlotState
from annotator.models import Label, LabelWithdrawal, RankEntry, Ranking, Round, RoundLabel, Slot, Study
from mlcore.types import Term


@dataclass(frozen=True, slots=True)
class RankingState:
    """Which model orders the queue, and how many answers it knows."""

    #: of the round whose model it is; None: no model yet
    round_number: int | None
    policy: RankingPolicy
    #: answers that the ranking knows of, those that its round learnt from among them
    n_labels: int
    #: how many of them came after its round
    n_since_round: int
    #: answers, corrections and withdrawals that it has not looked at yet
    n_waiting: int
    ranked_at: datetime
    #: whether answers since the round have changed the order
    is_live: bool


def ranking_state(study: Study) -> RankingState | None:
    """None where there is no ranking yet. Two queries at most."""
    serving = live.serving_ranking(study)
    return None if serving is None else state_of(study, serving)


def state_of(study: Study, serving: Ranking) -> RankingState:
    """What the ranking that serves knows; one query at most, where it came with its round and base."""
    base = serving.base or serving
    return RankingState(
        round_number=base.round.number if base.round else None,
        policy=RankingPolicy(base.policy),
        # a ranking of an older version does not say: it knows what its round froze
        n_labels=serving.n_labels or (base.round.n_labels if base.round else 0),
        n_since_round=serving.n_labels - base.n_labels,
        n_waiting=_n_waiting(study, serving, base.round),
        ranked_at=serving.created_at,
        is_live=serving.base_id is not None,
    )


def _n_waiting(study: Study, serving: Ranking, round_: Round | None) -> int:
    if round_ is None:
        return Label.objects.that_count().filter(study=study).count()
    if serving.answers_seen is None:
        return _not_learnt(round_).count()
    return live.answers_version(study) - serving.answers_seen


def answers_since(round_: Round) -> dict[int, list[Vote]]:
    """Clip -> answers that the round did not learn from and that still stand; none of test subjects.

    "Can't tell" and "bad signal" are no votes.
    """
    given = _not_learnt(round_).filter(answer=AnswerKind.LABEL, clip__subject__is_test=False)
    votes: dict[int, list[Vote]] = defaultdict(list)
    columns = given.order_by("pk").values_list("clip_id", "annotator_id", "pass_number", "values", "pk")
    for clip_id, annotator_id, pass_number, values, label_id in columns:
        votes[clip_id].append(Vote(annotator_id, pass_number, values, label_id))
    return dict(votes)


def _not_learnt(round_: Round) -> QuerySet[Label]:
    """What people said by themselves and the round did not have."""
    learnt = RoundLabel.objects.filter(round=round_, label=OuterRef("pk"))
    return Label.objects.votes().filter(~Exists(learnt), study=round_.study_id)


def studies_behind(*, for_s: float) -> list[int]:
    """Studies with a model whose newest answer or withdrawal is so old, and not in the serving ranking yet."""
    until = timezone.now() - timedelta(seconds=for_s)
    return [
        study.pk
        for study in Study.objects.filter(promoted_round__isnull=False).order_by("pk")
        if live.is_behind(study) and not _changed_since(study, until)
    ]


def _changed_since(study: Study, moment: datetime) -> bool:
    given = Label.objects.filter(study=study, gold="", created_at__gt=moment)
    taken_back = LabelWithdrawal.objects.filter(label__study=study, created_at__gt=moment)
    return given.exists() or taken_back.exists()


def n_given_out(study: Study, base: Ranking) -> int:
    """How many places of a round's order have been used up since it was published: answered, or held."""
    answered = Label.objects.filter(study=study, gold="", created_at__gt=base.created_at).count()
    return answered + Slot.objects.filter(study=study, state=SlotState.LEASED).count()


def terms_from(base: Ranking, rank: int, n: int) -> list[Term]:
    """What bought the n places after this rank."""
    # named, as the index has `is_open` between the ranking and the rank
    entries = base.entries.filter(is_open__in=[True, False], rank__gt=rank, rank__lte=rank + n).order_by("rank")
    return [Term(term) for term in entries.values_list("term", flat=True)]


def open_entries_of(base: Ranking, term: Term, n: int, *, last_rank: int) -> list[RankEntry]:
    """The next n that a term bought and that may still be asked about."""
    return list(base.entries.filter(is_open=True, term=term.value, rank__lte=last_rank).order_by("rank")[:n])


def last_rank_of(base: Ranking, terms: Iterable[Term]) -> int:
    """Where the last place stands that one of these terms bought; 0: none did."""
    bought = base.entries.filter(term__in=[term.value for term in terms])
    return int(bought.aggregate(last=Max("rank"))["last"] or 0)


_STILL_OPEN = """
SELECT clip_id FROM annotator_rankentry WHERE ranking_id = %(ranking)s AND is_open AND clip_id = ANY(%(clips)s)
"""


def still_open(base: Ranking, clip_ids: Sequence[int]) -> set[int]:
    """Those of these clips that may still be asked about; thousands go as one array, not as a list of parameters."""
    with connection.cursor() as cursor:
        cursor.execute(_STILL_OPEN, {"ranking": base.pk, "clips": list(clip_ids)})
        return {clip_id for (clip_id,) in cursor.fetchall()}


def entries_of(base: Ranking, clip_ids: Sequence[int]) -> dict[int, RankEntry]:
    """Their places in a round's order, by clip."""
    return {entry.clip_id: entry for entry in base.entries.filter(clip__in=clip_ids)}
