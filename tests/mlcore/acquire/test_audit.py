from __future__ import annotations

import numpy as np
from scipy import stats

from mlcore.acquire import audit_keys, audit_slice


def test_a_key_is_the_clips_own_whatever_others_there_are() -> None:
    all_keys = audit_keys(np.arange(1000), seed=5)
    some = np.array([3, 999, 41])
    assert audit_keys(some, seed=5).tolist() == all_keys[some].tolist()


def test_keys_are_uniform_distinct_and_of_the_seed() -> None:
    keys = audit_keys(np.arange(20_000), seed=5)
    assert len(np.unique(keys)) == 20_000
    assert stats.kstest(keys, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(keys, audit_keys(np.arange(20_000), seed=6))[0, 1]) < 0.03
    assert abs(np.corrcoef(keys[1:], keys[:-1])[0, 1]) < 0.03


def test_the_sample_holds_what_the_strategy_asked_about_before_the_audit_came_to_it() -> None:
    keys = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    is_audit = np.array([True, False, True, False, False])
    assert audit_slice(keys, is_audit).tolist() == [True, True, True, False, False]
    assert audit_slice(keys, np.zeros(5, dtype=np.bool_)).tolist() == [False] * 5


def test_a_strategy_that_asks_the_hard_clips_first_does_not_bend_the_estimate() -> None:
    """Answered are the hardest tenth and whom the audit reached: the slice has the pool's share of hard clips."""
    n = 20_000
    hardness = np.random.default_rng(0).random(n)
    keys = audit_keys(np.arange(n), seed=1)
    by_policy = hardness > 0.9
    reached = np.sort(keys[~by_policy])[1500]
    by_audit = ~by_policy & (keys <= reached)
    answered = by_policy | by_audit
    kept = answered.copy()
    kept[answered] = audit_slice(keys[answered], by_audit[answered])
    assert abs(hardness[kept].mean() - 0.5) < 0.02
    assert hardness[by_audit].mean() < 0.47
