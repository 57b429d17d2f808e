"""ASCERTAIN's targets: five ratings with seven levels each; and how good each of its sensors was.

Arousal, engagement, liking and familiarity are said as 0 to 6, valence as −3 to 3; level 1 is the lower end. What lies
outside of that is left unlabelled and counted. Source: Subramanian et al. 2018, doi:10.1109/TAFFC.2016.2625250.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from mlcore.convert.answers import Questions, Said, by_trial, level
from mlcore.datasets.ascertain_files import BEST, QUALITY, SELF_REPORTS, WORST, Quality, read_quality
from mlcore.datasets.layout import named_file
from mlcore.store import TargetKind, TargetMeta
from mlcore.types import RecordingSpec, TrialSpec

NAME = "ascertain"
_LEVELS = 7
_LOWEST = {"valence": -3.0}
TARGETS: Mapping[str, TargetMeta] = {
    f"{name}7": TargetMeta(TargetKind.ORDINAL, levels=_LEVELS) for name in SELF_REPORTS
}
#: modality of a store -> sensor of the evaluation
_SENSORS = {
    "eeg": "EEG",
    "eeg_features": "EEG",
    "face": "face",
    "face_features": "face",
    "ecg_features": "ECG",
    "gsr_features": "GSR",
}


def questions() -> Questions:
    """The targets of a session's one trial."""
    return by_trial(TARGETS, _answers)


def _answers(trial: TrialSpec) -> Mapping[str, Said]:
    return {
        f"{name}7": level(trial.self_reports.get(name), lowest=_LOWEST.get(name, 0.0), levels=_LEVELS, name=name)
        for name in SELF_REPORTS
    }


def sensor_grades(specs: Iterable[RecordingSpec], root: Path) -> Quality:
    """The evaluation of the sensors, read once for all recordings; {} where there is none.

    Raises:
        LayoutError: it is there and can't be read.
    """
    paths = (path for spec in specs for path in spec.companion_paths)
    found = next((path for path in paths if PurePosixPath(path).name.lower() == QUALITY), None)
    return read_quality(named_file(root, found)) if found else {}


def trust_of(grades: Quality, spec: RecordingSpec, modality: str) -> float | None:
    """How far the evaluation trusts a modality of a recording: 1 perfect … 0 missing; None where it says nothing."""
    place = int(spec.sync_hints.get("subject", 0)), (spec.part or 0) + 1
    grade = grades.get((_SENSORS.get(modality, ""), *place))
    return None if grade is None else (WORST - grade) / (WORST - BEST)
