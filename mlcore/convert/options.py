"""Options of the command line that are pairs of a name and a value."""

from __future__ import annotations

from collections.abc import Sequence

from mlcore.convert.own_table import Scales
from mlcore.errors import LayoutError


def pair(text: str, option: str) -> tuple[str, str]:
    """Name and value of NAME=VALUE.

    Raises:
        LayoutError: it is no pair; the option is named.
    """
    name, _, value = text.partition("=")
    if not (name and value):
        raise LayoutError(f"{option}: expected NAME=VALUE, got {text!r}.")
    return name, value


def scales_of(classes: Sequence[str], levels: Sequence[str]) -> Scales:
    """Scales of a table's columns, from NAME=A,B,… and NAME=N.

    Raises:
        LayoutError: one of them is no such pair.

    >>> scales_of(["mood=bad,good"], ["sam=9"])
    Scales(classes={'mood': ('bad', 'good')}, levels={'sam': 9})
    """
    named = {name: tuple(text.split(",")) for name, text in (pair(item, "--classes") for item in classes)}
    return Scales(named, {name: _whole(text) for name, text in (pair(item, "--levels") for item in levels)})


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise LayoutError(f"--levels: expected a whole number, got {text!r}.")
    return int(text)
