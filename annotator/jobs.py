"""The one Celery application, as a producer: jobs are sent by name, never imported."""

from __future__ import annotations

from celery import Celery
from django.conf import settings

app = Celery("concord")
app.config_from_object(settings.CELERY)


def send(task: str, *, job_id: int, queue: str) -> None:
    """Put the id of a job on its queue. Call it in `transaction.on_commit`."""
    app.send_task(task, args=[job_id], queue=queue)
