"""Linear models against scikit-learn, and what they make of each kind of modality."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mlcore.compare.linear import LINEAR
from tests.mlcore.compare.tasks import Simulated, class_task, never, trace_task, traces


def test_the_answer_is_the_mean_over_the_modalities_that_a_clip_has(simulated: Simulated, tmp_path: Path) -> None:
    store, _ = simulated
    rows = np.arange(store.n_clips)
    eeg, face, both = (
        LINEAR.fit(class_task(*simulated, tmp_path, modalities=names), never).predict(store, rows)
        for names in (("eeg",), ("face",), ("eeg", "face"))
    )
    assert np.allclose(both, np.nanmean([eeg, face], axis=0), atol=1e-12)


def test_it_learns_classes_and_traces_of_subjects_it_has_not_seen(simulated: Simulated, tmp_path: Path) -> None:
    store, truth = simulated
    task = class_task(*simulated, tmp_path)
    said = LINEAR.fit(task, never).predict(store, task.test)
    assert np.mean(said.argmax(axis=1) == truth["valence"][task.test]) > 0.8
    curves = trace_task(*simulated, tmp_path)
    followed = LINEAR.fit(curves, never).predict(store, curves.test)
    wanted = traces(truth, curves.test)
    scored = ~np.isnan(wanted)
    assert np.corrcoef(followed[scored], wanted[scored])[0, 1] > 0.8
