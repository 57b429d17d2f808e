"""What is looked at before anything starts; each finding is one sentence."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import OperationalError, connection
from kombu import Connection

from annotator.demo.console import DemoError


def require_free_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise DemoError(
                f"Port {port} needs more rights than you have: choose one above 1023 with --port."
            ) from error
        except OSError as error:
            raise DemoError(
                f"Port {port} of {host} can't be used ({error.strerror}): stop what uses it, or choose another, "
                f'for example make demo ARGS="--port {port + 1}".'
            ) from error


def free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@contextmanager
def only_copy(var: Path, address: str) -> Iterator[None]:
    """One demo per folder. The lock falls with its process, however that ends."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise DemoError(_already_running(lock.read(), var)) from error
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "address": address}))
        lock.flush()
        yield


def _already_running(note: str, var: Path) -> str:
    facts = json.loads(note) if note else {"pid": "unknown", "address": "its address"}
    return (
        f"Concord already runs on {var} (process {facts['pid']}, {facts['address']}): "
        "use that one, or stop it with Ctrl-C first."
    )


def require_servers() -> None:
    """The servers answer; only those that somebody else runs can fail to."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise DemoError(f"The database of DATABASE_URL does not answer: {reason}") from error
    with Connection(settings.REDIS_URL, connect_timeout=5) as broker:
        try:
            broker.ensure_connection(max_retries=1, timeout=5)
        except broker.connection_errors as error:
            place = urlsplit(settings.REDIS_URL).hostname
            raise DemoError(f"The broker of REDIS_URL ({place}) does not answer: {error}") from error
