"""What tells one round's checkpoint from another's."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import torch

from mlcore.train.config import RoundConfig
from mlcore.train.data import RoundData


def signature_of(data: RoundData, config: RoundConfig, *, seed: int) -> str:
    """SHA-256 of what training depends on: configuration, seed, clips, labels (test labels are no part of it)."""
    digest = hashlib.sha256(json.dumps([config.to_json(), seed, torch.__version__]).encode())
    digest.update("\n".join(data.store.clip_ids).encode())
    digest.update(json.dumps({name: list(names) for name, names in data.classes.items()}).encode())
    for rows in (data.labelled_rows, data.pool_rows, data.test_rows):
        digest.update(np.asarray(rows, dtype=np.int64).tobytes())
    for name in sorted(data.targets):
        digest.update(np.ascontiguousarray(data.targets[name], dtype=np.float64).tobytes())
    for name in sorted(data.weights):
        digest.update(name.encode() + data.weight_of(name).tobytes())
    digest.update(json.dumps({name: data.traces[name].shape for name in sorted(data.traces)}).encode())
    for name in sorted(data.traces):
        digest.update(np.ascontiguousarray(data.traces[name], dtype=np.float64).tobytes())
    return digest.hexdigest()
