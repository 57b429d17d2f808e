"""EAV's target: the emotion that was acted in a conversation; whether it was heard or spoken is no part of it."""

from __future__ import annotations

from collections.abc import Mapping

from mlcore.convert.answers import Questions, Said, by_trial
from mlcore.datasets.eav_signals import EMOTIONS
from mlcore.store import TargetKind, TargetMeta
from mlcore.types import TrialSpec

CLASSES = tuple(name.lower() for name in EMOTIONS)
TARGETS: Mapping[str, TargetMeta] = {"emotion": TargetMeta(TargetKind.CLASS, classes=CLASSES)}


def questions() -> Questions:
    """The target of a session's one trial."""
    return by_trial(TARGETS, _answers)


def _answers(trial: TrialSpec) -> Mapping[str, Said]:
    """The stimulus is the task and the emotion, such as "Listening Anger"."""
    emotion = trial.stimulus.lower().rpartition(" ")[2]
    if emotion not in CLASSES:
        why = f"the trial is marked {trial.stimulus!r}" if trial.stimulus else "the trial is not marked"
        return {"emotion": Said(None, why)}
    return {"emotion": Said(CLASSES.index(emotion))}
