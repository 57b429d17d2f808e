from __future__ import annotations

import numpy as np
import pytest

from mlcore.io.triggers import number_in, trigger_events


def _events(values: list[int]) -> list[tuple[float, int | None]]:
    return [(event.time_s, event.value) for event in trigger_events(np.array(values, dtype=float), 1.0)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0, 0], []),
        ([0, 16, 0, 0, 16, 0], [(1, 16), (4, 16)]),
        ([254, 255, 254, 255, 255, 254], [(1, 255), (3, 255)]),
        ([255, 254, 255, 254, 255, 255], [(2, 255), (4, 255)]),  # begins and ends inside a trigger
        ([0, 16, 16, 16, 16, 16, 0], [(1, 16)]),  # held longer than it rests
        ([0, 1, 2, 3, 0], [(1, 1), (2, 2), (3, 3)]),
        ([0x900000, 0x900010, 0x800000, 0x10005, 0], [(1, 16), (3, 5)]),  # state bits come and go
    ],
)
def test_changes_above_the_resting_value(values: list[int], expected: list[tuple[float, int]]) -> None:
    assert _events(values) == expected


@pytest.mark.parametrize(
    ("text", "number"), [("S 12", 12), ("Stimulus/S253", 253), ("7", 7), ("none", None), ("1" * 40, None), ("", None)]
)
def test_numbers_in_markers(text: str, number: int | None) -> None:
    assert number_in(text) == number
