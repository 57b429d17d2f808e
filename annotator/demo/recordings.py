"""The demo's recordings: simulated by `python -m mlcore simulate`, imported by the real worker."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from annotator.demo.console import Console, DemoError
from annotator.demo.supervisor import dies_with_parent
from annotator.domain.importing import request_import
from annotator.enums import JobState, SessionStatus
from annotator.models import Job, Study, User


@dataclass(frozen=True, slots=True)
class Size:
    n_subjects: int = 8
    n_trials: int = 4
    trial_s: float = 40.0

    @property
    def options(self) -> tuple[str, ...]:
        return (
            *("--subjects", str(self.n_subjects)),
            *("--trials", str(self.n_trials)),
            *("--trial-s", f"{self.trial_s:g}"),
        )


def simulate(folder: Path, size: Size, console: Console) -> None:
    """Made beside their place and moved there, so that an interrupted run leaves nothing half made."""
    if folder.exists():
        return
    fresh = folder.with_name(f"{folder.name}-being-made")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    run_core(["simulate", str(fresh), *size.options], console)
    fresh.rename(folder)


def run_core(arguments: list[str], console: Console) -> None:
    """`python -m mlcore …`, with its lines shown as progress."""
    command = [*dies_with_parent(), sys.executable, "-m", "mlcore", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(  # noqa: S603 - our own program, arguments as a list
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        last = ""
        for line in process.stdout:
            last = line.strip() or last
            console.progress(last[:100])
    if process.returncode:
        raise DemoError(f"`python -m mlcore {arguments[0]}` failed: {last}")


def begin_import(study: Study, *, actor: User, source: Path) -> Job:
    return request_import(study, actor=actor, source=source, layout="mahnob")


def all_ready(study: Study) -> bool:
    sessions = study.sessions.all()
    return sessions.exists() and not sessions.exclude(status=SessionStatus.READY).exists()


def require_ready(job: Job, study: Study) -> None:
    job.refresh_from_db()
    failed = study.sessions.filter(status=SessionStatus.FAILED).first()
    if failed is not None:
        raise DemoError(f"Session {failed.code} of the demo could not be imported: {failed.error}")
    if job.state != JobState.SUCCEEDED or not all_ready(study):
        raise DemoError(f"The demo's recordings could not be imported: {job.reason or job.state}")
