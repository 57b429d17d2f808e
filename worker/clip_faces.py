"""The face in a session's clips: followed through the video once, then cut to the clips, and how good each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotator.models import Study
from mlcore.datasets import Recording
from mlcore.io.frames import OnFrame, OnProgress
from mlcore.io.video import encode_proxy, frame_times_s
from mlcore.types import ClipQuality, Window
from mlcore.vision import (
    N_FACE_FEATURES,
    FacePlace,
    FaceReference,
    FaceTrack,
    FaceTracker,
    clip_features,
    face_clip_quality,
    face_place,
)
from worker.run import RunningJob
from worker.stopwatch import Stopwatch

Samples = NDArray[np.float32]
#: the rate at which the face is followed and its crops are kept: blinks last 100 ms and more
FACE_FPS = 25.0


def face_shape(study: Study) -> tuple[int, int]:
    """(T, F) of a clip."""
    return max(round(study.window_s * study.face_fps), 1), N_FACE_FEATURES


@dataclass(frozen=True, slots=True)
class ClipFaces:
    """Row n belongs to window n."""

    features: Samples  # (N, T, F)
    #: (N,) whether there is a face to learn from
    present: NDArray[np.bool_]
    #: None where a clip has no video
    quality: tuple[ClipQuality | None, ...]
    #: where the face is in the frame; None where none was found
    places: tuple[FacePlace | None, ...]


@dataclass(frozen=True, slots=True)
class SeenVideo:
    """What came of going through a video once."""

    track: FaceTrack
    #: what is wrong with it, for people
    notes: tuple[str, ...]


def watch_video(
    running: RunningJob, recording: Recording, folder: Path, *, span: tuple[float, float], watch: Stopwatch
) -> SeenVideo | None:
    """The browser's copy and the face track out of one decoding of the video."""
    if recording.video_path is None:
        return None
    notes: list[str] = []
    with FaceTracker(folder / "face", feature_fps=running.job.study.face_fps) as tracker:
        with watch.timing("video"):
            proxy = encode_proxy(
                recording.video_path,
                folder / "proxy.mp4",
                on_progress=_reporter(running, span),
                on_frame=_watcher(running, tracker, watch),
                every_s=1.0 / FACE_FPS,
                notes=notes,
            )
        watch.count("video", proxy.n_frames)
        with watch.timing("features"):
            track = tracker.finish(check=running.stop_if_asked)
    watch.count("features", len(track.backbone_frames))
    return SeenVideo(track, tuple(note for note in notes if note not in recording.warnings))


def _watcher(running: RunningJob, tracker: FaceTracker, watch: Stopwatch) -> OnFrame:
    def on_frame(video_s: float, frame: NDArray[np.uint8]) -> None:
        running.stop_if_asked()
        with watch.timing("faces"):
            tracker.add(video_s, frame)
        watch.count("faces")

    return on_frame


def _reporter(running: RunningJob, span: tuple[float, float]) -> OnProgress:
    begin, end = span

    def on_progress(share: float) -> None:
        running.progress(begin + share * (end - begin), "Encoding the video and looking for the face")

    return on_progress


def clip_faces(recording: Recording, study: Study, windows: Sequence[Window], track: FaceTrack | None) -> ClipFaces:
    present = np.array([window.has_face and track is not None for window in windows], dtype=np.bool_)
    features = np.zeros((len(windows), *face_shape(study)), dtype=np.float32)
    quality: list[ClipQuality | None] = [None] * len(windows)
    places: list[FacePlace | None] = [None] * len(windows)
    video = recording.video_info
    if track is not None and recording.video_path is not None and video is not None:
        times_s, reference = frame_times_s(recording.video_path), FaceReference.of(track)
        for row in np.flatnonzero(present).tolist():
            # the clip's length is kept on the video's clock: its drift is far below one step of the features
            start_s = recording.clock.to_video(windows[row].start_s)
            stop_s = start_s + study.window_s
            features[row] = clip_features(track, start_s=start_s, stop_s=stop_s, fps=study.face_fps)
            quality[row] = face_clip_quality(
                track, start_s=start_s, stop_s=stop_s, frame_times_s=times_s, reference=reference
            )
            places[row] = face_place(track, start_s=start_s, stop_s=stop_s, width=video.width, height=video.height)
    return ClipFaces(features, present, tuple(quality), tuple(places))
