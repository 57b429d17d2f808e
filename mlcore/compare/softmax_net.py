"""Published networks under the contract: signals in, softmax (or a trace) out, the epoch chosen on validation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mlcore.compare.answers import Answers, answers_of
from mlcore.compare.contract import Floats, Rows, Task
from mlcore.compare.fitting import Examples, FitSettings, Objective, answers, fit_net
from mlcore.compare.folds import validation_fold
from mlcore.compare.inputs import ReadsSignals, fit_reader, labelled
from mlcore.compare.seeding import seeded
from mlcore.errors import TrainingError
from mlcore.store import ModalityMeta, Store
from mlcore.train.tensors import pick_device
from mlcore.types import JsonObject

#: (modality -> its meta, number of outputs) -> an untrained network that takes the modalities in this order
Build = Callable[[Mapping[str, ModalityMeta], int], nn.Module]


class FitReader(Protocol):
    """Prepares a modality for a network."""

    def __call__(self, task: Task, modality: str, *, learn: Rows) -> ReadsSignals:
        """A reader that learnt its scale from some rows."""
        ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """One network and how it is trained.

    Args:
        build: makes it.
        settings: of the training.
        read: how a modality's clips are prepared.
        objective: how it learns from K classes; by default the cross-entropy of its logits.
        needs_all: whether a clip must have all of its modalities; else one will do, and zeros stand for the others.
    """

    build: Build
    settings: FitSettings = field(default_factory=FitSettings)
    read: FitReader = fit_reader
    objective: Objective | None = None
    needs_all: bool = True


@dataclass(frozen=True, slots=True)
class FittedNet:
    """A trained network; clips that it can't read get rows of NaN."""

    net: nn.Module
    readers: tuple[ReadsSignals, ...]
    answers: Answers
    n_outputs: int
    device: torch.device
    held: Rows
    details: JsonObject
    needs_all: bool = True

    def predict(self, store: Store, rows: Rows) -> Floats:
        """Probabilities (n, K) or traces (n, T)."""
        said = np.full((len(rows), self.n_outputs), np.nan)
        present = _present(store, [reader.modality for reader in self.readers], rows, needs_all=self.needs_all)
        if present.any():
            inputs = _inputs(store, self.readers, rows[present], device=self.device)
            said[present] = self.answers.give_back(answers(self.net, inputs))
        return said

    def latents(self, store: Store, rows: Rows) -> dict[str, Floats]:
        """There is no shared latent space."""
        return {}


def fit_softmax_net(
    task: Task, modalities: tuple[str, ...], recipe: Recipe, *, should_stop: Callable[[], bool]
) -> FittedNet:
    """Train a network on the training clips that it can read.

    Raises:
        TrainingError: no such clip, or the loss is no longer finite.
        Cancelled: the caller asked.
    """
    use = labelled(task) & _present(task.store, modalities, task.train, needs_all=recipe.needs_all)
    if not use.any():
        some = (" and " if recipe.needs_all else " or ").join(modalities)
        raise TrainingError(f"{task.target}: no training clip has both a label and {some}")
    device = pick_device(task.device)
    with seeded(task.seed, device):
        return _fit(task, modalities, recipe, use=np.flatnonzero(use), device=device, should_stop=should_stop)


def _fit(
    task: Task,
    modalities: tuple[str, ...],
    recipe: Recipe,
    *,
    use: Rows,
    device: torch.device,
    should_stop: Callable[[], bool],
) -> FittedNet:
    rows, y, settings = task.train[use], task.y[use], recipe.settings
    fold = validation_fold(task, rows, y, share=settings.validation_share)
    readers = tuple(recipe.read(task, name, learn=rows[fold.train]) for name in modalities)
    target = answers_of(task, y[fold.train], balance=settings.class_balance)
    net = recipe.build({reader.modality: reader.meta for reader in readers}, y.shape[1]).to(device)

    def examples(part: NDArray[np.bool_]) -> Examples:
        inputs = _inputs(task.store, readers, rows[part], device=device)
        return Examples(inputs, target.targets(y[part]).to(device), target.weights(y[part]).to(device))

    outcome = fit_net(
        net,
        examples(fold.train),
        examples(fold.validation),
        objective=recipe.objective if recipe.objective and not task.is_trace else target.objective,
        validation=target.judge,
        settings=settings,
        should_stop=should_stop,
    )
    details = {"modalities": list(modalities), "n_parameters": _n_parameters(net), "fold": fold.to_json()}
    return FittedNet(
        net=net,
        readers=readers,
        answers=target,
        n_outputs=y.shape[1],
        device=device,
        held=rows[fold.validation],
        details={**details, **outcome.to_json()},
        needs_all=recipe.needs_all,
    )


def _n_parameters(net: nn.Module) -> int:
    return sum(weight.numel() for weight in net.parameters())


def _inputs(store: Store, readers: tuple[ReadsSignals, ...], rows: Rows, *, device: torch.device) -> tuple[Tensor, ...]:
    """Whole-epoch tensors on the device, one a modality."""
    return tuple(torch.from_numpy(reader.signals(store, rows)).to(device) for reader in readers)


def _present(store: Store, modalities: Iterable[str], rows: Rows, *, needs_all: bool) -> NDArray[np.bool_]:
    present = [store.present(name)[rows] for name in modalities]
    return np.asarray(np.logical_and.reduce(present) if needs_all else np.logical_or.reduce(present))
