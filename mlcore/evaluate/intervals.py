"""How far a figure may be from what other people, or another seed, would have given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

Floats = NDArray[np.float64]
#: below this many test subjects no interval is claimed
MIN_SUBJECTS_FOR_INTERVAL = 5
N_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float

    def to_json(self) -> list[float]:
        """[low, high]."""
        return [self.low, self.high]


def mean_of_rows(values: Floats) -> float:
    """Mean of the values that are known; NaN without any."""
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")


def bootstrap_interval(
    values_by_subject: Mapping[str, Floats],
    statistic: Callable[[Floats], float] = mean_of_rows,
    *,
    seed: int,
    level: float = 0.95,
    n_resamples: int = N_RESAMPLES,
) -> Interval | None:
    """Percentile interval of a statistic when subjects, each with all of their clips, are drawn with replacement.

    Args:
        values_by_subject: per subject an array (n_i, …) with one row a clip.
        statistic: of the drawn subjects' rows put together (Σ n_i, …); may be NaN, which leaves the draw out.
        seed: decides the draws.
        level: share of the draws inside, 0..1.
        n_resamples: number of draws.

    Returns:
        The interval, or None below 5 subjects or where no draw has a statistic. With few subjects it is too narrow.

    Source: Davison & Hinkley 1997, Bootstrap Methods and their Application, §3.8, doi 10.1017/CBO9780511802843.
    """
    groups = [values_by_subject[subject] for subject in sorted(values_by_subject)]
    if len(groups) < MIN_SUBJECTS_FOR_INTERVAL:
        return None
    draws = np.random.default_rng(seed).integers(0, len(groups), (n_resamples, len(groups)))
    values = np.array([statistic(np.concatenate([groups[place] for place in draw])) for draw in draws])
    return _percentiles(values[~np.isnan(values)], level)


def _percentiles(values: Floats, level: float) -> Interval | None:
    if not len(values):
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def seed_interval(values: Sequence[float], *, level: float = 0.95) -> Interval | None:
    """Student's mean ± t_{n−1} · s/√n over seeds: how far the mean would move with other seeds on the same data.

    Args:
        values: one figure a seed.
        level: coverage, 0..1.

    Returns:
        The interval, or None below 2 seeds.

    >>> interval = seed_interval([0.5, 0.6, 0.7])
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.352, 0.848)
    """
    if len(values) < 2:
        return None
    return t_interval(float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values))), len(values), level)


def t_interval(mean: float, standard_error: float, n: int, level: float = 0.95) -> Interval:
    """Mean ± t_{n−1} · standard error, of n ≥ 2 values."""
    reach = float(t.ppf((1 + level) / 2, n - 1)) * standard_error
    return Interval(mean - reach, mean + reach)
