from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import wilcoxon

from mlcore.compare.table import result_table, robustness_table, versus_table
from mlcore.compare.versus import against_all
from mlcore.types import JsonObject

RNG = np.random.default_rng(0)
FIGURES = {name: RNG.uniform(0.3, 0.6, 8) for name in ("concord", "linear", "eegnet")}
CLASS_NAMES = ("accuracy", "majority_rate", "balanced_accuracy", "macro_f1", "ece", "nll")


def result(name: str, **more: Any) -> JsonObject:
    """Eight subjects, two seeds of two folds."""
    figures = FIGURES[name]
    mean = dict.fromkeys(CLASS_NAMES, float(figures.mean()))
    return {
        "method": name,
        "target": "valence3",
        "kind": "class",
        "split": "subject",
        "n_clips": 64,
        "n_subjects": 8,
        "seeds": [0, 1],
        "mean": mean,
        "interval": {one: [0.25, 0.75] for one in CLASS_NAMES} | {"nll": None},
        "per_subject": {f"s{n}": dict.fromkeys(CLASS_NAMES, float(value)) for n, value in enumerate(figures)},
        "folds": [
            {
                "seed": number // 2,
                "fold": number % 2,
                "n_train": 48,
                "n_test": 16,
                "metrics": dict.fromkeys(CLASS_NAMES, float(figures[number])),
            }
            for number in range(4)
        ],
        **more,
    }


def test_one_method_is_compared_with_every_other_by_subject_and_by_fold() -> None:
    refused = {"method": "late", "target": "valence3", "kind": "class", "split": "subject", "refused": "no"}
    entries = against_all([result("linear"), result("concord"), refused, result("eegnet")], "concord")
    assert [(one["metric"], one["other"]) for one in entries] == [
        (metric, other) for metric in ("balanced_accuracy", "nll", "ece") for other in ("linear", "eegnet")
    ]
    accuracies = entries[:2]
    p_values = [float(wilcoxon(FIGURES["concord"] - FIGURES[other]).pvalue) for other in ("linear", "eegnet")]
    low, high = sorted(p_values)
    holm = {low: min(1.0, 2 * low), high: min(1.0, max(2 * low, high))}
    for entry, p in zip(accuracies, p_values, strict=True):
        differences = FIGURES["concord"] - FIGURES[entry["other"]]
        assert entry["by_subject"]["mean_difference"] == pytest.approx(differences.mean())
        assert entry["by_subject"]["wilcoxon_p"] == pytest.approx(p)
        assert entry["by_subject"]["holm_p"] == pytest.approx(holm[p])
        assert entry["by_subject"]["wins"] == int((differences > 0).sum())
        assert entry["by_fold"]["mean_difference"] == pytest.approx(differences[:4].mean())
        assert entry["by_fold"]["n"] == 4
    assert [one["by_subject"] is None for one in entries] == [False] * 4 + [True] * 2
    # of an error less is better
    assert entries[2]["by_subject"]["wins"] == accuracies[0]["by_subject"]["losses"]


def test_subjects_that_lack_a_figure_are_left_out() -> None:
    ours = result("concord")
    ours["per_subject"]["s0"]["nll"] = None
    entries = against_all([ours, result("linear")], "concord")
    assert [one["by_subject"]["n"] for one in entries if one["by_subject"]] == [8, 7]
    assert against_all([result("linear")], "concord") == []
    assert against_all([result("concord")], "concord") == []


def test_corruptions_have_a_table_for_each_target() -> None:
    figures = {"metrics": dict.fromkeys(CLASS_NAMES, 0.25), "interval": dict.fromkeys(CLASS_NAMES)}
    corrupted = [
        {"corruption": "clean", "modality": "", "level": 0.0, **figures},
        {"corruption": "noise", "modality": "eeg", "level": 0.5, **figures},
        {"corruption": "label flips", "modality": "", "level": 0.2, **figures},
    ]
    lines = robustness_table([result("concord", robustness=corrupted), result("linear", robustness=[])]).splitlines()
    assert lines[0] == "valence3, corrupted"
    told = [[cell.strip() for cell in line.split("  ") if cell] for line in lines[2:]]
    assert told == [["concord", name, *["0.250"] * 6] for name in ("clean", "eeg noise 0.5", "label flips 0.2")]
    assert robustness_table([result("linear", robustness=[])]) == ""


def test_tables_say_everything_and_who_refused() -> None:
    refused = {"method": "late", "target": "valence3", "kind": "class", "split": "subject", "refused": "no face"}
    failed = {"method": "early", "target": "valence3", "kind": "class", "split": "subject", "failed": "nan"}
    done = [result("concord", mean=dict.fromkeys(CLASS_NAMES, 0.5) | {"ece": None}), result("linear")]
    lines = result_table([*done, refused, failed]).splitlines()
    assert lines[0] == "valence3 (class), split by subject, 64 clips of 8 subjects, 2 seeds"
    assert lines[1].split() == ["method", *CLASS_NAMES]
    assert lines[2].split("  ")[0] == "concord"
    assert [cell.strip() for cell in lines[2].split("  ") if cell][1:] == ["0.500 [0.250, 0.750]"] * 4 + ["–", "0.500"]
    assert lines[4:] == ["late: refused: no face", "early: failed: nan"]
    compared = versus_table(against_all(done, "concord")).splitlines()
    assert compared[0].split()[:4] == ["target", "metric", "comparison", "difference"]
    assert all("concord − linear" in line for line in compared[1:])
    assert versus_table([]) == ""
    assert result_table([refused]).splitlines() == ["valence3 (class), split by subject", "late: refused: no face"]
