"""Test clips as a bad day in the lab would have left them, made while they are read."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.compare.corruption import Corruption, CorruptionKind
from mlcore.compare.views import StoreView, view_fields
from mlcore.errors import TrainingError
from mlcore.store import ModalityKind, ModalityMeta, Store

Rows = NDArray[np.int64]
Clip = NDArray[Any]
#: axis of a clip along which time runs
TIME_AXES = {ModalityKind.WAVEFORM: 1, ModalityKind.SEQUENCE: 0, ModalityKind.FRAMES: 0}
#: kinds whose store is written in whole numbers can't take a real value as it is
_INTEGERS = "iu"


@dataclass(frozen=True, slots=True)
class CorruptedStore(StoreView):
    """A store of which one modality is corrupted; the draws of a clip depend on its id and the seed alone.

    What a lab would measure of it: a clip whose modality goes missing is neither present nor of any quality; an
    occluded one keeps the share of its quality that is still seen. What is left as it was: the quality under noise
    (it is judged on the signal as recorded, before the filters that a store's windows have passed) and under a shift
    (a clock that is wrong shows in no picture).

    Memory: a copy of the clips that are asked for at a time.
    """

    corruption: Corruption
    seed: int
    #: (N,) whether the clip's modality went missing
    missing: NDArray[np.bool_]

    def present(self, modality: str) -> NDArray[np.bool_]:
        """Whether each clip has the modality, (N,)."""
        present = self.base.present(modality)
        return present & ~self.missing if modality == self.corruption.modality else present

    def quality(self, modality: str) -> NDArray[np.float64]:
        """Signal quality (N,) in 0..1, where a lab would notice."""
        quality = self.base.quality(modality)
        if modality != self.corruption.modality:
            return quality
        return np.where(self.missing, 0.0, quality * self._seen_share())

    def gather(self, modality: str, rows: Sequence[int] | Rows) -> NDArray[Any]:
        """As `Store.gather`; clips without the modality stay zeros."""
        clips = self.base.gather(modality, rows)
        if modality != self.corruption.modality:
            return clips
        index = np.asarray(rows, dtype=np.int64)
        present, ids = self.present(modality)[index], self.clip_ids[index]
        for place, clip_id in enumerate(ids):
            if present[place]:
                clips[place] = self._corrupt(clips[place], str(clip_id))
            else:
                clips[place] = 0
        return clips

    def _corrupt(self, clip: Clip, clip_id: str) -> Clip:
        change = _CHANGES.get(self.corruption.kind)
        if change is None:
            return clip
        meta = self.meta.modalities[self.corruption.modality]
        return change(clip, meta, self.corruption.level, clip_rng(self.corruption, clip_id, seed=self.seed))

    def _seen_share(self) -> float:
        if self.corruption.kind is not CorruptionKind.OCCLUSION:
            return 1.0
        meta = self.meta.modalities[self.corruption.modality]
        n_steps = meta.shape[TIME_AXES[meta.kind]]
        return 1.0 - round(self.corruption.level * n_steps) / n_steps


def clip_rng(corruption: Corruption, clip_id: str, *, seed: int) -> np.random.Generator:
    """The draws of one clip, the same at every level: whatever the batch, a higher level is more of the same."""
    return np.random.default_rng((seed, zlib.crc32(corruption.name.encode()), zlib.crc32(clip_id.encode())))


def corrupt(store: Store, corruption: Corruption, *, seed: int) -> Store:
    """A view of the store under one corruption of its clips.

    Args:
        store: the clips.
        corruption: of one of its modalities.
        seed: with the clip's id decides every draw.

    Raises:
        TrainingError: the kind does not go with the modality, or is one of labels.
    """
    meta = store.meta.modalities.get(corruption.modality)
    if meta is None:
        raise TrainingError(f"{corruption.name}: the store has no such modality")
    if corruption.kind is CorruptionKind.NOISE and meta.kind is not ModalityKind.WAVEFORM:
        raise TrainingError(f"{corruption.name}: noise goes with waveforms, and this is a {meta.kind}")
    needs_time = corruption.kind in (CorruptionKind.OCCLUSION, CorruptionKind.SHIFT)
    if needs_time and (meta.kind not in TIME_AXES or meta.sfreq is None):
        raise TrainingError(f"{corruption.name}: the modality has no steps in time")
    missing = _missing(store, corruption, seed=seed)
    return CorruptedStore(**view_fields(store), corruption=corruption, seed=seed, missing=missing)


def _missing(store: Store, corruption: Corruption, *, seed: int) -> NDArray[np.bool_]:
    if corruption.kind is not CorruptionKind.MISSING:
        return np.zeros(store.n_clips, dtype=np.bool_)
    draws = [clip_rng(corruption, str(clip_id), seed=seed).random() for clip_id in store.clip_ids]
    return np.array(draws) < corruption.level


def add_noise(clip: Clip, meta: ModalityMeta, level: float, rng: np.random.Generator) -> Clip:
    """Add white noise of RMS `level` times the channel's own RMS in this clip; a silent channel stays silent."""
    rms = np.sqrt((clip.astype(np.float64) ** 2).mean(axis=1, keepdims=True))
    return _as_stored(clip + level * rms * rng.standard_normal(clip.shape), meta)


def occlude(clip: Clip, meta: ModalityMeta, level: float, rng: np.random.Generator) -> Clip:
    """Zero one stretch of round(level · T) steps at a random place: features, pixels and the flag "found"."""
    axis = TIME_AXES[meta.kind]
    n_steps = clip.shape[axis]
    n_hidden = round(level * n_steps)
    first = int(rng.integers(0, n_steps - n_hidden + 1))
    out = clip.copy()
    np.moveaxis(out, axis, 0)[first : first + n_hidden] = 0
    return out


def shift(clip: Clip, meta: ModalityMeta, level: float, rng: np.random.Generator) -> Clip:
    """Move the clip's content `level` seconds later (earlier below 0); revealed steps are zero."""
    assert meta.sfreq is not None
    axis = TIME_AXES[meta.kind]
    n_steps = clip.shape[axis]
    moved = int(np.clip(round(level * meta.sfreq), -n_steps, n_steps))
    out = np.zeros_like(clip)
    source, sink = np.moveaxis(clip, axis, 0), np.moveaxis(out, axis, 0)
    sink[max(moved, 0) : n_steps + min(moved, 0)] = source[max(-moved, 0) : n_steps - max(moved, 0)]
    return out


_CHANGES: Mapping[CorruptionKind, Callable[[Clip, ModalityMeta, float, np.random.Generator], Clip]] = {
    CorruptionKind.NOISE: add_noise,
    CorruptionKind.OCCLUSION: occlude,
    CorruptionKind.SHIFT: shift,
}


def _as_stored(values: NDArray[np.float64], meta: ModalityMeta) -> Clip:
    dtype = np.dtype(meta.dtype)
    if dtype.kind not in _INTEGERS:
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)
