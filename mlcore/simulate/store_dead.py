"""Sensors that record garbage, and how the face's share of that is measured."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: what an electrode in the air gives, a loose one, and mains in an unshielded cable
_FLAT_UV, _LOOSE_UV, _MAINS_UV, _MAINS_HZ = 0.05, 400.0, 150.0, 50.0
#: features of something that is not this face, and the share of the steps in which a lost face is still found
_STRANGE, _STILL_FOUND = 3.0, 0.15
#: what changes less from one step to the next stands still
_SAME = 1e-9


def garbage_eeg(clips: Floats, sfreq: float, rng: Generator) -> Floats:
    """Nothing of the clips (n, C, T) µV but their shape: each flat, loose or drowned in mains, on every channel."""
    makers = (_flat, _loose, _mains)
    kinds = rng.integers(len(makers), size=len(clips))
    garbage = [makers[kind](clip.shape, sfreq, rng) for kind, clip in zip(kinds, clips, strict=True)]
    return np.array(garbage).reshape(clips.shape)


def garbage_face(clips: Floats, rng: Generator) -> Floats:
    """Nothing of the tracks (n, T, F): each lost most of the time, or a picture of something else that stands still.

    The last feature is 1 where a face was found; rows without one are zeros.
    """
    garbage = [_lost(clip.shape, rng) if rng.random() < 0.5 else _frozen(clip.shape, rng) for clip in clips]
    return np.array(garbage).reshape(clips.shape)


def face_quality(clips: Floats, fps: float) -> Floats:
    """Quality (n,) 0..1 of tracks (n, T, F), from the tracks alone: (1 − no face) · (1 − frozen picture).

    Of the faults that `mlcore.vision.quality` knows, a track of features shows these two.
    """
    found = clips[..., -1].mean(axis=1)
    return np.asarray(found * (1.0 - _frozen_severity(clips, fps)))


def _frozen_severity(clips: Floats, fps: float) -> Floats:
    changes = np.full(clips.shape[:2], np.inf)  # (n, T)
    both = (clips[:, 1:, -1] > 0) & (clips[:, :-1, -1] > 0)
    changes[:, 1:] = np.where(both, np.abs(np.diff(clips, axis=1)).max(axis=2), np.inf)
    out = np.zeros(len(clips))
    # looking at faces imports a good deal: only where something stands still
    if (changes < _SAME).any():
        from mlcore.vision.quality import STILL_SHARE, between, still_share

        times_s, stop_s = np.arange(clips.shape[1]) / fps, clips.shape[1] / fps
        out = np.array([between(still_share(times_s, one, 0.0, stop_s), STILL_SHARE) for one in changes])
    return out


def _flat(shape: tuple[int, ...], _: float, rng: Generator) -> Floats:
    return rng.normal(0.0, _FLAT_UV, size=shape)


def _loose(shape: tuple[int, ...], _: float, rng: Generator) -> Floats:
    return rng.normal(0.0, _LOOSE_UV * rng.uniform(0.7, 1.5), size=shape)


def _mains(shape: tuple[int, ...], sfreq: float, rng: Generator) -> Floats:
    wave = np.sin(2.0 * np.pi * _MAINS_HZ * np.arange(shape[1]) / sfreq + rng.uniform(0.0, 2.0 * np.pi))
    gains = rng.uniform(0.7, 1.3, size=(shape[0], 1))
    return np.asarray(_MAINS_UV * gains * wave + rng.normal(0.0, 1.0, size=shape))


def _lost(shape: tuple[int, ...], rng: Generator) -> Floats:
    found = rng.random((shape[0], 1)) < _STILL_FOUND
    features = rng.normal(0.0, _STRANGE, size=(shape[0], shape[1] - 1))
    return np.column_stack([features, np.ones(shape[0])]) * found


def _frozen(shape: tuple[int, ...], rng: Generator) -> Floats:
    return np.tile(np.append(rng.normal(0.0, _STRANGE, size=shape[1] - 1), 1.0), (shape[0], 1))
