from __future__ import annotations

import pytest

from annotator.domain.stages import StageName


@pytest.mark.parametrize(
    ("text", "role", "network"),
    [
        ("teacher", "teacher", 1),
        ("student 2", "student", 2),
        ("student of gaze", "student of gaze", 1),
        ("student of gaze 3", "student of gaze", 3),
        ("teacher 12", "teacher", 12),
        ("student of eeg2", "student of eeg2", 1),
    ],
)
def test_a_stage_is_read_as_a_role_and_a_network(text: str, role: str, network: int) -> None:
    assert StageName.read(text) == StageName(role, network)


def test_the_network_is_told_where_there_are_several() -> None:
    assert StageName.read("student").told(1) == "Student"
    assert StageName.read("student").told(3) == "Network 1 of 3, student"
    assert StageName.read("teacher 3").told(3) == "Network 3 of 3, teacher"
