"""What a model can read of a store."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import StoreError
from mlcore.store import Store
from mlcore.train.model import TrainedModel
from mlcore.train.scaling import Scaler

Rows = NDArray[np.int64]


def scalers_for(
    model: TrainedModel, store: Store, rows: Rows, *, modalities: Iterable[str] | None = None
) -> dict[str, Scaler]:
    """Scalers of the modalities that both have, knowing every subject of the rows.

    Raises:
        StoreError: a modality of the store does not fit the model, or the model has none of that name.
    """
    wanted = tuple(model.modalities if modalities is None else modalities)
    unknown = [name for name in wanted if name not in model.modalities]
    if unknown:
        raise StoreError(f"modalities: the model reads {', '.join(model.modalities)}, not {unknown[0]}")
    shared = [name for name in model.modalities if name in wanted and name in store.meta.modalities]
    for name in shared:
        expected, got = model.modalities[name], store.meta.modalities[name]
        if (expected.kind, expected.shape, expected.sfreq) != (got.kind, got.shape, got.sfreq):
            raise StoreError(
                f"{name}: the model reads {expected.kind} {list(expected.shape)} at {expected.sfreq} Hz, "
                f"the store holds {got.kind} {list(got.shape)} at {got.sfreq} Hz"
            )
    return {name: model.scalers[name].knowing(store, name, store.subjects[rows]) for name in shared}
