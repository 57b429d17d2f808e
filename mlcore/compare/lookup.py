"""From a name on the command line to a method: those of the registry, and ours with terms switched off."""

from __future__ import annotations

from mlcore.compare.ablation import ablation_overrides
from mlcore.compare.contract import Method


def lookup(name: str) -> Method:
    """The method of a name.

    Raises:
        TrainingError: there is none; the known ones are listed.
    """
    from mlcore.compare.registry import find_method

    overrides = ablation_overrides(name)
    if overrides is None:
        return find_method(name)
    from mlcore.compare.ours import concord_method

    return concord_method(name, overrides)


def every_name() -> tuple[str, ...]:
    """Names of the registry, in its order."""
    from mlcore.compare.registry import METHODS

    return tuple(METHODS)
