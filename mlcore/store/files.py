"""Whole-folder writes that either happened or did not, and reads that name the file they fail on."""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import secrets
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import StoreError

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def replace_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Write a folder beside its final place and put it there in one step.

    A process killed before that step leaves what stood in `folder` untouched, and at most a hidden folder beside it.

    Args:
        folder: where the result goes; parents are made.
        fill: writes every file into the empty folder it is given.

    Raises:
        OSError: the disk is full, or the folder can't be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.part"
    beside.mkdir()
    try:
        fill(beside)
        _flush(beside)
        _put(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    _flush_folder(folder.parent)


def _put(beside: Path, folder: Path) -> None:
    if not folder.exists():
        beside.rename(folder)
    elif not _exchange(beside, folder):
        _swap(beside, folder)


def _exchange(one: Path, other: Path) -> bool:
    # Linux swaps two folders in one step; rename() alone can't replace a folder that holds files
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0)


def _swap(beside: Path, folder: Path) -> None:
    old = beside.with_suffix(".old")
    folder.rename(old)
    try:
        beside.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _flush(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_json(path: Path) -> Any:
    """The value in a JSON file; StoreError names the file where it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} can't be read as JSON: {error}") from error


def map_array(path: Path) -> NDArray[Any]:
    """A .npy file mapped into memory, read-only; its pages are read when touched.

    Args:
        path: a file in numpy's format. Pickled objects are refused: they run code.

    Raises:
        StoreError: missing, empty, cut short, of another format or holding objects; the file is named.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        empty = _load_empty(path)
        if empty is not None:
            return empty
        raise StoreError(f"{path} can't be read as a numpy array: {error}") from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise StoreError(f"{path} can't be read as a numpy array: it is an archive of several")
    return array


def let_go(array: NDArray[Any]) -> None:
    """Give back the memory of a mapped array's pages: they stay in the system's cache, and are read when touched.

    Without this a process that reads through a store holds all of it, as far as the machine has memory.
    """
    mapped = getattr(array, "_mmap", None)
    if isinstance(mapped, mmap.mmap):
        mapped.madvise(mmap.MADV_DONTNEED)


class ArrayMaps:
    """Maps of many files, at most some open at a time: each holds a file handle, of which a process has few.

    A file that was replaced since it was registered is refused: its rows no longer belong to the table in memory.
    """

    def __init__(self, max_open: int) -> None:
        self._inodes: dict[Path, int] = {}
        self._open = lru_cache(maxsize=max_open)(self._map)

    def register(self, path: Path) -> NDArray[Any]:
        """Map a file for a look at its shape and remember which file it was."""
        array = map_array(path)
        self._inodes[path] = path.stat().st_ino
        return array

    def __call__(self, path: Path) -> NDArray[Any]:
        """The map of a registered file; StoreError where it was replaced or is gone."""
        return self._open(path)

    def _map(self, path: Path) -> NDArray[Any]:
        array = map_array(path)
        if path.stat().st_ino != self._inodes[path]:
            raise StoreError(f"{path} was written again since the store was opened: open it again")
        return array


def _load_empty(path: Path) -> NDArray[Any] | None:
    # an array without elements can't be mapped, but is a valid one
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if isinstance(array, np.ndarray) and array.size == 0 else None
