"""The classes that several fallible annotators most probably saw, and how each of them errs.

A clip's class z has probability π_z; an annotator a who sees it answers x with probability θ_a[z, x], each answer
independent of all others given the class. EM finds the parameters that make the answers likeliest:

    E   T_iz ∝ π_z · Π_(a, x) θ_a[z, x]                    over the answers x of annotators a to clip i
    M   π_z ∝ Σ_i T_iz + s/K,   θ_a[z, x] ∝ Σ_(i, a, x) T_iz + s · m[z, x]

With s = 0 that is maximum likelihood. s > 0 is a Dirichlet prior around m, worth s answers of each annotator in each
class: without it, whoever answered three times would be believed perfect, or perfectly wrong.

Source: Dawid & Skene 1979, Applied Statistics 28, 20–28, doi 10.2307/2346806.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, xlogy

from mlcore.errors import TrainingError
from mlcore.evaluate.agreement.votes import Votes

Floats = NDArray[np.float64]
#: what an annotator is taken for before anything is known of them
USUAL_ACCURACY = 0.7
#: as many answers of each annotator in each class as the prior is worth
USUAL_PRIOR_VOTES = 4.0


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """What EM found.

    Args:
        posterior: T (n_clips, K); rows of NaN where nobody answered.
        marginals: π (K,).
        confusion: θ (n_annotators, K, K), row = the class, column = the answer.
        objective: log-likelihood plus log-prior (up to a constant) after every step, in nats; it never falls.
        converged: whether the last step gained less than the tolerance.
    """

    posterior: Floats
    marginals: Floats
    confusion: Floats
    objective: tuple[float, ...]
    converged: bool

    @property
    def n_steps(self) -> int:
        """Steps of EM."""
        return len(self.objective)

    def expected_accuracy(self) -> Floats:
        """Σ_z π_z θ_a[z, z] (n_annotators,): how often each annotator would be right about the clips at hand."""
        return np.asarray(np.einsum("z,azz->a", self.marginals, self.confusion))


def prior_confusion(n_classes: int, *, accuracy: float = USUAL_ACCURACY, is_ordered: bool = False) -> Floats:
    """m (K, K): right with one probability, else each other class alike, or by exp(−distance) where they are ordered.

    Raises:
        TrainingError: fewer than 2 classes, or an accuracy outside 0..1.

    >>> prior_confusion(3, accuracy=0.8).round(2).tolist()
    [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]
    """
    if n_classes < 2 or not 0.0 < accuracy < 1.0:
        raise TrainingError(f"prior: expected 2 or more classes and an accuracy in 0..1, got {n_classes}, {accuracy}")
    distance = np.abs(np.subtract.outer(np.arange(n_classes), np.arange(n_classes)))
    wrong = np.where(distance > 0, np.exp(-1.0 * distance) if is_ordered else 1.0, 0.0)
    matrix = (1 - accuracy) * wrong / wrong.sum(axis=1, keepdims=True)
    return np.asarray(matrix + accuracy * np.eye(n_classes))


def dawid_skene(
    votes: Votes,
    *,
    prior_votes: float = USUAL_PRIOR_VOTES,
    prior: Floats | None = None,
    max_steps: int = 1000,
    tolerance: float = 1e-7,
) -> DawidSkene:
    """Fit the model by EM, from the shares of the answers.

    Args:
        votes: the answers.
        prior_votes: s ≥ 0; 0 = maximum likelihood.
        prior: m (K, K) with rows that sum to 1; `prior_confusion` where it is not given.
        max_steps: of EM.
        tolerance: gain of the objective per answer, in nats, below which EM stops.

    Raises:
        TrainingError: s is negative, or m is not K distributions over K answers.
    """
    matrix = prior_confusion(votes.n_classes) if prior is None else prior
    _check_prior(votes, matrix, prior_votes)
    answered = votes.counts().sum(axis=1) > 0
    posterior = np.nan_to_num(votes.weighted_shares(np.ones(len(votes))))
    marginals, confusion = np.full(votes.n_classes, 1 / votes.n_classes), np.zeros(0)
    objective: list[float] = []
    converged = False
    while not converged and len(objective) < max_steps:
        marginals, confusion = _maximise(votes, posterior, answered, prior_votes=prior_votes, prior=matrix)
        posterior, likelihood = _expect(votes, marginals, confusion, answered)
        objective.append(likelihood + _log_prior(marginals, confusion, prior_votes=prior_votes, prior=matrix))
        converged = len(objective) > 1 and objective[-1] - objective[-2] <= tolerance * max(len(votes), 1)
    return DawidSkene(
        np.where(answered[:, None], posterior, np.nan), marginals, confusion, tuple(objective), bool(converged)
    )


def class_posterior(votes: Votes, marginals: Floats, confusion: Floats) -> Floats:
    """T (n_clips, K) of these answers under parameters that are known: the E step alone.

    Args:
        votes: the answers.
        marginals: π (K,).
        confusion: θ (n_annotators, K, K), row = the class, column = the answer.

    Returns:
        Rows of NaN where nobody answered.

    >>> votes = Votes(np.array([0]), np.array([0]), np.array([1]), n_clips=2, n_annotators=1, n_classes=2)
    >>> class_posterior(votes, np.array([0.5, 0.5]), np.array([[[0.8, 0.2], [0.4, 0.6]]])).round(2).tolist()
    [[0.25, 0.75], [nan, nan]]
    """
    answered = votes.counts().sum(axis=1) > 0
    posterior, _ = _expect(votes, marginals, confusion, answered)
    return np.where(answered[:, None], posterior, np.nan)


def pooled_dawid_skene(votes: Votes, *, prior_votes: float = USUAL_PRIOR_VOTES, is_ordered: bool = False) -> DawidSkene:
    """Fit the model in two steps: first how people err on the whole, then each annotator, drawn towards that.

    Whoever answered little is thus taken for an average annotator of these very clips, and the average one, where
    nobody answered what others did, for `prior_confusion`.
    """
    usual = prior_confusion(votes.n_classes, is_ordered=is_ordered)
    together = dawid_skene(votes.of_one_annotator(), prior_votes=prior_votes, prior=usual)
    return dawid_skene(votes, prior_votes=prior_votes, prior=together.confusion[0])


def _maximise(
    votes: Votes, posterior: Floats, answered: NDArray[np.bool_], *, prior_votes: float, prior: Floats
) -> tuple[Floats, Floats]:
    n_classes = votes.n_classes
    totals = posterior[answered].sum(axis=0) + prior_votes / n_classes
    marginals = totals / totals.sum() if totals.sum() > 0 else np.full(n_classes, 1 / n_classes)
    seen = np.zeros((votes.n_annotators * n_classes, n_classes))
    np.add.at(seen, votes.annotator * n_classes + votes.answer, posterior[votes.clip])
    raised = seen.reshape(votes.n_annotators, n_classes, n_classes).transpose(0, 2, 1) + prior_votes * prior
    rows = raised.sum(axis=2, keepdims=True)
    # of a class that the annotator never met nothing is known but the prior
    confusion = np.divide(raised, rows, out=np.broadcast_to(prior, raised.shape).copy(), where=rows > 0)
    return np.asarray(marginals), np.asarray(confusion)


def _expect(votes: Votes, marginals: Floats, confusion: Floats, answered: NDArray[np.bool_]) -> tuple[Floats, float]:
    """T (n_clips, K) and the log-likelihood of all answers."""
    with np.errstate(divide="ignore"):
        log_confusion, log_marginals = np.log(confusion), np.log(marginals)
    joint = np.tile(log_marginals, (votes.n_clips, 1))
    np.add.at(joint, votes.clip, log_confusion[votes.annotator, :, votes.answer])
    total = logsumexp(joint, axis=1, keepdims=True)
    return np.exp(joint - total), float(total[answered].sum())


def _log_prior(marginals: Floats, confusion: Floats, *, prior_votes: float, prior: Floats) -> float:
    about_classes = xlogy(prior_votes / len(marginals), marginals).sum()
    return float(about_classes + xlogy(prior_votes * prior, confusion).sum()) if prior_votes else 0.0


def _check_prior(votes: Votes, prior: Floats, prior_votes: float) -> None:
    shape = (votes.n_classes, votes.n_classes)
    if prior_votes < 0:
        raise TrainingError(f"prior_votes: expected 0 or more, got {prior_votes}")
    if prior.shape != shape or (prior < 0).any() or not np.allclose(prior.sum(axis=1), 1.0):
        raise TrainingError(f"prior: expected {shape[0]} rows that are distributions over {shape[1]} answers")
