"""The whole system as a person starts it: `manage.py demo` on a folder and a port of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

REPOSITORY = Path(__file__).resolve().parents[2]
START_S, STOP_S, COMMAND_S = 420.0, 60.0, 300.0
#: the smallest demo that a round can learn from: 40 clips, 16 of them of the 2 test subjects
SMALL = ("--subjects", "5", "--trials", "2", "--trial-s", "20")


@dataclass(frozen=True, slots=True)
class System:
    """A running Concord: where it answers, who may sign in, and its folder."""

    address: str
    passwords: dict[str, str]
    var: Path
    #: the cookies of those who have signed in before
    cookies: dict[str, list[Any]] = field(default_factory=dict)

    def manage(self, *arguments: str) -> str:
        """What `manage.py …` on this system's data printed; its words are the failure's."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=environment(self.var),
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_S,
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout


@contextmanager
def running_demo(*size: str, start_s: float = START_S) -> Iterator[System]:
    """Up inside this block, within `start_s`; ended by Ctrl-C after it, with no process left."""
    var = Path(tempfile.mkdtemp(prefix="concord-e2e-"))
    port = free_port()
    command = [sys.executable, "manage.py", "demo", "--port", str(port), *size]
    with (var / "terminal").open("w") as terminal:
        demo = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment(var), stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: _stands(demo, var, address), start_s, lambda: f"the demo did not come up: {logs_of(var)}")
        yield System(address, json.loads((var / "demo-logins.json").read_text()), var)
    finally:
        _stop(demo, var)
    shutil.rmtree(var)


def _stands(demo: subprocess.Popen[bytes], var: Path, address: str) -> bool:
    assert demo.poll() is None, f"the demo ended: {logs_of(var)}"
    return "Concord runs at" in (var / "terminal").read_text() and answers(f"{address}/healthz")


def _stop(demo: subprocess.Popen[bytes], var: Path) -> None:
    if demo.poll() is None:
        demo.send_signal(signal.SIGINT)
    code = demo.wait(STOP_S)
    wait_until(lambda: not processes_of(var), STOP_S, lambda: f"left behind: {processes_of(var)}")
    assert code == 0, f"the demo ended with status {code}: {logs_of(var)}"


def environment(var: Path) -> dict[str, str]:
    """Ours without what names another system."""
    foreign = ("CONCORD_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "CONCORD_VAR": str(var), "PYTHONUNBUFFERED": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def wait_until(condition: Callable[[], bool], seconds: float, why: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.2)


def logs_of(var: Path) -> str:
    files = [var / "terminal", *sorted((var / "log").glob("*.log"))]
    return "\n".join(f"== {path.name}\n{path.read_text(errors='replace')[-2000:]}" for path in files)


def processes_of(var: Path) -> list[str]:
    """The command lines of what runs on this folder: programs by their environment, servers by their paths."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command, given = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:  # it has just ended, or is another person's
            continue
        if os.fsencode(var) in command + given:
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found
