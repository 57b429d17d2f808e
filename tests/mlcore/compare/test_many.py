from __future__ import annotations

from pathlib import Path

import pytest

from mlcore.compare.corruption import Corruption, CorruptionKind
from mlcore.compare.many import Comparison, compare
from mlcore.compare.options import CrossvalOptions
from mlcore.errors import Cancelled
from mlcore.store import Store
from tests.mlcore.compare.samples import METHODS, cross_validated, find_method, make_store, without_seconds

OPTIONS = (
    CrossvalOptions("valence3", n_folds=2, n_seeds=2, corruptions=(Corruption(CorruptionKind.FLIPS, 0.2),)),
    CrossvalOptions("course", n_folds=2, n_seeds=2),
)
NAMES = ("nearest", "refusing", "failing", "chance")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("store"))


def comparison(store: Store, parts: Path, *, workers: int) -> Comparison:
    return Comparison(store, NAMES, OPTIONS, find_method=find_method, parts=parts, workers=workers)


def test_the_result_does_not_depend_on_the_number_of_workers(store: Store, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    one = comparison(store, tmp_path / "1", workers=1)
    alone = compare(one, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 24) for done in range(25)]
    together = compare(comparison(store, tmp_path / "2", workers=2), on_progress=lambda done, total: None)
    assert without_seconds(alone) == without_seconds(together)
    assert [(one["target"], one["method"]) for one in alone] == [(o.target, name) for o in OPTIONS for name in NAMES]
    expected = [cross_validated(store, METHODS[name], options) for options in OPTIONS for name in ("nearest", "chance")]
    assert without_seconds([one for one in alone if "mean" in one]) == without_seconds(expected)


def test_methods_that_refuse_or_give_up_do_not_stop_the_others(store: Store, tmp_path: Path) -> None:
    results = compare(comparison(store, tmp_path, workers=1), on_progress=lambda done, total: None)
    assert [("mean" in one, one.get("refused"), one.get("failed")) for one in results] == [
        (True, None, None),
        (False, "refusing can't read eeg, face", None),
        (False, None, "seed0-fold0: the loss became nan"),
        (True, None, None),
    ] * 2


def test_a_comparison_can_be_stopped_and_keeps_what_is_finished(store: Store, tmp_path: Path) -> None:
    done: list[int] = []
    with pytest.raises(Cancelled):
        compare(
            comparison(store, tmp_path, workers=1),
            on_progress=lambda finished, total: done.append(finished),
            should_stop=lambda: max(done) >= 2,
        )
    assert len(list(tmp_path.glob("*/*.json"))) == 2
