"""How far a share may be from what more clips would have shown."""

from __future__ import annotations

import math

from scipy.stats import norm

from mlcore.errors import TrainingError
from mlcore.evaluate.intervals import Interval


def wilson_interval(n_right: float, n: float, *, level: float = 0.95) -> Interval | None:
    """Wilson's score interval of a share; it stays within 0..1 and holds for few clips too.

    (p̂ + z²/2n ± z √(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n)

    Args:
        n_right: 0..n; need not be whole (clips that are right in one of two targets).
        n: of independent clips.
        level: coverage, 0..1.

    Returns:
        The interval, or None without clips.

    Raises:
        TrainingError: n_right is outside 0..n.

    Source: Wilson 1927, JASA 22, 209, doi 10.1080/01621459.1927.10502953.

    >>> interval = wilson_interval(8, 10)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.49, 0.943)
    """
    if not 0 <= n_right <= n:
        raise TrainingError(f"n_right: expected 0..{n}, got {n_right}")
    if n == 0:
        return None
    z, share = float(norm.ppf((1 + level) / 2)), n_right / n
    middle = share + z**2 / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Interval(max(0.0, (middle - reach) / (1 + z**2 / n)), min(1.0, (middle + reach) / (1 + z**2 / n)))
