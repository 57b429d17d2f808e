from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mlcore.compare.common import common_clips
from mlcore.compare.contract import Fitted, Floats, Method, Rows, Task
from mlcore.compare.job import Job
from mlcore.compare.options import CrossvalOptions
from mlcore.compare.versus import against_all
from mlcore.store import Store
from tests.mlcore.compare.samples import METHODS, Nearest, cross_validated, fit_nearest, make_store

#: the face alone leaves some clips unclear
OPTIONS = CrossvalOptions("valence3", n_folds=2, n_seeds=2, modalities=("face",))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("store"))


@dataclass(frozen=True, slots=True)
class Shy:
    """As the nearest, but silent where it would not be sure."""

    plain: Nearest

    @property
    def held(self) -> Rows:
        return self.plain.held

    @property
    def details(self) -> dict[str, object]:
        return {}

    def predict(self, store: Store, rows: Rows) -> Floats:
        said = self.plain.predict(store, rows)
        unsure = said.max(axis=1) < np.median(said.max(axis=1))
        return np.where(unsure[:, None], np.nan, said)

    def latents(self, store: Store, rows: Rows) -> dict[str, Floats]:
        return {}


def fit_shy(task: Task, should_stop: Callable[[], bool]) -> Fitted:
    return Shy(fit_nearest(task, should_stop))


def test_who_is_silent_on_hard_clips_gains_nothing_by_it(store: Store, tmp_path: Path) -> None:
    methods = (Method("shy", "silent where unsure", lambda task: None, fit_shy), METHODS["nearest"])
    results = [cross_validated(store, method, OPTIONS, tmp_path) for method in methods]
    jobs = [Job.of(store, method, OPTIONS, tmp_path) for method in methods]
    assert results[0]["mean"]["accuracy"] >= results[1]["mean"]["accuracy"]
    naive = against_all(results, "shy")[0]["by_subject"]
    fair = against_all(results, "shy", common=common_clips(jobs).between)[0]["by_subject"]
    assert naive["mean_difference"] > 0.01
    # on the clips of which both speak, calibration apart, they say the same
    assert_allclose(fair["mean_difference"], 0.0, atol=1e-12)
    assert fair["ties"] == fair["n"]


def test_where_both_say_everything_results_stay_as_they_are(store: Store, tmp_path: Path) -> None:
    methods = (METHODS["chance"], METHODS["nearest"])
    one, other = (cross_validated(store, method, OPTIONS, tmp_path) for method in methods)
    between = common_clips([Job.of(store, method, OPTIONS, tmp_path) for method in methods]).between
    assert between(one, other) == (one, other)
