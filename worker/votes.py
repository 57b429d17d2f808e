"""A round's frozen answers -> what it learns: soft targets, how much each counts, and how reliable each annotator is.

Values are as `worker.reading` reads them: a class index or level, or a distribution over the classes.

`VoteModel.SHARES`: a clip's target is the share of its answers that each class got, the mean of their distributions
where answers are such, and every clip counts the same.

`VoteModel.DAWID_SKENE`: of a question with classes it is the posterior of Dawid & Skene's model, drawn towards the
average annotator. Of a scale, whose levels are too many to learn who takes which for which, it is the distribution of
the levels, each annotator's answers weighed by their correlation with the others' (Grimm & Kroschel). A clip counts
by the chance that somebody behind its target knew: w = 1 − Π_a (1 − r_a), r_a each annotator's reliability between
guessing (0) and knowing (1). Two good annotators who disagree thus count in full: that is an ambiguous clip; one who
mostly guesses counts little: that is ignorance.

The models are fitted to all answers of the round, those to test subjects included, and to nothing else: no network's
opinion has a part in it. For them, and for the agreement, a distribution counts as its likeliest class. Test subjects
get their targets by the same model, so scores under different vote models are not of the same truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from annotator.domain.rounds import Vote
from annotator.enums import VoteModel
from mlcore.evaluate.agreement import Scale, Votes, krippendorff_alpha, repeatability
from mlcore.types import Dimension, DimensionKind, JsonObject
from worker.reading import likeliest, shares_of
from worker.voters import Voters, fit_voters

Floats = NDArray[np.float64]


class ClipTargets(NamedTuple):
    """Of one question. Rows are clips, in the order in which they were given."""

    #: (n, K) distributions; rows of NaN where nobody answered this question
    targets: NDArray[np.float32]
    #: (n,) ≥ 0 with mean 1 over the clips that have a target
    weights: Floats
    #: user id -> {"n_votes", "n_shared", "expected_accuracy", "reliability", "repeats"}
    reliability: dict[int, JsonObject]
    #: what answers after the round are weighed by; None: every answer counts the same
    voters: Voters | None


class RoundTargets(NamedTuple):
    """Of all questions of a study."""

    targets: dict[str, NDArray[np.float32]]
    weights: dict[str, Floats]
    #: as `Round.reliability` keeps it
    reliability: JsonObject
    #: Krippendorff's alpha of each question; None where nobody answered what somebody else did
    agreement: dict[str, float | None]
    #: by question, as `keep_voters` keeps them
    voters: dict[str, Voters]


@dataclass(frozen=True, slots=True)
class Columns:
    """The answers to one question as columns, and who is who."""

    votes: Votes
    passes: NDArray[np.int64]
    annotators: tuple[int, ...]


def round_targets(
    votes: Mapping[int, Sequence[Vote]],
    clips: Sequence[int],
    dimensions: Iterable[Dimension],
    vote_model: VoteModel,
) -> RoundTargets:
    """Targets of the clips named, in that order; the models are fitted to the answers of these clips.

    Name the clips to learn from and those of the test subjects together, and part the rows afterwards.
    """
    given = [votes.get(clip, ()) for clip in clips]
    found = {dimension.key: clip_targets(given, dimension, vote_model) for dimension in dimensions}
    return RoundTargets(
        targets={key: one.targets for key, one in found.items()},
        weights={key: one.weights for key, one in found.items()},
        reliability=_by_person(given, {key: one.reliability for key, one in found.items()}),
        agreement={dimension.key: agreement(given, dimension) for dimension in dimensions},
        voters={key: one.voters for key, one in found.items() if one.voters is not None},
    )


def clip_targets(votes: Sequence[Sequence[Vote]], dimension: Dimension, vote_model: VoteModel) -> ClipTargets:
    """What the answers to one question come to, clip by clip. Reliability is told by either model."""
    columns = columns_of(votes, dimension)
    voters = fit_voters(columns.votes, columns.annotators, dimension)
    told = _told(columns, voters)
    if vote_model == VoteModel.SHARES:
        shares, _ = plain_shares(votes, dimension)
        return ClipTargets(shares.astype(np.float32), np.ones(len(votes)), told, None)
    targets, weights = voters.judge(columns.votes, columns.annotators)
    return ClipTargets(targets.astype(np.float32), weights, told, voters)


def plain_shares(votes: Sequence[Sequence[Vote]], dimension: Dimension) -> tuple[Floats, Floats]:
    """(n, K) the mean of the distributions that answers stand for, NaN without one; (n,) how many there are."""
    shares = np.full((len(votes), dimension.n_classes), np.nan)
    n_answers = np.zeros(len(votes))
    for place, given in enumerate(votes):
        said = [vote.values[dimension.key] for vote in given if vote.values.get(dimension.key) is not None]
        n_answers[place] = len(said)
        if said:
            shares[place] = np.sum([shares_of(dimension, value) for value in said], axis=0) / len(said)
    return shares, n_answers


def agreement(votes: Sequence[Sequence[Vote]], dimension: Dimension) -> float | None:
    """Krippendorff's alpha of first answers; of a scale, with levels at equal distances."""
    first = [[vote for vote in given if vote.pass_number == 0] for given in votes]
    scale = Scale.INTERVAL if dimension.kind is DimensionKind.ORDINAL else Scale.NOMINAL
    alpha = krippendorff_alpha(columns_of(first, dimension).votes.counts(), scale)
    return alpha if np.isfinite(alpha) else None


def columns_of(votes: Sequence[Sequence[Vote]], dimension: Dimension) -> Columns:
    """The answers to one question; clips are numbered as given, annotators by their user ids."""
    key = dimension.key
    rows = [
        (clip, vote.annotator_id, likeliest(dimension, vote.values[key]), vote.pass_number)
        for clip, given in enumerate(votes)
        for vote in given
        if vote.values.get(key) is not None
    ]
    clip, who, answer, passes = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    people, annotator = np.unique(who, return_inverse=True)
    counted = Votes(clip, annotator, answer, len(votes), len(people), dimension.n_classes)
    return Columns(counted, passes, tuple(int(one) for one in people))


def _told(columns: Columns, voters: Voters) -> dict[int, JsonObject]:
    """Of somebody whose clips nobody else answered only the prior is known: that is told as nothing."""
    votes = columns.votes
    n_votes = votes.n_votes()
    n_shared = np.bincount(votes.annotator[votes.answered_by_others()], minlength=votes.n_annotators)
    repeats = repeatability(votes, columns.passes)
    return {
        user_id: {
            "n_votes": int(n_votes[place]),
            "n_shared": int(n_shared[place]),
            "expected_accuracy": _known(voters.accuracy, place, n_shared),
            "reliability": _known(voters.reliability, place, n_shared),
            "repeats": repeats[place].to_json(),
        }
        for place, user_id in enumerate(columns.annotators)
    }


def _known(values: Floats | None, place: int, n_shared: NDArray[np.int64]) -> float | None:
    return None if values is None or n_shared[place] == 0 else float(values[place])


def _by_person(votes: Sequence[Sequence[Vote]], by_target: Mapping[str, Mapping[int, JsonObject]]) -> JsonObject:
    """User id -> {"n_votes", "targets": question -> what is told of it}; JSON knows keys of text only."""
    n_votes: dict[int, int] = {}
    for vote in (one for given in votes for one in given):
        n_votes[vote.annotator_id] = n_votes.get(vote.annotator_id, 0) + 1
    return {
        str(user_id): {
            "n_votes": n,
            "targets": {key: told[user_id] for key, told in by_target.items() if user_id in told},
        }
        for user_id, n in sorted(n_votes.items())
    }
