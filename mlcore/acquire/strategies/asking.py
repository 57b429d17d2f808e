"""One question, whatever the strategy: which clips to ask about next?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlcore.acquire.candidates import Candidates, Floats, Picked, Places
from mlcore.acquire.strategies import conflict, uncertain
from mlcore.acquire.strategies.badge import badge
from mlcore.acquire.strategies.choice import DEFAULTS, Choice, Rate, Rated
from mlcore.acquire.strategies.core_set import core_set
from mlcore.acquire.strategies.typiclust import inside_subjects, typiclust
from mlcore.errors import TrainingError
from mlcore.types import Strategy

STRATEGIES: Mapping[Strategy, Rate] = {
    Strategy.RANDOM: uncertain.random,
    Strategy.ENTROPY: uncertain.entropy,
    Strategy.MARGIN: uncertain.margin,
    Strategy.LEAST_CONFIDENCE: uncertain.least_confidence,
    Strategy.VACUITY: uncertain.vacuity,
    Strategy.DISSONANCE: uncertain.dissonance,
    Strategy.BALD: uncertain.bald,
    Strategy.DISAGREEMENT: uncertain.disagreement,
    Strategy.CORE_SET: core_set,
    Strategy.BADGE: badge,
    Strategy.TYPICLUST: typiclust,
    Strategy.POWER_ENTROPY: uncertain.power_entropy,
    Strategy.CONSISTENCY: conflict.consistency,
    Strategy.GATED_CONSISTENCY: conflict.gated_consistency,
    Strategy.COST_AWARE: uncertain.cost_aware,
}
NO_SCORE = "no finite score"


def pick(
    strategy: Strategy,
    candidates: Candidates,
    n_picks: int,
    *,
    rng: np.random.Generator,
    among: Places | None = None,
    min_quality: float = DEFAULTS.min_quality,
) -> Picked:
    """The clips that a strategy would ask about next.

    Equal values keep the order of the candidates. Equal generators give equal picks. Strategies that choose step by
    step (core-set, BADGE, TypiClust) look at a part of a pool of more than `POOL` clips, as each says, and order what
    comes after 2,000 steps by what it would add then.

    Args:
        strategy: by what to choose.
        candidates: n clips.
        n_picks: how many are wanted; fewer come back where fewer can be ranked.
        rng: where chance comes from, where the strategy has any.
        among: places that may be picked; all if None. The values of others are NaN, with no reason given.
        min_quality: 0..1, from which on a modality counts as good (gated consistency).

    Returns:
        Places, best first; values, falling along them; and the reasons why clips were left out.

    Raises:
        TrainingError: the candidates lack what the strategy needs, or their columns don't fit one another.
    """
    choice = Choice(strategy, candidates, _allowed(candidates, among), n_picks, rng, min_quality)
    return _answer(choice, STRATEGIES[strategy])


def cold_start(
    candidates: Candidates, n_picks: int, *, rng: np.random.Generator, among: Places | None = None
) -> Picked:
    """The clips to begin with before there is a model: TypiClust on features inside each subject, subjects in turn.

    Arguments and errors as for `pick`; only the embedding is looked at. Features should have comparable scales.
    """
    choice = Choice(Strategy.TYPICLUST, candidates, _allowed(candidates, among), n_picks, rng)
    return _answer(choice, inside_subjects)


def _allowed(candidates: Candidates, among: Places | None) -> Places:
    n = candidates.n_clips
    places = np.arange(n) if among is None else np.unique(np.asarray(among, dtype=np.int64))
    if len(places) and not 0 <= places[0] <= places[-1] < n:
        raise TrainingError(f"among: expected places 0..{n - 1}, got {places[0]}..{places[-1]}")
    return places


def _answer(choice: Choice, rate: Rate) -> Picked:
    _require_fit(choice)
    if not len(choice.among):
        return Picked(choice.among, np.full(choice.candidates.n_clips, np.nan))
    said = rate(choice)
    values = np.full(choice.candidates.n_clips, np.nan)
    values[choice.among] = _finite(said.values[choice.among])
    order = choice.among[np.argsort(-values[choice.among], kind="stable")]  # NaN last
    n_ranked = int(np.isfinite(values).sum())
    return Picked(order[: min(choice.n_picks, n_ranked)], values, _reasons(said, values, choice))


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


def _reasons(said: Rated, values: Floats, choice: Choice) -> dict[str, Places]:
    """Why each clip that could have been picked has no value; one reason a clip."""
    unexplained = np.zeros(len(values), dtype=np.bool_)
    unexplained[choice.among] = np.isnan(values[choice.among])
    found = {}
    for reason, places in [*said.excluded.items(), (NO_SCORE, choice.among)]:
        own = places[unexplained[places]]
        unexplained[own] = False
        found[reason] = own
    return {reason: places for reason, places in found.items() if len(places)}


def _require_fit(choice: Choice) -> None:
    """Every column has a row a clip."""
    candidates, n = choice.candidates, choice.candidates.n_clips
    if choice.n_picks < 0:
        raise TrainingError(f"n_picks: expected 0 or more, got {choice.n_picks}")
    if candidates.scores is not None and len(candidates.scores.mean_entropy) != n:
        raise TrainingError(
            f"scores: expected {n} rows as there are candidates, got {len(candidates.scores.mean_entropy)}"
        )
    if candidates.embedding is None:
        return
    if len(candidates.embedding) != n:
        raise TrainingError(f"embedding: expected {n} rows as there are candidates, got {len(candidates.embedding)}")
    known = candidates.known
    if known is not None and len(known) and known.shape[1:] != candidates.embedding.shape[1:]:
        raise TrainingError(f"known: expected {candidates.embedding.shape[1]} columns, got {known.shape[1]}")
