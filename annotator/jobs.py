"""The one Celery application, as a producer: jobs are sent by name, never imported."""

from __future__ import annotations

import logging

from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)
app = Celery("concord")
app.config_from_object(settings.CELERY)


def send(task: str, *, job_id: int, queue: str) -> None:
    """Put the id of a job on its queue. Call it in `transaction.on_commit`.

    A broker that is away is no error of the caller's: the job is a row by now, and the sweep sends it again.
    """
    try:
        app.send_task(task, args=[job_id], queue=queue)
    except OperationalError as error:
        log.warning("The broker did not take job %d (%s); the sweep will send it again.", job_id, error)
