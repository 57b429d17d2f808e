"""Features that came without the signal or video they were made from, cut to the clips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore.convert.modality import ModalityClips
from mlcore.convert.settings import ClipSettings
from mlcore.datasets import FeatureTrack
from mlcore.signals.windows import PRESENT_SHARE
from mlcore.store import ModalityKind, ModalityMeta
from mlcore.types import Window

#: how far from a step its row may lie, in steps of the slower of both rates
_REACH = 0.75


def modality_name(track: FeatureTrack) -> str:
    """The track's name as an identifier, e.g. `eeg_features`."""
    return track.modality.replace(" ", "_")


def track_clips(track: FeatureTrack, windows: Sequence[Window], settings: ClipSettings) -> ModalityClips:
    """A track with a rate becomes a sequence of each clip; one without stands for the whole recording, in every clip.

    A vector with a missing value is absent, and so is a sequence with less than 80 % of its steps.
    """
    if track.sfreq is None:
        return _vectors(track, len(windows))
    return _sequences(track, track.sfreq, windows, settings)


def _vectors(track: FeatureTrack, n_clips: int) -> ModalityClips:
    vector = track.values[0]
    is_there = bool(np.isfinite(vector).all())
    meta = ModalityMeta(ModalityKind.VECTOR, vector.shape, channels=track.features)
    row = np.nan_to_num(vector, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)
    present = np.full(n_clips, is_there)
    return ModalityClips(meta, present, present.astype(np.float64), np.tile(row, (n_clips, 1)))


def _sequences(track: FeatureTrack, rate: float, windows: Sequence[Window], settings: ClipSettings) -> ModalityClips:
    fps = settings.face_fps
    meta = ModalityMeta(
        ModalityKind.SEQUENCE, (settings.n_steps, len(track.features)), sfreq=fps, channels=track.features
    )
    found = [_steps(track, rate, window, settings) for window in windows]
    rows = np.stack([row for row, _ in found]).astype(np.float32)
    covered = np.array([share for _, share in found])
    present = covered >= PRESENT_SHARE
    return ModalityClips(meta, present, np.where(present, covered, 0.0), rows)


def _steps(
    track: FeatureTrack, rate: float, window: Window, settings: ClipSettings
) -> tuple[NDArray[np.float64], float]:
    """(T, F) of one clip, zeros where the track says nothing; and the share of steps where it says something."""
    times_s = window.start_s + (np.arange(settings.n_steps) + 0.5) / settings.face_fps - track.start_s
    place = np.clip(np.rint(times_s * rate - 0.5).astype(np.int64), 0, len(track.values) - 1)
    is_near = np.abs((place + 0.5) / rate - times_s) <= _REACH / min(rate, settings.face_fps)
    values = track.values[place]
    is_there = is_near & np.isfinite(values).all(axis=1)
    return np.where(is_there[:, None], values, 0.0), float(is_there.mean())
