"""When checkpoints are written, and what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mlcore.errors import Cancelled
from mlcore.train import Progress, StageConfig
from mlcore.train.checkpoint import Checkpoint, read_checkpoint
from mlcore.train.data import Hooks
from mlcore.train.loop import Run, Stage, run_stage

N_EPOCHS, STEPS = 5, 3


def line(net: nn.ModuleDict) -> Stage:
    """Three steps an epoch towards y = 2 x; only `learner` learns."""
    learner = net["learner"]

    def loss(batch: Tensor, epoch: int) -> Tensor:
        error: Tensor = ((learner(batch) - 2 * batch) ** 2).mean()
        return error

    def batches() -> Iterator[Tensor]:
        return (torch.randn(4, 1) for _ in range(STEPS))

    config = StageConfig(n_epochs=N_EPOCHS, patience=N_EPOCHS)
    return Stage("line", config, nn.ModuleList([learner]), batches, loss, lambda: None)


class Watch:
    """Notes after each epoch what stands on disk and in the net; asks to stop at a step, if at all."""

    def __init__(self, folder: Path, *, stop_at_step: int | None = None, every_s: float = 0.0) -> None:
        torch.manual_seed(0)
        self.net = nn.ModuleDict({"learner": nn.Linear(1, 1), "bystander": nn.Linear(1, 1)})
        self.folder, self.stop_at_step, self.step = folder, stop_at_step, 0
        self.written: list[int] = []
        self.weights: list[float] = []
        hooks = Hooks(self.hear, self.should_stop)
        self.run = Run(self.net, folder, "signature", hooks, ("line",), None, checkpoint_every_s=every_s)

    def hear(self, progress: Progress) -> None:
        self.written.append(self.checkpoint().state.epoch)
        self.weights.append(float(self.net.state_dict()["learner.weight"]))

    def should_stop(self) -> bool:
        self.step += 1
        return self.step == self.stop_at_step

    def checkpoint(self) -> Checkpoint:
        found = read_checkpoint(self.folder, signature="signature")
        assert found is not None
        return found


def test_every_epoch_is_written_where_none_may_be_lost(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    run_stage(line(watch.net), watch.run)
    assert watch.written == [1, 2, 3, 4, 5]


def test_between_writes_an_interval_passes_and_the_stages_end_is_written(tmp_path: Path) -> None:
    watch = Watch(tmp_path, every_s=3600.0)
    run_stage(line(watch.net), watch.run)
    assert watch.written == [1, 1, 1, 1, 1]
    assert watch.checkpoint().state.epoch == N_EPOCHS
    assert [row["epoch"] for row in watch.checkpoint().history] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("every_s", [0.0, 3600.0])
def test_who_is_stopped_amid_an_epoch_keeps_the_one_before(tmp_path: Path, every_s: float) -> None:
    watch = Watch(tmp_path, stop_at_step=3 * STEPS + 3, every_s=every_s)
    with pytest.raises(Cancelled):
        run_stage(line(watch.net), watch.run)
    kept = watch.checkpoint()
    assert kept.state.epoch == 3
    assert float(kept.net["learner.weight"]) == watch.weights[2]
    assert float(watch.net.state_dict()["learner.weight"]) != watch.weights[2]  # two steps further


def test_the_best_weights_are_those_of_the_learner_alone(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    state = run_stage(line(watch.net), watch.run)
    assert set(state.best) == {"0.weight", "0.bias"}
    assert {"learner.weight", "bystander.weight"} < set(watch.checkpoint().net)


def test_an_error_amid_an_epoch_keeps_the_one_before(tmp_path: Path) -> None:
    watch = Watch(tmp_path, every_s=3600.0)
    stage = line(watch.net)
    whole: Callable[[Tensor, int], Tensor] = stage.loss

    def breaks(batch: Tensor, epoch: int) -> Tensor:
        if epoch == 2:
            raise MemoryError
        return whole(batch, epoch)

    broken = Stage(stage.name, stage.config, stage.learns, stage.batches, breaks, stage.validate)
    with pytest.raises(MemoryError):
        run_stage(broken, watch.run)
    assert watch.checkpoint().state.epoch == 2
