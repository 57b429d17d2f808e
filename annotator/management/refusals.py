"""For short commands: a database with every table, and a refusal of ours as one sentence on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from annotator.exceptions import DomainError


@contextmanager
def on_the_database() -> Iterator[None]:
    if settings.EMBEDDED.postgres and _has_pending_migrations():
        call_command("migrate", verbosity=0, interactive=False)
    try:
        yield
    except DomainError as error:
        raise CommandError(error.message) from error


def _has_pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
