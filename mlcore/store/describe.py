"""What a store holds, in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlcore.store.meta import TargetKind
from mlcore.store.read import Store
from mlcore.store.table import UNLABELLED
from mlcore.types import JsonObject


def describe(store: Store) -> JsonObject:
    """Counts of a store as plain JSON values.

    Args:
        store: an opened store.

    Returns:
        {"n_shards", "n_clips", "n_subjects", "n_sessions", "n_trials", "hours", "modalities": {name: {kind, shape,
        dtype, sfreq, unit, n_channels, n_present, mean_quality}}, "targets": {name: {kind, n_labelled, counts}}}.
        Sessions are counted within their subject, trials within their session. mean_quality is over the present clips,
        null where there are none; counts only for classes and levels.
    """
    sessions = np.char.add(np.char.add(store.subjects, "\t"), store.sessions)
    trials = np.char.add(np.char.add(sessions, "\t"), store.trials.astype(str))
    return {
        "n_shards": len(store.shards),
        "n_clips": store.n_clips,
        "n_subjects": len(np.unique(store.subjects)),
        "n_sessions": len(np.unique(sessions)),
        "n_trials": len(np.unique(trials)),
        "hours": round(float(np.sum(store.stop_s - store.start_s)) / 3600.0, 4),
        "modalities": {name: _modality(store, name) for name in store.meta.modalities},
        "targets": {name: _target(store, name) for name in store.meta.targets},
    }


def _modality(store: Store, name: str) -> JsonObject:
    present = store.present(name)
    item = store.meta.modalities[name].to_json()
    item["n_channels"] = len(item.pop("channels"))
    mean = round(float(store.quality(name)[present].mean()), 4) if present.any() else None
    return {**item, "n_present": int(present.sum()), "mean_quality": mean}


def _target(store: Store, name: str) -> JsonObject:
    meta, values = store.meta.targets[name], store.target(name)
    if not meta.is_column:
        return {"kind": meta.kind.value, "n_labelled": int((~np.isnan(values)).any(axis=1).sum())}
    labelled = values[values != UNLABELLED]
    low, high = meta.allowed
    answers: list[Any] = list(meta.classes) if meta.kind is TargetKind.CLASS else list(range(low, high + 1))
    counts = {str(answer): int(np.sum(labelled == low + index)) for index, answer in enumerate(answers)}
    return {"kind": meta.kind.value, "n_labelled": len(labelled), "counts": counts}
