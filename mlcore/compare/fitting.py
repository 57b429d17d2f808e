"""The loop that published networks are trained by: epochs, patience, the best epoch's weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mlcore.errors import Cancelled, TrainingError
from mlcore.nets.baselines import project_max_norm
from mlcore.train.checkpoint import copy_tensors
from mlcore.types import JsonObject


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a network is trained.

    Args:
        n_epochs: at most.
        patience: epochs without a better validation loss that end it.
        batch_size: clips a step.
        learning_rate: Adam's.
        weight_decay: L2, added to the gradient.
        decay: factor of the learning rate each epoch.
        validation_share: share of the training clips that choose the epoch.
        class_balance: 0 = classes count as often as they come, 1 = all classes count the same; a round's default.
    """

    n_epochs: int = 100
    patience: int = 20
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    decay: float = 1.0
    validation_share: float = 0.2
    class_balance: float = 0.5


@dataclass(frozen=True, slots=True)
class Examples:
    """n clips on the device.

    Args:
        inputs: what the network takes, each (n, …).
        y: (n, K) distributions, or (n, T) traces with NaN.
        weights: (n,) ≥ 0.
    """

    inputs: tuple[Tensor, ...]
    y: Tensor
    weights: Tensor

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: Tensor | slice) -> Examples:
        """Some of the clips."""
        return Examples(tuple(one[rows] for one in self.inputs), self.y[rows], self.weights[rows])


#: (network, examples, epoch from 0) -> scalar with a gradient
Objective = Callable[[nn.Module, Examples, int], Tensor]
#: (the network's answers (n, K) or (n, T), examples) -> scalar
Judgement = Callable[[Tensor, Examples], Tensor]
#: clips that go through a network together where no gradient is kept
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where training ended; epochs count from 1."""

    n_epochs: int
    best_epoch: int
    validation_loss: float | None

    def to_json(self) -> JsonObject:
        """For a method's details."""
        return {"epochs": self.n_epochs, "best_epoch": self.best_epoch, "validation_loss": self.validation_loss}


def fit_net(
    net: nn.Module,
    learn: Examples,
    judge: Examples,
    *,
    objective: Objective,
    validation: Judgement,
    settings: FitSettings,
    should_stop: Callable[[], bool],
) -> Outcome:
    """Train a network in place; it ends in evaluation mode with the weights of the best epoch.

    Args:
        net: on the examples' device.
        learn: clips to learn from.
        judge: clips that choose the epoch; without any the last epoch is taken.
        objective: what is minimised.
        validation: what chooses the epoch.
        settings: the rest.
        should_stop: asked before each batch.

    Raises:
        TrainingError: the loss is no longer finite.
        Cancelled: the caller asked.
    """
    optimizer = torch.optim.Adam(net.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, settings.decay)
    best_loss, best_epoch, best, epoch = math.inf, 0, copy_tensors(net.state_dict()), 0
    while epoch < settings.n_epochs and epoch - best_epoch < settings.patience:
        _train(net, learn, optimizer, objective, epoch=epoch, batch_size=settings.batch_size, should_stop=should_stop)
        schedule.step()
        loss = _judged(net, judge, validation)
        epoch += 1
        if loss is None or loss < best_loss:
            best_loss, best_epoch, best = math.inf if loss is None else loss, epoch, copy_tensors(net.state_dict())
    net.load_state_dict(best)
    net.eval()
    return Outcome(epoch, best_epoch, best_loss if math.isfinite(best_loss) else None)


def _train(
    net: nn.Module,
    learn: Examples,
    optimizer: torch.optim.Optimizer,
    objective: Objective,
    *,
    epoch: int,
    batch_size: int,
    should_stop: Callable[[], bool],
) -> None:
    net.train()
    for rows in _batches(len(learn), batch_size):
        if should_stop():
            raise Cancelled("the comparison was stopped")
        optimizer.zero_grad(set_to_none=True)
        loss = objective(net, learn[rows.to(learn.y.device)], epoch)
        torch.autograd.backward(loss)
        optimizer.step()
        project_max_norm(net)
    if not torch.isfinite(loss):
        raise TrainingError(f"{type(net).__name__}: the loss became {loss.item()} in epoch {epoch + 1}")


def _batches(n_rows: int, size: int) -> Iterator[Tensor]:
    """Every row once, in random order, in batches that differ in length by at most 1: none too small for a norm."""
    order = torch.randperm(n_rows)
    yield from torch.tensor_split(order, max(1, math.ceil(n_rows / size)))


def _judged(net: nn.Module, judge: Examples, validation: Judgement) -> float | None:
    if not len(judge):
        return None
    net.eval()
    return float(validation(answers(net, judge.inputs), judge))


def answers(net: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
    """What a network in evaluation mode says of n ≥ 1 clips, chunk by chunk and without a gradient."""
    with torch.no_grad():
        return torch.cat([net(*chunk) for chunk in zip(*(torch.split(one, _CHUNK) for one in inputs), strict=True)])
