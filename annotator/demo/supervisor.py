"""Keeps a handful of programs running: restarts what dies, and leaves no process behind when it stops."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

POLL_S = 0.1
#: a program that ran this long has recovered: its next death is restarted at once again
RECOVERED_S = 60.0
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0
MAX_LOG_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    command: tuple[str, ...]
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(slots=True)
class _Child:
    program: Program
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    deaths: int = 0


@dataclass(slots=True)
class Supervisor:
    """Use as a context: programs run inside it, and are gone after it, whatever happened."""

    programs: Iterable[Program]
    log_folder: Path
    #: where the programs start
    folder: Path
    environment: Mapping[str, str]
    say: Callable[[str], None]
    grace_s: float = 10.0
    _children: list[_Child] = field(default_factory=list)

    def __enter__(self) -> Supervisor:
        self.log_folder.mkdir(parents=True, exist_ok=True)
        self._children = [_Child(program, self.log_folder / f"{program.name}.log") for program in self.programs]
        try:
            for child in self._children:
                self._start(child)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pids(self) -> dict[str, int]:
        return {child.program.name: child.process.pid for child in self._children if child.process}

    def watch(self) -> None:
        """Look once after every program; restart those that died and whose pause is over."""
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._mourn(child, child.process.returncode, now)
            if child.process is None and now >= child.restart_at:
                self._start(child)

    def watch_until(self, done: Callable[[], bool], *, timeout_s: float | None = None) -> bool:
        """Watch until `done` says so; False when the time is over before."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not done():
            if deadline is not None and time.monotonic() > deadline:
                return False
            self.watch()
            time.sleep(POLL_S)
        return True

    def stop(self) -> None:
        """Ask every program to stop, then end what is left of it with all it started."""
        alive = [(child.program, child.process) for child in self._children if child.process]
        for program, process in alive:
            if process.poll() is None:
                process.send_signal(program.stop_signal)
        deadline = time.monotonic() + self.grace_s
        for _, process in alive:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
            _end_group(process.pid)
            process.wait()
        for child in self._children:
            child.process = None

    def _start(self, child: _Child) -> None:
        mode = "wb" if child.log.exists() and child.log.stat().st_size > MAX_LOG_BYTES else "ab"
        with child.log.open(mode) as log:
            child.process = subprocess.Popen(  # noqa: S603 - our own programs, arguments as a list
                [*dies_with_parent(), *child.program.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=dict(self.environment),
                start_new_session=True,  # Ctrl-C reaches us alone, and the whole group can be ended
            )
        child.started_at = time.monotonic()

    def _mourn(self, child: _Child, code: int, now: float) -> None:
        assert child.process is not None
        _end_group(child.process.pid)
        child.process = None
        child.deaths = 1 if now - child.started_at > RECOVERED_S else child.deaths + 1
        delay_s = 0.0 if child.deaths == 1 else min(FIRST_DELAY_S * 2 ** (child.deaths - 2), LONGEST_DELAY_S)
        child.restart_at = now + delay_s
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
        when = f"in {delay_s:g} s" if delay_s else "now"
        self.say(f"{child.program.name} {how}; starting it again {when}. Its log: {child.log}")


def _end_group(pid: int) -> None:
    """Whatever the program started and left behind: it led a process group of its own."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS says the second of a group of zombies
        return


def dies_with_parent() -> tuple[str, ...]:
    """Where Linux offers it, a supervisor killed with -9 takes its programs along."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return (setpriv, "--pdeathsig", "TERM") if setpriv else ()
