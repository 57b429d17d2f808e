"""What every method promises under the contract."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mlcore.compare.baselines import BASELINES
from mlcore.compare.contract import Method
from mlcore.compare.net_method import as_method
from mlcore.compare.registry import METHODS, find_method
from mlcore.errors import Cancelled, ConcordError
from tests.factories.stores import make_store
from tests.mlcore.compare.tasks import N_STEPS, Simulated, class_task, never, trace_task

#: which modalities a clip needs
NEEDS = {
    "eegnet": ("eeg",),
    "deepconvnet": ("eeg",),
    "shallowconvnet": ("eeg",),
    "tsception": ("eeg",),
    "cafnet": ("eeg", "face"),
    "linear": (),
    "majority": (),
}


def quick(name: str) -> Method:
    """The method, a network with two epochs of training."""
    for baseline in BASELINES:
        if baseline.name == name:
            settings = replace(baseline.recipe.settings, n_epochs=2)
            return as_method(replace(baseline, recipe=replace(baseline.recipe, settings=settings)))
    return METHODS[name]


by_name = pytest.mark.parametrize("method", [quick(name) for name in NEEDS], ids=lambda method: str(method.name))


@by_name
def test_answers_are_distributions_where_the_clip_has_what_the_method_reads(
    method: Method, simulated: Simulated, tmp_path: Path
) -> None:
    store, _ = simulated
    task = class_task(*simulated, tmp_path)
    assert method.refuses(task) is None
    p = method.fit(task, never).predict(store, task.test)
    assert p.shape == (len(task.test), 3)
    said = ~np.isnan(p).any(axis=1)
    assert np.allclose(p[said].sum(axis=1), 1.0)
    assert (p[said] >= 0).all()
    has_all = np.logical_and.reduce(
        [np.ones(len(task.test), bool), *(store.present(m)[task.test] for m in NEEDS[method.name])]
    )
    assert np.array_equal(said, has_all)
    assert np.isnan(p[~said]).all()


@by_name
def test_traces_are_answered_step_by_step(method: Method, simulated: Simulated, tmp_path: Path) -> None:
    task = trace_task(*simulated, tmp_path)
    said = method.fit(task, never).predict(simulated[0], task.test)
    assert said.shape == (len(task.test), N_STEPS)
    assert np.isfinite(said).any()


@by_name
def test_the_same_seed_gives_the_same_answer_bit_for_bit_and_moves_no_generator(
    method: Method, simulated: Simulated, tmp_path: Path
) -> None:
    task = class_task(*simulated, tmp_path)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = method.fit(task, never).predict(simulated[0], task.test)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    second = method.fit(task, never).predict(simulated[0], task.test)
    assert np.array_equal(first, second, equal_nan=True)


@by_name
def test_held_rows_are_training_rows(method: Method, simulated: Simulated, tmp_path: Path) -> None:
    task = class_task(*simulated, tmp_path)
    fitted = method.fit(task, never)
    assert set(fitted.held) <= set(task.train)
    assert fitted.latents(simulated[0], task.test) == {}


@by_name
def test_which_clips_are_asked_about_changes_nothing_about_what_is_learnt(
    method: Method, simulated: Simulated, tmp_path: Path
) -> None:
    task = class_task(*simulated, tmp_path)
    announced = method.fit(task, never).predict(simulated[0], task.test)
    surprised = method.fit(replace(task, test=task.test[:0]), never).predict(simulated[0], task.test)
    assert np.array_equal(announced, surprised, equal_nan=True)


@by_name
def test_nothing_asked_is_nothing_answered(method: Method, simulated: Simulated, tmp_path: Path) -> None:
    task = class_task(*simulated, tmp_path)
    assert method.fit(task, never).predict(simulated[0], task.test[:0]).shape == (0, 3)


@by_name
def test_a_task_without_labels_is_refused_in_a_sentence(method: Method, simulated: Simulated, tmp_path: Path) -> None:
    task = class_task(*simulated, tmp_path)
    with pytest.raises(ConcordError, match=r"valence: n\w+ (of the )?training clip"):
        method.fit(replace(task, y=np.full_like(task.y, np.nan)), never)


@pytest.mark.parametrize("name", [name for name in NEEDS if name != "majority"])
def test_a_fit_stops_when_it_is_told_to(name: str, simulated: Simulated, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        METHODS[name].fit(class_task(*simulated, tmp_path), lambda: True)


def test_majority_says_the_class_frequencies(simulated: Simulated, tmp_path: Path) -> None:
    task = class_task(*simulated, tmp_path)
    task = replace(task, train=task.train[:4], y=np.array([[1, 0, 0], [0.5, 0.5, 0], [1, 0, 0], [np.nan] * 3]))
    p = METHODS["majority"].fit(task, never).predict(simulated[0], task.test)
    assert np.allclose(p, np.tile([2.5 / 3, 0.5 / 3, 0.0], (len(task.test), 1)))


def test_majority_says_the_mean_value_of_traces(simulated: Simulated, tmp_path: Path) -> None:
    task = trace_task(*simulated, tmp_path)
    said = METHODS["majority"].fit(task, never).predict(simulated[0], task.test)
    assert np.allclose(said, np.nanmean(task.y))


def test_an_unknown_method_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConcordError, match=r"no method 'svm': there are .*eegnet.*linear.*majority"):
        find_method("svm")
    assert find_method("linear").name == "linear"


@pytest.mark.parametrize("name", ["eegnet", "deepconvnet", "shallowconvnet", "tsception"])
def test_a_network_of_eeg_refuses_a_store_that_gives_it_none(name: str, simulated: Simulated, tmp_path: Path) -> None:
    face = class_task(*simulated, tmp_path, modalities=("face",))
    expected = f"{name} reads a waveform: the modalities that may be read are face (sequence)"
    assert METHODS[name].refuses(face) == expected
    learnt_only = class_task(*simulated, tmp_path, infer=("face",))
    assert METHODS[name].refuses(learnt_only) == expected


def test_cafnet_refuses_a_single_modality(simulated: Simulated, tmp_path: Path) -> None:
    assert METHODS["cafnet"].refuses(class_task(*simulated, tmp_path, modalities=("eeg",))) == (
        "cafnet reads two modalities, each a waveform or a sequence: the modalities that may be read are eeg (waveform)"
    )


def test_tsception_refuses_channels_without_names(tmp_path: Path) -> None:
    unnamed = make_store(tmp_path / "store", n_subjects=3, clips_per_subject=4)
    refused = METHODS["tsception"].refuses(class_task(*unnamed, tmp_path))
    assert refused == "TSception tells left from right by 10-20 names such as F3 and F4: the store names no channels"


def test_a_refusal_moves_no_generator(simulated: Simulated, tmp_path: Path) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert METHODS["deepconvnet"].refuses(class_task(*simulated, tmp_path)) is None
    assert torch.equal(torch.get_rng_state(), before)


def test_eegnet_learns_classes_of_subjects_it_has_not_seen(simulated: Simulated, tmp_path: Path) -> None:
    store, truth = simulated
    task = class_task(*simulated, tmp_path, modalities=("eeg",))
    fitted = METHODS["eegnet"].fit(task, never)
    p = fitted.predict(store, task.test)
    said = ~np.isnan(p).any(axis=1)
    assert np.mean(p[said].argmax(axis=1) == truth["valence"][task.test][said]) > 0.6
    assert fitted.details["best_epoch"] <= fitted.details["epochs"] <= 100
    used = task.train[store.present("eeg")[task.train]]
    assert set(store.subjects[fitted.held]).isdisjoint(store.subjects[np.setdiff1d(used, fitted.held)])


def test_linear_reads_nothing_that_it_may_not(simulated: Simulated, tmp_path: Path) -> None:
    store, _ = simulated
    fitted = METHODS["linear"].fit(class_task(*simulated, tmp_path, infer=("eeg",)), never)
    rows = np.arange(store.n_clips)
    assert np.array_equal(~np.isnan(fitted.predict(store, rows)).any(axis=1), store.present("eeg"))
    refused = METHODS["linear"].refuses(class_task(*simulated, tmp_path, infer=()))
    assert refused is not None
    assert "no modality" in refused
