"""Opinions on labelled clips by networks that did not learn from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from mlcore.acquire.score_columns import columns_of
from mlcore.store import Store
from mlcore.train import RoundConfig, StageConfig, learn_round, run_round
from mlcore.train.data import Hooks
from mlcore.train.fit import fit_model
from mlcore.train.held_out import ask_held_out
from mlcore.train.unseen import score_unseen
from tests.factories.stores import Classes
from tests.mlcore.train.rounds import SMALL, data_of

ONCE = StageConfig(n_epochs=2)
BRIEF: RoundConfig = replace(SMALL, teacher=ONCE, student=ONCE, n_members=2)


def test_each_labelled_clip_is_judged_by_the_network_that_held_it_back(
    learnable: tuple[Store, Classes], tmp_path: Path
) -> None:
    data = data_of(*learnable, test_subjects=2, rng=np.random.default_rng(0))
    fit = fit_model(data, BRIEF, seed=0, folder=tmp_path, hooks=Hooks(lambda _: None, lambda: False))
    found = score_unseen(data, fit.model, fit.folds)
    assert np.array_equal(found.rows, data.labelled_rows)
    held = ask_held_out(data, fit.model, fit.folds)
    for modality, by_target in held.evidence.items():
        present = data.store.present(modality)[data.labelled_rows[held.places]]
        for target, evidence in by_target.items():
            alpha = found.alpha_by_modality[modality][target][held.places]
            quality = held.quality[modality][:, None]
            # a modality that is alone is discounted by its own quality and trust
            assert np.allclose(
                (alpha - 1)[present] / (alpha - 1).sum(axis=1, keepdims=True)[present],
                evidence[present] / evidence.sum(axis=1, keepdims=True)[present],
            ), (modality, target, quality.min())
    never = np.setdiff1d(np.arange(len(data.labelled_rows)), held.places)
    for target in data.classes:
        assert np.isfinite(found.probabilities(target)[held.places]).all()
        assert np.isnan(found.probabilities(target)[never]).all()


def test_learning_alone_gives_the_metrics_and_history_of_a_whole_round(
    learnable: tuple[Store, Classes], tmp_path: Path
) -> None:
    data = data_of(*learnable, test_subjects=2, rng=np.random.default_rng(0))
    arguments = {"seed": 3, "on_progress": lambda _: None, "should_stop": lambda: False}
    whole = run_round(data, BRIEF, folder=tmp_path / "whole", **arguments)  # type: ignore[arg-type]
    alone = learn_round(data, BRIEF, folder=tmp_path / "alone", **arguments)  # type: ignore[arg-type]
    assert repr(alone.metrics) == repr(whole.metrics)
    assert alone.history == whole.history
    for name in ("model.safetensors", "model.json"):
        assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert len(columns_of(alone.unseen)["rows",]) == len(data.labelled_rows)
