"""The worker's Celery application: the one of `annotator.jobs`, with the tasks that it runs."""

from __future__ import annotations

import os

import django
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
django.setup()

from annotator.jobs import app  # noqa: E402 - settings first

app.conf.imports = (
    "worker.ingest",
    "worker.training",
    "worker.scoring",
    "worker.export",
    "worker.housekeeping",
    "worker.live",
    "worker.cold_start",
)

__all__ = ["app"]


@worker_process_init.connect
def use_few_threads(**_: object) -> None:
    """Workers share the machine: each process computes with as many threads as it is given."""
    from worker.run import limit_threads

    limit_threads()
