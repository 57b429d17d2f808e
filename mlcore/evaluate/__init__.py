"""How good a round is, and what it was compared with."""

from mlcore.evaluate.leakage import Spans, check_split
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
from mlcore.evaluate.regression import ccc, pearson, rmse
from mlcore.evaluate.report import MIN_SUBJECTS_FOR_INTERVAL, Evaluation, by_target, report
from mlcore.evaluate.splits import Split, SplitBy, subject_folds, trial_folds, trial_keys
from mlcore.evaluate.traces import TrialSeries, trace_report, trial_series

__all__ = [
    "MIN_SUBJECTS_FOR_INTERVAL",
    "Evaluation",
    "Spans",
    "Split",
    "SplitBy",
    "TrialSeries",
    "accuracy",
    "balanced_accuracy",
    "by_target",
    "ccc",
    "check_split",
    "confusion",
    "expected_calibration_error",
    "hard_classes",
    "macro_f1",
    "majority_rate",
    "negative_log_likelihood",
    "pearson",
    "report",
    "rmse",
    "subject_folds",
    "trace_report",
    "trial_folds",
    "trial_keys",
    "trial_series",
]
