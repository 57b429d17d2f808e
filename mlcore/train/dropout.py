"""What a model would say had other units been dropped: BALD by Monte-Carlo dropout."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing, contextmanager
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import entr
from torch import default_generator, nn
from torch.nn.modules.dropout import _DropoutNd

from mlcore.errors import TrainingError
from mlcore.nets import ClipInput
from mlcore.store import Store
from mlcore.train.ahead import prepared_ahead
from mlcore.train.model import TrainedModel
from mlcore.train.opinions import ask
from mlcore.train.readable import scalers_for
from mlcore.train.said import say
from mlcore.train.scaling import Scaler
from mlcore.train.tensors import load_modalities

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


def bald_of(
    model: TrainedModel,
    store: Store,
    rows: Rows,
    *,
    n_passes: int,
    seed: int,
    modalities: Iterable[str] | None = None,
    batch_size: int = 256,
) -> dict[str, Floats]:
    """Mutual information between class and dropout mask, H[mean p] − mean H[p], over passes with a mask each.

    p is the mean of the Dirichlet of all modalities, networks and heads together, as `PoolScores.entropy` takes it. Of
    the model only the dropout layers change, and are as they were afterwards; statistics of normalisation are not
    touched, nor is torch's global generator. The masks of a batch follow from the seed and its first row: clips that
    are shared out by whole batches get the same values.

    Args:
        model: its net decides the device.
        store: need not be the one that it was trained on.
        rows: (n,).
        n_passes: masks, 2 or more.
        seed: ≥ 0.
        modalities: those that may be read; all if None.
        batch_size: clips read at a time.

    Returns:
        Per learnt target (n,) in 0..ln K, in nats; 0 where a clip has nothing that may be read.

    Raises:
        TrainingError: n_passes is below 2, or the model drops nothing.
        StoreError: a modality of the store does not fit the model, or the model has none of that name.

    Source: Gal, Islam and Ghahramani 2017, arXiv 1703.02910.
    """
    if n_passes < 2:
        raise TrainingError(f"n_passes: expected 2 or more, got {n_passes}")
    rows = np.asarray(rows, dtype=np.int64)
    scalers = scalers_for(model, store, rows, modalities=modalities)
    device = next(model.net.parameters()).device
    batches = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    read = prepared_ahead(partial(load_modalities, store, scalers=scalers, device=device), batches)
    found = {target: [np.zeros(0)] for target in model.targets}
    with closing(read):
        for batch, loaded in zip(batches, read, strict=True):
            part = bald_of_batch(
                model, store, batch, scalers=scalers, loaded=loaded, n_passes=n_passes, seed=seed_of_batch(seed, batch)
            )
            for target, values in part.items():
                found[target].append(values)
    return {target: np.concatenate(parts) for target, parts in found.items()}


def bald_of_batch(
    model: TrainedModel,
    store: Store,
    rows: Rows,
    *,
    scalers: Mapping[str, Scaler],
    loaded: Mapping[str, ClipInput],
    n_passes: int,
    seed: int,
) -> dict[str, Floats]:
    """`bald_of` clips that somebody `loaded` with these scalers, by masks that follow from this very seed."""
    if not scalers:
        return {target: np.zeros(len(rows)) for target in model.targets}
    members = range(len(model.net.members))
    mean = {target: np.zeros((len(rows), len(model.classes[target]))) for target in model.targets}
    expected = {target: np.zeros(len(rows)) for target in model.targets}
    with only_dropout(model.net), _seeded(seed, next(model.net.parameters()).device):
        for _ in range(n_passes):
            opinions = ask(
                model.net, store, rows, scalers=scalers, targets=model.targets, members=members, loaded=loaded
            )
            for target, said in say(model, opinions).items():
                p = said.alpha / said.alpha.sum(axis=1, keepdims=True)
                mean[target] += p / n_passes
                expected[target] += entr(p).sum(axis=1) / n_passes
    # rounding may fall short of 0
    return {name: np.maximum(entr(p).sum(axis=1) - expected[name], 0.0) for name, p in mean.items()}


@contextmanager
def only_dropout(net: nn.Module) -> Generator[None]:
    """Dropout layers drop, everything else is in evaluation mode; afterwards all is in evaluation mode.

    Raises:
        TrainingError: there is no layer that drops anything.
    """
    layers = [module for module in net.modules() if isinstance(module, _DropoutNd) and module.p > 0]
    if not layers:
        raise TrainingError("the model drops no units: without dropout there is no BALD")
    net.eval()
    try:
        for layer in layers:
            layer.train()
        yield
    finally:
        net.eval()


def seed_of_batch(seed: int, rows: Rows) -> int:
    """What the masks of a batch follow from: the seed and its first row."""
    return int(np.random.SeedSequence([seed, int(rows[0])]).generate_state(1, np.uint64)[0])


@contextmanager
def _seeded(seed: int, device: torch.device) -> Generator[None]:
    """Torch's generators seeded inside, and as they were outside."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        default_generator.manual_seed(seed)
        if devices:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
