"""Answers of simulated annotators, whose errors are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.evaluate.agreement import Votes

Floats = NDArray[np.float64]


def one_coin(accuracies: list[float], *, n_classes: int) -> Floats:
    """(annotators, K, K): right so often, else any other class."""
    others = (1 - np.eye(n_classes)) / (n_classes - 1)
    return np.stack([accuracy * np.eye(n_classes) + (1 - accuracy) * others for accuracy in accuracies])


def simulate(
    confusion: Floats, marginals: Floats, *, n_clips: int, answered: float, rng: np.random.Generator
) -> tuple[Votes, NDArray[np.int64]]:
    """Votes, each annotator answering a random share of the clips, and the true classes."""
    n_annotators, n_classes, _ = confusion.shape
    truth = rng.choice(n_classes, n_clips, p=marginals)
    clip, annotator = np.nonzero(rng.random((n_clips, n_annotators)) < answered)
    p = confusion[annotator, truth[clip]].cumsum(axis=1)
    answer = (rng.random(len(clip))[:, None] > p).sum(axis=1).clip(0, n_classes - 1)
    return Votes(clip, annotator, answer, n_clips, n_annotators, n_classes), truth
