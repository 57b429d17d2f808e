"""Work that is prepared ahead: the same in the same order, one piece ahead, errors at their turn."""

from __future__ import annotations

import threading

import pytest

from mlcore.train.ahead import prepared_ahead


@pytest.mark.parametrize("n_items", [0, 1, 2, 7])
def test_it_gives_what_a_loop_would(n_items: int) -> None:
    assert list(prepared_ahead(lambda item: item**2, range(n_items))) == [item**2 for item in range(n_items)]


def test_the_next_is_prepared_while_one_is_used_and_no_more() -> None:
    started = [threading.Event() for _ in range(6)]

    def prepare(item: int) -> int:
        started[item].set()
        return item

    for item in prepared_ahead(prepare, range(6)):
        if item < 5:
            assert started[item + 1].wait(timeout=10)
        assert not any(event.is_set() for event in started[item + 2 :])


def test_an_error_comes_at_its_turn_and_ends_the_work() -> None:
    asked: list[int] = []

    def prepare(item: int) -> int:
        asked.append(item)
        return 12 // (3 - item)

    work = prepared_ahead(prepare, range(100))
    assert [next(work), next(work), next(work)] == [4, 6, 12]
    with pytest.raises(ZeroDivisionError):
        next(work)
    assert asked[:4] == [0, 1, 2, 3]
    assert len(asked) <= 5


def test_who_stops_asking_stops_the_work() -> None:
    asked: list[int] = []
    work = prepared_ahead(asked.append, range(100))
    next(work)
    work.close()
    assert len(asked) <= 2
