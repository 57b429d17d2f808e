"""Reading damaged videos in a process of its own, whose memory is bounded and whose silence is noticed.

As a program it reads paths, one a line, and answers each with a line of JSON: what the file holds, or why not.
"""

from __future__ import annotations

import json
import os
import resource
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from mlcore.errors import RecordingError

#: address space that a reader may take on top of what its libraries take
MEMORY_BYTES = 1 << 30
LONGEST_S = 10.0


@dataclass(frozen=True, slots=True)
class Read:
    """What came of one file."""

    error: str
    notes: tuple[str, ...] = ()
    n_frames: int = 0
    times_s: tuple[float, ...] = ()

    @property
    def is_cut_short(self) -> bool:
        return any("was cut short" in note for note in self.notes)


class BoundedReader:
    """Sends paths to the program; fails if it dies or takes longer than it may."""

    def __enter__(self) -> BoundedReader:
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.factories.bounded"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe(self._program.stdin).close()
        self._program.kill()
        self._program.wait()
        self._pipe(self._program.stdout).close()

    def read(self, path: Path) -> Read:
        self._pipe(self._program.stdin).write(f"{path}\n".encode())
        self._pipe(self._program.stdin).flush()
        answers = self._pipe(self._program.stdout)
        # the first answer waits for the libraries to load
        ready, _, _ = select.select([answers], [], [], LONGEST_S + 20)
        assert ready, f"{path.name}: no answer"
        line = answers.readline()
        assert line, f"{path.name}: the reader died with status {self._program.wait()}"
        said = json.loads(line)
        assert said["seconds"] < LONGEST_S, f"{path.name}: took {said['seconds']:.1f} s"
        return Read(said["error"], tuple(said["notes"]), said["n_frames"], tuple(said["times_s"]))

    def refusal(self, path: Path) -> str:
        """The sentence by which the file is refused: it names the file, and not where it lies."""
        found = self.read(path)
        assert found.error.startswith(f"{path.name}: "), found
        assert found.error.endswith("."), found.error
        assert "\n" not in found.error
        assert str(path.parent) not in found.error
        return found.error

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


def _outcome(path: Path) -> dict[str, object]:
    """Probe and decode every frame."""
    from mlcore.io.video import iter_frames, probe_video

    notes: list[str] = []
    times_s: list[float] = []
    started_s, error, n_frames = time.perf_counter(), "", 0
    try:
        n_frames = probe_video(path, notes).n_frames
        times_s = [video_s for video_s, _image in iter_frames(path)]
    except RecordingError as refused:
        error = str(refused)
    seconds = time.perf_counter() - started_s
    return {"error": error, "notes": notes, "n_frames": n_frames, "times_s": times_s, "seconds": seconds}


def _bound_memory() -> None:
    """What is mapped by now are libraries and arenas of threads."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY_BYTES, taken + MEMORY_BYTES))


def main() -> None:
    import mlcore.io.video  # noqa: F401  # before the limit

    _bound_memory()
    for line in sys.stdin:
        print(json.dumps(_outcome(Path(line.rstrip("\n")))), flush=True)


if __name__ == "__main__":
    main()
