"""Reaction lags: an annotator follows a stimulus of known course, and the delay of their hand is measured.

The stimulus of a seed is a sum of slow sines, the same in the browser (`js/calibration/stimulus.js`) and here; the lag
is where its cross-correlation with the hand is highest. Lags are kept beside traces and never baked into them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext

from annotator.domain import audit, traces
from annotator.enums import TraceDevice
from annotator.exceptions import DomainError
from annotator.models import ReactionLag, Study, User
from mlcore.types import JsonObject

LENGTH_S = 60.0
#: values a second that stimulus and hand are compared at
SFREQ = 20.0
MAX_LAG_S = 2.5
#: below it the hand did not follow, and its lag would be chance
MIN_CORRELATION = 0.6
#: of the minute
MIN_SEEN_S = 45.0
MAX_EVENTS = 20_000
MAX_SEED = 2**31 - 1
#: cycles a minute of each sine; their amplitudes fall with the rate
CYCLES = (2, 3, 5, 8, 13, 17)
_UINT32 = 2**32


@dataclass(frozen=True, slots=True)
class Lag:
    lag_ms: float
    #: of stimulus and hand at that lag, -1..1
    correlation: float


# --- the stimulus ----------------------------------------------------------------------------------------------------


def phases(seed: int) -> list[float]:
    """One phase 0..1 for each sine, by mulberry32: 32-bit arithmetic that browsers have too."""
    state, drawn = seed % _UINT32, []
    for _ in CYCLES:
        state = (state + 0x6D2B79F5) % _UINT32
        t = ((state ^ (state >> 15)) * (state | 1)) % _UINT32
        t ^= (t + ((t ^ (t >> 7)) * (t | 61)) % _UINT32) % _UINT32
        drawn.append((t ^ (t >> 14)) / _UINT32)
    return drawn


def stimulus(seed: int, time_s: float) -> float:
    """Where it stands, -1..1."""
    return _sum_of_sines(phases(seed), time_s)


def _sum_of_sines(drawn: Sequence[float], time_s: float) -> float:
    weights = [1 / math.sqrt(cycles) for cycles in CYCLES]
    waves = zip(weights, CYCLES, drawn, strict=True)
    total = sum(
        weight * math.sin(2 * math.pi * (cycles * time_s / LENGTH_S + phase)) for weight, cycles, phase in waves
    )
    return total / sum(weights)


# --- the lag ---------------------------------------------------------------------------------------------------------


def estimate(reference: Sequence[float], hand: Sequence[float | None], *, sfreq: float = SFREQ) -> Lag:
    """The delay 0..`MAX_LAG_S` at which the hand's correlation with the reference is highest.

    Pearson's r over the samples that both have, for each whole number of samples; between samples by the parabola
    through the highest and its neighbours. None in `hand` = not seen.
    """
    n_lags = min(round(MAX_LAG_S * sfreq), len(reference) - 2)
    found = [_pearson(reference[: len(reference) - shift], hand[shift:]) for shift in range(n_lags + 1)]
    best = max(range(len(found)), key=lambda shift: found[shift])
    offset, peak = _peak(found, best)
    return Lag(1000.0 * (best + offset) / sfreq, peak)


def _pearson(x: Sequence[float], y: Sequence[float | None]) -> float:
    pairs = [(a, b) for a, b in zip(x, y, strict=True) if b is not None]
    n = len(pairs)
    if n < 2:
        return 0.0
    mean_x, mean_y = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    xy = sum((a - mean_x) * (b - mean_y) for a, b in pairs)
    xx, yy = sum((a - mean_x) ** 2 for a, _ in pairs), sum((b - mean_y) ** 2 for _, b in pairs)
    return xy / math.sqrt(xx * yy) if xx > 0 and yy > 0 else 0.0


def _peak(found: Sequence[float], best: int) -> tuple[float, float]:
    """Where the parabola through three neighbours is highest, -0.5..0.5 from the middle one, and how high."""
    if not 0 < best < len(found) - 1:
        return 0.0, found[best]
    before, middle, after = found[best - 1 : best + 2]
    bend = before - 2 * middle + after
    if bend >= 0:
        return 0.0, middle
    offset = 0.5 * (before - after) / bend
    return offset, middle - 0.25 * (before - after) * offset


# --- a calibration ---------------------------------------------------------------------------------------------------


def calibrate(study: Study, user: User, *, device: TraceDevice, seed: int, events: Mapping[str, Any]) -> ReactionLag:
    """Measures the lag from the raw events and keeps both, or says why not."""
    kept = _events(device, seed, events)
    hand = sampled(kept)
    if sum(value is not None for value in hand) < MIN_SEEN_S * SFREQ:
        raise DomainError(
            gettext("Less than {min_seen_s} s were followed: run the calibration to its end.").format(
                min_seen_s=f"{MIN_SEEN_S:.0f}"
            ),
            "too_short",
        )
    drawn = phases(seed)
    reference = [_sum_of_sines(drawn, number / SFREQ) for number in range(len(hand))]
    lag = estimate(reference, hand)
    if lag.correlation < MIN_CORRELATION:
        raise DomainError(
            gettext(
                "Your hand and the dot went together too little (r = {correlation}, at least "
                "{min_correlation} is needed) to tell a lag: follow the dot throughout and try again."
            ).format(correlation=f"{lag.correlation:.2f}", min_correlation=f"{MIN_CORRELATION:.2f}"),
            "low_correlation",
        )
    measured = ReactionLag.objects.create(
        study=study,
        annotator=user,
        device=device,
        seed=seed,
        events=kept,
        lag_ms=round(lag.lag_ms, 1),
        correlation=round(lag.correlation, 4),
    )
    audit.record(user, study, "calibrate", measured, {"device": device, "lag_ms": measured.lag_ms})
    return measured


def _events(device: TraceDevice, seed: int, given: Mapping[str, Any]) -> JsonObject:
    if not 0 <= seed <= MAX_SEED:
        raise DomainError(gettext("The seed lies in 0..{max_seed}.").format(max_seed=MAX_SEED), "bad_calibration")
    columns = {name: given.get(name) for name in ("stimulus_s", "wall_ms", "value")}
    letters = given.get("device")
    if not isinstance(letters, str) or any(not _is_column(column, len(letters)) for column in columns.values()):
        raise DomainError(gettext("Events come as the columns stimulus_s, wall_ms, value, device."), "bad_calibration")
    if len(letters) > MAX_EVENTS:
        raise DomainError(
            gettext("A calibration has at most {max_events} events.").format(max_events=f"{MAX_EVENTS:,}"),
            "bad_calibration",
        )
    for name in ("stimulus_s", "wall_ms"):
        column = columns[name]
        assert column is not None
        if any(after < before for before, after in pairwise(column)):
            raise DomainError(gettext("The calibration's {name} runs backwards.").format(name=name), "bad_calibration")
    if traces.main_device(letters) not in (device, None) or set(letters) - {"b", "e", *traces.DEVICES}:
        raise DomainError(gettext("The calibration was led by another device than it names."), "bad_calibration")
    return {**columns, "device": letters}


def _is_column(column: object, length: int) -> bool:
    return (
        isinstance(column, list)
        and len(column) == length
        and all(isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for one in column)
    )


def sampled(events: Mapping[str, Any]) -> list[float | None]:
    """The value that stood at each moment of the minute; None before the first event and after the last."""
    times, values = events["stimulus_s"], events["value"]
    found: list[float | None] = []
    at = -1
    for number in range(round(LENGTH_S * SFREQ)):
        time_s = number / SFREQ
        while at + 1 < len(times) and times[at + 1] <= time_s:
            at += 1
        is_seen = at >= 0 and events["device"][at] != traces.END
        found.append(float(values[at]) if is_seen else None)
    return found


def measured(study: Study, user: User) -> list[ReactionLag]:
    """Somebody's own, newest first."""
    return list(ReactionLag.objects.filter(study=study, annotator=user).order_by("-created_at", "-pk"))


def lags_of(study: Study) -> dict[str, dict[str, float]]:
    """User id -> device -> lag in ms, the newest of each; keys are text, as JSON has them."""
    newest: dict[str, dict[str, float]] = {}
    for user, device, lag_ms in (
        ReactionLag.objects.filter(study=study)
        .order_by("created_at", "pk")
        .values_list("annotator_id", "device", "lag_ms")
    ):
        newest.setdefault(str(user), {})[device] = lag_ms
    return newest
