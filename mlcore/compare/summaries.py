"""A clip of any kind in one row, z-scored within each subject without labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from mlcore.compare.contract import Floats, Rows, Task
from mlcore.compare.inputs import fit_reader
from mlcore.compare.subject_scale import Scale, measure_scale, rows_of
from mlcore.store import ModalityKind, ModalityMeta, Store
from mlcore.train.scaling import SUMMARY_LIMIT

#: side of the pictures that frames are averaged to
SIDE = 8
_BATCH = 64


class ReadsSummaries(Protocol):
    """Anything that gives a clip's summary."""

    @property
    def meta(self) -> ModalityMeta:
        """Shape and kind of a clip."""
        ...

    def summaries(self, store: Store, rows: Rows) -> NDArray[np.float32]:
        """Standardised summaries (n, S); zeros where there is no data."""
        ...


@dataclass(frozen=True, slots=True)
class PlainReader:
    """Summaries of a vector (the vector itself) or of frames (mean and spread over time of 8×8 pictures).

    Args:
        modality: its name.
        meta: its shape and kind.
        by_subject: mean and standard deviation of each known subject's summaries, (S,) each.
    """

    modality: str
    meta: ModalityMeta
    by_subject: Mapping[str, Scale]

    def summaries(self, store: Store, rows: Rows) -> NDArray[np.float32]:
        """z = clip((s − mean_subject) / std_subject, ±3), as for the other kinds; zeros where absent."""
        scales = self.knowing(store, store.subjects[rows]).by_subject
        present = store.present(self.modality)[rows]
        raw = self._raw(store, rows)
        z = [
            (one - scales[str(name)][0]) / scales[str(name)][1]
            for one, name in zip(raw, store.subjects[rows], strict=True)
        ]
        standard = np.clip(np.reshape(z, raw.shape), -SUMMARY_LIMIT, SUMMARY_LIMIT)
        return np.asarray(standard * present[:, None], dtype=np.float32)

    def knowing(self, store: Store, subjects: Iterable[str]) -> PlainReader:
        """The same reader, with the subjects that it does not know yet measured in the store."""
        unknown = sorted({str(one) for one in subjects} - set(self.by_subject))
        return replace(self, by_subject={**self.by_subject, **{one: self._measure(store, one) for one in unknown}})

    def _measure(self, store: Store, subject: str) -> Scale:
        return measure_scale(self._raw(store, rows_of(store, self.modality, subject)))

    def _raw(self, store: Store, rows: Rows) -> Floats:
        if self.meta.kind is ModalityKind.VECTOR:
            return store.gather(self.modality, rows).astype(np.float64)
        n_values = 2 * self.meta.shape[1] * SIDE**2
        return np.concatenate([np.zeros((0, n_values)), *self._small_pictures(store, rows)])

    def _small_pictures(self, store: Store, rows: Rows) -> Iterator[Floats]:
        for start in range(0, len(rows), _BATCH):
            frames = torch.from_numpy(store.gather(self.modality, rows[start : start + _BATCH])).float()
            small = functional.adaptive_avg_pool2d(frames.flatten(0, 1), SIDE).numpy().astype(np.float64)
            tracks = small.reshape(*frames.shape[:2], -1)  # (n, T, 3 · 8 · 8)
            yield np.concatenate([tracks.mean(axis=1), tracks.std(axis=1)], axis=1)


def fit_summaries(task: Task, modality: str, *, learn: Rows) -> ReadsSummaries:
    """A reader of summaries that knows the task's subjects."""
    meta = task.store.meta.modalities[modality]
    if meta.kind in (ModalityKind.WAVEFORM, ModalityKind.SEQUENCE):
        return fit_reader(task, modality, learn=learn)
    subjects = task.store.subjects[np.concatenate([task.train, task.test])]
    return PlainReader(modality, meta, {}).knowing(task.store, subjects)
