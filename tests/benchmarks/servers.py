"""Embedded servers for a benchmark, in a folder of their own, and the web server as the demo starts it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen


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


@contextmanager
def web_server(var: Path) -> Iterator[int]:
    """The port of the product's own web server, of a database that `own_servers` made."""
    from django.conf import settings

    from annotator import bundles
    from annotator.demo.programs import programs

    bundles.build(settings.BUNDLES_ROOT)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    (program,) = (one for one in programs("127.0.0.1", port) if one.name == "web")
    with (var / "web.log").open("wb") as log:
        process = subprocess.Popen(program.command, stdout=log, stderr=log, start_new_session=True)
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise RuntimeError((var / "web.log").read_text(errors="replace"))
            time.sleep(0.1)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False
