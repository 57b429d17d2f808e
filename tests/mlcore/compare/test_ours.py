"""Ours and its parts under the contract."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.compare.contract import Method, Task
from mlcore.compare.linear import LINEAR
from mlcore.compare.lookup import every_name, lookup
from mlcore.compare.ours import FittedConcord, concord_method, late_method
from mlcore.compare.registry import METHODS
from mlcore.compare.restricted import restricted
from mlcore.errors import Cancelled, TrainingError
from mlcore.store import Store, open_store, write_shard
from mlcore.train import score
from mlcore.types import JsonObject
from tests.mlcore.compare.tasks import Simulated, class_task, never

QUICK: JsonObject = {"n_members": 1, "teacher": {"n_epochs": 2}, "student": {"n_epochs": 2}}
CONCORD = concord_method("concord", QUICK)
EEG_ONLY, FACE_ONLY = (concord_method(f"{name}-only", QUICK, only=name) for name in ("eeg", "face"))


def _fit(method: Method, task: Task) -> FittedConcord:
    fitted = method.fit(task, never)
    assert isinstance(fitted, FittedConcord)
    return fitted


def _has(store: Store, names: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.asarray(np.any([store.present(name) for name in names], axis=0))


def _renamed(store: Store, names: dict[str, str], folder: Path) -> Store:
    """A copy whose modalities have other names."""
    for shard in store.shards:
        meta = replace(shard.meta, modalities={names[name]: meta for name, meta in shard.meta.modalities.items()})
        table = replace(
            shard.table,
            present={names[name]: column for name, column in shard.table.present.items()},
            quality={names[name]: column for name, column in shard.table.quality.items()},
        )
        arrays = {names[name]: np.load(shard.path(name)) for name in shard.meta.modalities}
        write_shard(folder / shard.folder.name, meta, table, arrays)
    return open_store(folder)


@pytest.mark.parametrize(
    ("modalities", "infer", "read"),
    [
        (("eeg", "face"), ("eeg", "face"), ("eeg", "face")),
        (("eeg", "face"), ("eeg",), ("eeg",)),
        (("face",), ("face",), ("face",)),
    ],
)
def test_it_answers_what_it_can_read_and_nothing_else(
    simulated: Simulated, tmp_path: Path, modalities: tuple[str, ...], infer: tuple[str, ...], read: tuple[str, ...]
) -> None:
    store, _ = simulated
    rows = np.arange(store.n_clips)
    fitted = _fit(CONCORD, class_task(*simulated, tmp_path, modalities=modalities, infer=infer))
    p = fitted.predict(store, rows)
    assert p.shape == (store.n_clips, 3)
    assert np.array_equal(~np.isnan(p).any(axis=1), _has(store, read))
    assert np.array_equal(np.isnan(p).all(axis=1), ~_has(store, read))
    assert np.allclose(p[_has(store, read)].sum(axis=1), 1.0)
    expected = score(fitted.model, store, rows, modalities=read).probabilities("valence")
    assert np.array_equal(p[_has(store, read)], expected[_has(store, read)])


def test_the_student_hears_the_teacher_on_clips_that_nobody_labelled(simulated: Simulated, tmp_path: Path) -> None:
    whole = class_task(*simulated, tmp_path / "whole")
    half = replace(whole, train=whole.train[::2], y=whole.y[::2], folder=tmp_path / "half")
    one_head: JsonObject = {**QUICK, "sizes": {"space": {"n_heads": 1}}}  # several draw from the clips there are
    deaf = concord_method("concord", {**one_head, "use_unlabelled": False})
    alone = _fit(deaf, replace(half, folder=tmp_path / "deaf"))
    told = _fit(concord_method("concord", one_head), half)
    before, after = (one.latents(half.store, half.test) for one in (alone, told))
    assert np.array_equal(before["face"], after["face"], equal_nan=True)  # the teacher learns from labels alone
    seen = half.store.present("eeg")[half.test]
    assert not np.allclose(before["eeg"][seen], after["eeg"][seen], atol=1e-3)


def test_latents_are_unit_rows_of_each_readable_modality(simulated: Simulated, tmp_path: Path) -> None:
    store, _ = simulated
    rows = np.arange(store.n_clips)
    both = _fit(CONCORD, class_task(*simulated, tmp_path / "both")).latents(store, rows)
    assert {name: z.shape for name, z in both.items()} == dict.fromkeys(("face", "eeg"), (store.n_clips, 128))
    for name, z in both.items():
        present = store.present(name)
        assert np.allclose(np.linalg.norm(z[present], axis=1), 1.0, atol=1e-5)
        assert np.isnan(z[~present]).all()
    face = _fit(CONCORD, class_task(*simulated, tmp_path / "face", infer=("face",))).latents(store, rows)
    assert set(face) == {"face"}


def test_face_teaches_eeg_and_others_teach_by_their_order(simulated: Simulated, tmp_path: Path) -> None:
    store, truth = simulated
    roles = {}
    for names in (("eeg", "face"), ("voice", "face"), ("eeg", "voice"), ("gaze", "voice")):
        folder = tmp_path / "-".join(names)
        renamed = _renamed(store, dict(zip(("eeg", "face"), names, strict=True)), folder / "store")
        config = _fit(CONCORD, class_task(renamed, truth, folder, modalities=names)).model.config
        roles[names] = config.teacher_modality, config.student_modality, config.more_students
    assert roles == {
        ("eeg", "face"): ("face", "eeg", ()),
        ("voice", "face"): ("face", "voice", ()),
        ("eeg", "voice"): ("voice", "eeg", ()),
        ("gaze", "voice"): ("gaze", "voice", ()),
    }


@pytest.mark.parametrize(
    ("method", "stages"), [(CONCORD, ["teacher", "student"]), (EEG_ONLY, ["student"]), (FACE_ONLY, ["teacher"])]
)
def test_it_says_how_it_came_about(simulated: Simulated, tmp_path: Path, method: Method, stages: list[str]) -> None:
    task = class_task(*simulated, tmp_path)
    fitted = _fit(method, task)
    assert list(fitted.details["epochs"]) == stages
    assert fitted.details["n_parameters"] == sum(one.numel() for one in fitted.model.net.parameters())
    assert fitted.details["notes"] == []
    assert set(fitted.details["pools"]) == {"valence"}
    assert fitted.held.shape == (0,)


def test_with_one_modality_alone_the_other_is_neither_learnt_from_nor_read(
    simulated: Simulated, tmp_path: Path
) -> None:
    store, _ = simulated
    rows = np.arange(store.n_clips)
    only = _fit(EEG_ONLY, class_task(*simulated, tmp_path / "only"))
    offered = _fit(CONCORD, class_task(*simulated, tmp_path / "offered", modalities=("eeg",)))
    assert set(only.model.modalities) == {"eeg"}
    assert np.array_equal(only.predict(store, rows), offered.predict(store, rows), equal_nan=True)


def test_late_is_the_mean_of_the_two_alone(simulated: Simulated, tmp_path: Path) -> None:
    store, _ = simulated
    rows = np.arange(store.n_clips)
    late = late_method(QUICK).fit(class_task(*simulated, tmp_path / "late"), never)
    alone = [
        _fit(one, class_task(*simulated, tmp_path / one.name)).predict(store, rows) for one in (EEG_ONLY, FACE_ONLY)
    ]
    said = late.predict(store, rows)
    for here, expected in (
        (store.present("eeg") & store.present("face"), (alone[0] + alone[1]) / 2),
        (store.present("eeg") & ~store.present("face"), alone[0]),
        (~store.present("eeg") & store.present("face"), alone[1]),
    ):
        assert here.any()
        assert np.allclose(said[here], expected[here], atol=1e-12)
    assert len(late.details["parts"]) == 2
    assert late.latents(store, rows) == {}


def test_a_late_fit_that_is_stopped_goes_on_in_its_second_part(simulated: Simulated, tmp_path: Path) -> None:
    store, _ = simulated
    method, task = late_method(QUICK), class_task(*simulated, tmp_path / "parts")
    asked = []

    def counting() -> bool:
        asked.append(1)
        return False

    whole = method.fit(replace(task, folder=tmp_path / "whole"), counting).predict(store, task.test)
    n_steps = len(asked)
    left = [n_steps - 1]

    def stops() -> bool:
        left[0] -= 1
        return left[0] < 0

    with pytest.raises(Cancelled):
        method.fit(task, stops)
    asked.clear()
    resumed = method.fit(task, counting).predict(store, task.test)
    assert np.array_equal(resumed, whole, equal_nan=True)
    assert len(asked) < n_steps / 2


NO_EEG = "eeg-only reads eeg: the modalities that may be read are"


@pytest.mark.parametrize(
    ("name", "modalities", "infer", "sentence"),
    [
        ("concord", ("eeg", "face"), ("eeg",), None),
        ("eeg-only", ("eeg", "face"), ("eeg",), None),
        ("linear-face", ("eeg", "face"), ("face",), None),
        ("eeg-only", ("eeg", "face"), ("face",), f"{NO_EEG} face"),
        ("eeg-only", ("face",), ("face",), f"{NO_EEG} face"),
        ("eeg-only", ("eeg", "face"), (), f"{NO_EEG} none"),
        ("linear-face", ("eeg", "face"), ("eeg",), "linear-face reads face: the modalities that may be read are eeg"),
        ("linear-eeg", ("face",), (), "linear-eeg reads eeg: the modalities that may be read are none"),
        (
            "late",
            ("eeg", "face"),
            (),
            "late has nothing to read: no modality may be both learnt from and read of the clips asked about",
        ),
        (
            "concord",
            ("eeg",),
            ("face",),
            "concord has nothing to read: no modality may be both learnt from and read of the clips asked about",
        ),
    ],
)
def test_a_task_without_what_it_reads_is_refused_in_a_sentence(
    simulated: Simulated,
    tmp_path: Path,
    name: str,
    modalities: tuple[str, ...],
    infer: tuple[str, ...],
    sentence: str | None,
) -> None:
    task = class_task(*simulated, tmp_path, modalities=modalities, infer=infer)
    assert METHODS[name].refuses(task) == sentence


def test_labels_that_are_not_there_are_missed_in_a_sentence(simulated: Simulated, tmp_path: Path) -> None:
    task = class_task(*simulated, tmp_path)
    with pytest.raises(TrainingError, match="fewer than 2 classes of every target"):
        CONCORD.fit(replace(task, y=np.full_like(task.y, np.nan)), never)


def test_terms_are_switched_off_by_name(simulated: Simulated, tmp_path: Path) -> None:
    method = lookup("concord[without=distillation]")
    assert method.name == "concord[without=distillation]"
    assert method.settings == {"weights": {"distillation": 0.0}}
    task = class_task(*simulated, tmp_path)
    weights = _fit(concord_method(method.name, {**method.settings, **QUICK}), task).model.config.weights
    assert (weights.distillation, weights.similarity > 0, weights.alignment > 0) == (0.0, True, True)


def test_every_name_leads_to_its_method() -> None:
    assert {lookup(name).name for name in every_name()} == set(every_name())
    assert {"concord", "eeg-only", "face-only", "late", "linear-eeg", "linear-face"} <= set(every_name())
    with pytest.raises(TrainingError, match=r"no method 'concord\[without=luck\]'"):
        lookup("concord[without=luck]")


@pytest.mark.parametrize("only", ["eeg", "face"])
def test_linear_of_one_modality_is_linear_that_reads_no_other(simulated: Simulated, tmp_path: Path, only: str) -> None:
    store, _ = simulated
    rows = np.arange(store.n_clips)
    narrow = restricted(LINEAR, f"linear-{only}", only=only)
    said = narrow.fit(class_task(*simulated, tmp_path), never).predict(store, rows)
    expected = LINEAR.fit(class_task(*simulated, tmp_path, infer=(only,)), never).predict(store, rows)
    assert np.array_equal(said, expected, equal_nan=True)
    assert np.array_equal(~np.isnan(said).any(axis=1), store.present(only))
    assert narrow.name == f"linear-{only}"
