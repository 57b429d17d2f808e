"""Ratings on a scale from several people, each heard as far as they agree with the others.

    x̂_i = Σ_a r_a · x_ia / Σ_a r_a       r_a = Pearson's r of a's ratings with the mean rating of the same clips

Source: Grimm & Kroschel 2005, Evaluation of natural emotions using self assessment manikins, ASRU,
doi 10.1109/ASRU.2005.1566530. There the mean holds the annotator's own rating, which flatters whoever is one of two;
leave it out with `with_own=False`. Annotators who disagree with all others (r ≤ 0) are not heard. Ours: with few
ratings r_a is drawn towards what people reach on the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import TrainingError
from mlcore.evaluate.agreement.votes import Places, Votes

Floats = NDArray[np.float64]
#: below this many shared clips a correlation says nothing
MIN_SHARED = 3


@dataclass(frozen=True, slots=True)
class WeightedMean:
    """What the ratings come to.

    Args:
        mean: x̂ (n_clips,); NaN where nobody who is heard rated the clip.
        weight: r_a (n_annotators,) in 0..1, after shrinking; 1 for all where no correlation is known.
        n_shared: (n_annotators,) clips by which each was judged.
    """

    mean: Floats
    weight: Floats
    n_shared: Places


def evaluator_weighted_mean(
    clip: Places,
    annotator: Places,
    rating: Floats,
    *,
    n_clips: int,
    n_annotators: int,
    prior_votes: float = 0.0,
    with_own: bool = True,
) -> WeightedMean:
    """Weigh annotators by their agreement and average.

    Args:
        clip: (v,) 0..n_clips−1.
        annotator: (v,) 0..n_annotators−1; of an annotator's several ratings of one clip the mean counts.
        rating: (v,) finite.
        n_clips: clips without a rating included.
        n_annotators: those without a rating included.
        prior_votes: k ≥ 0: r_a ← (n_a r_a + k r̄) / (n_a + k), r̄ the mean of the r_a by n_a; 0 = as published.
        with_own: whether the mean that an annotator is compared with holds their own rating.

    Raises:
        TrainingError: columns of different lengths, or a rating that is not finite.
    """
    if not len(clip) == len(annotator) == len(rating) or not np.isfinite(rating).all():
        raise TrainingError("ratings: expected clip, annotator and finite ratings, one of each a vote")
    who, rated, rating = _once(clip, annotator, rating, n_annotators=n_annotators)
    weight, n_shared = _weights(
        who, rated, rating, n_clips=n_clips, n_annotators=n_annotators, prior_votes=prior_votes, with_own=with_own
    )
    total = np.bincount(rated, weights=weight[who], minlength=n_clips)
    summed = np.bincount(rated, weights=weight[who] * rating, minlength=n_clips)
    mean = np.divide(summed, total, out=np.full(n_clips, np.nan), where=total > 0)
    return WeightedMean(mean, weight, n_shared)


def level_distributions(votes: Votes, *, prior_votes: float = 10.0) -> tuple[Floats, Floats]:
    """Distributions over the levels of an ordered scale, each annotator's answers weighed by r_a of the others' mean.

    Args:
        votes: answers that are levels in order.
        prior_votes: see `evaluator_weighted_mean`.

    Returns:
        (n_clips, K), rows of NaN where nobody answered; and r_a (n_annotators,). A clip that only annotators of
        weight 0 answered keeps the shares of their answers.
    """
    weight = level_weights(votes, prior_votes=prior_votes)
    return level_shares(votes, weight), weight


def level_weights(votes: Votes, *, prior_votes: float = 10.0) -> Floats:
    """r_a (n_annotators,) of the others' mean; see `level_distributions`. Who answered nothing gets what is usual."""
    return evaluator_weighted_mean(
        votes.clip,
        votes.annotator,
        votes.answer.astype(np.float64),
        n_clips=votes.n_clips,
        n_annotators=votes.n_annotators,
        prior_votes=prior_votes,
        with_own=False,
    ).weight


def level_shares(votes: Votes, weight: Floats) -> Floats:
    """The distributions of `level_distributions` (n_clips, K) for known weights (n_annotators,) ≥ 0."""
    heard = votes.weighted_shares(weight[votes.annotator])
    return np.where(np.isnan(heard), votes.weighted_shares(np.ones(len(votes))), heard)


def _once(clip: Places, annotator: Places, rating: Floats, *, n_annotators: int) -> tuple[Places, Places, Floats]:
    """Annotator, clip and mean rating, each pair of the two once."""
    pairs, place = np.unique(clip * max(n_annotators, 1) + annotator, return_inverse=True)
    mean = np.bincount(place, weights=rating) / np.bincount(place) if len(pairs) else np.zeros(0)
    return pairs % max(n_annotators, 1), pairs // max(n_annotators, 1), mean


def _weights(
    who: Places,
    clip: Places,
    rating: Floats,
    *,
    n_clips: int,
    n_annotators: int,
    prior_votes: float,
    with_own: bool,
) -> tuple[Floats, Places]:
    n_raters = np.bincount(clip, minlength=n_clips)[clip]
    summed = np.bincount(clip, weights=rating, minlength=n_clips)[clip]
    others = summed / n_raters if with_own else (summed - rating) / np.maximum(n_raters - 1, 1)
    mine = [np.flatnonzero((who == one) & (n_raters > 1)) for one in range(n_annotators)]
    r = np.array([_correlation(rating[places], others[places]) for places in mine])
    n_shared = np.array([len(places) for places in mine], dtype=np.int64)
    return _shrunken(r, n_shared, prior_votes), n_shared


def _correlation(x: Floats, y: Floats) -> float:
    """Pearson's r; NaN where it is not defined."""
    if len(x) < MIN_SHARED or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def _shrunken(r: Floats, n_shared: Places, prior_votes: float) -> Floats:
    known = ~np.isnan(r)
    if not known.any() or (r[known] <= 0).all():
        return np.ones_like(r)
    usual = float(np.average(r[known], weights=n_shared[known]))
    n = np.where(known, n_shared, 0)
    drawn = (n * np.nan_to_num(r) + prior_votes * usual) / np.maximum(n + prior_votes, 1e-12)
    return np.asarray(np.clip(np.where(n + prior_votes > 0, drawn, usual), 0.0, 1.0))
