"""A round that is stopped anywhere and run again ends as if nothing had happened, to the bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlcore.errors import Cancelled
from mlcore.train import Progress, RoundConfig, RoundData, RoundResult
from tests.mlcore.train.rounds import run
from tests.mlcore.train.trace_rounds import EASY, TRACE, simulated, trace_round, with_classes, with_trace


class StopDuring:
    """Asks to stop at the first question after an epoch of a stage has been reported."""

    def __init__(self, stage: str, epoch: int, *, questions: int = 2) -> None:
        self.wanted = (stage, epoch)
        self.questions = questions
        self.reached = False

    def hear(self, progress: Progress) -> None:
        self.reached = self.reached or (progress.stage, progress.epoch) == self.wanted

    def __call__(self) -> bool:
        if self.reached:
            self.questions -= 1
        return self.questions <= 0


@pytest.mark.parametrize(
    ("stage", "epoch"), [("teacher", 1), ("teacher", 3), ("student", 2), ("student", 3)], ids=lambda value: str(value)
)
def test_stopped_within_a_stage_and_run_again(
    data: RoundData, config: RoundConfig, tmp_path: Path, stage: str, epoch: int
) -> None:
    whole = run(data, config, tmp_path / "whole")
    stop = StopDuring(stage, epoch, questions=1 if stage == "student" and epoch == 3 else 2)
    with pytest.raises(Cancelled):
        run(data, config, tmp_path / "parts", should_stop=stop, on_progress=stop.hear)
    resumed = run(data, config, tmp_path / "parts")
    _assert_equal(resumed, whole)


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> RoundData:
    """Classes and a trace, some of it not scored; unlabelled clips take part in distillation."""
    data = with_classes(trace_round(simulated(tmp_path_factory.mktemp("traced") / "store", EASY)))
    trace = data.traces[TRACE].copy()
    trace[::3, :5] = np.nan
    return with_trace(data, trace)


@pytest.mark.parametrize(
    ("stage", "epoch", "has_classes"),
    [("teacher", 2, True), ("student", 3, True), ("teacher", 3, False), ("student 2", 2, False)],
)
def test_a_round_with_a_trace_stopped_and_run_again(
    traced: RoundData, config: RoundConfig, tmp_path: Path, stage: str, epoch: int, has_classes: bool
) -> None:
    data = traced if has_classes else replace(traced, classes={}, targets={}, test_targets={})
    two = replace(config, n_members=2)
    whole = run(data, two, tmp_path / "whole")
    stop = StopDuring(stage, epoch)
    with pytest.raises(Cancelled):
        run(data, two, tmp_path / "parts", should_stop=stop, on_progress=stop.hear)
    _assert_equal(run(data, two, tmp_path / "parts"), whole)


def test_another_trace_does_not_take_up_the_checkpoint(traced: RoundData, config: RoundConfig, tmp_path: Path) -> None:
    run(traced, config, tmp_path / "parts")
    changed = with_trace(traced, np.roll(traced.traces[TRACE], 1, axis=1))
    _assert_equal(run(changed, config, tmp_path / "parts"), run(changed, config, tmp_path / "whole"))


@pytest.mark.parametrize(("stage", "epoch"), [("teacher 2", 2), ("student 2", 2), ("student 2", 3), ("teacher 3", 1)])
def test_stopped_within_any_network_of_three_and_run_again(
    data: RoundData, config: RoundConfig, tmp_path: Path, stage: str, epoch: int
) -> None:
    three = replace(config, n_members=3)
    stop = StopDuring(stage, epoch)
    with pytest.raises(Cancelled):
        run(data, three, tmp_path / "parts", should_stop=stop, on_progress=stop.hear)
    told: list[Progress] = []
    resumed = run(data, three, tmp_path / "parts", on_progress=told.append)
    _assert_equal(resumed, run(data, three, tmp_path / "whole"))
    assert (told[0].stage, told[0].epoch) == (stage, epoch + 1) or epoch == 3


def test_it_goes_on_and_does_not_start_again(data: RoundData, config: RoundConfig, folder: Path) -> None:
    stop = StopDuring("student", 1)
    with pytest.raises(Cancelled):
        run(data, config, folder, should_stop=stop, on_progress=stop.hear)
    told: list[Progress] = []
    run(data, config, folder, on_progress=told.append)
    assert [(one.stage, one.epoch) for one in told][:2] == [("student", 2), ("student", 3)]


def test_a_stop_before_the_first_epoch_leaves_nothing_behind(
    data: RoundData, config: RoundConfig, tmp_path: Path
) -> None:
    with pytest.raises(Cancelled):
        run(data, config, tmp_path / "parts", should_stop=lambda: True)
    _assert_equal(run(data, config, tmp_path / "parts"), run(data, config, tmp_path / "whole"))


def test_another_seed_does_not_take_up_the_checkpoint(data: RoundData, config: RoundConfig, tmp_path: Path) -> None:
    run(data, config, tmp_path / "parts", seed=1)
    _assert_equal(run(data, config, tmp_path / "parts", seed=2), run(data, config, tmp_path / "whole", seed=2))


def test_other_labels_do_not_take_up_the_checkpoint(data: RoundData, config: RoundConfig, tmp_path: Path) -> None:
    run(data, config, tmp_path / "parts")
    changed = replace(data, targets={name: np.roll(values, 1, axis=1) for name, values in data.targets.items()})
    _assert_equal(run(changed, config, tmp_path / "parts"), run(changed, config, tmp_path / "whole"))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", None], ids=["empty", "rubbish", "cut off"])
def test_a_damaged_checkpoint_is_started_over(
    data: RoundData, config: RoundConfig, tmp_path: Path, content: bytes | None
) -> None:
    whole = run(data, config, tmp_path / "whole")
    run(data, config, tmp_path / "parts")
    path = tmp_path / "parts" / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    _assert_equal(run(data, config, tmp_path / "parts"), whole)


def test_nothing_half_written_stays(data: RoundData, config: RoundConfig, folder: Path) -> None:
    run(data, config, folder)
    assert {path.name for path in folder.iterdir()} == {"checkpoint.safetensors", "model.safetensors", "model.json"}


def _assert_equal(one: RoundResult, other: RoundResult) -> None:
    assert one.history == other.history
    assert one.metrics == other.metrics
    for name in ("model.safetensors", "model.json"):
        assert (one.model_folder / name).read_bytes() == (other.model_folder / name).read_bytes()
    assert np.array_equal(one.pool.mean_entropy, other.pool.mean_entropy)
    assert np.array_equal(one.pool.agreement, other.pool.agreement, equal_nan=True)
    assert np.array_equal(one.pool.trace_variance, other.pool.trace_variance)
    assert set(one.pool.traces) == set(other.pool.traces)
    assert all(np.array_equal(traces, other.pool.traces[name]) for name, traces in one.pool.traces.items())
