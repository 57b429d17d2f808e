"""The t-test for folds whose training sets overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

Floats = NDArray[np.float64]
#: differences below this are ties: rounding, not merit
TIE = 1e-12


def corrected_t_test(differences: Sequence[float] | Floats, *, test_per_train: float) -> float | None:
    """Two-sided p of t = mean / √((1/n + n_test/n_train)·s²) with n − 1 degrees of freedom.

    The plain t-test takes folds for independent, though their training sets overlap, and finds differences that aren't.

    Args:
        differences: (n,) one method's figure less the other's, a fold (of any repetition) each.
        test_per_train: n_test/n_train of a fold.

    Returns:
        p, or None below 2 folds.

    Source: Nadeau & Bengio 2003, Machine Learning 52, 239, doi 10.1023/A:1024068626366.
    """
    values = np.asarray(differences, dtype=np.float64)
    return t_test_p(values, corrected_error(values, test_per_train))


def corrected_error(differences: Floats, test_per_train: float) -> float | None:
    """√((1/n + n_test/n_train)·s²), the mean difference's standard error; None below 2 folds."""
    if len(differences) < 2:
        return None
    return float(np.std(differences, ddof=1) * np.sqrt(1 / len(differences) + test_per_train))


def t_test_p(differences: Floats, standard_error: float | None) -> float | None:
    """Two-sided p of mean / standard error with n − 1 degrees of freedom; None without a standard error."""
    if standard_error is None:
        return None
    mean = abs(float(differences.mean()))
    if standard_error <= TIE:
        # the same difference everywhere: none at all, or one without any doubt that the units could show
        return 1.0 if mean <= TIE else 0.0
    return float(2 * t.sf(mean / standard_error, len(differences) - 1))
