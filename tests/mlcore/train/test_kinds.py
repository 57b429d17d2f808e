"""Modalities of every kind, under any name, any of them absent from a clip, are learnt from by the same code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.compare.contract import Task
from mlcore.compare.ours import concord_method
from mlcore.store import ClipTable, ModalityKind, ModalityMeta, ShardMeta, Store, TargetKind, open_store, write_shard

N_SUBJECTS, N_CLIPS = 5, 24
SHORT = {"teacher": {"n_epochs": 12}, "student": {"n_epochs": 12}, "n_members": 2, "sizes": {"space": {"n_heads": 2}}}
MODALITIES = {
    "votes": ModalityMeta(ModalityKind.VECTOR, (6,)),
    "crops": ModalityMeta(ModalityKind.FRAMES, (4, 3, 16, 16), dtype="uint8", sfreq=2.0),
    "gaze": ModalityMeta(ModalityKind.SEQUENCE, (8, 3), sfreq=4.0),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, NDArray[np.int64]]:
    """Simulated: two classes move each modality; a third of the clips lacks one of them."""
    folder, rng = tmp_path_factory.mktemp("kinds"), np.random.default_rng(0)
    classes = []
    for number in range(N_SUBJECTS):
        said = rng.permutation(np.arange(N_CLIPS) % 2)
        lacking = rng.integers(0, 3 * len(MODALITIES), N_CLIPS)
        present = {name: lacking != place for place, name in enumerate(MODALITIES)}
        write_shard(folder / f"s{number}", ShardMeta(MODALITIES), _table(number, present), _arrays(rng, said, present))
        classes.append(said)
    return open_store(folder), np.concatenate(classes)


def _arrays(
    rng: np.random.Generator, said: NDArray[np.int64], present: dict[str, NDArray[np.bool_]]
) -> dict[str, NDArray[Any]]:
    votes = rng.standard_normal((N_CLIPS, 6), dtype=np.float32)
    votes[:, 0] += 2.5 * said
    crops = rng.integers(0, 120, (N_CLIPS, 4, 3, 16, 16))
    crops[:, :, :, 8:] += 60 * said[:, None, None, None, None]
    gaze = rng.standard_normal((N_CLIPS, 8, 3), dtype=np.float32)
    gaze[:, :, 1] += 1.5 * said[:, None]
    arrays: dict[str, NDArray[Any]] = {"votes": votes, "crops": crops.astype(np.uint8), "gaze": gaze}
    return {
        name: array * present[name].reshape(-1, *[1] * (array.ndim - 1)).astype(array.dtype)
        for name, array in arrays.items()
    }


def _table(number: int, present: dict[str, NDArray[np.bool_]]) -> ClipTable:
    start_s = np.arange(N_CLIPS, dtype=np.float64) * 2.0
    return ClipTable(
        clip_id=np.array([f"s{number}-{row}" for row in range(N_CLIPS)]),
        subject=np.full(N_CLIPS, f"s{number}"),
        session=np.full(N_CLIPS, f"s{number}"),
        trial=np.arange(N_CLIPS) // 4,
        start_s=start_s,
        stop_s=start_s + 2.0,
        present=present,
        quality={name: column.astype(np.float64) for name, column in present.items()},
    )


def _task(store: Store, said: NDArray[np.int64], folder: Path) -> Task:
    is_test = store.subjects == f"s{N_SUBJECTS - 1}"
    train = np.flatnonzero(~is_test)
    names = tuple(MODALITIES)
    return Task(
        store=store,
        target="answer",
        kind=TargetKind.CLASS,
        classes=("no", "yes"),
        train=train,
        y=np.eye(2)[said[train]],
        test=np.flatnonzero(is_test),
        modalities=names,
        infer=names,
        seed=0,
        folder=folder,
    )


def test_vectors_pictures_and_tracks_teach_one_another(store: tuple[Store, NDArray[np.int64]], tmp_path: Path) -> None:
    clips, said = store
    fitted = concord_method("concord", SHORT).fit(_task(clips, said, tmp_path), lambda: False)
    test = np.flatnonzero(clips.subjects == f"s{N_SUBJECTS - 1}")
    assert (fitted.predict(clips, test).argmax(axis=1) == said[test]).mean() > 0.8
    assert set(fitted.details["trust"]) == set(MODALITIES)
    assert {name.split(" ")[0] for name in fitted.details["epochs"]} == {"teacher", "student"}


@pytest.mark.parametrize("name", MODALITIES)
def test_each_of_them_is_enough_where_the_others_are_absent(
    store: tuple[Store, NDArray[np.int64]], tmp_path: Path, name: str
) -> None:
    clips, said = store
    task = replace(_task(clips, said, tmp_path), infer=(name,))
    answered = concord_method("concord", SHORT).fit(task, lambda: False).predict(clips, task.test)
    has = clips.present(name)[task.test]
    assert np.isnan(answered[~has]).all()
    assert (answered[has].argmax(axis=1) == said[task.test][has]).mean() > 0.6
