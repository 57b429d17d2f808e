"""Turning what foreign readers raise and warn into sentences about a file."""

from __future__ import annotations

import configparser
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scipy.io.matlab import MatReadError

from mlcore.errors import RecordingError

#: everything that parsers have been seen to raise on damaged files
UNREADABLE = (
    ValueError,
    RuntimeError,
    OSError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    EOFError,
    MemoryError,
    SyntaxError,
    struct.error,
    zlib.error,
    configparser.Error,
    MatReadError,
)
#: what a parser stumbles into when bytes are not what it took for granted: its words help nobody
_STUMBLES = (LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, MemoryError)
_LONGEST_REASON = 200


def first_sentence(reason: object) -> str:
    """The first line of a foreign message, without its closing stop and of bearable length."""
    lines = str(reason).strip().splitlines()
    line = lines[0].strip() if lines else type(reason).__name__
    return line[:_LONGEST_REASON].rstrip(". ")


@contextmanager
def reading(path: Path, kind: str) -> Iterator[list[str]]:
    """Name the file and its supposed kind in every error; collect the reader's warnings in the list handed out."""
    notes: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield notes
        told = (_without_folder(item.message, path) for item in caught if _tells(item))
        notes.extend(f"{path.name}: {note}." for note in dict.fromkeys(told))
    except RecordingError:
        raise
    except UNREADABLE as error:
        raise RecordingError(f"{path.name}: can't be read as {kind} ({_reason(error, path)}).") from error
    except Exception as error:
        # MNE-Python raises bare Exceptions; whatever else comes is a mistake of a program, not of the file
        if type(error) is not Exception:
            raise
        raise RecordingError(f"{path.name}: can't be read as {kind} ({_reason(error, path)}).") from error


def _reason(error: Exception, path: Path) -> str:
    if isinstance(error, _STUMBLES):
        return "the file is damaged or cut short"
    return _without_folder(error.strerror if isinstance(error, OSError) and error.strerror else error, path)


def _without_folder(reason: object, path: Path) -> str:
    """Where the file lies on this computer is nobody's business."""
    return first_sentence(str(reason).replace(f"{path.parent}/", ""))


def _tells(item: warnings.WarningMessage) -> bool:
    """Deprecations, numpy's divisions and MNE's wishes for file names speak to programmers, not about the file."""
    if any(phrase in str(item.message) for phrase in ("naming conventions", "encountered in")):
        return False
    return not issubclass(item.category, (DeprecationWarning, PendingDeprecationWarning, FutureWarning))


def require_file(path: Path) -> None:
    """Refuse what is absent, no file, or empty."""
    if not path.is_file():
        raise RecordingError(f"{path.name}: the file does not exist.")
    if path.stat().st_size == 0:
        raise RecordingError(f"{path.name}: the file is empty.")
