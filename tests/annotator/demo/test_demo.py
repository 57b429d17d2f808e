"""`make demo` as a person meets it: every step once, then a second start, a crash, a second copy and Ctrl-C."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from annotator import services
from annotator.demo import preflight
from annotator.demo.check import label_page_status
from annotator.demo.run import answers

REPOSITORY = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="concord-demo-"))
    yield folder
    services.stop(folder)
    shutil.rmtree(folder)


def demo(var: Path, *arguments: str) -> list[str]:
    return [sys.executable, "manage.py", "demo", *arguments]


def environment(var: Path) -> dict[str, str]:
    return {**os.environ, "CONCORD_VAR": str(var), "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def found(var: Path) -> dict[str, Any]:
    """What the check reports; it leaves its data in `var` for the tests after it."""
    command = demo(var, "--check", "--in-place")
    done = subprocess.run(command, cwd=REPOSITORY, env=environment(var), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + _logs(var)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def _logs(var: Path) -> str:
    return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in (var / "log").glob("*.log"))


def wait(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def processes_of(var: Path) -> list[str]:
    """The command lines of what runs on this folder: programs by their environment, servers by their paths."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command, given = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if int(entry.name) != os.getpid() and os.fsencode(var) in command + given:
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def test_the_check_does_every_step(found: dict[str, Any], var: Path) -> None:
    assert list(found) == ["sessions", "clips", "labels", "round", "ranked", "exported_rows", "page_status", "seconds"]
    assert (found["sessions"], found["round"], found["page_status"]) == (12, 1, 200)
    assert found["clips"] == 48
    assert found["exported_rows"] == found["labels"] >= 12
    assert found["ranked"] > 0


def test_the_check_leaves_no_process(found: dict[str, Any], var: Path) -> None:
    wait(lambda: processes_of(var) == [])
    assert services.status(var) == services.Status(postgres=False, valkey=False)


def test_a_second_start_keeps_the_data_and_survives_what_people_do_to_it(found: dict[str, Any], var: Path) -> None:
    port = preflight.free_port("127.0.0.1")
    address = f"http://127.0.0.1:{port}/"
    passwords = json.loads((var / "demo-logins.json").read_text())
    with (
        (var / "terminal").open("w+") as terminal,
        subprocess.Popen(
            demo(var, "--port", str(port)), cwd=REPOSITORY, env=environment(var), stdout=terminal, stderr=terminal
        ) as process,
    ):
        said = (var / "terminal").read_text
        wait(lambda: "Concord runs at" in said() or process.poll() is not None)
        assert address in said()
        assert all(password in said() for password in passwords.values())
        assert "Simulating" not in said()
        assert label_page_status(address, "annotator", passwords["annotator"]) == 200

        other = subprocess.run(
            demo(var), cwd=REPOSITORY, env=environment(var), capture_output=True, text=True, check=False
        )
        assert other.returncode == 1
        assert other.stderr.startswith(
            f"CommandError: Concord already runs on {var} (process {process.pid}, {address})"
        )

        (web,) = [line for line in _children(process.pid) if "gunicorn" in line[1]]
        os.kill(web[0], signal.SIGKILL)
        wait(lambda: "web was ended by SIGKILL; starting it again now." in said())
        wait(lambda: answers(address + "healthz"))

        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert "Stopped; everything is kept." in said()
    wait(lambda: processes_of(var) == [])


def _children(pid: int) -> list[tuple[int, str]]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [(int(child), Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")) for child in children]
