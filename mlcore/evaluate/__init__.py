"""How good a method or a round is, what it was compared with, and how far the figures may be trusted."""

from mlcore.evaluate.agreement import dawid_skene, evaluator_weighted_mean, krippendorff_alpha
from mlcore.evaluate.calibration import apply_temperature, fit_temperature
from mlcore.evaluate.class_report import class_report
from mlcore.evaluate.corrected import corrected_t_test
from mlcore.evaluate.curves import RobustnessCurve
from mlcore.evaluate.holm import holm
from mlcore.evaluate.intervals import MIN_SUBJECTS_FOR_INTERVAL, Interval, bootstrap_interval, seed_interval
from mlcore.evaluate.latent import Projection, project
from mlcore.evaluate.leakage import Spans, check_split
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
from mlcore.evaluate.ordinal import expected_level, level_error, ordinal_report, quadratic_kappa, spearman
from mlcore.evaluate.paired import Comparison, compare_paired
from mlcore.evaluate.proportions import wilson_interval
from mlcore.evaluate.regression import ccc, pearson, rmse
from mlcore.evaluate.report import Evaluation, by_target, report
from mlcore.evaluate.silhouette import Distance, silhouette
from mlcore.evaluate.splits import Split, SplitBy, subject_folds, trial_folds, trial_keys
from mlcore.evaluate.traces import TrialSeries, trace_report, trial_series

__all__ = [
    "MIN_SUBJECTS_FOR_INTERVAL",
    "Comparison",
    "Distance",
    "Evaluation",
    "Interval",
    "Projection",
    "RobustnessCurve",
    "Spans",
    "Split",
    "SplitBy",
    "TrialSeries",
    "accuracy",
    "apply_temperature",
    "balanced_accuracy",
    "bootstrap_interval",
    "brier_score",
    "by_target",
    "ccc",
    "check_split",
    "class_report",
    "compare_paired",
    "confusion",
    "corrected_t_test",
    "dawid_skene",
    "evaluator_weighted_mean",
    "expected_calibration_error",
    "expected_level",
    "fit_temperature",
    "hard_classes",
    "holm",
    "krippendorff_alpha",
    "level_error",
    "macro_f1",
    "majority_rate",
    "negative_log_likelihood",
    "ordinal_report",
    "pearson",
    "project",
    "quadratic_kappa",
    "report",
    "rmse",
    "seed_interval",
    "silhouette",
    "spearman",
    "subject_folds",
    "trace_report",
    "trial_folds",
    "trial_keys",
    "trial_series",
    "wilson_interval",
]
