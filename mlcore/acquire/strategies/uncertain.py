"""Strategies that rate every clip by itself, from what the model says of it.

Several targets: the mean over those that were learnt, each brought to 0..1 before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from mlcore.acquire.candidates import Floats
from mlcore.acquire.scores import PoolScores
from mlcore.acquire.strategies.choice import Choice, Rated, chunks
from mlcore.errors import TrainingError

NO_SECONDS = "no predicted seconds"
#: a score of 0 can still be ranked, behind all others
_TINY = np.finfo(np.float64).tiny


def random(choice: Choice) -> Rated:
    """A draw from 0..1."""
    return Rated(choice.rng.random(choice.candidates.n_clips))


def entropy(choice: Choice) -> Rated:
    """Mean over targets of H / ln K of the mean of the Dirichlet."""
    return Rated(np.asarray(choice.scores.mean_entropy, dtype=np.float64))


def margin(choice: Choice) -> Rated:
    """1 − (p₁ − p₂), the two likeliest classes.

    Source: Scheffer, Decomain and Wrobel 2001, doi 10.1007/3-540-44816-0_31.
    """
    return Rated(_mean_over_targets(choice.scores, _margin))


def least_confidence(choice: Choice) -> Rated:
    """(1 − p₁) · K / (K − 1).

    Source: Lewis and Gale 1994, arXiv cmp-lg/9407020.
    """
    return Rated(_mean_over_targets(choice.scores, _least_confidence))


def vacuity(choice: Choice) -> Rated:
    """K / S: little evidence for anything."""
    return Rated(_mean_of(choice, choice.scores.vacuity))


def dissonance(choice: Choice) -> Rated:
    """Much evidence for several classes.

    Source: Jøsang, Cho and Chen 2018, doi 10.23919/ICIF.2018.8455463.
    """
    return Rated(_mean_of(choice, choice.scores.dissonance))


def bald(choice: Choice) -> Rated:
    """I(class; dropout mask) / ln K.

    Source: Houlsby et al. 2011, arXiv 1112.5745; Gal, Islam and Ghahramani 2017, arXiv 1703.02910.
    """
    return Rated(_mean_of(choice, choice.scores.bald, is_information=True))


def disagreement(choice: Choice) -> Rated:
    """I(class; network or head) / ln K.

    Source: Lakshminarayanan et al. 2017, arXiv 1612.01474.
    """
    return Rated(_mean_of(choice, choice.scores.disagreement, is_information=True))


def power_entropy(choice: Choice) -> Rated:
    """ln(entropy) + Gumbel noise: the order in which drawing ∝ entropy, without replacement, takes the clips.

    Neighbours that are equally uncertain are thinned out by chance, at the cost of a plain sort.

    Source: Kirsch et al. 2023, arXiv 2106.12059 (PowerBALD's rule with β = 1).
    """
    values = entropy(choice).values
    noise = choice.rng.gumbel(size=len(values))
    return Rated(np.log(np.where(np.isfinite(values), np.maximum(values, _TINY), np.nan)) + noise)


def cost_aware(choice: Choice) -> Rated:
    """Entropy for each second that the answer is expected to take."""
    seconds = np.asarray(choice.candidates.seconds, dtype=np.float64)
    is_known = np.isfinite(seconds) & (seconds > 0)
    values = entropy(choice).values / np.where(is_known, seconds, np.nan)
    return Rated(values, {NO_SECONDS: np.flatnonzero(~is_known)})


def learnt(scores: PoolScores) -> tuple[str, ...]:
    """Class targets of which the model says something; all of them where it says nothing of any."""
    known = tuple(name for name, alpha in scores.alpha.items() if _says_something(alpha))
    return known or tuple(scores.alpha)


def _says_something(alpha: Floats) -> bool:
    return any(bool((alpha[rows] != 1).any()) for rows in chunks(len(alpha)))


def _mean_over_targets(scores: PoolScores, rate: Callable[[Floats], Floats]) -> Floats:
    """`rate` of the mean of the Dirichlet (rows, K) -> (rows,), mean over targets (n,)."""
    total, names = np.zeros(len(scores.mean_entropy)), learnt(scores)
    for name in names:
        for rows in chunks(len(total)):
            alpha = np.asarray(scores.alpha[name][rows], dtype=np.float64)
            with np.errstate(invalid="ignore", divide="ignore"):  # what is not finite is excluded later
                total[rows] += rate(alpha / alpha.sum(axis=1, keepdims=True)) / len(names)
    return total


def _margin(p: Floats) -> Floats:
    two = np.partition(p, -2, axis=1)[:, -2:]
    return np.asarray(1 - (two[:, 1] - two[:, 0]))


def _least_confidence(p: Floats) -> Floats:
    n_classes = p.shape[1]
    return np.asarray((1 - p.max(axis=1)) * n_classes / (n_classes - 1))


def _mean_of(choice: Choice, by_target: Mapping[str, Floats], *, is_information: bool = False) -> Floats:
    """Mean over targets of a score there is already; information in nats is brought to 0..1 by ln K."""
    names = [name for name in learnt(choice.scores) if name in by_target]
    if not names:
        raise TrainingError(f"{choice.strategy} needs scores of {choice.strategy}, and the model's scores hold none")
    scales = [np.log(choice.scores.alpha[name].shape[1]) if is_information else 1.0 for name in names]
    each = (by_target[name] / scale for name, scale in zip(names, scales, strict=True))
    return np.asarray(sum(each) / len(names), dtype=np.float64)
