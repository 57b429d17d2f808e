"""The loop that every stage shares: epochs, validation, patience, checkpoint, progress, stopping."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from mlcore.errors import Cancelled, TrainingError
from mlcore.train.checkpoint import (
    Checkpoint,
    StageState,
    copy_tensors,
    load_optimizer,
    optimizer_tensors,
    random_state,
    restore_random_state,
    write_checkpoint,
)
from mlcore.train.config import StageConfig
from mlcore.train.data import Hooks, Progress
from mlcore.types import JsonObject

#: share of a round's work that is left for scoring
SCORING_SHARE = 0.05
#: seconds of training that a killed process may lose; a process that is asked to stop loses no finished epoch
CHECKPOINT_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage trains and how.

    Args:
        name: "teacher", "student", "teacher 2", …
        config: epochs, patience, learning rate.
        learns: modules whose weights move; all others stay frozen, batch norm included.
        batches: draws the batches of an epoch.
        loss: (batch, epoch) -> scalar with a gradient; epoch counts from 0.
        validate: mean loss on the validation fold, or None where there is none.
    """

    name: str
    config: StageConfig
    learns: nn.ModuleList
    batches: Callable[[], Iterator[Tensor]]
    loss: Callable[[Tensor, int], Tensor]
    validate: Callable[[], float | None]


@dataclass(slots=True)
class Run:
    """A round while it trains: what goes into the checkpoint and where it is told.

    Every finished epoch is kept in memory and written every so many seconds, and when its stage ends in whatever way.
    """

    net: nn.Module
    folder: Path
    signature: str
    hooks: Hooks
    stage_names: tuple[str, ...]
    resumed: Checkpoint | None
    history: list[JsonObject] = field(default_factory=list)
    checkpoint_every_s: float = CHECKPOINT_EVERY_S
    _unwritten: Checkpoint | None = field(default=None, init=False)
    _written_s: float = field(default=-math.inf, init=False)

    def __post_init__(self) -> None:
        if self.resumed is not None:
            self.history = list(self.resumed.history)
            self.net.load_state_dict(self.resumed.net)
            restore_random_state(self.resumed.rng)

    def is_past(self, stage: str) -> bool:
        """Whether the checkpoint stands in a later stage, so that this one's weights are already in the net."""
        if self.resumed is None:
            return False
        return self.stage_names.index(self.resumed.state.stage) > self.stage_names.index(stage)

    def keep(self, checkpoint: Checkpoint) -> None:
        """Take a finished epoch, and write it if the last one that was written is old enough."""
        self._unwritten = checkpoint
        if time.monotonic() - self._written_s >= self.checkpoint_every_s:
            self.write_kept()

    def write_kept(self) -> None:
        """Write the last finished epoch, unless it is written already."""
        if self._unwritten is not None:
            write_checkpoint(self.folder, self._unwritten)
            self._unwritten, self._written_s = None, time.monotonic()

    def stop_if_asked(self) -> None:
        """Raise Cancelled where the caller wants the round to stop."""
        if self.hooks.should_stop():
            raise Cancelled("the round was stopped")


def run_stage(stage: Stage, run: Run) -> StageState:
    """Train a stage to its end, from the run's checkpoint if that stands in it; the net ends with the best weights."""
    freeze_all_but(run.net, stage.learns)
    optimizer = torch.optim.AdamW(
        [weight for weight in stage.learns.parameters() if weight.requires_grad],
        lr=stage.config.learning_rate,
        weight_decay=stage.config.weight_decay,
        fused=True,
    )
    state = _begin(stage, run, optimizer)
    try:
        _train(stage, run, optimizer, state)
    finally:
        run.write_kept()
    stage.learns.load_state_dict(state.best)
    run.net.eval()
    return state


def _train(stage: Stage, run: Run, optimizer: torch.optim.Optimizer, state: StageState) -> None:
    started_s, first = time.monotonic(), state.epoch
    while not _is_over(state, stage.config):
        loss, validation = _epoch(stage, run, optimizer, state.epoch)
        _take_note(state, stage, run, loss, validation)
        run.keep(_checkpoint(state, run, optimizer))
        seconds_each = (time.monotonic() - started_s) / (state.epoch - first)
        run.hooks.on_progress(_progress(stage, run, state, seconds_each=seconds_each))


def freeze_all_but(net: nn.Module, learns: nn.Module) -> None:
    """Only the weights of `learns` take a gradient, and only its batch norms move."""
    net.requires_grad_(False).eval()
    learns.requires_grad_(True)


def _begin(stage: Stage, run: Run, optimizer: torch.optim.Optimizer) -> StageState:
    if run.resumed is None or run.resumed.state.stage != stage.name:
        return StageState(stage.name)
    load_optimizer(optimizer, run.resumed.optimizer)
    return run.resumed.state


def _is_over(state: StageState, config: StageConfig) -> bool:
    out_of_patience = state.best_loss is not None and state.epoch - state.best_epoch >= config.patience
    return state.epoch >= config.n_epochs or out_of_patience


def _epoch(stage: Stage, run: Run, optimizer: torch.optim.Optimizer, epoch: int) -> tuple[float, float | None]:
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(stage.config, epoch)
    stage.learns.train()
    losses = [_step(stage, optimizer, batch, epoch) for batch in _watched(stage.batches(), run)]
    stage.learns.eval()
    return float(torch.stack(losses).mean()), stage.validate()


def _watched(batches: Iterator[Tensor], run: Run) -> Iterator[Tensor]:
    for batch in batches:
        run.stop_if_asked()
        yield batch


def _step(stage: Stage, optimizer: torch.optim.Optimizer, batch: Tensor, epoch: int) -> Tensor:
    optimizer.zero_grad(set_to_none=True)
    loss = stage.loss(batch, epoch)
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_([weight for group in optimizer.param_groups for weight in group["params"]], 5.0)
    optimizer.step()
    return loss.detach()


def learning_rate(config: StageConfig, epoch: int) -> float:
    """Half a cosine from the full rate down to a twentieth of it; a function of the epoch, so nothing to store."""
    done = epoch / max(1, config.n_epochs)
    return config.learning_rate * (0.05 + 0.95 * (1 + math.cos(math.pi * done)) / 2)


def _take_note(state: StageState, stage: Stage, run: Run, loss: float, validation: float | None) -> None:
    """Count the epoch; keep the weights if it is the best so far, or the latest where nothing judges."""
    state.epoch += 1
    if not math.isfinite(loss):
        raise TrainingError(f"{state.stage}: the loss became {loss} in epoch {state.epoch}; lower its learning_rate")
    if validation is None or state.best_loss is None or validation < state.best_loss:
        state.best_epoch, state.best_loss = state.epoch, validation
        state.best = copy_tensors(stage.learns.state_dict())
    run.history.append({"stage": state.stage, "epoch": state.epoch, "loss": loss, "validation_loss": validation})


def _checkpoint(state: StageState, run: Run, optimizer: torch.optim.Optimizer) -> Checkpoint:
    """Copies: by the time that it is written, the next epoch may have moved the weights."""
    return Checkpoint(
        run.signature,
        replace(state),
        list(run.history),
        copy_tensors(run.net.state_dict()),
        copy_tensors(optimizer_tensors(optimizer)),
        random_state(),
    )


def _progress(stage: Stage, run: Run, state: StageState, *, seconds_each: float) -> Progress:
    """Stages count the same; one that runs out of patience ends early, so the time left is an upper estimate."""
    n_epochs, n_stages = stage.config.n_epochs, len(run.stage_names)
    over = _is_over(state, stage.config)
    done = run.stage_names.index(stage.name) + (1.0 if over else state.epoch / n_epochs)
    stages_left = n_stages - 1 - run.stage_names.index(stage.name)
    epochs_left = (0 if over else n_epochs - state.epoch) + stages_left * n_epochs
    last = run.history[-1]
    return Progress(
        stage=stage.name,
        epoch=state.epoch,
        n_epochs=n_epochs,
        loss=last["loss"],
        validation_loss=last["validation_loss"],
        fraction=(1 - SCORING_SHARE) * done / n_stages,
        seconds_left=epochs_left * seconds_each,
    )
