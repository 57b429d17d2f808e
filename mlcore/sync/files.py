"""Clocks of whole files: an EEG recording and a video related by blinks; an XDF file's own camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mlcore.io.recording import EegRecording
from mlcore.io.video import iter_frames
from mlcore.sync.blinks import BlinkMatch, BlinkSearch, blink_clock
from mlcore.sync.frontal import frontal_channels, frontal_traces
from mlcore.sync.robust import Floats
from mlcore.vision.eyes import EyeContours
from mlcore.vision.follow import FaceFollower

#: faces are looked for in pictures of so many lines at most
_LINES = 480


def blink_clock_of(
    recording: EegRecording, video_s: Floats, eye_openness: Floats, *, settings: BlinkSearch | None = None
) -> BlinkMatch:
    """As `blink_clock`, with the frontal channels of an open recording; "can't tell" where it has none.

    Raises:
        RecordingError: the file can't be read. SyncError: times and openness don't fit each other.
    """
    channels = frontal_channels(recording.info.channels)
    if not channels:
        return BlinkMatch(None, 0.0, 0, "The EEG has no frontal channel by name (Fp1, Fp2, AF…, EOG).")
    traces_uv, sfreq = frontal_traces(recording, channels)
    return blink_clock(video_s, eye_openness, traces_uv, sfreq, settings=settings)


def eye_openness_of(video_path: Path, *, n_threads: int = 1) -> tuple[Floats, Floats]:
    """Times (n,) of a video's frames and how far the eyes of its longest followed face are open; NaN without a face.

    Raises:
        RecordingError: the video can't be decoded. VisionError: the models are not installed.
    """
    follower, eyes = FaceFollower(n_threads=n_threads), EyeContours(n_threads=n_threads)
    times_s, openness = [], []
    for video_s, frame in iter_frames(video_path, max_height=_LINES):
        faces = follower.look(video_s, frame)
        times_s.append(video_s)
        openness.append(float(np.mean(eyes.openness(frame, faces[0].mesh.points))) if faces else np.nan)
    return np.array(times_s), np.array(openness)
