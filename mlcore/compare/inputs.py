"""What every method reads of a clip, prepared in the same way for all of them.

Signals and summaries are standardised within each subject, from all of its clips and no label, then by the spread of
the clips that are learnt from, by `mlcore.train.scaling`; what lies beyond 6 standard deviations is cut. Missing
channels and steps are zeros, the subject's own middle. A subject whose scale was measured while fitting keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mlcore.compare.contract import Rows, Task
from mlcore.store import ModalityKind, ModalityMeta, Store
from mlcore.train.scaling import Scaler, fit_scaler

#: cut-off of standardised signals, standard deviations; the same as a round's
LIMIT = 6.0


class ReadsSignals(Protocol):
    """Anything that gives a network its clips."""

    @property
    def modality(self) -> str:
        """What is read."""
        ...

    @property
    def meta(self) -> ModalityMeta:
        """Shape and kind of a clip as it is given."""
        ...

    def signals(self, store: Store, rows: Rows) -> NDArray[np.float32]:
        """Standardised clips (n, *shape); zeros where there is no data."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """Standardised clips of one waveform or sequence.

    Args:
        modality: its name.
        scaler: fitted by `fit_reader`.
    """

    modality: str
    scaler: Scaler

    @property
    def meta(self) -> ModalityMeta:
        """Shape and kind of a clip."""
        return self.scaler.meta

    def signals(self, store: Store, rows: Rows) -> NDArray[np.float32]:
        """Clips (n, *shape); zeros where there is no data."""
        subjects = store.subjects[rows]
        return self._knowing(store, subjects).apply(store.gather(self.modality, rows), subjects)

    def summaries(self, store: Store, rows: Rows) -> NDArray[np.float32]:
        """Summaries (n, S) by `mlcore.nets.summary`, z-scored within each subject; zeros where there is no data."""
        subjects = store.subjects[rows]
        return self._knowing(store, subjects).summaries(store.gather(self.modality, rows), subjects)

    def _knowing(self, store: Store, subjects: Iterable[str]) -> Scaler:
        return self.scaler.knowing(store, self.modality, subjects)


@dataclass(frozen=True, slots=True)
class PickedChannels:
    """Some channels of a waveform, in an order of their own.

    Args:
        reader: of the whole waveform.
        places: of the channels wanted.
    """

    reader: Reader
    places: tuple[int, ...]

    @property
    def modality(self) -> str:
        """What is read."""
        return self.reader.modality

    @property
    def meta(self) -> ModalityMeta:
        """The waveform's, with the picked channels."""
        whole = self.reader.meta
        names = tuple(whole.channels[place] for place in self.places)
        return replace(whole, shape=(len(self.places), whole.shape[1]), channels=names)

    def signals(self, store: Store, rows: Rows) -> NDArray[np.float32]:
        """Standardised clips (n, C, T) of the picked channels."""
        return np.ascontiguousarray(self.reader.signals(store, rows)[:, list(self.places)])


def fit_reader(task: Task, modality: str, *, learn: Rows) -> Reader:
    """Measure the task's subjects, without labels, and the spread of the rows that are learnt from (n,)."""
    store = task.store
    subjects = np.unique(store.subjects[np.concatenate([task.train, task.test])])
    return Reader(modality, fit_scaler(store, modality, train_rows=learn, subjects=subjects, limit=LIMIT))


def readable(task: Task, kinds: Iterable[ModalityKind]) -> tuple[str, ...]:
    """Modalities of some kinds that may be both learnt from and read of the clips that are asked about."""
    modalities, wanted = task.store.meta.modalities, tuple(kinds)
    return tuple(name for name in task.modalities if name in task.infer and modalities[name].kind in wanted)


def describe_modalities(task: Task) -> str:
    """For refusals: "eeg (waveform), face (sequence)"."""
    kinds = task.store.meta.modalities
    return ", ".join(f"{name} ({kinds[name].kind})" for name in task.modalities if name in task.infer) or "none"


def labelled(task: Task) -> NDArray[np.bool_]:
    """Training rows (n,) that say something: a whole distribution, or a trace with at least one value."""
    missing = np.isnan(task.y)
    return np.asarray(~(missing.all(axis=1) if task.is_trace else missing.any(axis=1)))
