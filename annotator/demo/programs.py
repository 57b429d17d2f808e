"""The programs that make up a running Concord: the same entry points as in docker/compose.yml."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Mapping

from django.conf import settings

from annotator.demo.supervisor import Program

PYTHON = (sys.executable, "-m")
CELERY = (*PYTHON, "celery", "--app")


def programs(host: str, port: int) -> tuple[Program, ...]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return (
        Program("web", (*PYTHON, "gunicorn", "annotator.wsgi:application", "--bind", bind, *WEB_OPTIONS)),
        worker("worker-cpu", queues="io", concurrency=2),
        # of its own, so that long imports never keep the sweep waiting
        worker("worker-live", queues="live", concurrency=1),
        worker("worker-gpu", queues="gpu", concurrency=1),
        Program("beat", (*CELERY, "annotator.jobs", "beat", "--loglevel", "INFO", "--pidfile", "")),
    )


WEB_OPTIONS = (
    "--worker-class",
    "gthread",
    "--workers",
    "2",
    "--threads",
    "8",
    "--timeout",
    "60",
    "--access-logfile",
    "-",
)


def worker(name: str, *, queues: str, concurrency: int) -> Program:
    options = ("--queues", queues, "--concurrency", str(concurrency), "--hostname", f"{name}@%h", "--loglevel", "INFO")
    quiet = ("--without-gossip", "--without-mingle")
    # a cold stop: an unfinished job goes on from its last checkpoint when it is taken up again
    return Program(name, (*CELERY, "worker.app", "worker", *options, *quiet), stop_signal=signal.SIGQUIT)


def environment(host: str) -> Mapping[str, str]:
    """Ours, and the names under which this machine may be asked for."""
    names = [*settings.ALLOWED_HOSTS, host]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - only when the person asked for it
        names += [socket.gethostname(), socket.getfqdn(), *own_addresses()]
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "annotator.settings",
        "CONCORD_ALLOWED_HOSTS": ",".join(dict.fromkeys(names)),
        "PYTHONUNBUFFERED": "1",
    }


def own_addresses() -> list[str]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None)
    except socket.gaierror:
        return []
    addresses = [str(entry[4][0]) for entry in found]
    return [f"[{address}]" if ":" in address else address for address in addresses]
