"""Linear models against scikit-learn, and what they make of each kind of modality."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mlcore.compare.linear import LINEAR
from mlcore.compare.logistic import fit_logistic
from tests.mlcore.compare.tasks import Simulated, class_task, never, trace_task, traces


@pytest.mark.parametrize("c", [0.01, 1.0])
def test_logistic_regression_is_scikit_learns(c: float) -> None:
    rng = np.random.default_rng(0)
    x, said = rng.standard_normal((80, 12)), rng.integers(0, 3, 80)
    x[:, 0] += said
    reference = LogisticRegression(C=c, tol=1e-10, max_iter=10_000).fit(x, said).predict_proba(x)
    assert np.allclose(fit_logistic(x, np.eye(3)[said], c=c).predict(x), reference, atol=1e-4)


def test_soft_labels_are_clips_counted_in_parts() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((60, 5)), rng.dirichlet([1.0, 1.0, 1.0], 60)
    repeated, said = np.repeat(x, 3, axis=0), np.tile([0, 1, 2], 60)
    weighted = LogisticRegression(C=0.5, tol=1e-10, max_iter=10_000).fit(repeated, said, sample_weight=y.ravel())
    assert np.allclose(fit_logistic(x, y, c=0.5).predict(x), weighted.predict_proba(x), atol=1e-4)


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
