"""Folds within the training rows: whole subjects where there are enough, else whole trials."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.compare.contract import Floats, Rows, Task
from mlcore.evaluate import hard_classes, trial_keys
from mlcore.store import Store
from mlcore.train.split import MIN_SUBJECTS, Fold, choose_fold


def validation_fold(task: Task, rows: Rows, y: Floats, *, share: float) -> Fold:
    """Hold back about `share` of some training rows (n,) with answers (n, K) or (n, T), drawn by the task's seed."""
    shown = np.zeros(len(rows), dtype=np.int64) if task.is_trace else hard_classes(y)
    trials = _trials(task.store, rows)
    return choose_fold(task.store.subjects[rows], trials, shown[:, None], share=share, seed=task.seed)


def inner_folds(store: Store, rows: Rows, *, n_folds: int, seed: int) -> list[NDArray[np.bool_]]:
    """Which of the rows (n,) each fold holds back; none where all of them are one group."""
    subjects = np.unique(store.subjects[rows], return_inverse=True)[1]
    groups = subjects if len(np.unique(subjects)) >= MIN_SUBJECTS else _trials(store, rows)
    n_groups = int(groups.max()) + 1
    if n_groups < 2:
        return []
    fold_of_group = np.random.default_rng(seed).permutation(n_groups) % min(n_folds, n_groups)
    return [fold_of_group[groups] == number for number in range(int(fold_of_group.max()) + 1)]


def _trials(store: Store, rows: Rows) -> Rows:
    return trial_keys(store.subjects[rows], store.sessions[rows], store.trials[rows])
