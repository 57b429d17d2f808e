from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mlcore.compare.contract import Fitted, Method, Task
from mlcore.compare.corruption import Corruption, CorruptionKind
from mlcore.compare.options import CrossvalOptions
from mlcore.store import Store
from tests.mlcore.compare.samples import METHODS, cross_validated, fit_nearest, make_store

KIND = CorruptionKind
CORRUPTIONS = (
    Corruption(KIND.NOISE, 4.0, "eeg"),
    Corruption(KIND.MISSING, 1.0, "face"),
    Corruption(KIND.FLIPS, 0.4),
    Corruption(KIND.OCCLUSION, 0.0, "face"),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("store"))


def test_the_same_fitted_method_is_asked_again_and_flipped_labels_are_learnt_anew(store: Store) -> None:
    tasks: list[Task] = []

    def fit(task: Task, should_stop: Callable[[], bool]) -> Fitted:
        tasks.append(task)
        return fit_nearest(task, should_stop)

    method = Method("watched", "keeps its tasks", lambda task: None, fit)
    options = CrossvalOptions("valence3", n_folds=2, n_seeds=2, corruptions=CORRUPTIONS)
    result = cross_validated(store, method, options)
    assert len(tasks) == 2 * 4, "one fit a part, and one more for the flips"
    for clean, flipped in zip(tasks[::2], tasks[1::2], strict=True):
        assert_array_equal(flipped.train, clean.train)
        assert round(0.4 * len(clean.y)) == int((flipped.y != clean.y).any(axis=1).sum())
        assert flipped.folder != clean.folder
    told = [(one["corruption"], one["modality"], one["level"]) for one in result["robustness"]]
    assert told == [
        ("clean", "", 0.0),
        ("noise", "eeg", 4.0),
        ("missing", "face", 1.0),
        ("label flips", "", 0.4),
        ("occlusion", "face", 0.0),
    ]
    clean, noisy, missing, flips, nothing = (one["metrics"] for one in result["robustness"])
    assert clean == result["mean"] == nothing
    assert max(noisy["nll"], missing["nll"], flips["nll"]) > clean["nll"]
    assert noisy["balanced_accuracy"] < clean["balanced_accuracy"]
    assert missing["balanced_accuracy"] < clean["balanced_accuracy"]
    # a curve starts at the clean clips; what was corrupted by nothing makes none
    for curve, name, level, worse in zip(
        result["robustness_curves"],
        ("eeg noise", "face missing", "label flips"),
        (4.0, 1.0, 0.4),
        (noisy, missing, flips),
        strict=True,
    ):
        first, last = clean["balanced_accuracy"], worse["balanced_accuracy"]
        assert (curve["disturbance"], curve["severities"], curve["scores"]) == (name, [0.0, level], [first, last])
        assert curve["area"] == pytest.approx((first + last) / 2)
        assert curve["relative_drop"] == pytest.approx(1 - last / first)


def test_who_reads_only_what_is_missing_says_nothing(store: Store) -> None:
    gone = (Corruption(KIND.MISSING, 1.0, "face"),)
    options = CrossvalOptions("votes", n_folds=2, n_seeds=1, modalities=("face",), corruptions=gone)
    clean, missing = cross_validated(store, METHODS["nearest"], options)["robustness"]
    assert (clean["n_unsaid"], missing["n_unsaid"]) == ([0], [66])
    assert set(missing["metrics"].values()) == {None}


def test_a_figure_that_is_missing_makes_no_curve(store: Store) -> None:
    gone = (Corruption(KIND.MISSING, 1.0, "face"),)
    options = CrossvalOptions("votes", n_folds=2, n_seeds=1, modalities=("face",), corruptions=gone)
    assert cross_validated(store, METHODS["nearest"], options)["robustness_curves"] == []


def test_corruptions_leave_the_clean_figures_alone(store: Store, tmp_path: Path) -> None:
    options = CrossvalOptions("course", n_folds=2, n_seeds=1)
    plain = cross_validated(store, METHODS["chance"], options)
    harder = CrossvalOptions("course", n_folds=2, n_seeds=1, corruptions=(Corruption(KIND.FLIPS, 0.5), *CORRUPTIONS))
    again = cross_validated(store, METHODS["chance"], harder, tmp_path)
    assert plain["mean"] == again["mean"]
    flips = again["robustness"][1]["metrics"]
    assert np.isfinite(flips["ccc_pooled"])
    assert flips["ccc_pooled"] < plain["mean"]["ccc_pooled"]
