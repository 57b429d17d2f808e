"""The embedded Postgres and Redis-protocol server: they run from PyPI wheels, on sockets only this user can open.

Everything lies in one folder (`CONCORD_VAR`): `postgres/` the cluster, `valkey/` the broker's log, `run/` the sockets.
Neither server listens on a network address, so neither needs a password.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from annotator.embedded import postgres, valkey
from annotator.embedded.places import ServiceError, postgres_url, prepare_folders, socket_folder, valkey_url

__all__ = [
    "ServiceError",
    "Status",
    "Wanted",
    "keep",
    "postgres_url",
    "running",
    "socket_folder",
    "start",
    "status",
    "stop",
    "valkey_url",
]
MIN_FREE_BYTES = 300 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Status:
    postgres: bool
    valkey: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the two servers are ours to run; the other is named by DATABASE_URL or REDIS_URL."""

    postgres: bool = True
    valkey: bool = True
    #: False only in tests: a crash of the machine may lose the database
    durable: bool = True


def status(var: Path) -> Status:
    return Status(postgres=postgres.answers(var), valkey=valkey.says(var, "PING") == "+PONG")


def start(var: Path, wanted: Wanted = Wanted(), *, min_free_bytes: int = MIN_FREE_BYTES) -> None:
    """Start what does not run yet. Doing it twice, or from two programs at once, is as good as once."""
    if not (wanted.postgres or wanted.valkey):
        return
    prepare_folders(var, min_free_bytes=min_free_bytes)
    with _locked(var / "services.lock"):
        if wanted.postgres and not postgres.answers(var):
            postgres.start(var, durable=wanted.durable)
        if wanted.valkey and valkey.says(var, "PING") != "+PONG":
            valkey.start(var)


def stop(var: Path) -> None:
    """Stop both, whoever uses them."""
    if not var.is_dir():
        return
    with _locked(var / "services.lock"):
        valkey.stop(var)
        postgres.stop(var)


@contextmanager
def running(var: Path, wanted: Wanted = Wanted()) -> Iterator[None]:
    """The servers run inside this block. Whoever leaves last stops them, unless `keep` asked them to stay."""
    if not (wanted.postgres or wanted.valkey):
        yield
        return
    prepare_folders(var, min_free_bytes=MIN_FREE_BYTES)
    with (var / "services.users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            start(var, wanted)
            yield
        finally:
            if _is_last(users.fileno()) and not (var / "services.keep").exists():
                stop(var)


def keep(var: Path, *, kept: bool) -> None:
    """Whether the servers outlive the programs that use them."""
    if kept:
        (var / "services.keep").touch()
    else:
        (var / "services.keep").unlink(missing_ok=True)


def _is_last(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
