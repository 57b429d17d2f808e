"""The embedded Postgres: one cluster, one database, one socket."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from annotator.embedded.places import (
    DATABASE,
    SOCKET_PORT,
    ServiceError,
    cluster_folder,
    last_line,
    owned_folder,
    postgres_install,
    socket_folder,
)
from annotator.embedded.runner import Runner, clean_environment, runner_for

START_PATIENCE_S = 40.0


def _data(var: Path) -> Path:
    """The cluster itself: a user who may not enter `var` can't follow a link inside it."""
    return cluster_folder(var).resolve()


def start(var: Path, *, durable: bool) -> None:
    runner = runner_for(var)
    if runner.user:
        owned_folder(socket_folder(var), runner.user)
    if not (_data(var) / "PG_VERSION").exists():
        _makecluster(var, runner, durable=durable)
    _write_configuration(var, durable=durable)
    _remove_stale_lock(var)
    _boot(var, runner)
    _make_database(var, runner)


def _makecluster(var: Path, runner: Runner, *, durable: bool) -> None:
    """Made beside its place and moved there, so that an interrupted first start leaves no half cluster."""
    target = _data(var)
    fresh = target.with_name("postgres-being-made")
    shutil.rmtree(fresh, ignore_errors=True)
    owned_folder(fresh, runner.user)
    locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
    sync = () if durable else ("--no-sync",)
    done = runner.run("initdb", "-D", str(fresh), "-U", DATABASE, "--auth=trust", *locale, *sync)
    if done.returncode:
        raise ServiceError(f"Postgres could not make its database in {target}: {last_line(done.stdout)}")
    with (fresh / "postgresql.conf").open("a") as conf:
        conf.write("\ninclude_if_exists = 'concord.conf'\n")
    if target.is_dir():
        target.rmdir()
    fresh.rename(target)


def _write_configuration(var: Path, *, durable: bool) -> None:
    """Written at every start: the clone may have moved."""
    folder = str(socket_folder(var).resolve()).replace("'", "''").replace('"', '""')
    lines = [
        "listen_addresses = ''",
        f"port = {SOCKET_PORT}",
        f"unix_socket_directories = '\"{folder}\"'",
        "unix_socket_permissions = 0700",
        "max_connections = 200",
        # Postgres's own defaults are for a machine of long ago: a published ranking would be written out several times
        "shared_buffers = 512MB",
        "max_wal_size = 4GB",
        "checkpoint_timeout = 15min",
        "log_min_messages = warning",
        "log_line_prefix = '%m [%p] '",
    ]
    if not durable:
        lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
    (_data(var) / "concord.conf").write_text("\n".join(lines) + "\n")
    (_data(var) / "concord.conf").chmod(0o644)


def _remove_stale_lock(var: Path) -> None:
    """After a crash the process number may belong to another program by now; Postgres would take it for itself."""
    lock = _data(var) / "postmaster.pid"
    if not lock.exists():
        return
    first = lock.read_text().split("\n", 1)[0].strip().lstrip("-")
    if first.isdigit() and "postgres" in command_of(int(first)):
        return
    for leftover in (lock, *socket_folder(var).glob(".s.PGSQL.*")):
        leftover.unlink(missing_ok=True)


def command_of(pid: int) -> str:
    ps = shutil.which("ps")
    if Path(f"/proc/{pid}").exists() or ps is None:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    answer = subprocess.run([ps, "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603
    return answer.stdout


def _boot(var: Path, runner: Runner) -> None:
    """Retried for a while: after kill -9 the processes of a dead server may linger and hold its memory."""
    log, deadline = _data(var) / "server.log", time.monotonic() + START_PATIENCE_S
    while True:
        begin = log.stat().st_size if log.exists() else 0
        done = runner.run("pg_ctl", "start", "-D", str(_data(var)), "-l", str(log), "-w", "-t", "60", "-s")
        if done.returncode == 0 or answers(var):
            return
        text = log.read_bytes()[begin:].decode(errors="replace") if log.exists() else done.stdout
        lingers = "pre-existing shared memory" in text or "postmaster.pid" in text or "already exists" in text
        if not lingers or time.monotonic() > deadline:
            raise ServiceError(_why_postgres_failed(var, text or done.stdout))
        time.sleep(0.3)


def _why_postgres_failed(var: Path, text: str) -> str:
    if "No space left on device" in text:
        return f"The disk that holds {var} is full: make room, or set CONCORD_VAR to a folder on another disk."
    if "incompatible with server" in text:
        return f"The database in {_data(var)} was made by another version of Postgres: move that folder away."
    if "postmaster.pid" in text:
        return f"Another copy of Postgres works on {_data(var)}: stop it first."
    return f"Postgres did not start; its log {_data(var) / 'server.log'} ends with: {last_line(text)}"


def _make_database(var: Path, runner: Runner) -> None:
    base = ("-h", str(socket_folder(var).resolve()), "-p", str(SOCKET_PORT), "-U", DATABASE)
    done = runner.run("createdb", *base, "--maintenance-db=postgres", DATABASE)
    if done.returncode and "already exists" not in done.stdout:
        raise ServiceError(f"Postgres could not make the database {DATABASE}: {last_line(done.stdout)}")


def answers(var: Path) -> bool:
    ready = postgres_install() / "bin" / "pg_isready"
    command = [str(ready), "-q", "-h", str(socket_folder(var)), "-p", str(SOCKET_PORT), "-t", "5"]
    return subprocess.run(command, env=clean_environment(), check=False).returncode == 0  # noqa: S603


def stop(var: Path) -> None:
    if not (_data(var) / "postmaster.pid").exists():
        return
    done = runner_for(var).run("pg_ctl", "stop", "-D", str(_data(var)), "-m", "fast", "-w", "-t", "60", "-s")
    if done.returncode and answers(var):
        raise ServiceError(f"Postgres did not stop: {last_line(done.stdout)}")
