"""Real worker processes on the tests' database and broker; `start_worker` is a fixture."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connection

PATIENCE_S = 90.0


def until(condition: Callable[[], object], what: str, *, patience_s: float = PATIENCE_S) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {patience_s} s"
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Worker:
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """kill -9, the pool's processes with it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


StartWorker = Callable[..., Worker]


def environment() -> dict[str, str]:
    facts = connection.settings_dict
    url = f"postgresql://{facts['USER']}@/{facts['NAME']}?host={quote(str(facts['HOST']), safe='')}"
    return {
        **os.environ,
        "DATABASE_URL": url,
        "REDIS_URL": django_settings.REDIS_URL,
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture
def start_worker(transactional_db: None, broker: str, tmp_path: Path) -> Iterator[StartWorker]:
    """Start Celery workers; what still runs after the test is killed."""
    started: list[Worker] = []

    def start(queues: str = "io,gpu,live", *, n_processes: int = 1) -> Worker:
        log = tmp_path / f"worker-{len(started)}.log"
        name = f"test-{os.getpid()}-{len(started)}@%h"
        command = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "-Q", queues, "-n", name, "-l", "INFO"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "-c", str(n_processes)],
                cwd=django_settings.BASE_DIR,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        worker = Worker(process, log)
        started.append(worker)
        until(lambda: b" ready." in log.read_bytes() or process.poll() is not None, "worker start")
        assert process.poll() is None, log.read_text(errors="replace")
        return worker

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.kill()
