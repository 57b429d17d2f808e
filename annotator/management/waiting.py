"""For commands that wait for a job: servers that run, a worker that answers, progress on the terminal."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from annotator import services
from annotator.enums import JobQueue
from annotator.exceptions import DomainError, NotFound
from annotator.jobs import app
from annotator.models import Job, Study

POLL_S = 0.2
#: how long a worker that runs may take to answer
ANSWER_S = 1.5
#: after that a worker that was asked to stop is stopped
GRACE_S = 20.0
SWEEP_EVERY_S = 5.0
Say = Callable[[str], None]


@contextmanager
def prepared() -> Iterator[None]:
    """Servers that answer and a database with every table; a refusal of ours becomes one sentence on the terminal."""
    try:
        with services.running(settings.VAR, settings.EMBEDDED):
            if settings.EMBEDDED.postgres:
                call_command("migrate", verbosity=0, interactive=False)
            try:
                yield
            finally:
                connection.close()
    except (services.ServiceError, DomainError) as error:
        raise CommandError(str(error)) from error


def study_named(name: str) -> Study:
    study = Study.objects.filter(slug=name).first()
    if study is None:
        known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
        raise NotFound(f"There is no study {name!r}; the studies are: {known}.")
    return study


def follow(job: Job, say: Say) -> Job:
    """Wait until the job has ended, saying what it does; a worker runs for the call if none answers."""
    with worker_for(job.queue, say) as check:
        return _until_it_ends(job, say, check)


def _until_it_ends(job: Job, say: Say, check: Callable[[], None]) -> Job:
    said = ""
    while True:
        job.refresh_from_db()
        if job.finished_at is not None:
            return job
        line = f"{job.progress:4.0%}  {job.activity}" if job.activity else ""
        if line and line != said:
            say(line)
            said = line
        check()
        time.sleep(POLL_S)


@contextmanager
def worker_for(queue: str, say: Say) -> Iterator[Callable[[], None]]:
    """A worker listens to the queue inside this block. Gives a check that raises when the one started here died."""
    if worker_answers(queue):
        yield lambda: None
        return
    say("No worker answers; one runs for this call.")
    with tempfile.TemporaryDirectory(prefix="concord-worker-") as folder:
        log = Path(folder) / "worker.log"
        process = _start_worker(Path(folder), log)
        try:
            yield Minder(process, log).check
        finally:
            _stop(process)


def worker_answers(queue: str) -> bool:
    answers = app.control.inspect(timeout=ANSWER_S).active_queues() or {}
    return any(entry["name"] == queue for queues in answers.values() for entry in queues)


def _start_worker(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """A worker for every queue, which meets no other one."""
    alone = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    options = ["-Q", ",".join(JobQueue.values), "-c", "2", "-l", "INFO", *alone]
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "worker.app",
        "worker",
        "-n",
        f"command-{folder.name}@%h",
        *options,
    ]
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own program, arguments as a list
            command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )


@dataclass(slots=True)
class Minder:
    """Looks after the worker of this call; and, as nobody else may, sends the sweep that finds lost messages."""

    process: subprocess.Popen[bytes]
    log: Path
    swept_at: float = 0.0

    def check(self) -> None:
        if self.process.poll() is not None:
            tail = " / ".join(self.log.read_text(errors="replace").splitlines()[-3:])
            raise CommandError(f"The worker that ran for this call ended: {tail}")
        if time.monotonic() - self.swept_at > SWEEP_EVERY_S:
            self.swept_at = time.monotonic()
            app.send_task("concord.sweep", queue=JobQueue.LIVE.value, expires=SWEEP_EVERY_S)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
