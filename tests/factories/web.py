"""A real web server on the tests' database; `start_web` is a fixture."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.conf import settings

from tests.factories.workers import environment, until


@dataclass(frozen=True, slots=True)
class WebServer:
    process: subprocess.Popen[bytes]
    address: str

    def kill(self) -> None:
        """kill -9, its workers with it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


StartWeb = Callable[..., WebServer]


@pytest.fixture
def start_web(transactional_db: None, servers: Path, tmp_path: Path) -> Iterator[StartWeb]:
    """Start gunicorn as production does; what still runs after the test is killed."""
    started: list[WebServer] = []

    def start(*, port: int = 0, **variables: str) -> WebServer:
        port = port or free_port()
        log = tmp_path / f"web-{len(started)}.log"
        command = [sys.executable, "-m", "gunicorn", "annotator.wsgi", "--workers", "2", "--threads", "8"]
        command += ["--worker-class", "gthread", "--bind", f"127.0.0.1:{port}", "--log-file", str(log)]
        given = {**environment(), "CONCORD_VAR": str(servers), "CONCORD_UPLOAD_ROOT": str(settings.UPLOAD_ROOT)}
        process = subprocess.Popen(
            command, env={**given, **variables}, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL, start_new_session=True
        )
        web = WebServer(process, f"http://127.0.0.1:{port}")
        started.append(web)
        until(lambda: process.poll() is not None or _answers(web.address), "web server")
        assert process.poll() is None, log.read_text(errors="replace")
        return web

    yield start
    for web in started:
        if web.process.poll() is None:
            web.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/healthz", timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False
