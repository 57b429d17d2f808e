"""Preparing the next piece of work in a thread while the present one is used."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Prepared = TypeVar("Prepared")


def prepared_ahead(prepare: Callable[[Item], Prepared], items: Iterable[Item]) -> Generator[Prepared, None, None]:
    """`prepare(item)` of every item in order; while the caller uses one, the next is prepared.

    At most two are in memory: the one in use and the next. What `prepare` raises is raised at its item's turn, after
    those before it were given; nothing further is prepared then, nor after the caller has stopped asking.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="prepare") as thread:
        coming: Future[Prepared] | None = None
        for item in items:
            ready, coming = coming, thread.submit(prepare, item)
            if ready is not None:
                yield ready.result()
        if coming is not None:
            yield coming.result()
