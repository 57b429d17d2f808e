"""One recording becomes one shard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.convert.answers import Given, Questions
from mlcore.convert.eeg import eeg_clips, eeg_stream
from mlcore.convert.face import face_clips, watch
from mlcore.convert.modality import ModalityClips
from mlcore.convert.outcome import Outcome
from mlcore.convert.settings import ClipSettings
from mlcore.convert.table import clip_table
from mlcore.convert.tracks import modality_name, track_clips
from mlcore.datasets import Recording, related_by_blinks
from mlcore.signals import StudyEegStream, cut_windows
from mlcore.store import UNLABELLED, ShardMeta, write_shard
from mlcore.types import RecordingSpec, Window
from mlcore.vision import FEATURES_VERSION, FaceTrack

#: how far a data set trusts a modality of a recording, 0..1; None = it says nothing
Trust = Callable[[RecordingSpec, str], float | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is the same for all sessions of a store."""

    settings: ClipSettings
    questions: Questions
    trust: Trust = field(default=lambda spec, modality: None)


@dataclass(frozen=True, slots=True)
class Clips:
    """All that a shard holds, not written yet."""

    recording: Recording
    windows: tuple[Window, ...] = ()
    modalities: Mapping[str, ModalityClips] = field(default_factory=dict)
    given: Given = field(default_factory=Given)

    def outcome(self) -> Outcome:
        """In numbers."""
        spec, unlabelled = self.recording.spec, dict[str, dict[str, int]]()
        for (name, why), n_clips in sorted(self.given.unlabelled.items()):
            unlabelled.setdefault(name, {})[why] = n_clips
        return Outcome(
            subject=spec.subject,
            session=spec.session,
            clips=len(self.windows),
            present={name: int(one.present.sum()) for name, one in self.modalities.items()},
            labelled={name: n_labelled(values) for name, values in self.given.values.items()},
            unlabelled=unlabelled,
            warnings=self.recording.warnings,
            left_out=self._why_empty(),
        )

    def _why_empty(self) -> str:
        if self.windows:
            return ""
        return "it is too short for one clip, or has neither a video nor enough of the store's EEG channels"


def n_labelled(values: NDArray[Any]) -> int:
    """Clips with an answer."""
    return int((values != UNLABELLED).sum() if values.ndim == 1 else (~np.isnan(values)).any(axis=1).sum())


def clips_of(recording: Recording, plan: Plan, scratch: Path) -> Clips:
    """Cut a recording into clips with all that is known of them.

    Args:
        recording: an open recording; its video is decoded here, its EEG when the shard is written.
        plan: lengths, rates and targets.
        scratch: an empty folder that must stay until the shard is written.

    Raises:
        RecordingError: a file can't be read.
    """
    track = None
    if recording.video_path is not None and plan.settings.has_face:
        track = watch(recording.video_path, scratch, face_fps=plan.settings.face_fps)
        recording = related_by_blinks(recording, track.times_s, track.eye_openness)
    eeg = eeg_stream(recording, plan.settings)
    windows = _windows(recording, plan.settings, has_eeg=eeg is not None)
    if not windows:
        return Clips(recording)
    found = _modalities(recording, windows, plan.settings, eeg=eeg, track=track)
    trusted = {name: clips.trusted(plan.trust(recording.spec, name)) for name, clips in found.items()}
    return Clips(recording, windows, trusted, plan.questions.answer(recording, windows))


def write_clips(folder: Path, clips: Clips, plan: Plan) -> None:
    """Write the shard in one step; a process that is killed leaves none."""
    versions = {"face_features": FEATURES_VERSION} if plan.settings.has_face else {}
    meta = ShardMeta({name: one.meta for name, one in clips.modalities.items()}, plan.questions.metas, versions)
    columns = {name: values for name, values in clips.given.values.items() if meta.targets[name].is_column}
    arrays = {name: values for name, values in clips.given.values.items() if name not in columns}
    rows = {name: one.rows for name, one in clips.modalities.items()}
    spec = clips.recording.spec
    table = clip_table(
        folder.name, clips.windows, clips.modalities, subject=spec.subject, session=spec.session, answers=columns
    )
    write_shard(folder, meta, table, {**rows, **arrays})


def _modalities(
    recording: Recording,
    windows: tuple[Window, ...],
    settings: ClipSettings,
    *,
    eeg: StudyEegStream | None,
    track: FaceTrack | None,
) -> dict[str, ModalityClips]:
    made = {
        "eeg": eeg_clips(eeg, windows, settings) if eeg else None,
        "face": face_clips(recording, windows, settings, track) if track else None,
    }
    tracks = {modality_name(one): track_clips(one, windows, settings) for one in recording.tracks}
    return {name: clips for name, clips in made.items() if clips is not None} | tracks


def _windows(recording: Recording, settings: ClipSettings, *, has_eeg: bool) -> tuple[Window, ...]:
    if recording.duration_s <= 0:
        # features that have no time: one clip a trial stands for the whole of it
        return tuple(
            Window(one.number, 0.0, settings.window_s, has_eeg=False, has_face=False) for one in recording.trials
        )
    tracked = [(track.start_s, track.stop_s) for track in recording.tracks if track.sfreq]
    video_span = recording.video_span if settings.has_face else None
    return cut_windows(
        recording.trials,
        window_s=settings.window_s,
        hop_s=settings.hop_s,
        eeg_span=recording.eeg_span if has_eeg else None,
        video_span=video_span or next(iter(tracked), None),
        include_single_modality=True,
        eeg_gaps=recording.eeg_gaps,
    )
