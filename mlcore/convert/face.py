"""The face of the clips: the video is watched once, then cut to the clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mlcore.convert.modality import ModalityClips, scores
from mlcore.convert.settings import ClipSettings
from mlcore.datasets import Recording
from mlcore.io.video import frame_times_s, iter_frames
from mlcore.store import ModalityKind, ModalityMeta
from mlcore.types import ClipQuality, Window
from mlcore.vision import FEATURE_NAMES, FaceReference, FaceTrack, FaceTracker, clip_features, face_clip_quality

#: the rate at which the face is followed: blinks last 100 ms and more
FOLLOWED_FPS = 25.0


def watch(video: Path, folder: Path, *, face_fps: float) -> FaceTrack:
    """Follow the face through a video.

    Args:
        video: the file; `folder`: where the track is written.
        face_fps: frames a second that the expression network sees.

    Raises:
        RecordingError: the video can't be decoded.
        VisionError: the models are not installed.
    """
    with FaceTracker(folder, feature_fps=face_fps) as tracker:
        for video_s, frame in iter_frames(video, every_s=1.0 / FOLLOWED_FPS):
            tracker.add(video_s, frame)
        return tracker.finish()


def face_meta(settings: ClipSettings) -> ModalityMeta:
    """(T, F)."""
    shape = settings.n_steps, len(FEATURE_NAMES)
    return ModalityMeta(ModalityKind.SEQUENCE, shape, sfreq=settings.face_fps, channels=tuple(FEATURE_NAMES))


def face_clips(
    recording: Recording, windows: Sequence[Window], settings: ClipSettings, track: FaceTrack
) -> ModalityClips | None:
    """Features of the face in each window; None where the recording has no video."""
    if recording.video_path is None:
        return None
    meta = face_meta(settings)
    rows = np.zeros((len(windows), *meta.shape), dtype=np.float32)
    quality: list[ClipQuality | None] = [None] * len(windows)
    times_s, reference = frame_times_s(recording.video_path), FaceReference.of(track)
    for row, window in enumerate(windows):
        if window.has_face:
            # the clip's length is kept on the video's clock: its drift is far below one step of the features
            start_s = recording.clock.to_video(window.start_s)
            stop_s = start_s + settings.window_s
            rows[row] = clip_features(track, start_s=start_s, stop_s=stop_s, fps=settings.face_fps)
            quality[row] = face_clip_quality(
                track, start_s=start_s, stop_s=stop_s, frame_times_s=times_s, reference=reference
            )
    present = np.array([window.has_face for window in windows], dtype=np.bool_)
    return ModalityClips(meta, present, scores(quality), rows)
