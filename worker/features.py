"""What a session's clips are made of: EEG windows at the study's rate, face features, and how good each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotator.models import Study
from mlcore.datasets import Recording
from mlcore.io.video import encode_proxy, frame_times_s
from mlcore.signals import StudyEegStream, eeg_clip_quality, study_eeg_stream
from mlcore.types import Window
from mlcore.vision import (
    N_FACE_FEATURES,
    FaceReference,
    FaceTrack,
    FaceTracker,
    clip_features,
    face_clip_quality,
)
from worker.run import RunningJob

#: frames a second in which the face is followed; blinks need them
TRACK_FPS = 25.0
Floats = NDArray[np.float64]
Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SessionFeatures:
    """Row n belongs to window n."""

    eeg: Samples  # (N, C, T) µV
    face: Samples  # (N, T, F)
    eeg_present: NDArray[np.bool_]
    face_present: NDArray[np.bool_]
    eeg_quality: Floats
    face_quality: Floats
    eeg_usable: bool
    warnings: tuple[str, ...]

    @classmethod
    def of(
        cls,
        recording: Recording,
        study: Study,
        windows: Sequence[Window],
        *,
        eeg: StudyEegStream | None,
        track: FaceTrack | None,
    ) -> SessionFeatures:
        n_shared = int(eeg.present.sum()) if eeg is not None else 0
        usable = eeg is not None and n_shared >= study.min_eeg_channels
        eeg_present = np.array([window.has_eeg and usable for window in windows], dtype=np.bool_)
        face_present = np.array([window.has_face and track is not None for window in windows], dtype=np.bool_)
        eeg_arrays = _eeg_windows(eeg, study, windows, eeg_present)
        face_arrays, face_quality = _face_windows(recording, study, windows, track, face_present)
        return cls(
            eeg=eeg_arrays,
            face=face_arrays,
            eeg_present=eeg_present,
            face_present=face_present,
            eeg_quality=_eeg_quality(eeg, windows, eeg_present),
            face_quality=face_quality,
            eeg_usable=usable,
            warnings=_warnings(recording, study, n_shared, usable=usable, n_windows=len(windows)),
        )


def _warnings(recording: Recording, study: Study, n_shared: int, *, usable: bool, n_windows: int) -> tuple[str, ...]:
    found = []
    if recording.eeg_info is not None and not usable:
        found.append(
            f"Its EEG shares {n_shared} of the study's {len(study.eeg_channels)} channels, and training needs "
            f"{study.min_eeg_channels}: it is shown, labelled and exported, but nothing is learned from it."
        )
    if n_windows == 0:
        found.append(f"It is too short for a clip of {study.window_s:g} s.")
    return tuple(found)


# --- EEG -------------------------------------------------------------------------------------------------------------


def eeg_features(recording: Recording, study: Study) -> StudyEegStream | None:
    if recording.eeg is None or not study.eeg_channels:
        return None
    bad = recording.spec.bad_channels
    return study_eeg_stream(recording.eeg, study.eeg_channels, study.eeg_sfreq, bad=bad)


def eeg_shape(study: Study) -> tuple[int, int]:
    """(C, T) of a clip; a study whose recordings have no EEG yet keeps room for one channel."""
    return max(len(study.eeg_channels), 1), round(study.window_s * study.eeg_sfreq)


def _eeg_windows(
    eeg: StudyEegStream | None, study: Study, windows: Sequence[Window], present: NDArray[np.bool_]
) -> Samples:
    arrays = np.zeros((len(windows), *eeg_shape(study)), dtype=np.float32)
    if eeg is not None:
        rows = np.flatnonzero(present).tolist()
        starts_s = [windows[row].start_s for row in rows]
        for row, window in zip(rows, eeg.windows(starts_s, arrays.shape[2]), strict=True):
            arrays[row] = window
    return arrays


def _eeg_quality(eeg: StudyEegStream | None, windows: Sequence[Window], present: NDArray[np.bool_]) -> Floats:
    quality = np.zeros(len(windows))
    if eeg is not None and present.any():
        judged = [window for window, is_present in zip(windows, present, strict=True) if is_present]
        found = eeg_clip_quality(eeg.recording, eeg.names, judged)
        quality[present] = [one.score for one in found]
    return quality


# --- face ------------------------------------------------------------------------------------------------------------


def face_features(
    running: RunningJob, recording: Recording, proxy: Path, study: Study, *, span: tuple[float, float]
) -> FaceTrack | None:
    """The proxy and the face track, beside it, out of one decoding of the video."""
    if recording.video_path is None:
        return None
    begin, end = span
    with FaceTracker(proxy.with_name("face"), feature_fps=study.face_fps) as tracker:

        def on_frame(video_s: float, frame: NDArray[np.uint8]) -> None:
            running.stop_if_asked()
            tracker.add(video_s, frame)

        def on_progress(share: float) -> None:
            running.progress(begin + share * (end - begin), "Encoding the video and looking for the face")

        every_s = 1.0 / TRACK_FPS
        encode_proxy(recording.video_path, proxy, on_progress=on_progress, on_frame=on_frame, every_s=every_s)
        return tracker.finish(check=running.stop_if_asked)


def face_shape(study: Study) -> tuple[int, int]:
    """(T, F) of a clip."""
    return max(round(study.window_s * study.face_fps), 1), N_FACE_FEATURES


def _face_windows(
    recording: Recording,
    study: Study,
    windows: Sequence[Window],
    track: FaceTrack | None,
    present: NDArray[np.bool_],
) -> tuple[Samples, Floats]:
    arrays = np.zeros((len(windows), *face_shape(study)), dtype=np.float32)
    quality = np.zeros(len(windows))
    if track is not None:
        assert recording.video_path is not None
        reference, times_s = FaceReference.of(track), frame_times_s(recording.video_path)
        for row in np.flatnonzero(present).tolist():
            # the clip's length is kept on the video's clock: its drift is far below one step of the features
            start_s = recording.clock.to_video(windows[row].start_s)
            stop_s = start_s + study.window_s
            arrays[row] = clip_features(track, start_s=start_s, stop_s=stop_s, fps=study.face_fps)
            judged = face_clip_quality(
                track, start_s=start_s, stop_s=stop_s, frame_times_s=times_s, reference=reference
            )
            quality[row] = judged.score
    return arrays, np.clip(np.nan_to_num(quality), 0.0, 1.0)
