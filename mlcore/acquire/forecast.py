"""Where the learning curve is going: a power law through the scores so far, and what it says of more labels.

    s(n) = a − b · n^(−c)        0 ≤ a ≤ 1, b ≥ 0, 0.05 ≤ c ≤ 2

fitted to points by weighted least squares, the weights being the inverse variances of the scores. Three or four points
of some dozen clips each hardly tell c, so it is drawn towards 1/2 (ln c is normal around ln 1/2 with standard
deviation 0.7); a and b are free within their bounds. The interval is of a parametric bootstrap: each score is drawn
again, from its subjects where there are enough of them, else from a binomial, and the curve fitted anew. It says how
far the forecast would move with other clips, not what happens where the curve is no power law.

Source: Cortes et al. 1993, Learning curves: asymptotic values and rate of convergence, NeurIPS 6; Viering & Loog 2022,
The shape of learning curves, doi 10.1109/TPAMI.2022.3220744, on how often it fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import TrainingError
from mlcore.evaluate import MIN_SUBJECTS_FOR_INTERVAL, Interval, wilson_interval
from mlcore.types import JsonObject

Floats = NDArray[np.float64]
#: points with different numbers of labels below which nothing is forecast
MIN_POINTS = 3
N_RESAMPLES = 1000
_EXPONENTS = np.geomspace(0.05, 2.0, 60)
_USUAL_EXPONENT, _SPREAD = 0.5, 0.7


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """How a model that had learnt from so many labels did on clips that were drawn at random.

    Args:
        n_labels: ≥ 1.
        n_correct: of the n clips; need not be whole.
        n: clips judged, ≥ 1.
        by_subject: (n_correct, n) of each subject; empty where it is not known.

    Raises:
        TrainingError: no labels, no clips, or more right than there are.
    """

    n_labels: int
    n_correct: float
    n: int
    by_subject: tuple[tuple[float, int], ...] = field(default=())

    def __post_init__(self) -> None:
        if self.n_labels < 1 or self.n < 1 or not 0 <= self.n_correct <= self.n:
            raise TrainingError(
                f"learning curve: expected labels and clips, got {self.n_correct} of {self.n} right at {self.n_labels}"
            )

    @property
    def score(self) -> float:
        """Share that is right, 0..1."""
        return self.n_correct / self.n

    @property
    def is_clustered(self) -> bool:
        """Whether there are subjects enough to draw from."""
        return len(self.by_subject) >= MIN_SUBJECTS_FOR_INTERVAL

    def draws(self, n_draws: int, rng: np.random.Generator) -> Floats:
        """(n_draws,) scores that other clips would have given: whole subjects drawn anew, else clips."""
        if self.is_clustered:
            table = np.array(self.by_subject, dtype=np.float64)
            drawn = table[rng.integers(0, len(table), (n_draws, len(table)))].sum(axis=1)
            return np.asarray(drawn[:, 0] / drawn[:, 1])
        return rng.binomial(self.n, _inside(self.n_correct, self.n), n_draws) / self.n

    def interval(self, *, level: float = 0.95, seed: int = 0) -> Interval:
        """Of the score: by subjects (percentiles) where there are enough of them, else Wilson's.

        Never narrower than Wilson's: a handful of subjects who happen to agree tell less than they seem to.
        """
        found = wilson_interval(self.n_correct, self.n, level=level)
        assert found is not None
        if not self.is_clustered:
            return found
        low, high = _percentiles(self.draws(N_RESAMPLES, np.random.default_rng(seed)), level)
        return Interval(min(low, found.low), max(high, found.high))

    def to_json(self) -> JsonObject:
        """{"n_labels", "n_correct", "n", "score", "interval"}."""
        return {
            "n_labels": self.n_labels,
            "n_correct": self.n_correct,
            "n": self.n,
            "score": self.score,
            "interval": self.interval().to_json(),
        }


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """s(n) = a − b · n^(−c)."""

    a: float
    b: float
    c: float

    def score(self, n_labels: float) -> float:
        """0..1."""
        return float(np.clip(self.a - self.b * float(n_labels) ** -self.c, 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the curve says of more labels.

    Args:
        curve: the fit to the points themselves.
        n_labels: asked about.
        score: there.
        interval: of that score.
        gain: score minus the curve's own score at the labels that there are, ≥ 0.
        gain_interval: of the gain.
    """

    curve: PowerLaw
    n_labels: int
    score: float
    interval: Interval
    gain: float
    gain_interval: Interval

    def to_json(self) -> JsonObject:
        """Plain values; "curve" holds a, b and c."""
        return {
            "n_labels": self.n_labels,
            "score": self.score,
            "interval": self.interval.to_json(),
            "gain": self.gain,
            "gain_interval": self.gain_interval.to_json(),
            "curve": {"a": self.curve.a, "b": self.curve.b, "c": self.curve.c},
        }


def fit_power_law(points: Sequence[CurvePoint]) -> PowerLaw:
    """The curve through the points.

    Raises:
        TrainingError: fewer than 3 different numbers of labels.
    """
    _require_points(points)
    a, b, c = _fit(points, np.array([[point.score for point in points]]))
    return PowerLaw(float(a[0]), float(b[0]), float(c[0]))


def forecast(
    points: Sequence[CurvePoint],
    *,
    n_labels: int | None = None,
    now: int | None = None,
    seed: int = 0,
    level: float = 0.95,
    n_resamples: int = N_RESAMPLES,
) -> Forecast | None:
    """The score at more labels.

    Args:
        points: of the rounds so far, in any order.
        n_labels: asked about; by default twice as many as there are now.
        now: how many there are, from which the gain is reckoned; by default as many as the last point had.
        seed: decides the bootstrap's draws.
        level: coverage of the intervals, 0..1.
        n_resamples: of the bootstrap.

    Returns:
        The forecast, or None below 3 points with different numbers of labels: it can't be told.
    """
    if len({point.n_labels for point in points}) < MIN_POINTS:
        return None
    last = max(point.n_labels for point in points) if now is None else max(now, 1)
    asked = 2 * last if n_labels is None else n_labels
    curve = fit_power_law(points)
    rng = np.random.default_rng(seed)
    a, b, c = _fit(points, np.stack([point.draws(n_resamples, rng) for point in points], axis=1))
    there, here = (np.clip(a - b * float(n) ** -c, 0.0, 1.0) for n in (asked, last))
    score = curve.score(asked)
    return Forecast(
        curve,
        asked,
        score,
        Interval(*_around(score, there, level)),
        score - curve.score(last),
        Interval(*_around(score - curve.score(last), there - here, level)),
    )


def _require_points(points: Sequence[CurvePoint]) -> None:
    found = len({point.n_labels for point in points})
    if found < MIN_POINTS:
        raise TrainingError(f"a learning curve needs {MIN_POINTS} different numbers of labels, got {found}")


def _fit(points: Sequence[CurvePoint], scores: Floats) -> tuple[Floats, Floats, Floats]:
    """a, b, c (D,) of D curves through scores (D, P) of the same points."""
    n_labels = np.array([point.n_labels for point in points], dtype=np.float64)
    smoothed = np.array([_inside(point.n_correct, point.n) for point in points])
    weight = np.array([point.n for point in points]) / (smoothed * (1 - smoothed))
    best = np.full(len(scores), np.inf)
    found = np.zeros((3, len(scores)))
    for c in _EXPONENTS:
        a, b, loss = _fit_line(n_labels**-c, scores, weight)
        loss = loss / 2 + (np.log(c / _USUAL_EXPONENT) / _SPREAD) ** 2 / 2
        better = loss < best
        best[better] = loss[better]
        found[:, better] = np.stack([a, b, np.full_like(a, c)])[:, better]
    return found[0], found[1], found[2]


def _fit_line(x: Floats, scores: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """a (D,), b (D,) and Σ w (s − a + b x)² (D,), least within 0 ≤ a ≤ 1 and b ≥ 0.

    The loss is convex: its least value lies inside, on b = 0, or on a = 1 (a = 0 with b > 0 is below 0 throughout).
    """
    total = weight.sum()
    mean_x, mean_s = (weight @ x) / total, (scores @ weight) / total
    free_b = -((scores - mean_s[:, None]) @ (weight * (x - mean_x))) / (weight @ (x - mean_x) ** 2)
    free_a = mean_s + free_b * mean_x
    top_b = np.maximum((1 - scores) @ (weight * x) / (weight @ x**2), 0.0)
    tries = [
        (np.where((free_b >= 0) & (free_a <= 1), free_a, np.nan), free_b),
        (np.clip(mean_s, 0.0, 1.0), np.zeros_like(mean_s)),
        (np.ones_like(mean_s), top_b),
    ]
    losses = np.stack([((scores - a[:, None] + b[:, None] * x) ** 2) @ weight for a, b in tries])
    chosen = np.nanargmin(losses, axis=0)
    a, b = (np.choose(chosen, [one[which] for one in tries]) for which in (0, 1))
    return a, b, np.nanmin(losses, axis=0)


def _inside(n_correct: float, n: int) -> float:
    """A share that is never quite 0 or 1 (Agresti & Coull's plus four): its variance must not vanish."""
    return (n_correct + 2) / (n + 4)


def _around(value: float, draws: Floats, level: float) -> tuple[float, float]:
    """Percentiles, stretched to hold the value itself: a bootstrap of a bounded fit is not centred on it."""
    low, high = _percentiles(draws, level)
    return min(low, value), max(high, value)


def _percentiles(draws: Floats, level: float) -> tuple[float, float]:
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
