"""Electrode names: one place on the head, many ways to write it."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: names of the 10-20 system that the 10-10 system replaced
_OLD_NAMES = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
_PREFIX = re.compile(r"^EEG[ _:-]+")
_REFERENCE = re.compile(r"[ _-]+(REF|LE|RE|AVG|AV|A1|A2|M1|M2|A1A2|CAR)\d*$")


def plain_name(name: str) -> str:
    """A channel's name as all labs would write it: upper case, bare, by the 10-10 system.

    >>> plain_name("EEG Fp1"), plain_name("Fc5."), plain_name("EEG T3-REF"), plain_name("Cz-A1")
    ('FP1', 'FC5', 'T7', 'CZ')
    """
    bare = _PREFIX.sub("", name.strip().upper())
    bare = _REFERENCE.sub("", bare.rstrip(". ")).strip()
    return _OLD_NAMES.get(bare, bare)


def match_channels(wanted: Sequence[str], present: Sequence[str]) -> tuple[int | None, ...]:
    """For each wanted channel its index among the present ones, or None; of doubles the first is taken."""
    places: dict[str, int] = {}
    for index, name in enumerate(present):
        places.setdefault(plain_name(name), index)
    return tuple(places.get(plain_name(name)) for name in wanted)
