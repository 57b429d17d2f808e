"""Early fusion under the contract: what an absent modality leaves is zeros."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from mlcore.compare.contract import Rows, Task
from mlcore.compare.fitting import FitSettings
from mlcore.compare.inputs import Reader, fit_reader, readable
from mlcore.compare.net_method import Baseline, Reads
from mlcore.compare.softmax_net import Recipe
from mlcore.nets.early import EarlyFusionNet
from mlcore.store import ModalityKind, ModalityMeta, Store


@dataclass(frozen=True, slots=True)
class WithSummaries:
    """Standardised clips, flattened, and their summaries behind them."""

    reader: Reader

    @property
    def modality(self) -> str:
        """What is read."""
        return self.reader.modality

    @property
    def meta(self) -> ModalityMeta:
        """Shape and kind of a clip before it is flattened."""
        return self.reader.meta

    def signals(self, store: Store, rows: Rows) -> NDArray[np.float32]:
        """(n, signal + summary); zeros where there is no data."""
        signal = self.reader.signals(store, rows).reshape(len(rows), -1)
        return np.concatenate([signal, self.reader.summaries(store, rows)], axis=1)


def _read(task: Task, modality: str, *, learn: Rows) -> WithSummaries:
    return WithSummaries(fit_reader(task, modality, learn=learn))


def _build(metas: Mapping[str, ModalityMeta], n_outputs: int) -> nn.Module:
    return EarlyFusionNet(metas, n_outputs)


EARLY = Baseline(
    "early",
    "early fusion: our encoders' features side by side, one layer, cross-entropy",
    Reads(lambda task: readable(task, ModalityKind), "any modality"),
    Recipe(_build, FitSettings(learning_rate=2e-3, weight_decay=1e-4), read=_read, needs_all=False),
)
