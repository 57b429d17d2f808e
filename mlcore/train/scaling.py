"""Standardisation: first within each subject without labels, then by what the training clips alone say.

Subjects differ more than emotions do: skull and cap set the EEG's amplitude, identity sets a face's features. Each
subject is therefore put on a scale of its own, signals and summaries alike, from all of its own clips and never from
its labels; the scale of one subject depends on no other, so a test subject changes nothing about training. A subject
must be scored with all of its clips at hand: with a few of them the scale is that of those few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlcore.nets import summarise, summary_width
from mlcore.store import ModalityKind, ModalityMeta, Store
from mlcore.types import JsonObject

Floats = NDArray[np.float64]
FloatArray = NDArray[np.float32]
_SMALLEST = 1e-6
#: cut-off of standardised summaries: an artefact should not outweigh every other clip
SUMMARY_LIMIT = 3.0
BATCH = 256


@dataclass(frozen=True, slots=True)
class Scaler:
    """x -> clip((x − centre_subject) / (scale_subject · scale), ±limit), along the channel or feature axis.

    Args:
        meta: what is scaled; a waveform's channels are divided by the subject's median RMS; features lose the
            subject's median (its resting face) and are divided by the training clips' standard deviation.
        by_subject: centre and scale of each known subject, (F,) each.
        summary_by_subject: mean and standard deviation of each known subject's summaries, (S,) each.
        scale: (F,), of the training clips.
        flag: place of a 0/1 feature that is left as it is ("found"), or None.
        limit: cut-off, in standard deviations.
    """

    meta: ModalityMeta
    by_subject: Mapping[str, tuple[Floats, Floats]]
    summary_by_subject: Mapping[str, tuple[Floats, Floats]]
    scale: Floats
    flag: int | None
    limit: float

    def apply(self, x: NDArray[np.floating], subjects: Iterable[str]) -> FloatArray:
        """Standardise clips (n, *shape) of the given subjects (n,); steps without data stay zero."""
        out = np.asarray(x, dtype=np.float32).copy()
        for row, subject in enumerate(subjects):
            out[row] = self._one(out[row], *self.by_subject[str(subject)])
        return out

    def summaries(self, x: NDArray[np.floating], subjects: Iterable[str]) -> FloatArray:
        """Standardised summaries (n, S) of stored clips; zero, the subject's mean, where there is no data.

        z = clip((s − mean_subject) / std_subject, ±SUMMARY_LIMIT), mean and spread over all of the subject's clips.
        """
        known = [self.summary_by_subject[str(subject)] for subject in subjects]
        raw = summarise(x, self.meta)
        if not known:
            return raw.astype(np.float32)
        mean, spread = (np.stack(parts) for parts in zip(*known, strict=True))
        z = np.clip((raw - mean) / spread, -SUMMARY_LIMIT, SUMMARY_LIMIT)
        return np.asarray(np.nan_to_num(z, nan=0.0), dtype=np.float32)

    def _one(self, clip: FloatArray, centre: Floats, own_scale: Floats) -> FloatArray:
        shape = (-1, 1) if self.meta.kind is ModalityKind.WAVEFORM else (1, -1)
        divisor = (own_scale * self.scale).reshape(shape).astype(np.float32)
        scaled = np.clip((clip - centre.reshape(shape).astype(np.float32)) / divisor, -self.limit, self.limit)
        return np.asarray(scaled * _holds_data(clip), dtype=np.float32)

    def knowing(self, store: Store, modality: str, subjects: Iterable[str]) -> Scaler:
        """The same scaler, with the subjects that it does not know yet measured in the store."""
        unknown = [one for one in sorted({str(one) for one in subjects}) if one not in self.by_subject]
        measured = {one: _measure(store, modality, one, meta=self.meta, flag=self.flag) for one in unknown}
        summaries = {one: _measure_summary(store, modality, one, meta=self.meta) for one in unknown}
        return replace(
            self,
            by_subject={**self.by_subject, **measured},
            summary_by_subject={**self.summary_by_subject, **summaries},
        )

    def to_json(self) -> JsonObject:
        """Plain lists; `from_json` reads them back exactly."""
        return {
            "meta": self.meta.to_json(),
            "by_subject": _plain(self.by_subject),
            "summary_by_subject": _plain(self.summary_by_subject),
            "scale": self.scale.tolist(),
            "flag": self.flag,
            "limit": self.limit,
        }

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            meta=ModalityMeta.from_json(item["meta"]),
            by_subject=_pairs(item["by_subject"]),
            summary_by_subject=_pairs(item["summary_by_subject"]),
            scale=np.array(item["scale"]),
            flag=item["flag"],
            limit=float(item["limit"]),
        )


def _plain(pairs: Mapping[str, tuple[Floats, Floats]]) -> JsonObject:
    return {name: [first.tolist(), second.tolist()] for name, (first, second) in pairs.items()}


def _pairs(item: Mapping[str, Any]) -> dict[str, tuple[Floats, Floats]]:
    return {name: (np.array(pair[0]), np.array(pair[1])) for name, pair in item.items()}


def fit_scaler(
    store: Store, modality: str, *, train_rows: NDArray[np.int64], subjects: Iterable[str], limit: float
) -> Scaler:
    """Measure the given subjects, then the training clips.

    Args:
        store: the clips.
        modality: which.
        train_rows: rows that may set the common scale; those without the modality are passed over.
        subjects: everyone whose clips will be read.
        limit: cut-off, in standard deviations.
    """
    meta = store.meta.modalities[modality]
    n_features = meta.shape[0] if meta.kind is ModalityKind.WAVEFORM else meta.shape[-1]
    flag = meta.channels.index("found") if "found" in meta.channels else None
    plain = Scaler(meta, {}, {}, np.ones(n_features), flag, np.inf).knowing(store, modality, subjects)
    if meta.kind is ModalityKind.WAVEFORM:
        return replace(plain, limit=limit)
    return replace(plain, scale=_spread(plain, store, modality, train_rows), limit=limit)


def _spread(plain: Scaler, store: Store, modality: str, rows: NDArray[np.int64]) -> Floats:
    """Standard deviation of the centred features over the training clips' steps (F,)."""
    rows = rows[store.present(modality)[rows]]
    clips = plain.apply(store.gather(modality, rows), store.subjects[rows])
    steps = clips.reshape(-1, clips.shape[-1]).astype(np.float64)
    steps = steps[steps.any(axis=1)]
    return _safe(np.sqrt((steps**2).mean(axis=0)) if len(steps) else np.zeros(clips.shape[-1]), plain.flag)


def _rows_of(store: Store, modality: str, subject: str) -> NDArray[np.int64]:
    return np.flatnonzero((store.subjects == subject) & store.present(modality))


def _measure_summary(store: Store, modality: str, subject: str, *, meta: ModalityMeta) -> tuple[Floats, Floats]:
    """Mean and standard deviation of one subject's summaries, from that subject's own clips and no label."""
    parts = [summarise(clips, meta) for clips in _batches(store, modality, _rows_of(store, modality, subject))]
    every = np.concatenate([np.zeros((0, summary_width(meta))), *parts])
    known = ~np.isnan(every)
    n_known = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, every, 0.0).sum(axis=0) / n_known
    spread = np.sqrt((np.where(known, every - mean, 0.0) ** 2).sum(axis=0) / n_known)
    return mean, _safe(spread)


def _measure(
    store: Store, modality: str, subject: str, *, meta: ModalityMeta, flag: int | None
) -> tuple[Floats, Floats]:
    rows = _rows_of(store, modality, subject)
    if meta.kind is ModalityKind.WAVEFORM:
        return _waveform_scale(store, modality, rows)
    return _feature_centre(store, modality, rows, flag=flag)


def _waveform_scale(store: Store, modality: str, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Centre 0 (the band has no DC) and the median over clips of each channel's RMS: a few bad clips change nothing."""
    n_channels = store.meta.modalities[modality].shape[0]
    rms = [np.sqrt((clips.astype(np.float64) ** 2).mean(axis=2)) for clips in _batches(store, modality, rows)]
    every = np.concatenate(rms) if rms else np.zeros((0, n_channels))
    return np.zeros(n_channels), _safe(np.median(every, axis=0) if len(every) else np.zeros(n_channels))


def _feature_centre(store: Store, modality: str, rows: NDArray[np.int64], *, flag: int | None) -> tuple[Floats, Floats]:
    """Median of each feature over the steps that hold data, and scale 1."""
    n_features = store.meta.modalities[modality].shape[-1]
    steps = [clips.reshape(-1, n_features) for clips in _batches(store, modality, rows)]
    every = np.concatenate(steps) if steps else np.zeros((0, n_features))
    every = every[every.any(axis=1)]
    centre = np.median(every, axis=0).astype(np.float64) if len(every) else np.zeros(n_features)
    if flag is not None:
        centre[flag] = 0.0
    return centre, np.ones(n_features)


def _batches(store: Store, modality: str, rows: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
    for start in range(0, len(rows), BATCH):
        yield store.gather(modality, rows[start : start + BATCH])


def _holds_data(clip: FloatArray) -> NDArray[np.bool_]:
    """Channels (C, 1) or steps (T, 1) that are not all zero: zeros are how stores write what is missing."""
    return np.asarray(clip.any(axis=1, keepdims=True))


def _safe(scale: Floats, flag: int | None = None) -> Floats:
    """A scale that can be divided by: 1 where nothing varies, and for the flag."""
    safe = np.where(scale > _SMALLEST, scale, 1.0)
    if flag is not None:
        safe[flag] = 1.0
    return safe
