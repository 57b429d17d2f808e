"""EAV's signals and labels: one trial's slice of the subject's array, and what was acted in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.arrays import ArrayFacts, eeg_of_array
from mlcore.datasets.layout import Opened, Relation, named_file
from mlcore.datasets.mat5_arrays import Index
from mlcore.datasets.matlab import mat_variables, read_mat
from mlcore.errors import RecordingError
from mlcore.io.eeg import EegRecording
from mlcore.sync import unrelated
from mlcore.types import RecordingSpec, SyncMethod, TrialSpec

SFREQ = 500.0
_KEYS = ("seg1", "seg")
EMOTIONS = ("Neutral", "Sadness", "Anger", "Happiness", "Calmness")
TASKS = ("Listening", "Speaking")
_N_CLASSES = len(EMOTIONS) * len(TASKS)
#: order of the arrays, which carry no names (Lee et al. 2024, figure 2)
_FRONT = "Fp1 Fp2 F7 F3 Fz F4 F8 FC5 FC1 FC2 FC6 T7 C3 Cz C4 T8"
_BACK = "CP5 CP1 CP2 CP6 P7 P3 Pz P4 P8 PO9 O1 Oz O2 PO10"
EEG_CHANNELS = tuple(f"{_FRONT} {_BACK}".split())
_NAMED = re.compile(r"(Listening|Speaking)_([A-Za-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EegFacts:
    """Which variable holds the EEG, and which of its axes is what."""

    key: str
    shape: tuple[int, ...]
    trial_axis: int
    channel_axis: int

    @property
    def n_trials(self) -> int:
        """Trials in the file."""
        return self.shape[self.trial_axis]


def eeg_facts(path: Path, *, n_labels: int | None) -> EegFacts:
    """Find the array and tell its axes apart by their lengths.

    Raises:
        RecordingError: no MATLAB file, no `seg1` or `seg`, or not samples × channels × trials.
    """
    shapes = {variable.name: variable.shape for variable in mat_variables(path)}
    key = next((name for name in _KEYS if len(shapes.get(name, ())) == 3), None)
    if key is None:
        raise RecordingError(f"{path.name}: expected an array 'seg1' or 'seg' with three axes, got {shapes}.")
    shape = shapes[key]
    as_labels = [axis for axis in (2, 0, 1) if shape[axis] == n_labels]
    trial_axis = as_labels[0] if as_labels else 2
    rest = [axis for axis in range(3) if axis != trial_axis]
    return EegFacts(key, shape, trial_axis, channel_axis=min(rest, key=lambda axis: shape[axis]))


def labels_of(path: Path) -> NDArray[np.int64]:
    """Class 0–9 of each trial, −1 where none is marked.

    Raises:
        RecordingError: no MATLAB file, or no one-hot `label` of 10 classes.
    """
    label = read_mat(path, "label")
    if label.ndim != 2 or _N_CLASSES not in label.shape:
        raise RecordingError(f"{path.name}: expected 'label' of {_N_CLASSES} classes × trials, got {label.shape}.")
    one_hot = label if label.shape[0] == _N_CLASSES else label.T  # (10, N)
    return np.where(one_hot.any(axis=0), one_hot.argmax(axis=0), -1)


def open_eeg(spec: RecordingSpec, root: Path) -> EegRecording:
    """The EEG of one trial; of a version 7.3 file only its slice is read.

    Raises:
        RecordingError: the file can't be read, or has no such trial.
    """
    path = named_file(root, str(spec.eeg_path))
    label = _label_path(spec, root)
    facts = eeg_facts(path, n_labels=len(labels_of(label)) if label else None)
    part = spec.part or 0
    if part >= facts.n_trials:
        raise RecordingError(f"{path.name}: it holds {facts.n_trials} trials; there is no trial {part + 1}.")

    def one_trial(shape: tuple[int, ...]) -> Index:
        return tuple(part if axis == facts.trial_axis else slice(None) for axis in range(len(shape)))

    samples = read_mat(path, facts.key, one_trial)
    has_channels_first = facts.channel_axis < 3 - facts.channel_axis - facts.trial_axis
    by_channel = samples if has_channels_first else samples.T
    return eeg_of_array(path, by_channel, ArrayFacts("EAV .mat", SFREQ, _names(len(by_channel))))


def _names(n_channels: int) -> tuple[str, ...]:
    if n_channels == len(EEG_CHANNELS):
        return EEG_CHANNELS
    return tuple(f"Ch{number}" for number in range(1, n_channels + 1))


def _label_path(spec: RecordingSpec, root: Path) -> Path | None:
    return named_file(root, spec.companion_paths[0]) if spec.companion_paths else None


def relate(opened: Opened) -> Relation:
    """Both streams begin with the trial; task and emotion are its stimulus."""
    spec, label = opened.spec, _label_path(opened.spec, opened.root)
    number = (spec.part or 0) + 1
    by_label = _stimulus(labels_of(label), number) if label else ""
    by_name = _named(opened.video_path)
    notes = []
    if by_label and by_name and by_label != by_name:
        notes.append(f"The label file says {by_label} and the video's name {by_name}; the label file was believed.")
    trial = TrialSpec(number, start_s=0.0, stop_s=None, stimulus=by_label or by_name)
    is_one = opened.eeg is None or opened.video is None
    clock = unrelated() if is_one else unrelated(method=SyncMethod.SAME_START.value)
    return Relation(clock, (trial,), tuple(notes))


def _stimulus(labels: NDArray[np.int64], number: int) -> str:
    code = int(labels[number - 1]) if number <= len(labels) else -1
    return f"{TASKS[code % 2]} {EMOTIONS[code // 2]}" if code >= 0 else ""


def _named(video: Path | None) -> str:
    match = _NAMED.search(video.name) if video else None
    return f"{match[1].capitalize()} {match[2].capitalize()}" if match else ""
