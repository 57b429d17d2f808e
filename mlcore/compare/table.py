"""Results as a table that people read in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from mlcore.compare.measures import CLASS_METRICS, TRACE_METRICS
from mlcore.types import JsonObject


def result_table(results: Sequence[JsonObject]) -> str:
    """Methods × metrics, one table a target: mean over seeds [95 % interval]; who refused says why."""
    return "\n\n".join(_target_table(of_target) for of_target in _by_target(results))


def _by_target(results: Sequence[JsonObject]) -> list[list[JsonObject]]:
    targets = dict.fromkeys(one["target"] for one in results)
    return [[one for one in results if one["target"] == target] for target in targets]


def _names(result: JsonObject) -> tuple[str, ...]:
    return TRACE_METRICS if result["kind"] == "trace" else CLASS_METRICS


def _target_table(results: Sequence[JsonObject]) -> str:
    names, done = _names(results[0]), [one for one in results if "mean" in one]
    rows = [["method", *names], *([one["method"], *_figures(one["mean"], one["interval"], names)] for one in done)]
    left_out = [f"{one['method']}: {_reason(one)}" for one in results if "mean" not in one]
    return "\n".join([_title(results[0], done), *(_aligned(rows) if done else []), *left_out])


def _title(first: JsonObject, done: Sequence[JsonObject]) -> str:
    title = f"{first['target']} ({first['kind']}), split by {first['split']}"
    if not done:
        return title
    return f"{title}, {done[0]['n_clips']} clips of {done[0]['n_subjects']} subjects, {len(done[0]['seeds'])} seeds"


def _reason(result: JsonObject) -> str:
    return f"refused: {result['refused']}" if "refused" in result else f"failed: {result['failed']}"


def _figures(means: JsonObject, intervals: JsonObject, names: Sequence[str]) -> list[str]:
    return [_figure(means[name], intervals[name]) for name in names]


def _figure(mean: float | None, interval: Sequence[float] | None) -> str:
    if mean is None:
        return "–"
    return f"{mean:.3f}" if interval is None else f"{mean:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"


def robustness_table(results: Sequence[JsonObject]) -> str:
    """Methods and corruptions × metrics, one table a target, the clean clips first; empty where none was asked for."""
    return "\n\n".join(
        _robust_table(of_target) for of_target in _by_target([one for one in results if one.get("robustness")])
    )


def _robust_table(results: Sequence[JsonObject]) -> str:
    names = _names(results[0])
    rows = [
        [one["method"], _corruption(entry), *_figures(entry["metrics"], entry["interval"], names)]
        for one in results
        for entry in one["robustness"]
    ]
    return "\n".join([f"{results[0]['target']}, corrupted", *_aligned([["method", "corruption", *names], *rows])])


def _corruption(entry: JsonObject) -> str:
    named = f"{entry['modality']} {entry['corruption']}".strip()
    return named if entry["corruption"] == "clean" else f"{named} {entry['level']:g}"


def versus_table(entries: Sequence[JsonObject]) -> str:
    """Each comparison on a line: difference by subject with its interval, wins, and p after Holm's correction."""
    if not entries:
        return ""
    head = ["target", "metric", "comparison", "difference", "better/equal/worse", "p (Holm)", "p by fold (Holm)"]
    return "\n".join(_aligned([head, *(_line(entry) for entry in entries)]))


def _line(entry: JsonObject) -> list[str]:
    names = [entry["target"], entry["metric"], f"{entry['method']} − {entry['other']}"]
    subject, fold = entry["by_subject"], entry["by_fold"]
    if subject is None:
        return [*names, "–", "–", "–", _p(fold)]
    interval = subject["interval"]
    difference = f"{subject['mean_difference']:+.3f}"
    if interval is not None:
        difference += f" [{interval[0]:+.3f}, {interval[1]:+.3f}]"
    return [*names, difference, f"{subject['wins']}/{subject['ties']}/{subject['losses']}", _p(subject), _p(fold)]


def _p(found: JsonObject | None) -> str:
    p = None if found is None else found["holm_p"]
    return "–" if p is None else f"{p:.4f}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
