"""Text tables (CSV, TSV) that people wrote: UTF-8 with or without a byte order mark, cells stripped."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

from mlcore.errors import LayoutError

#: no table of sessions, channels or events is larger
_LARGEST_BYTES = 20_000_000

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and lines; a line's number in the file is its index + 2."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path, *, delimiters: str = ",;\t") -> Table:
    """Read a table with a heading; the delimiter is the one its heading uses most.

    Raises:
        LayoutError: too large, no text in UTF-8, or not in lines and cells.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise LayoutError(f"{path.name}: a table above {_LARGEST_BYTES // 1_000_000} MB is not read.")
        return _parse(path.read_text(encoding="utf-8-sig"), delimiters)
    except (UnicodeDecodeError, csv.Error) as error:
        raise LayoutError(f"{path.name}: can't be read as CSV in UTF-8 ({error}).") from error
    except OSError as error:
        raise LayoutError(f"{path.name}: can't be read ({error.strerror}).") from error


def _parse(text: str, delimiters: str) -> Table:
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(delimiters, key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="", restval="", strict=True)
    columns = tuple((name or "").strip() for name in reader.fieldnames or ())
    rows = tuple({(key or "").strip(): _cell(value) for key, value in row.items()} for row in reader)
    return Table(columns, rows)


def _cell(value: object) -> str:
    return value.strip().replace("\0", "") if isinstance(value, str) else ""


def number(text: str | None) -> float | None:
    """A finite number; None for anything else, "n/a" and an empty cell among it.

    >>> number(" 2.5"), number("n/a"), number("inf")
    (2.5, None, None)
    """
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def whole(text: str | None) -> int | None:
    """A whole number; None for anything else.

    >>> whole("7"), whole("7.0"), whole("7.5")
    (7, 7, None)
    """
    value = number(text)
    return int(value) if value is not None and value.is_integer() else None
