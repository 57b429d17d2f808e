"""With few labels, the student finds emotion in band power of subjects that it has never seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from mlcore.train import RoundConfig
from tests.factories.stores import make_store
from tests.mlcore.train.rounds import data_of, run


def test_the_student_hears_band_power_in_subjects_unseen(tmp_path: Path) -> None:
    """Each class has a pattern of a rhythm's amplitude; the face says nothing, so no teacher can have told."""
    store, truth = make_store(
        tmp_path / "store", n_subjects=6, clips_per_subject=24, eeg_snr=1.0, face_snr=0.0, n_face_features=4, seed=5
    )
    data = data_of(store, truth, test_subjects=2, rng=np.random.default_rng(0), labelled_share=0.75)
    config = replace(RoundConfig(), teacher=replace(RoundConfig().teacher, n_epochs=3), device="cpu")
    student = run(data, config, tmp_path / "round").metrics["by_modality"]["eeg"]
    for target, found in student["by_target"].items():
        assert found["accuracy"] > found["majority_rate"] + 0.25, target
    assert student["mean_balanced_accuracy"] > 0.6
