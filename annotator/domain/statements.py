"""Statements that run for every answer: prepared once a connection, so that Postgres plans them once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import psycopg
from django.db import connection, models

Row = tuple[Any, ...]
Of = TypeVar("Of", bound=models.Model)


def fetch_all(sql: str, arguments: Mapping[str, object]) -> list[Row]:
    """On Django's own connection, in its transaction; past its query log, which would undo the preparing."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return list(cursor.execute(sql.encode(), arguments, prepare=True).fetchall())


def fetch_one(sql: str, arguments: Mapping[str, object]) -> Row | None:
    rows = fetch_all(sql, arguments)
    return rows[0] if rows else None


class Columns(Generic[Of]):
    """All columns of a model in such a statement, and the instance that they make."""

    def __init__(self, model: type[Of], alias: str) -> None:
        fields = model._meta.concrete_fields
        self._model, self._names = model, [field.attname for field in fields]
        self._json = [place for place, field in enumerate(fields) if isinstance(field, models.JSONField)]
        self.sql = ", ".join(f'{alias}."{field.column}"' for field in fields)
        self.n = len(fields)

    def read(self, row: Row) -> tuple[Of, Row]:
        """The instance that the row begins with, and the rest of the row."""
        values = list(row[: self.n])
        for place in self._json:
            values[place] = None if values[place] is None else json.loads(values[place])
        return self._model.from_db(connection.alias, self._names, values), row[self.n :]
