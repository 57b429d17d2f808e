"""Many rows at once, by Postgres's COPY: streamed, so that a million of them take no memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from django.db import connection

#: one COPY statement: short enough for the statement timeout, whatever the rows come from
BLOCK = 20_000
Row = TypeVar("Row")


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Appends rows whose fields are in COPY's text format already (`plain`, `as_json`); how many there were.

    `rows` may read from the same connection: it is never asked while a COPY is under way.
    """
    sql, n_rows = f"COPY {table} ({', '.join(columns)}) FROM STDIN", 0
    for block in in_blocks(rows, BLOCK):
        text = "".join(["\t".join(row) + "\n" for row in block])
        with connection.cursor() as cursor, cursor.copy(sql) as copy:
            copy.write(text)
        n_rows += len(block)
    return n_rows


def in_blocks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    left = iter(rows)
    while block := list(islice(left, size)):
        yield block


def as_json(item: Mapping[str, Any]) -> str:
    """JSON has no raw tabs or line ends; of what COPY reads as special only the backslash is left."""
    return json.dumps(item, separators=(",", ":")).replace("\\", "\\\\")
