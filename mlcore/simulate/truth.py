"""The truth behind a simulated data set: a side file for simulated annotators and tests; learning never sees it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.simulate.config import SimulationConfig
from mlcore.simulate.plan import TrialPlan
from mlcore.simulate.subjects import SubjectTraits
from mlcore.types import JsonObject

TRUTH_NAME = "truth.json"
_NOTE = "SIMULATED: nobody was recorded. What the simulated subjects felt; never shown to annotators or to learning."


def write_truth(
    path: Path, config: SimulationConfig, *, subjects: Sequence[SubjectTraits], plans: Sequence[TrialPlan]
) -> None:
    """Write the side file: configuration, the subjects' numbers and every trial's course, artefacts and clocks."""
    content = {
        "simulated": True,
        "note": _NOTE,
        "config": config.to_json(),
        "subjects": [traits.number for traits in subjects],
        "trials": [plan.to_json() for plan in plans],
    }
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class TrialTruth:
    """What is true of one trial; times on the session clock."""

    subject: int
    session: str
    trial: int
    start_s: float
    stop_s: float
    sfreq: float
    valence: NDArray[np.float64]
    arousal: NDArray[np.float64]
    is_ambiguous: bool
    difficulty: float
    face_share: float
    item: JsonObject

    @classmethod
    def from_json(cls, item: JsonObject) -> Self:
        """One entry of the side file's "trials"."""
        return cls(
            subject=int(item["subject"]),
            session=str(item["session"]),
            trial=int(item["trial"]),
            start_s=float(item["start_s"]),
            stop_s=float(item["stop_s"]),
            sfreq=float(item["course"]["sfreq"]),
            valence=np.asarray(item["course"]["valence"], dtype=np.float64),
            arousal=np.asarray(item["course"]["arousal"], dtype=np.float64),
            is_ambiguous=bool(item["is_ambiguous"]),
            difficulty=float(item["difficulty"]),
            face_share=float(item["face_share"]),
            item=item,
        )

    def mean(self, dimension: str, start_s: float, stop_s: float) -> float:
        """Mean of "valence" or "arousal" between two session times, −1..1."""
        course = self.valence if dimension == "valence" else self.arousal
        times_s = np.linspace(start_s, stop_s, 41)
        return float(np.mean(np.interp(times_s, np.arange(course.size) / self.sfreq, course)))

    def artefact_share(self, kinds: Sequence[str], start_s: float, stop_s: float) -> float:
        """Share of a stretch that artefacts of these kinds cover, 0..1."""
        covered = [
            max(0.0, min(stop_s, artefact["stop_s"]) - max(start_s, artefact["start_s"]))
            for artefact in self.item["artefacts"]
            if artefact["kind"] in kinds
        ]
        return float(min(1.0, sum(covered) / max(stop_s - start_s, 1e-9)))


def read_truth(path: Path) -> tuple[TrialTruth, ...]:
    """Every trial of a side file; RecordingError where it is not one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return tuple(TrialTruth.from_json(item) for item in content["trials"])
    except FileNotFoundError:
        raise RecordingError(f"{path.name}: no truth file of simulated recordings is there") from None
    except (ValueError, KeyError, TypeError) as error:
        raise RecordingError(f"{path.name}: is not the truth file of simulated recordings ({error})") from error
