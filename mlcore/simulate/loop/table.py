"""A loop's result as people read it."""

from __future__ import annotations

from collections.abc import Sequence

from mlcore.types import JsonObject

_COLUMNS = ("strategy", "aulc", "− random", "ci95", "answers to 95 %", "÷ random", "ci95", "reached", "junk")


def table_of(strategies: Sequence[JsonObject]) -> str:
    """One line a strategy, in Markdown."""
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_row(one) for one in strategies)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(one: JsonObject) -> tuple[str, ...]:
    target = one["to_target"]["95"]["answers"]
    n_runs = target["n_reached"] + target["n_censored"]
    return (
        one["strategy"],
        f"{one['aulc']:.4f}",
        f"{one['aulc_minus_random']:+.4f}",
        interval_text(one["ci95"], "+.4f"),
        number_text(one["labels_to_95"], ".0f"),
        number_text(one["ratio_to_random_95"], ".2f"),
        interval_text(target["ratio_ci95"], ".2f"),
        f"{target['n_reached']}/{n_runs}",
        f"{one['junk_share']:.3f}",
    )


def number_text(value: float | None, form: str) -> str:
    """A number, or ∞ where there is none."""
    return "∞" if value is None else f"{value:{form}}"


def interval_text(interval: Sequence[float | None] | None, form: str) -> str:
    """[low, high]; a dash where there is none."""
    return "–" if interval is None else f"[{', '.join(number_text(end, form) for end in interval)}]"
