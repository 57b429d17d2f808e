"""Embedded servers for a benchmark, in a folder of their own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_servers(
    *, settings_module: str = "annotator.settings", is_durable: bool = False, has_broker: bool = True
) -> Iterator[Path]:
    """The folder of a migrated database, and of a broker where one is wanted; nothing is left after the block."""
    var = Path(tempfile.mkdtemp(prefix="concord-bench-"))
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    (var / "static").mkdir()
    os.environ |= {"CONCORD_VAR": str(var), "DJANGO_SETTINGS_MODULE": settings_module}
    import django

    django.setup()
    from django.core.management import call_command

    from annotator import services

    services.start(var, services.Wanted(durable=is_durable, valkey=has_broker))
    try:
        call_command("migrate", verbosity=0)
        yield var
    finally:
        services.stop(var)
        shutil.rmtree(var, ignore_errors=True)
