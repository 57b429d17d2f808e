"""Left and right by the names of the 10-20 system: odd numbers left, even numbers right, z between."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlcore.errors import TrainingError
from mlcore.signals.names import plain_name

_NUMBERED = re.compile(r"([A-Z]+)(\d+)")


def hemisphere_order(names: Sequence[str]) -> tuple[int, ...]:
    """Places of the left channels, then of their mirror images on the right, in the same order.

    Channels of the midline and those without a mirror image are left out.

    Args:
        names: of the channels, e.g. "Fp1"; empty where they are unknown.

    Raises:
        TrainingError: no channel has a mirror image.

    >>> hemisphere_order(["Fp1", "Fz", "F4", "Fp2", "F3", "T7"])
    (0, 4, 3, 2)
    """
    places = {plain_name(name): place for place, name in reversed(list(enumerate(names)))}
    mirrored = [(places[left], places[right]) for left, right in _pairs(places) if right in places]
    if not mirrored:
        said = f"the store's are {', '.join(names)}" if names else "the store names no channels"
        raise TrainingError(f"TSception tells left from right by 10-20 names such as F3 and F4: {said}")
    mirrored.sort()
    return tuple(left for left, _ in mirrored) + tuple(right for _, right in mirrored)


def _pairs(names: Sequence[str] | dict[str, int]) -> list[tuple[str, str]]:
    """Left names with the names of their mirror images."""
    found = [(name, _NUMBERED.fullmatch(name)) for name in names]
    numbered = [(name, match[1], int(match[2])) for name, match in found if match]
    return [(name, f"{region}{number + 1}") for name, region, number in numbered if number % 2 == 1]
