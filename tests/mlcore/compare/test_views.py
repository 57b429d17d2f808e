"""Whether a method could read the answers if it tried: the one here does try."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mlcore.compare.contract import Fitted, Method, Task
from mlcore.compare.options import CrossvalOptions
from mlcore.compare.views import hide, without_answers
from mlcore.store import Store
from tests.mlcore.compare.samples import KINDS, cross_validated, fit_nearest, make_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("store"))


def arrays_within(item: Any, seen: set[int]) -> Iterator[np.ndarray[Any, Any]]:
    """Every array that can be reached from a value: through fields, slots, attributes, mappings and sequences."""
    if id(item) in seen:
        return
    seen.add(id(item))
    if isinstance(item, np.ndarray):
        yield item
    parts: list[Any] = list(getattr(item, "__dict__", {}).values())
    if is_dataclass(item) and not isinstance(item, type):
        parts += [getattr(item, field.name) for field in fields(item)]
    if isinstance(item, dict):
        parts += item.values()
    if isinstance(item, list | tuple | set):
        parts += item
    for part in parts:
        yield from arrays_within(part, seen)


def loot(task: Task, secrets: dict[str, np.ndarray[Any, Any]], files: list[Path]) -> set[str]:
    """Names of the answers that a cheater gets hold of, by asking the store, by its map, and by what it holds."""
    found = set()
    for name, secret in secrets.items():
        try:
            task.store.target(name)
            found.add(name)
        except ValueError:
            pass
        for array in arrays_within(task, set()):
            known = [array, array[task.test]] if len(array) == task.store.n_clips else [array]
            if any(holds(one, part) for one in known for part in (secret, secret[task.test], secret[:12])):
                found.add(name)
    for path in files:
        try:
            task.store._map(path)
            found.add(path.stem)
        except (KeyError, ValueError):
            pass
    return found


def holds(array: np.ndarray[Any, Any], secret: np.ndarray[Any, Any]) -> bool:
    is_number = array.dtype.kind in "iuf" and array.shape == secret.shape and array.size > 0
    return is_number and bool(np.array_equal(array, secret, equal_nan=True))


@pytest.mark.parametrize("target", KINDS)
def test_a_method_that_looks_for_the_answers_finds_none(store: Store, target: str) -> None:
    secrets = {name: store.target(name) for name in KINDS}
    files = [shard.path(name) for shard in store.shards for name in ("votes", "course")]
    stolen: list[set[str]] = []
    honest: list[set[str]] = []

    def fit(task: Task, should_stop: Callable[[], bool]) -> Fitted:
        stolen.append(loot(task, secrets, files))
        honest.append(loot(replace(task, store=store), secrets, files))
        return fit_nearest(task, should_stop)

    method = Method("cheater", "looks for answers", lambda task: None, fit)
    cross_validated(store, method, CrossvalOptions(target, n_folds=2, n_seeds=1, infer=("eeg",)))
    assert stolen == [set(), set()]
    # the same search finds every one of them where they are
    assert honest == [set(KINDS), set(KINDS)]


def test_the_view_without_answers_has_the_same_clips(store: Store) -> None:
    view = without_answers(store)
    rows = np.array([40, 3, 3, 71])
    assert view.meta.modalities == store.meta.modalities
    assert dict(view.meta.targets) == {}
    assert_array_equal(view.clip_ids, store.clip_ids)
    for name in ("eeg", "face"):
        assert_array_equal(view.gather(name, rows), store.gather(name, rows))
        assert_array_equal(view.quality(name), store.quality(name))


def test_hidden_modalities_are_absent_from_their_clips_alone(store: Store) -> None:
    view = hide(store, ["face"], np.array([1, 5]))
    assert_array_equal(np.flatnonzero(~view.present("face")), [1, 5])
    assert_array_equal(np.flatnonzero(view.quality("face") == 0.0), [1, 5])
    clips = view.gather("face", [5, 2, 1])
    assert not clips[[0, 2]].any()
    assert_array_equal(clips[1], store.gather("face", [2])[0])
    assert_array_equal(view.gather("eeg", [5, 1]), store.gather("eeg", [5, 1]))
    assert view.present("eeg").all()
    assert not hide(store, ["face"]).present("face").any()
    assert hide(store, []) is store
    assert view.gather("face", []).shape == (0, 5, 2)
