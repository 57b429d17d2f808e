"""Which modality teaches and which ones learn from it."""

from __future__ import annotations

from collections.abc import Iterable

from mlcore.types import JsonObject

#: modalities that have a part to play by name; where the store has others, the first teaches
TEACHER, STUDENT = "face", "eeg"


def roles_of(modalities: Iterable[str]) -> JsonObject:
    """Settings of `RoundConfig`: face teaches and EEG learns where they are there, else in the order of the names.

    >>> roles_of(["voice", "face"])
    {'teacher_modality': 'face', 'student_modality': 'voice', 'more_students': []}
    """
    names = list(modalities)
    teacher = TEACHER if TEACHER in names else next((name for name in names if name != STUDENT), "")
    students = [name for name in names if name != teacher]
    student = STUDENT if STUDENT in students else next(iter(students), "")
    return {
        "teacher_modality": teacher,
        "student_modality": student,
        "more_students": [name for name in students if name != student],
    }
