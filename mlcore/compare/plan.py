"""Which parts a cross-validation has: every fold of every seed, and the task that a method gets of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlcore.compare.contract import Task
from mlcore.compare.options import CrossvalOptions
from mlcore.compare.truth import Answers
from mlcore.compare.views import hide, without_answers
from mlcore.evaluate import Split, SplitBy, check_split, subject_folds, trial_folds
from mlcore.store import Store


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One fold of one seed."""

    seed: int
    fold: int

    @property
    def name(self) -> str:
        """As its files are called."""
        return f"seed{self.seed}-fold{self.fold}"

    @property
    def task_seed(self) -> int:
        """What its draws start from; no two parts share it."""
        return int(np.random.SeedSequence((self.seed, self.fold)).generate_state(1)[0])


def parts_of(options: CrossvalOptions) -> tuple[Part, ...]:
    """Every part, seed by seed."""
    return tuple(Part(seed, fold) for seed in options.seeds for fold in range(options.n_folds))


def split_of(store: Store, answers: Answers, options: CrossvalOptions, part: Part) -> Split:
    """The part's fold of the answered clips: the same for every method.

    Raises:
        TrainingError: too few subjects or trials for that many folds, or the two sides share what they must not.
    """
    rows, how = answers.scored, {"n_folds": options.n_folds, "seed": part.seed}
    if options.split is SplitBy.SUBJECT:
        folds = subject_folds(store.subjects, rows, **how)
    else:
        folds = trial_folds(store.subjects, store.sessions, store.trials, rows, **how)
    split = folds[part.fold]
    check_split(split, subjects=answers.subjects, trials_key=answers.trials, by=options.split, spans=answers.spans)
    return split


def task_of(store: Store, answers: Answers, options: CrossvalOptions, part: Part, *, folder: Path) -> Task:
    """What a method is given: a store without answers, whose test clips lack what may not be read of them."""
    split = split_of(store, answers, options, part)
    modalities, infer = options.learns_from(store), options.infers_from(store)
    withheld = [name for name in modalities if name not in infer]
    return Task(
        store=hide(without_answers(store), withheld, split.test),
        target=answers.target,
        kind=answers.kind,
        classes=answers.classes,
        train=split.train,
        y=answers.values[split.train],
        test=split.test,
        modalities=modalities,
        infer=infer,
        seed=part.task_seed,
        folder=folder,
        device=options.device,
    )
