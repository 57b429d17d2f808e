"""Many rows at once, by Postgres's COPY: streamed, so that a million of them take no memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import orjson
from django.db import connection

#: one COPY statement: short enough for the statement timeout, whatever the rows come from
BLOCK = 20_000
#: rows that go out together: Postgres stores them while the next are put into words
_CHUNK = 500
Item = TypeVar("Item")


def copy_rows(table: str, columns: Sequence[str], items: Iterable[Item], line: Callable[[Item], bytes]) -> None:
    """Appends a row for each item, whose `line` is in COPY's text format, with its end and JSON as `as_json` has it.

    Items are asked for while Postgres stores those before them, so they can't come from the same connection.
    """
    sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    lines = map(line, items)
    while first := list(islice(lines, _CHUNK)):
        with connection.cursor() as cursor, cursor.copy(sql) as copy:
            copy.write(b"".join(first))
            rest = islice(lines, BLOCK - _CHUNK)
            while chunk := list(islice(rest, _CHUNK)):
                copy.write(b"".join(chunk))


def as_json(item: Mapping[str, Any]) -> bytes:
    """JSON has no raw tabs or line ends; of what COPY reads as special only the backslash is left.

    A NaN becomes null, as JSON has no word for it.
    """
    return orjson.dumps(item).replace(b"\\", b"\\\\")
