"""What is reported about curves over time: per trial, and pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.evaluate.jsonable import or_null
from mlcore.evaluate.regression import both_known, ccc, is_constant, pearson, rmse
from mlcore.types import JsonObject

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TrialSeries:
    """One trial as one curve.

    Args:
        trial: its key.
        times_s: (L,) rising; stretches that no window covers are left out.
        values: (L,) mean over the windows that cover a time, NaN where none of them has a value.
    """

    trial: Any
    times_s: Floats
    values: Floats


def trial_series(values: Floats, start_s: Floats, sfreq: float, trial_key: NDArray[Any]) -> tuple[TrialSeries, ...]:
    """Put the windows of each trial together; where they overlap their values are averaged by time.

    Args:
        values: (n, T) windows, NaN = no value.
        start_s: (n,) time of each window's first value, on the recording's clock.
        sfreq: values a second.
        trial_key: (n,) keys that differ between trials of all subjects and sessions.

    Returns:
        One series a trial, in the order of the sorted keys. The steps of a trial count from its earliest window; a
        window that begins between two steps is put on the nearer one.
    """
    return tuple(
        _series(values[trial_key == trial], start_s[trial_key == trial], sfreq, trial) for trial in np.unique(trial_key)
    )


def _series(values: Floats, start_s: Floats, sfreq: float, trial: Any) -> TrialSeries:
    first_s = start_s.min()
    begins = np.floor((start_s - first_s) * sfreq + 0.5).astype(np.int64)
    steps, place = np.unique(begins[:, None] + np.arange(values.shape[1]), return_inverse=True)
    return TrialSeries(trial, first_s + steps / sfreq, _means(values.ravel(), place.ravel(), len(steps)))


def _means(values: Floats, place: NDArray[np.int64], n_places: int) -> Floats:
    """Mean of the known values of each place (n_places,), NaN where there are none."""
    known = ~np.isnan(values)
    count = np.bincount(place[known], minlength=n_places)
    total = np.bincount(place[known], weights=values[known], minlength=n_places)
    means: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means


def trace_report(truth: Floats, said: Floats, *, start_s: Floats, sfreq: float, trials: NDArray[Any]) -> JsonObject:
    """Every figure about curves, per trial and pooled.

    Args:
        truth: (n, T) windows, NaN = not scored.
        said: (n, T) answers, NaN = nothing was said.
        start_s: (n,) time of each window's first value.
        sfreq: values a second.
        trials: (n,) keys that differ between trials of all subjects and sessions.

    Returns:
        {"rmse_trial", "pcc_trial", "ccc_trial": means over trials; "rmse_pooled", "pcc_pooled", "ccc_pooled": over all
        times of all trials as one series; "n_trials": trials with a value that both have; "n_constant": those whose
        truth does not move (they count in the RMSE and have no Pearson or concordance); "n_values": times that both
        have; "n_unanswered": times that have a truth and no answer}. Times that several windows cover count once, with
        the windows' mean. A figure that nothing supports is null.
    """
    asked = [one.values for one in trial_series(truth, start_s, sfreq, trials)]
    heard = [one.values for one in trial_series(said, start_s, sfreq, trials)]
    pairs = [pair for pair in map(both_known, asked, heard) if len(pair[0])]
    moving = [pair for pair in pairs if not is_constant(pair[0])]
    n_values = sum(len(y) for y, _ in pairs)
    return (
        _per_trial(pairs, moving)
        | _pooled(pairs)
        | {
            "n_trials": len(pairs),
            "n_constant": len(pairs) - len(moving),
            "n_values": n_values,
            "n_unanswered": sum(int((~np.isnan(y)).sum()) for y in asked) - n_values,
        }
    )


def _per_trial(pairs: Sequence[tuple[Floats, Floats]], moving: Sequence[tuple[Floats, Floats]]) -> JsonObject:
    return {
        "rmse_trial": _mean([rmse(y, x) for y, x in pairs]),
        "pcc_trial": _mean([pearson(y, x) for y, x in moving]),
        "ccc_trial": _mean([ccc(y, x) for y, x in moving]),
    }


def _pooled(pairs: Sequence[tuple[Floats, Floats]]) -> JsonObject:
    y, x = (np.concatenate([np.zeros(0), *(pair[side] for pair in pairs)]) for side in (0, 1))
    return {
        "rmse_pooled": or_null(rmse(y, x)),
        "pcc_pooled": or_null(pearson(y, x)),
        "ccc_pooled": or_null(ccc(y, x)),
    }


def _mean(figures: Sequence[float]) -> float | None:
    return float(np.mean(figures)) if figures else None
