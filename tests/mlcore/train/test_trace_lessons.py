"""What a trace teaches: the teacher's word to the student, and what is refused or left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from mlcore.errors import TrainingError
from mlcore.store import Store
from mlcore.train import LossWeights, RoundConfig, RoundData, TrainedModel, load_model, score
from mlcore.train.tensors import load_inputs
from tests.mlcore.train.rounds import run
from tests.mlcore.train.trace_rounds import (
    CLASSES,
    LONGER,
    TRACE,
    networks_alone,
    trace_round,
    with_classes,
    with_trace,
)


def test_the_teachers_trace_reaches_the_students_weights(easy: Store, config: RoundConfig, tmp_path: Path) -> None:
    """Everything else of the student's lesson switched off, distillation still moves its encoder, and nothing else."""
    data = trace_round(easy)
    off = LossWeights(trace=0.0, alignment=0.0, distillation=0.0)
    still = _weights(data, replace(config, weights=off), tmp_path / "off")
    moved = _weights(data, replace(config, weights=replace(off, distillation=1.0)), tmp_path / "on")
    encoder = "members.0.branches.eeg.encoder.spatial.weight"
    of_teacher = [name for name in still if name.startswith("members.0.branches.face")]
    assert not torch.equal(still[encoder], moved[encoder])
    assert all(torch.equal(still[name], moved[name]) for name in of_teacher)


def test_the_student_is_drawn_to_its_teacher(easy: Store, tmp_path: Path) -> None:
    """The teacher's heads on the student's features say nearly what they say on the teacher's own."""
    data = trace_round(easy)
    taught = replace(LONGER, n_members=1, weights=LossWeights(alignment=0.0, distillation=1.0))
    run(data, taught, tmp_path / "taught")
    alone = replace(taught, weights=LossWeights(alignment=0.0, distillation=0.0))
    run(data, alone, tmp_path / "alone")
    far, near = (_distance_to_teacher(load_model(tmp_path / name), data) for name in ("alone", "taught"))
    assert near < 0.8 * far


def test_without_paired_clips_the_student_learns_from_labels(easy: Store, config: RoundConfig, folder: Path) -> None:
    pool = run(trace_round(easy), replace(config, modality_dropout=1.0), folder).pool
    assert np.isfinite(pool.traces[TRACE]).all()


def test_without_experts_or_anything_held_back_the_networks_speak(
    easy: Store, config: RoundConfig, folder: Path
) -> None:
    data = trace_round(easy)
    plain = replace(config, linear_expert=False, validation_share=0.0)
    pool = run(data, plain, folder).pool
    networks = score(networks_alone(load_model(folder)), easy, data.pool_rows)
    assert np.allclose(pool.traces[TRACE], networks.traces[TRACE], atol=1e-12)


def test_a_trace_that_never_changes_is_left_out_and_said(easy: Store, config: RoundConfig, folder: Path) -> None:
    data = trace_round(easy)
    flat = replace(data, traces={**data.traces, "arousal": np.full((len(data.labelled_rows), 4), 0.5)})
    result = run(flat, config, folder)
    assert set(result.pool.traces) == {TRACE}
    assert any(note.startswith("arousal: the trace never changes") for note in result.metrics["notes"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((3, 16)), r"traces\['valence'\]: expected shape \(32, values a clip\), got \(3, 16\)"),
        (np.full((32, 16), np.inf), "a value is infinite"),
        (np.full((32, 16), np.nan), "show no trace that changes"),
        (np.ones((32, 16)), "show no trace that changes"),
    ],
)
def test_traces_that_make_no_sense_are_refused(
    easy: Store, config: RoundConfig, folder: Path, values: np.ndarray, message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        run(with_trace(trace_round(easy), values), config, folder)


def test_a_round_without_any_target_is_refused(easy: Store, config: RoundConfig, folder: Path) -> None:
    with pytest.raises(TrainingError, match="neither class targets nor traces"):
        run(replace(trace_round(easy), traces={}), config, folder)


def test_two_targets_of_one_name_are_refused(easy: Store, config: RoundConfig, folder: Path) -> None:
    data = with_classes(trace_round(easy))
    with pytest.raises(TrainingError, match="there is a class target of that name"):
        run(replace(data, traces={CLASSES: data.traces[TRACE]}), config, folder)


def _weights(data: RoundData, config: RoundConfig, folder: Path) -> dict[str, torch.Tensor]:
    run(data, config, folder)
    return load_file(folder / "model.safetensors")


def _distance_to_teacher(model: TrainedModel, data: RoundData) -> float:
    """Mean distance between the teacher's trace and that of its heads on the student's features."""
    store, rows, net = data.store, data.labelled_rows, model.net.member(0)
    eeg, face = (
        load_inputs(store, one, rows, scaler=model.scalers[one], device=torch.device("cpu")) for one in ("eeg", "face")
    )
    with torch.no_grad():
        teacher = net.branch("face")
        through = teacher.follow(net.branch("eeg").steps(eeg))[TRACE]
        own = teacher.follow(teacher.steps(face))[TRACE]
    return float((through - own).abs().mean())
