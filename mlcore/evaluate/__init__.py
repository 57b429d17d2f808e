"""How good a round is, and what it was compared with."""

from mlcore.evaluate.metrics import (
    accuracy,
    balanced_accuracy,
    confusion,
    expected_calibration_error,
    hard_classes,
    macro_f1,
    majority_rate,
    negative_log_likelihood,
)
from mlcore.evaluate.report import MIN_SUBJECTS_FOR_INTERVAL, Evaluation, by_target, report

__all__ = [
    "MIN_SUBJECTS_FOR_INTERVAL",
    "Evaluation",
    "accuracy",
    "balanced_accuracy",
    "by_target",
    "confusion",
    "expected_calibration_error",
    "hard_classes",
    "macro_f1",
    "majority_rate",
    "negative_log_likelihood",
    "report",
]
