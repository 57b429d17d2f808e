"""Which terms of our loss do the work: each alone, each left out, all, none."""

from __future__ import annotations

import re

from mlcore.errors import TrainingError
from mlcore.types import JsonObject

#: the method whose terms are switched
OURS = "concord"
#: the terms that the reference work ablates, as fields of `mlcore.train.config.LossWeights`, and alignment
TERMS = ("similarity", "uncertainty", "distillation", "alignment")
_SETTING = re.compile(rf"{OURS}\[(?P<how>all|none|only|without)(?:=(?P<term>\w+))?\]")


def ablation_names() -> tuple[str, ...]:
    """Names of every setting, as `--method` takes them."""
    only, without = ([f"{OURS}[{how}={term}]" for term in TERMS] for how in ("only", "without"))
    return (f"{OURS}[all]", *without, *only, f"{OURS}[none]")


def ablation_overrides(name: str) -> JsonObject | None:
    """Settings over `mlcore.train.config.RoundConfig` that a name asks for.

    The task's own loss and the prototypes' diversity stay in every setting: without them there is nothing to learn.

    Args:
        name: "concord[without=distillation]", "concord[only=similarity]", "concord[all]", "concord[none]".

    Returns:
        {"weights": {term: 0.0, …}} of the terms that are switched off, or None where the name is no such setting.

    Raises:
        TrainingError: it looks like one, but there is no such term.

    >>> ablation_overrides("concord[without=distillation]")
    {'weights': {'distillation': 0.0}}
    """
    if not name.startswith(f"{OURS}["):
        return None
    found = _SETTING.fullmatch(name)
    how, term = (found["how"], found["term"]) if found else ("", None)
    needs_term = how in ("only", "without")
    if found is None or needs_term != (term is not None) or (needs_term and term not in TERMS):
        raise TrainingError(f"no method {name!r}: the settings of {OURS} are {', '.join(ablation_names())}")
    off = {"all": (), "none": TERMS, "without": (term,), "only": tuple(one for one in TERMS if one != term)}[how]
    return {"weights": {one: 0.0 for one in off if one is not None}}
