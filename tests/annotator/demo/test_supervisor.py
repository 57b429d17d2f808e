from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.demo.supervisor import Program, Supervisor

#: has a child of its own, as a worker has, and writes both numbers down
WITH_A_CHILD = """
import pathlib, subprocess, sys, time, os
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
note = pathlib.Path(sys.argv[1])
note.with_suffix(".new").write_text(f"{os.getpid()} {child.pid}")
note.with_suffix(".new").rename(note)
time.sleep(600)
"""
DEAF = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text("here")
time.sleep(600)
"""
SUPERVISED = """
import pathlib, signal, sys, time
from annotator.demo.supervisor import Program, Supervisor

def leave(number, frame):
    raise KeyboardInterrupt

for name in (signal.SIGINT, signal.SIGTERM):
    signal.signal(name, leave)
folder, code, note = sys.argv[1:]
program = Program("sleeper", (sys.executable, "-c", code, note))
try:
    with Supervisor([program], pathlib.Path(folder), pathlib.Path(folder), {}, print) as supervisor:
        supervisor.watch_until(lambda: False)
except KeyboardInterrupt:
    pass
"""
REPOSITORY = Path(__file__).resolve().parents[3]


def python(code: str, *arguments: object) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *(str(argument) for argument in arguments))


def supervisor(tmp_path: Path, *programs: Program, grace_s: float = 10.0) -> tuple[Supervisor, list[str]]:
    said: list[str] = []
    return Supervisor(programs, tmp_path / "log", tmp_path, dict(os.environ), said.append, grace_s), said


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """No such process, or one that only waits for its parent to notice."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def pids(note: Path) -> list[int]:
    wait(note.exists)
    return [int(word) for word in note.read_text().split()]


def test_a_program_killed_with_9_is_started_again_and_what_it_left_is_ended(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    watched, said = supervisor(tmp_path, Program("worker", python(WITH_A_CHILD, note)))
    with watched:
        first, child = pids(note)
        note.unlink()
        os.kill(first, signal.SIGKILL)
        assert watched.watch_until(note.exists, timeout_s=30)
        again, _ = pids(note)
        assert again != first
        assert watched.pids == {"worker": again}
        wait(lambda: is_gone(child))
    assert said == [f"worker was ended by SIGKILL; starting it again now. Its log: {tmp_path / 'log' / 'worker.log'}"]


def test_a_program_that_keeps_dying_is_started_again_after_longer_and_longer_pauses(tmp_path: Path) -> None:
    watched, said = supervisor(tmp_path, Program("web", python("import sys; print('port taken'); sys.exit(3)")))
    with watched:
        assert watched.watch_until(lambda: len(said) >= 3, timeout_s=60)
    assert ["now" in said[0], "in 0.5 s" in said[1], "in 1 s" in said[2]] == [True, True, True]
    assert all("web ended with status 3" in line for line in said)
    assert (tmp_path / "log" / "web.log").read_text().count("port taken") >= 3


def test_leaving_ends_every_program_with_its_children(tmp_path: Path) -> None:
    notes = [tmp_path / "one", tmp_path / "two"]
    watched, _ = supervisor(tmp_path, *(Program(note.name, python(WITH_A_CHILD, note)) for note in notes))
    with watched:
        alive = [pid for note in notes for pid in pids(note)]
        assert not any(is_gone(pid) for pid in alive)
    wait(lambda: all(is_gone(pid) for pid in alive))


def test_a_program_that_does_not_listen_is_ended_after_its_grace(tmp_path: Path) -> None:
    note = tmp_path / "here"
    watched, _ = supervisor(tmp_path, Program("deaf", python(DEAF, note)), grace_s=0.2)
    with watched:
        wait(note.exists)
        deaf = watched.pids["deaf"]
    assert is_gone(deaf)


def test_a_failing_start_ends_what_had_started(tmp_path: Path) -> None:
    (tmp_path / "log" / "second.log").mkdir(parents=True)  # it can't be written
    command = python("import time; time.sleep(600)")
    watched, _ = supervisor(tmp_path, Program("first", command), Program("second", command))
    before = descendants(os.getpid())
    with pytest.raises(IsADirectoryError), watched:
        pass
    assert watched.pids == {}
    assert descendants(os.getpid()) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_stays_however_the_supervisor_ends(tmp_path: Path, number: signal.Signals) -> None:
    note = tmp_path / "pids"
    code = WITH_A_CHILD if number != signal.SIGKILL else DEAF.replace("signal.SIG_IGN", "signal.SIG_DFL")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = python(SUPERVISED, tmp_path, code, note)
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        wait(note.exists)
        leaders = [pid for pid in descendants(process.pid) if pid != process.pid]
        assert leaders
        process.send_signal(number)
        process.wait(30)
    if number != signal.SIGKILL or Path("/usr/bin/setpriv").exists():
        wait(lambda: all(is_gone(pid) for pid in leaders))


def descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found
