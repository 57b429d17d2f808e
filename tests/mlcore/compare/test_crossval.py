from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from jsonschema import validate
from numpy.testing import assert_array_equal
from scipy.stats import t
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss

from mlcore.compare.contract import Fitted, Floats, Method, Rows, Task
from mlcore.compare.crossval import cross_validate
from mlcore.compare.options import CrossvalOptions
from mlcore.errors import Cancelled, StoreError, TrainingError
from mlcore.evaluate import SplitBy, apply_temperature, fit_temperature
from mlcore.store import Store
from mlcore.types import JsonObject
from tests.mlcore.compare.samples import (
    KINDS,
    METHODS,
    N_CLIPS,
    N_SUBJECTS,
    Nearest,
    cross_validated,
    features,
    fit_nearest,
    make_store,
    without_seconds,
)

CLASS_NAMES = ["accuracy", "majority_rate", "balanced_accuracy", "macro_f1", "ece", "nll"]
TRACE_NAMES = ["rmse_trial", "pcc_trial", "ccc_trial", "rmse_pooled", "pcc_pooled", "ccc_pooled"]
NUMBER = {"type": ["number", "null"]}
PAIR = {"oneOf": [{"type": "null"}, {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}]}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("store"))


def whole(properties: JsonObject) -> JsonObject:
    """An object with these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def schema(names: list[str]) -> JsonObject:
    figures = whole({**dict.fromkeys(names, NUMBER), "n": {"type": "integer"}, "n_unsaid": {"type": "integer"}})
    fold = {
        **{name: {"type": "integer"} for name in ("seed", "fold", "n_train", "n_test")},
        "metrics": figures,
        "temperature": NUMBER,
        "silhouette": {"type": "object"},
        "details": {"type": "object"},
        "seconds": {"type": "number"},
    }
    subject = whole({**dict.fromkeys(names, NUMBER), "n": {"type": "integer"}})
    return whole(
        {
            **{name: {"type": "string"} for name in ("method", "summary", "target", "kind", "split")},
            "settings": {"type": "object"},
            "classes": {"type": "array"},
            "calibrated": {"type": "boolean"},
            "modalities": {"const": ["eeg", "face"]},
            "infer": {"const": ["eeg", "face"]},
            "n_clips": {"type": "integer"},
            "n_subjects": {"const": N_SUBJECTS},
            "folds": {"type": "array", "items": whole(fold), "minItems": 6, "maxItems": 6},
            "by_seed": {"type": "array", "items": whole({"seed": {"type": "integer"}, "metrics": figures})},
            "per_subject": {"type": "object", "additionalProperties": subject, "minProperties": N_SUBJECTS},
            "over_subjects": whole({name: whole({"mean": NUMBER, "interval": PAIR}) for name in names}),
            "mean": whole(dict.fromkeys(names, NUMBER)),
            "interval": whole(dict.fromkeys(names, PAIR)),
            "levels": {"type": "object"},
            "robustness": {"const": []},
            "robustness_curves": {"const": []},
            "seed": {"const": 3},
            "seeds": {"const": [3, 4]},
            "seconds": {"type": "number"},
        }
    )


@pytest.mark.parametrize(("target", "kind"), KINDS.items())
def test_a_result_is_complete_for_every_kind_of_target(store: Store, target: str, kind: str) -> None:
    result = cross_validated(store, METHODS["nearest"], CrossvalOptions(target, n_folds=3, n_seeds=2, seed=3))
    names = TRACE_NAMES if kind == "trace" else CLASS_NAMES
    validate(json.loads(json.dumps(result, allow_nan=False)), schema(names))
    assert result["kind"] == kind
    assert [(fold["seed"], fold["fold"]) for fold in result["folds"]] == [(s, f) for s in (3, 4) for f in range(3)]
    unscored = {"valence3": 1, "sam": 0, "votes": 1, "course": 1}[target]
    assert result["n_clips"] == N_SUBJECTS * (N_CLIPS - unscored)
    for of_seed in result["by_seed"]:
        assert of_seed["metrics"]["n"] == result["n_clips"]
    levels = {"level_mae", "quadratic_kappa", "spearman"} if kind == "ordinal" else set()
    assert set(result["levels"].get("mean", {})) == set(result["levels"].get("interval", {})) == levels
    assert result["calibrated"] is (kind != "trace")
    assert all((fold["temperature"] is None) is (kind == "trace") for fold in result["folds"])


@dataclass(frozen=True, slots=True)
class Rule:
    """Says the same of a clip whatever it learnt, and nothing of some subjects."""

    silent: tuple[str, ...] = ()
    held: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def details(self) -> JsonObject:
        return {}

    def predict(self, store: Store, rows: Rows) -> Floats:
        p = rule(store, rows)
        p[np.isin(store.subjects[rows], self.silent)] = np.nan
        return p

    def latents(self, store: Store, rows: Rows) -> dict[str, Floats]:
        return {}


def rule(store: Store, rows: Rows) -> Floats:
    score = np.exp(0.8 * features(store, rows, ("eeg", "face"))[:, None] * np.array([-1.0, 0.0, 1.0]))
    return np.asarray(score / score.sum(axis=1, keepdims=True))


def fixed(fitted: Fitted) -> Method:
    return Method("fixed", "learns nothing", lambda task: None, lambda task, should_stop: fitted)


def test_figures_are_those_of_all_folds_predictions_together(store: Store) -> None:
    result = cross_validated(store, fixed(Rule()), CrossvalOptions("valence3", n_folds=3, n_seeds=3))
    truth = store.target("valence3")
    rows = np.flatnonzero(truth >= 0)
    p = rule(store, rows)
    expected = {
        "accuracy": accuracy_score(truth[rows], p.argmax(axis=1)),
        "majority_rate": np.bincount(truth[rows]).max() / len(rows),
        "balanced_accuracy": balanced_accuracy_score(truth[rows], p.argmax(axis=1)),
        "macro_f1": f1_score(truth[rows], p.argmax(axis=1), average="macro"),
        "nll": log_loss(truth[rows], p),
    }
    assert {name: result["mean"][name] for name in expected} == pytest.approx(expected, abs=1e-12)
    # whatever the folds, the pooled figures of a rule are the same, so its seeds agree
    assert result["interval"]["accuracy"] == pytest.approx([expected["accuracy"]] * 2, abs=1e-12)
    one = store.subjects[rows] == "s2"
    assert result["per_subject"]["s2"]["nll"] == pytest.approx(log_loss(truth[rows][one], p[one]), abs=1e-12)


def test_intervals_over_seeds_are_students(store: Store) -> None:
    options = CrossvalOptions("valence3", n_folds=3, n_seeds=4, infer=("eeg",))
    result = cross_validated(store, METHODS["nearest"], options)
    values = np.array([one["metrics"]["nll"] for one in result["by_seed"]])
    half = t.ppf(0.975, 3) * values.std(ddof=1) / 2
    assert half > 0
    assert result["interval"]["nll"] == pytest.approx([values.mean() - half, values.mean() + half])
    alone = cross_validated(store, METHODS["nearest"], replace(options, n_seeds=1))
    assert alone["interval"]["nll"] is None


def test_clips_of_which_nothing_is_said_are_counted_and_left_out(store: Store) -> None:
    options = CrossvalOptions("valence3", n_folds=3, n_seeds=1)
    result = cross_validated(store, fixed(Rule(silent=("s0", "s4"))), options)
    truth = store.target("valence3")
    rows = np.flatnonzero((truth >= 0) & ~np.isin(store.subjects, ["s0", "s4"]))
    figures = result["by_seed"][0]["metrics"]
    assert (figures["n"], figures["n_unsaid"]) == (len(rows), 2 * (N_CLIPS - 1))
    assert figures["accuracy"] == pytest.approx(accuracy_score(truth[rows], rule(store, rows).argmax(axis=1)))
    assert figures["majority_rate"] == pytest.approx(np.bincount(truth[rows]).max() / len(rows))
    assert result["per_subject"]["s0"] == {**dict.fromkeys(CLASS_NAMES), "n": 0}


def test_the_temperature_is_that_of_the_clips_held_back(store: Store, tmp_path: Path) -> None:
    tasks: list[Task] = []

    def fit(task: Task, should_stop: Callable[[], bool]) -> Fitted:
        tasks.append(task)
        return replace(fit_nearest(task, should_stop), sharpness=8.0)

    method = Method("too sure", "keeps its tasks", lambda task: None, fit)
    options = CrossvalOptions("votes", n_folds=2, n_seeds=1)
    calibrated = cross_validated(store, method, options, tmp_path)
    for task, fold in zip(tasks, calibrated["folds"], strict=True):
        p = Nearest(task, task.test, sharpness=8.0).predict(task.store, task.train[::2])
        assert fold["temperature"] == fit_temperature(p, task.y[::2]) > 1.0
    with np.load(next(tmp_path.glob("*/seed0-fold1.npz"))) as kept:
        raw = Nearest(tasks[1], tasks[1].test, sharpness=8.0).predict(tasks[1].store, tasks[1].test)
        assert_array_equal(kept["clean"], apply_temperature(raw, calibrated["folds"][1]["temperature"]))
        assert_array_equal(kept["rows"], tasks[1].test)
    plain = cross_validated(store, method, replace(options, calibrate=False))
    assert [fold["temperature"] for fold in plain["folds"]] == [None, None]
    assert calibrated["mean"]["nll"] < plain["mean"]["nll"]
    assert calibrated["mean"]["accuracy"] == plain["mean"]["accuracy"]


def test_the_same_seed_gives_the_same_bits(store: Store) -> None:
    options = CrossvalOptions("votes", n_folds=2, n_seeds=2)
    first, second = (without_seconds(cross_validated(store, METHODS["chance"], options)) for _ in range(2))
    assert first == second
    other = without_seconds(cross_validated(store, METHODS["chance"], replace(options, seed=7)))
    assert other["mean"] != first["mean"]


@pytest.mark.parametrize("split", SplitBy)
def test_what_is_tested_was_not_learnt(store: Store, split: SplitBy) -> None:
    tasks: list[Task] = []

    def fit(task: Task, should_stop: Callable[[], bool]) -> Fitted:
        tasks.append(task)
        return fit_nearest(task, should_stop)

    method = Method("watched", "keeps its tasks", lambda task: None, fit)
    cross_validated(store, method, CrossvalOptions("valence3", split=split, n_folds=3, n_seeds=1))
    groups = store.subjects if split is SplitBy.SUBJECT else np.char.add(store.subjects, store.trials.astype(str))
    assert len(tasks) == 3
    for task in tasks:
        assert not set(groups[task.train]) & set(groups[task.test])
        assert_array_equal(task.y, np.eye(3)[store.target("valence3")[task.train]])
    assert_array_equal(
        np.sort(np.concatenate([task.test for task in tasks])), np.flatnonzero(store.target("valence3") >= 0)
    )


def test_what_may_not_be_inferred_from_is_not_there_to_be_read(store: Store) -> None:
    seen: list[float] = []

    @dataclass(frozen=True, slots=True)
    class Peeking(Rule):
        def predict(self, store: Store, rows: Rows) -> Floats:
            seen.append(float(np.abs(store.gather("face", rows)).sum() + store.present("face").sum()))
            return rule(store, rows)

    def fit(task: Task, should_stop: Callable[[], bool]) -> Fitted:
        assert task.infer == ("eeg",)
        assert not task.store.present("face")[task.test].any()
        assert not task.store.gather("face", task.test).any()
        assert task.store.present("face")[task.train].all()
        return Peeking()

    method = Method("peeking", "looks at faces", lambda task: None, fit)
    cross_validated(store, method, CrossvalOptions("valence3", n_folds=2, n_seeds=1, infer=("eeg",)))
    assert seen == [0.0, 0.0]


def test_a_method_that_refuses_says_why(store: Store) -> None:
    result = cross_validated(store, METHODS["refusing"], CrossvalOptions("valence3", modalities=("eeg",)))
    assert result["refused"] == "refusing can't read eeg"
    assert "mean" not in result


@dataclass(frozen=True, slots=True)
class Wrong(Rule):
    """Says what can't be right."""

    kind: str = ""

    def predict(self, store: Store, rows: Rows) -> Floats:
        p = rule(store, rows)
        return {"shape": p[:, :2], "sum": p * 2, "infinite": p * np.inf, "half": np.where(p > p.min(), p, np.nan)}[
            self.kind
        ]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("shape", r"fixed: expected answers of shape \(\d+, 3\), got \(\d+, 2\)"),
        ("sum", "fixed: a row of its answers is neither a distribution nor all NaN"),
        ("half", "fixed: a row of its answers is neither a distribution nor all NaN"),
        ("infinite", "fixed: it said infinite values"),
    ],
)
def test_answers_that_cannot_be_right_are_refused(store: Store, kind: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        cross_validated(store, fixed(Wrong(kind=kind)), CrossvalOptions("valence3", n_folds=2, n_seeds=1))


def test_held_rows_that_were_not_given_are_refused(store: Store) -> None:
    everything = fixed(Rule(held=np.arange(store.n_clips)))
    with pytest.raises(TrainingError, match="fixed: its held rows are not among its training rows"):
        cross_validated(store, everything, CrossvalOptions("valence3", n_folds=2, n_seeds=1))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (CrossvalOptions("mood"), StoreError, "no target 'mood': the store has course, sam, valence3, votes"),
        (CrossvalOptions("sam", n_folds=7), TrainingError, "7 folds by subject need"),
        (CrossvalOptions("sam", modalities=("gaze",)), TrainingError, "there is no modality 'gaze' in the store"),
        (CrossvalOptions("sam", modalities=("eeg",), infer=("face",)), TrainingError, "'face' can't be inferred from"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    store: Store, options: CrossvalOptions, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cross_validated(store, METHODS["nearest"], options)


def test_fewer_than_two_folds_make_no_sense() -> None:
    with pytest.raises(TrainingError, match="2 or more folds"):
        CrossvalOptions("sam", n_folds=1)


def test_finished_parts_are_taken_up_again(store: Store, tmp_path: Path) -> None:
    fits: list[int] = []

    def fit(task: Task, should_stop: Callable[[], bool]) -> Fitted:
        fits.append(task.seed)
        return fit_nearest(task, should_stop)

    method = Method("counted", "counts its fits", lambda task: None, fit)
    options = CrossvalOptions("votes", n_folds=3, n_seeds=2)
    answers = iter([False] * 10)
    with pytest.raises(Cancelled):
        cross_validate(
            store,
            method,
            options,
            on_progress=lambda done, total: None,
            should_stop=lambda: len(fits) == 4 or next(answers),
            parts=tmp_path,
        )
    assert len(fits) == 4
    resumed = cross_validated(store, method, options, tmp_path)
    assert len(fits) == 6 == len(set(fits))
    assert without_seconds(resumed) == without_seconds(cross_validated(store, method, options))
    fits.clear()
    cross_validated(store, method, replace(options, n_seeds=3), tmp_path)
    assert len(fits) == 3, "only the third seed is new"


def test_parts_of_other_settings_or_data_or_damaged_ones_are_not_taken_up(store: Store, tmp_path: Path) -> None:
    fits: list[int] = []

    def fit(task: Task, should_stop: Callable[[], bool]) -> Fitted:
        fits.append(task.seed)
        return fit_nearest(task, should_stop)

    def n_fits(data: Store, method: Method, options: CrossvalOptions) -> int:
        fits.clear()
        cross_validated(data, method, options, tmp_path / "parts")
        return len(fits)

    method = Method("counted", "counts its fits", lambda task: None, fit)
    options = CrossvalOptions("votes", n_folds=2, n_seeds=1)
    assert [n_fits(store, method, options) for _ in range(2)] == [2, 0]
    assert n_fits(store, replace(method, settings={"k": 2}), options) == 2
    assert n_fits(store, method, replace(options, calibrate=False)) == 2
    assert n_fits(make_store(tmp_path / "other", seed=1), method, options) == 2
    next((tmp_path / "parts").glob("*/seed0-fold1.npz")).write_bytes(b"PK")
    assert n_fits(make_store(tmp_path / "other", seed=1), method, options) == 1
