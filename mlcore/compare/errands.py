"""Parts that are done one by one or side by side, in processes that a killed command does not leave behind."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from mlcore.compare.contract import Method
from mlcore.compare.job import Job
from mlcore.compare.options import CrossvalOptions
from mlcore.compare.plan import Part
from mlcore.compare.saved import SavedParts
from mlcore.errors import Cancelled, ConcordError, TrainingError
from mlcore.store import Store, open_store

#: the method of a name; a module's function, so that another process can call it
FindMethod = Callable[[str], Method]
#: how often a running pool asks whether it should stop
_ASK_S = 0.5


@dataclass(frozen=True, slots=True)
class Errand:
    """One part of one job, as another process is told of it.

    Args:
        shards: folders of the store.
        find_method: from a name to its method.
        method: its name.
        options: of the job.
        saved: where the part is kept.
        part: which.
    """

    shards: tuple[Path, ...]
    find_method: FindMethod
    method: str
    options: CrossvalOptions
    saved: SavedParts
    part: Part


def outcomes(
    errands: Sequence[Errand], *, workers: int, should_stop: Callable[[], bool]
) -> Iterator[tuple[Errand, str | None]]:
    """Do errands, in their order or as they end.

    Args:
        errands: what to do.
        workers: 1 = in this process, 2 and more = in so many others.
        should_stop: asked between errands.

    Yields:
        Each errand once it is done, with the sentence of what went wrong or None.

    Raises:
        Cancelled: `should_stop` said so.
        TrainingError: a worker process ended.
    """
    if workers < 2:
        return _one_by_one(errands, should_stop)
    return _side_by_side(errands, workers, should_stop)


def _one_by_one(errands: Sequence[Errand], should_stop: Callable[[], bool]) -> Iterator[tuple[Errand, str | None]]:
    for errand in errands:
        _check(should_stop)
        yield errand, do(errand)


def _side_by_side(
    errands: Sequence[Errand], workers: int, should_stop: Callable[[], bool]
) -> Iterator[tuple[Errand, str | None]]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, max(len(errands), 1)), mp_context=context, initializer=_begin_worker)
    try:
        running: dict[Future[str | None], Errand] = {pool.submit(do, errand): errand for errand in errands}
        while running:
            finished, _ = wait(running, timeout=_ASK_S, return_when=FIRST_COMPLETED)
            for future in finished:
                yield running.pop(future), _outcome(future)
            _check(should_stop)
    finally:
        pool.shutdown(cancel_futures=True)


def _outcome(future: Future[str | None]) -> str | None:
    try:
        return future.result()
    except BrokenProcessPool as error:
        message = "a worker process ended, perhaps for want of memory: run the command again with fewer workers"
        raise TrainingError(f"{message}; finished parts are kept") from error


def _check(should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise Cancelled("the comparison was stopped: finished parts are kept")


@lru_cache(maxsize=1)
def _opened(shards: tuple[Path, ...]) -> Store:
    """A worker's errands are of one store; opening hundreds of shards takes seconds."""
    return open_store(shards)


def do(errand: Errand) -> str | None:
    """Do one part and keep it; the sentence of what went wrong, or None."""
    store = _opened(errand.shards)
    method = errand.find_method(errand.method)
    try:
        Job.again(store, method, errand.options, errand.saved).run(errand.part, should_stop=lambda: False)
    except ConcordError as error:
        return str(error)
    return None


def _begin_worker() -> None:
    """One thread a worker, and no worker that outlives a command that was killed."""
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
