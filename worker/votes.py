"""A round's frozen answers -> what it learns: soft targets, how much each counts, and how reliable each annotator is.

`VoteModel.SHARES`: a clip's target is the share of its answers that each class got, and every clip counts the same.

`VoteModel.DAWID_SKENE`: of a question with classes it is the posterior of Dawid & Skene's model, drawn towards the
average annotator. Of a scale, whose levels are too many to learn who takes which for which, it is the distribution of
the levels, each annotator's answers weighed by their correlation with the others' (Grimm & Kroschel). A clip counts
by the chance that somebody behind its target knew: w = 1 − Π_a (1 − r_a), r_a each annotator's reliability between
guessing (0) and knowing (1). Two good annotators who disagree thus count in full: that is an ambiguous clip; one who
mostly guesses counts little: that is ignorance.

The models are fitted to all answers of the round, those to test subjects included, and to nothing else: no network's
opinion has a part in it. Test subjects get their targets by the same model, so scores under different vote models are
not of the same truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from annotator.domain.rounds import FrozenVote
from annotator.enums import VoteModel
from mlcore.evaluate.agreement import (
    DawidSkene,
    Scale,
    Votes,
    krippendorff_alpha,
    level_distributions,
    pooled_dawid_skene,
    repeatability,
)
from mlcore.types import Dimension, DimensionKind, JsonObject

Floats = NDArray[np.float64]
#: what the least reliable annotator's answers still count: too little is known to be sure that they are worth nothing
LEAST_RELIABILITY = 0.05


class ClipTargets(NamedTuple):
    """Of one question. Rows are clips, in the order in which they were given."""

    #: (n, K) distributions; rows of NaN where nobody answered this question
    targets: NDArray[np.float32]
    #: (n,) ≥ 0 with mean 1 over the clips that have a target
    weights: Floats
    #: user id -> {"n_votes", "n_shared", "expected_accuracy", "reliability", "repeats"}
    reliability: dict[int, JsonObject]


class RoundTargets(NamedTuple):
    """Of all questions of a study."""

    targets: dict[str, NDArray[np.float32]]
    weights: dict[str, Floats]
    #: as `Round.reliability` keeps it
    reliability: JsonObject
    #: Krippendorff's alpha of each question; None where nobody answered what somebody else did
    agreement: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Columns:
    """The answers to one question as columns, and who is who."""

    votes: Votes
    passes: NDArray[np.int64]
    annotators: tuple[int, ...]


def round_targets(
    votes: Mapping[int, Sequence[FrozenVote]],
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
    )


def clip_targets(votes: Sequence[Sequence[FrozenVote]], dimension: Dimension, vote_model: VoteModel) -> ClipTargets:
    """What the answers to one question come to, clip by clip. Reliability is told by either model."""
    columns = columns_of(votes, dimension)
    fitted = _fit(columns.votes, dimension)
    is_plain = vote_model == VoteModel.SHARES
    targets = columns.votes.weighted_shares(np.ones(len(columns.votes))) if is_plain else fitted.targets
    weights = np.ones(len(votes)) if is_plain else _weights(columns.votes, fitted.reliability)
    return ClipTargets(targets.astype(np.float32), weights, _told(columns, fitted))


def agreement(votes: Sequence[Sequence[FrozenVote]], dimension: Dimension) -> float | None:
    """Krippendorff's alpha of first answers; of a scale, with levels at equal distances."""
    first = [[vote for vote in given if vote.pass_number == 0] for given in votes]
    scale = Scale.INTERVAL if dimension.kind is DimensionKind.ORDINAL else Scale.NOMINAL
    alpha = krippendorff_alpha(columns_of(first, dimension).votes.counts(), scale)
    return alpha if np.isfinite(alpha) else None


def columns_of(votes: Sequence[Sequence[FrozenVote]], dimension: Dimension) -> Columns:
    """The answers to one question; clips are numbered as given, annotators by their user ids."""
    key = dimension.key
    rows = [
        (clip, vote.annotator_id, dimension.class_index(int(vote.values[key])), vote.pass_number)
        for clip, given in enumerate(votes)
        for vote in given
        if vote.values.get(key) is not None
    ]
    clip, who, answer, passes = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    people, annotator = np.unique(who, return_inverse=True)
    counted = Votes(clip, annotator, answer, len(votes), len(people), dimension.n_classes)
    return Columns(counted, passes, tuple(int(one) for one in people))


@dataclass(frozen=True, slots=True)
class _Fitted:
    targets: Floats
    #: (annotators,) between guessing (0) and knowing (1)
    reliability: Floats
    #: (annotators,) how often each is expected to name the class; None of a scale
    accuracy: Floats | None


def _fit(votes: Votes, dimension: Dimension) -> _Fitted:
    if dimension.kind is DimensionKind.ORDINAL:
        shares, weight = level_distributions(votes)
        return _Fitted(shares, np.maximum(weight, LEAST_RELIABILITY), None)
    model = pooled_dawid_skene(votes)
    return _Fitted(model.posterior, _above_guessing(model), model.expected_accuracy())


def _above_guessing(model: DawidSkene) -> Floats:
    """Accuracy above what naming the commonest class throughout would reach, as a share of what there is to reach."""
    guessing = float(model.marginals.max())
    reached = (model.expected_accuracy() - guessing) / max(1.0 - guessing, 1e-9)
    return np.asarray(np.clip(reached, LEAST_RELIABILITY, 1.0))


def _weights(votes: Votes, reliability: Floats) -> Floats:
    """1 − Π (1 − r_a) over the people who answered a clip, each once; mean 1 over the clips that have answers."""
    pairs = np.unique(votes.clip * max(votes.n_annotators, 1) + votes.annotator)
    clip, who = np.divmod(pairs, max(votes.n_annotators, 1))
    missed = np.log1p(-np.minimum(reliability, 1.0 - 1e-9))
    knew = -np.expm1(np.bincount(clip, weights=missed[who], minlength=votes.n_clips))
    answered = votes.counts().sum(axis=1) > 0
    return np.asarray(knew / knew[answered].mean()) if answered.any() else np.ones(votes.n_clips)


def _told(columns: Columns, fitted: _Fitted) -> dict[int, JsonObject]:
    """Of somebody whose clips nobody else answered only the prior is known: that is told as nothing."""
    votes = columns.votes
    n_votes = votes.n_votes()
    n_shared = np.bincount(votes.annotator[votes.answered_by_others()], minlength=votes.n_annotators)
    repeats = repeatability(votes, columns.passes)
    return {
        user_id: {
            "n_votes": int(n_votes[place]),
            "n_shared": int(n_shared[place]),
            "expected_accuracy": _known(fitted.accuracy, place, n_shared),
            "reliability": _known(fitted.reliability, place, n_shared),
            "repeats": repeats[place].to_json(),
        }
        for place, user_id in enumerate(columns.annotators)
    }


def _known(values: Floats | None, place: int, n_shared: NDArray[np.int64]) -> float | None:
    return None if values is None or n_shared[place] == 0 else float(values[place])


def _by_person(votes: Sequence[Sequence[FrozenVote]], by_target: Mapping[str, Mapping[int, JsonObject]]) -> JsonObject:
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
