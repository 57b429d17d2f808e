"""Walking a source: its files in natural order, links and hidden folders left alone, names that can be kept."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from mlcore.errors import LayoutError

VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".wmv", ".mpg", ".mpeg", ".mts"})
#: a source with more files than this is the wrong folder
MOST_FILES = 200_000
_DEEPEST = 12

NaturalKey = tuple[tuple[int, str], ...]


def natural(text: str) -> NaturalKey:
    """A sorting key that puts P2 before P10.

    >>> sorted(["P10", "P2", "P1b"], key=natural)
    ['P1b', 'P2', 'P10']
    """
    parts = (part for part in re.split(r"([0-9]+)", text) if part)
    return tuple((int(part), "") if part[0] in "0123456789" else (-1, part) for part in parts)


def files_below(root: Path) -> Iterator[Path]:
    """Every file below a folder, folder by folder; nothing is opened, links to folders are not entered.

    Raises:
        LayoutError: there are more than 200,000.
    """
    n_files = 0
    for folder, subfolders, names in os.walk(root, followlinks=False, onerror=_refuse):
        here = Path(folder)
        deep = len(here.relative_to(root).parts) >= _DEEPEST
        subfolders[:] = [] if deep else sorted((name for name in subfolders if not name.startswith(".")), key=natural)
        n_files += len(names)
        if n_files > MOST_FILES:
            raise LayoutError(f"{root.name}: it holds more than {MOST_FILES:,} files; choose a folder further in.")
        yield from (here / name for name in sorted(names, key=natural) if not name.startswith("."))


def _refuse(error: OSError) -> None:
    """A folder that can't be opened may hold recordings: it is not passed over."""
    raise LayoutError(f"{Path(str(error.filename)).name}: the folder can't be opened ({error.strerror}).") from error


def first_below(root: Path, fits: Callable[[Path], bool]) -> Path | None:
    """The first file for which `fits` says yes; None where the source is no folder or holds none."""
    if not root.is_dir():
        return None
    return next((path for path in files_below(root) if fits(path)), None)


def is_video(path: Path) -> bool:
    """Whether a file's name says that it is a video."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "file"), counted(3, "file")
    ('1 file', '3 files')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: list[str], *, most: int = 3) -> str:
    """Some names, and how many more.

    >>> listed(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
