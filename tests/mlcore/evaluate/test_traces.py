from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from mlcore.evaluate import ccc, trace_report, trial_series

NAN = np.nan


def test_overlapping_windows_are_averaged_by_time() -> None:
    """2 values a second; the second window begins one second, two values, after the first."""
    values = np.array([[1.0, 2, 3, 4], [5.0, 8, 1, 0]])
    (series,) = trial_series(values, np.array([10.0, 11.0]), 2.0, np.array([3, 3]))
    assert series.trial == 3
    assert series.times_s.tolist() == [10.0, 10.5, 11.0, 11.5, 12.0, 12.5]
    assert series.values.tolist() == [1.0, 2.0, 4.0, 6.0, 1.0, 0.0]


def test_missing_values_do_not_count_in_the_mean() -> None:
    values = np.array([[1.0, NAN, 3], [NAN, 7, NAN]])
    (series,) = trial_series(values, np.array([0.0, 0.0]), 1.0, np.array(["t", "t"]))
    assert np.array_equal(series.values, [1.0, 7.0, 3.0])
    (hole,) = trial_series(np.array([[1.0, NAN]]), np.array([0.0]), 1.0, np.array(["t"]))
    assert np.array_equal(hole.values, [1.0, NAN], equal_nan=True)


def test_trials_stay_apart_and_gaps_are_left_out() -> None:
    values = np.array([[1.0, 2], [3.0, 4], [5.0, 6]])
    b, a = trial_series(values, np.array([0.0, 0.0, 100.0]), 4.0, np.array([1, 0, 1]))[::-1]
    assert (a.trial, a.times_s.tolist(), a.values.tolist()) == (0, [0.0, 0.25], [3.0, 4.0])
    assert (b.trial, b.times_s.tolist()) == (1, [0.0, 0.25, 100.0, 100.25])


def test_a_window_between_two_steps_goes_to_the_nearer_one() -> None:
    values = np.array([[1.0, 1, 1], [3.0, 3, 3]])
    (series,) = trial_series(values, np.array([0.1, 0.1 + 0.26]), 4.0, np.array([0, 0]))
    assert series.values.tolist() == [1.0, 2.0, 2.0, 3.0]
    assert series.times_s == pytest.approx([0.1, 0.35, 0.6, 0.85])


def test_per_trial_and_pooled_figures_by_hand() -> None:
    """Each trial is followed perfectly but for its level: perfect r in each trial, none of it pooled."""
    truth = np.array([[0.0, 1.0], [0.0, 1.0]])
    said = np.array([[0.0, 1.0], [1.0, 2.0]])
    report = trace_report(truth, said, start_s=np.zeros(2), sfreq=1.0, trials=np.array([0, 1]))
    # trial 1: covariance 1/4, variances 1/4, means one apart
    assert report["ccc_trial"] == pytest.approx((1 + 2 * 0.25 / (0.25 + 0.25 + 1)) / 2)
    assert report["pcc_trial"] == pytest.approx(1)
    assert report["rmse_trial"] == pytest.approx(0.5)
    assert report["rmse_pooled"] == pytest.approx(np.sqrt(0.5))
    assert report["pcc_pooled"] == pytest.approx(stats.pearsonr([0, 1, 0, 1], [0, 1, 1, 2]).statistic)
    assert report["ccc_pooled"] == pytest.approx(ccc(truth, said))
    assert (report["n_trials"], report["n_constant"], report["n_values"], report["n_unanswered"]) == (2, 0, 4, 0)


def test_overlapping_windows_count_once() -> None:
    """A value that two windows cover is one value; their answers 1 and 3 count as 2."""
    truth, said = np.array([[0.0, 1], [1, 2]]), np.array([[0.0, 1], [3, 2]])
    report = trace_report(truth, said, start_s=np.array([0.0, 1.0]), sfreq=1.0, trials=np.zeros(2, int))
    assert report["n_values"] == 3
    assert report["rmse_trial"] == report["rmse_pooled"] == pytest.approx(np.sqrt(1 / 3))
    assert report["pcc_trial"] == pytest.approx(stats.pearsonr([0, 1, 2], [0, 2, 2]).statistic)


def test_a_trial_whose_truth_stands_still_counts_in_the_error_only() -> None:
    truth = np.array([[0.1, 0.1, 0.1], [0.0, 1.0, 2.0]])
    said = np.array([[0.4, 0.4, 0.4], [0.0, 1.0, 2.0]])
    report = trace_report(truth, said, start_s=np.zeros(2), sfreq=4.0, trials=np.array([0, 1]))
    assert (report["n_trials"], report["n_constant"]) == (2, 1)
    assert (report["pcc_trial"], report["ccc_trial"]) == (pytest.approx(1), pytest.approx(1))
    assert report["rmse_trial"] == pytest.approx(0.15)


def test_a_truth_without_an_answer_is_counted() -> None:
    truth = np.array([[0.0, 1, 2, NAN], [0.0, 1, 2, 3]])
    said = np.array([[0.0, 1, NAN, 3], [NAN, NAN, NAN, NAN]])
    report = trace_report(truth, said, start_s=np.zeros(2), sfreq=4.0, trials=np.array([0, 1]))
    assert (report["n_trials"], report["n_values"], report["n_unanswered"]) == (1, 2, 5)


def test_without_values_every_figure_is_null() -> None:
    report = trace_report(
        np.zeros((0, 8)), np.zeros((0, 8)), start_s=np.zeros(0), sfreq=4.0, trials=np.zeros(0, np.int64)
    )
    figures = ("rmse_trial", "pcc_trial", "ccc_trial", "rmse_pooled", "pcc_pooled", "ccc_pooled")
    assert report == dict.fromkeys(figures) | {"n_trials": 0, "n_constant": 0, "n_values": 0, "n_unanswered": 0}
    assert json.loads(json.dumps(report, allow_nan=False)) == report
