"""All runs of a loop, strategy by strategy, beside random on the same seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.evaluate import seed_interval
from mlcore.simulate.loop.curve import AXES, Curve, common_range
from mlcore.simulate.loop.plan import GATED, RANDOM
from mlcore.simulate.loop.run import Run
from mlcore.simulate.loop.survival import Times, median_cost, ratio, ratio_interval
from mlcore.simulate.loop.versus import compare_areas, penalty_matrix
from mlcore.types import JsonObject

Floats = NDArray[np.float64]
GATED_RANDOM = GATED + RANDOM
#: shares of the full pool's score, per cent
TARGETS = (90, 95, 99)
#: points of a mean curve
N_GRID = 25
#: the share of garbage is that among the answers up to this share of the pool; in the end everybody has asked all
JUNK_WITHIN = 0.25
#: checkpoints of the penalty matrix double from the first on
_FIRST_CHECKPOINT = 2


def summarise(runs: Mapping[str, Sequence[Run]], full: Sequence[float]) -> JsonObject:
    """Curves, areas, costs to a target, make-up of batches, and who beats whom.

    Args:
        runs: strategy -> one run a seed, the same seeds in the same order; random and gated-random among them.
        full: each seed's score when the whole pool has been asked about.
    """
    ranges = {axis: _ranges(runs, axis) for axis in AXES}
    areas = {axis: {name: _areas(of, ranges[axis], axis) for name, of in runs.items()} for axis in AXES}
    times = {
        name: {axis: {share: _times(of, full, ranges[axis], axis, share) for share in TARGETS} for axis in AXES}
        for name, of in runs.items()
    }
    checkpoints = _checkpoints(ranges["answers"])
    scores = {name: np.array([Curve.of(run, "answers").at(checkpoints) for run in of]) for name, of in runs.items()}
    return {
        "full_score": float(np.mean(full)),
        "full_scores": [float(one) for one in full],
        "strategies": [_of_strategy(name, runs, areas, times, ranges["answers"]) for name in runs],
        "comparisons": compare_areas(areas["answers"]),
        "penalty": {"answers": checkpoints.tolist(), **penalty_matrix(scores)},
    }


def _of_strategy(
    name: str,
    runs: Mapping[str, Sequence[Run]],
    areas: Mapping[str, Mapping[str, Sequence[float]]],
    times: Mapping[str, Mapping[str, Mapping[int, Times]]],
    ranges: Sequence[tuple[float, float]],
) -> JsonObject:
    of = runs[name]
    by_axis = {axis: _area(areas[axis][name], areas[axis][RANDOM]) for axis in AXES}
    to_target = {
        str(share): {axis: _to_target(times[name][axis][share], times[RANDOM][axis][share]) for axis in AXES}
        for share in TARGETS
    }
    main = to_target["95"]["answers"]
    gated = times[GATED_RANDOM]["answers"][95]
    return {
        "strategy": name,
        "seeds": [run.seed for run in of],
        "n_pool": [run.n_pool for run in of],
        **by_axis["answers"],
        "area": by_axis,
        "labels_to_95": main["median"],
        "ratio_to_random_95": main["ratio_to_random"],
        "over_gated_random": {
            **_ahead(areas["answers"][name], areas["answers"][GATED_RANDOM]),
            **_ratio(times[name]["answers"][95], gated),
        },
        "to_target": to_target,
        "junk_share": _junk_share(of),
        "last": {axis: float(np.mean([Curve.of(run, axis).cost[-1] for run in of])) for axis in AXES},
        "curve": _mean_curve(of, ranges),
        "batches": _mean_batches(of),
        "by_seed": [run.to_json() for run in of],
    }


def _ranges(runs: Mapping[str, Sequence[Run]], axis: str) -> list[tuple[float, float]]:
    """Per seed the range that all of its runs are judged over."""
    return [common_range(of_seed, axis) for of_seed in zip(*runs.values(), strict=True)]


def _areas(of: Sequence[Run], ranges: Sequence[tuple[float, float]], axis: str) -> list[float]:
    return [Curve.of(run, axis).area(*limits) for run, limits in zip(of, ranges, strict=True)]


def _area(areas: Sequence[float], random: Sequence[float]) -> JsonObject:
    """Mean over seeds, and over random's on the same seeds with its interval."""
    ahead = _ahead(areas, random)
    return {"aulc": float(np.mean(areas)), "aulc_minus_random": ahead["difference"], "ci95": ahead["ci95"]}


def _ahead(areas: Sequence[float], others: Sequence[float]) -> JsonObject:
    ahead = np.subtract(areas, others)
    interval = seed_interval(ahead.tolist())
    return {"difference": float(ahead.mean()), "ci95": interval.to_json() if interval else None}


def _times(
    of: Sequence[Run], full: Sequence[float], ranges: Sequence[tuple[float, float]], axis: str, share: int
) -> Times:
    """A run that has nothing left to ask stays where it is: it was watched to the end of the range."""
    reached = [Curve.of(run, axis).reached(share / 100.0 * score) for run, score in zip(of, full, strict=True)]
    return Times.of(reached, [last for _, last in ranges])


def _to_target(times: Times, random: Times) -> JsonObject:
    compared = _ratio(times, random)
    return {
        "median": finite(median_cost(times)),
        "n_reached": int(times.is_reached.sum()),
        "n_censored": int((~times.is_reached).sum()),
        "ratio_to_random": compared["ratio"],
        "ratio_ci95": compared["ratio_ci95"],
    }


def _ratio(times: Times, others: Times) -> JsonObject:
    interval = ratio_interval(times, others, np.random.default_rng(0))
    return {
        "ratio": finite(ratio(median_cost(times), median_cost(others))),
        "ratio_ci95": None if interval is None else [finite(end) for end in interval],
    }


def finite(value: float) -> float | None:
    """As JSON can hold it."""
    return value if math.isfinite(value) else None


def _junk_share(of: Sequence[Run]) -> float:
    return float(np.mean([_junk_of(run) for run in of]))


def _junk_of(run: Run) -> float:
    """Share of "bad signal" among the answers of the batches within the first part of the pool."""
    most, n_answers, n_bad = JUNK_WITHIN * run.n_pool, 0, 0
    for batch in run.batches:
        if n_answers and n_answers + batch["answers"] > most:
            break
        n_answers, n_bad = n_answers + batch["answers"], n_bad + batch["bad_signal"]
    return n_bad / max(n_answers, 1)


def _mean_curve(of: Sequence[Run], ranges: Sequence[tuple[float, float]]) -> JsonObject:
    first, last = max(low for low, _ in ranges), min(high for _, high in ranges)
    grid = np.linspace(first, last, N_GRID)
    scores = np.array([Curve.of(run, "answers").at(grid) for run in of])
    intervals = [seed_interval(column.tolist()) for column in scores.T]
    return {
        "answers": grid.round(3).tolist(),
        "score": scores.mean(axis=0).tolist(),
        "ci95": [one.to_json() if one else None for one in intervals],
        "labels": _along(of, grid, "labels"),
        "seconds": _along(of, grid, "seconds"),
    }


def _along(of: Sequence[Run], grid: Floats, axis: str) -> list[float]:
    """What so many answers have brought or cost, mean over seeds."""
    costs = [(Curve.of(run, "answers").cost, Curve.of(run, axis).cost) for run in of]
    mean = np.mean([np.interp(grid, answers, other) for answers, other in costs], axis=0)
    return [round(float(value), 3) for value in mean]


def _mean_batches(of: Sequence[Run]) -> list[JsonObject]:
    """Batch by batch the shares over all seeds that had one."""
    n_steps = max(len(run.batches) for run in of)
    return [_together([run.batches[step] for run in of if step < len(run.batches)]) for step in range(n_steps)]


def _together(batches: Sequence[JsonObject]) -> JsonObject:
    total = sum(batch["answers"] for batch in batches)
    classes = np.sum([batch["classes"] for batch in batches], axis=0)
    return {
        "n_seeds": len(batches),
        "answers": total / len(batches),
        "bad_signal": sum(batch["bad_signal"] for batch in batches) / total,
        "cant_tell": sum(batch["cant_tell"] for batch in batches) / total,
        "classes": (classes / max(int(classes.sum()), 1)).tolist(),
        "n_subjects": float(np.mean([batch["n_subjects"] for batch in batches])),
        "largest_subject_share": float(np.mean([batch["largest_subject_share"] for batch in batches])),
        "routes": _shares_of(batches, "routes", total),
        "terms": _shares_of(batches, "terms", total),
        "seconds": float(np.mean([batch["seconds"] for batch in batches])),
    }


def _shares_of(batches: Sequence[JsonObject], what: str, total: int) -> JsonObject:
    names = sorted({name for batch in batches for name in batch[what]})
    return {name: sum(batch[what].get(name, 0) for batch in batches) / total for name in names}


def _checkpoints(ranges: Sequence[tuple[float, float]]) -> Floats:
    """Answers at which strategies are compared: twice the start, four times, … up to the shortest seed's end."""
    first, last = max(low for low, _ in ranges), min(high for _, high in ranges)
    points = first * _FIRST_CHECKPOINT ** np.arange(1, 12)
    inside = points[points < last]
    return np.asarray(np.append(inside, last))
