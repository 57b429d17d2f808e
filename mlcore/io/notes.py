"""Sentences about what was odd in a recording and could be borne: its warnings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_MOST_PAUSES = 5
_MOST_NAMES = 3


def pause_notes(path: Path, gaps: Sequence[tuple[float, float]]) -> tuple[str, ...]:
    """One sentence for each of the first pauses, and how many more there are."""
    told = [f"{path.name}: nothing was recorded from {start_s:.1f} s to {stop_s:.1f} s." for start_s, stop_s in gaps]
    if len(told) <= _MOST_PAUSES:
        return tuple(told)
    return (*told[:_MOST_PAUSES], f"{path.name}: there are {len(told) - _MOST_PAUSES} more pauses.")


def not_finite_notes(path: Path, channels: Sequence[str], counts: NDArray[np.int64]) -> tuple[str, ...]:
    """About samples that are no numbers; `counts`: of them, by channel."""
    bad = [f"{name} ({count})" for name, count in zip(channels, counts.tolist(), strict=True) if count]
    if not bad:
        return ()
    return (f"{path.name}: samples that are no numbers (NaN or infinite) in {some(bad)}; they read as 0.",)


def doubles_notes(path: Path, doubles: Sequence[str]) -> tuple[str, ...]:
    """About channels that share a name."""
    if not doubles:
        return ()
    return (f"{path.name}: several channels are called {some(doubles)}; they were numbered to tell them apart.",)


def outside_notes(path: Path, n_outside: int) -> tuple[str, ...]:
    """About markers that were left out for their times."""
    if n_outside == 0:
        return ()
    return (f"{path.name}: {n_outside} markers lie outside the recording and were left out.",)


def no_unit_notes(path: Path, channels: Sequence[str]) -> tuple[str, ...]:
    """About voltages whose unit the file doesn't name."""
    if not channels:
        return ()
    return (f"{path.name}: no unit is given for {some(channels)}; the values are taken as microvolts.",)


def some(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are.

    >>> some(["Fp1", "Fp2"]), some(["Fp1", "Fp2", "F3", "F4"])
    ('Fp1, Fp2', 'Fp1, Fp2, F3 and 1 more')
    """
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
