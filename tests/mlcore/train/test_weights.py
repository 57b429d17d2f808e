"""How much a labelled clip's answer counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlcore.errors import TrainingError
from mlcore.train import RoundConfig, RoundData
from mlcore.train.experts import fit_expert
from mlcore.train.linear import fit_logistic
from mlcore.train.signature import signature_of
from mlcore.train.split import Fold
from tests.mlcore.train.rounds import run


def weighted(data: RoundData, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> RoundData:
    return replace(data, weights=dict.fromkeys(data.classes, values))


def test_weights_of_one_change_no_bit(data: RoundData, config: RoundConfig, tmp_path: Path) -> None:
    plain = run(data, config, tmp_path / "plain")
    same = run(weighted(data, np.ones(len(data.labelled_rows))), config, tmp_path / "ones")
    assert np.array_equal(plain.pool.mean_entropy, same.pool.mean_entropy)


def test_an_answer_of_no_weight_teaches_an_expert_nothing() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 5)), np.eye(3)[rng.integers(0, 3, 40)]
    counts = np.where(np.arange(40) % 4 == 0, 0.0, 1.0)
    changed = y.copy()
    changed[::4] = np.roll(changed[::4], 1, axis=1)
    fold = Fold(np.arange(40) % 2 == 0, np.arange(40) % 2 == 1, "trial")
    usable = np.ones(40, dtype=np.bool_)
    first, second = (
        fit_expert(x, one, usable=usable, folds=[fold], balance=0.0, clip_weights=counts) for one in (y, changed)
    )
    assert first.c == second.c
    assert np.array_equal(first.model.weight, second.model.weight)
    assert np.array_equal(first.held_out, second.held_out, equal_nan=True)


def test_weights_are_part_of_what_tells_rounds_apart(data: RoundData, config: RoundConfig) -> None:
    one, half = (weighted(data, np.full(len(data.labelled_rows), value)) for value in (1.0, 0.5))
    assert len({signature_of(item, config, seed=0) for item in (data, one, half)}) == 3


def test_weights_reach_the_networks(data: RoundData, config: RoundConfig, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    plain = run(data, config, tmp_path / "plain")
    other = run(weighted(data, rng.uniform(0.1, 2.0, len(data.labelled_rows))), config, tmp_path / "weighted")
    assert plain.history != other.history


def test_an_expert_counts_a_clip_of_weight_two_twice() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((30, 4)), np.eye(3)[rng.integers(0, 3, 30)]
    twice = np.where(np.arange(30) < 10, 2.0, 1.0)
    usable = np.ones(30, dtype=np.bool_)
    found = fit_expert(x, y, usable=usable, folds=[], balance=0.0, clip_weights=twice)
    repeated = fit_logistic(np.concatenate([x, x[:10]]), np.concatenate([y, y[:10]]), c=found.c)
    assert np.allclose(found.model.weight, repeated.weight, atol=1e-6)


@pytest.mark.parametrize(
    ("n_values", "value", "sentence"), [(3, 1.0, "values of a class target"), (None, -1.0, "0 or more")]
)
def test_weights_that_make_no_sense_are_refused(
    data: RoundData, config: RoundConfig, tmp_path: Path, n_values: int | None, value: float, sentence: str
) -> None:
    wrong = np.full(n_values or len(data.labelled_rows), value)
    with pytest.raises(TrainingError, match=sentence):
        run(weighted(data, wrong), config, tmp_path)
