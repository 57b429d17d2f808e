"""What is reported about one target of classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.evaluate.jsonable import or_null
from mlcore.evaluate.metrics import (
    accuracy,
    balanced_accuracy,
    brier_score,
    confusion,
    expected_calibration_error,
    hard_classes,
    macro_f1,
    majority_rate,
    negative_log_likelihood,
)
from mlcore.types import JsonObject

Floats = NDArray[np.float64]


def class_report(p: Floats, target: Floats) -> JsonObject:
    """Every figure about classes, each null where no clip supports it.

    Args:
        p: (n, K) probabilities; a row with NaN = nothing was said.
        target: (n, K) distributions, soft ones too; a row with NaN = not scored.

    Returns:
        What `class_figures` gives for the clips that have both, "brier", and "n_unanswered": scored clips of which
        nothing was said. They are in no figure: compare methods on the clips that all of them answer.
    """
    labelled, answered = known_rows(target), known_rows(p)
    both = labelled & answered
    return class_figures(p[both], target[both]) | {
        "brier": or_null(brier_score(p[both], target[both])),
        "n_unanswered": int((labelled & ~answered).sum()),
    }


def class_figures(p: Floats, target: Floats) -> JsonObject:
    """Accuracy beside its majority rate, and the rest, of (n, K) probabilities and distributions without NaN.

    Returns:
        {"accuracy", "majority_rate", "balanced_accuracy", "macro_f1", "nll" (nats), "ece", "n", "n_ambiguous"}.
    """
    truth = hard_classes(target)
    clear = truth >= 0
    counts = confusion(truth[clear], p[clear].argmax(axis=1), n_classes=p.shape[1])
    figures = {
        "accuracy": accuracy(counts),
        "majority_rate": majority_rate(counts),
        "balanced_accuracy": balanced_accuracy(counts),
        "macro_f1": macro_f1(counts),
        "nll": negative_log_likelihood(p, target),
        "ece": expected_calibration_error(p[clear], truth[clear]),
    }
    return {name: or_null(value) for name, value in figures.items()} | {
        "n": len(p),
        # tied votes: in "nll" (and in a Brier score), not in the others
        "n_ambiguous": int((~clear).sum()),
    }


def known_rows(values: Floats) -> NDArray[np.bool_]:
    """Which rows (n,) of (n, K) have no NaN."""
    known: NDArray[np.bool_] = np.asarray(~np.isnan(values).any(axis=1))
    return known
