"""Opens and reads EEG files in a process of its own, whose memory and time are limited: what must never happen there
(a crash, a hang, a gigabyte) does not happen to the tests.

`python -m tests.factories.judge` reads JSON lines {"path", "sfreq"} and answers each with an `Outcome`.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

#: beyond what the process has after its imports
MEMORY_BYTES = 1 << 30
SECONDS = 10


@dataclass(frozen=True)
class Outcome:
    """What came of one file."""

    path: str
    #: the sentence of a RecordingError
    refusal: str | None = None
    #: anything else that was raised
    crash: str | None = None
    warnings: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    n_samples: int = 0
    seconds: float = 0.0


def judge(paths: Sequence[Path], *, sfreq: float | None = None) -> list[Outcome]:
    """Outcomes in the order of the paths; a process that dies has none for the file it died of."""
    asked = "".join(json.dumps({"path": str(path), "sfreq": sfreq}) + "\n" for path in paths)
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.factories.judge"]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=300, check=False)
    outcomes = [Outcome(**json.loads(line)) for line in done.stdout.splitlines()]
    if len(outcomes) < len(paths):
        outcomes.append(Outcome(str(paths[len(outcomes)]), crash=f"exit {done.returncode}: {done.stderr[-2000:]}"))
    return outcomes


def _main() -> None:
    from mlcore.io.eeg import open_eeg

    warnings.simplefilter("error")
    _limit_memory()
    for line in sys.stdin:
        asked = json.loads(line)
        sys.stdout.write(json.dumps(asdict(_outcome(open_eeg, asked))) + "\n")
        sys.stdout.flush()


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _outcome(open_eeg: Any, asked: dict[str, Any]) -> Outcome:
    from mlcore.errors import RecordingError

    start = time.monotonic()
    signal.alarm(SECONDS)  # without a handler it ends the process, whatever that is doing
    try:
        recording = open_eeg(Path(asked["path"]), sfreq=asked["sfreq"])
        for _block in _blocks(recording):
            pass
    except RecordingError as error:
        return Outcome(asked["path"], refusal=str(error), seconds=time.monotonic() - start)
    except BaseException as error:
        return Outcome(asked["path"], crash=f"{type(error).__name__}: {error}")
    finally:
        signal.alarm(0)
    return Outcome(
        asked["path"],
        warnings=list(recording.warnings),
        channels=list(recording.info.channels),
        n_samples=recording.info.n_samples,
        seconds=time.monotonic() - start,
    )


def _blocks(recording: Any) -> Iterator[Any]:
    """The first and the last second."""
    import numpy as np

    for start_s in (0.0, max(0.0, recording.info.duration_s - 1.0)):
        block = recording.read(None, start_s, start_s + 1.0)
        assert np.isfinite(block).all(), "samples that are no numbers came through"
        yield block


if __name__ == "__main__":
    _main()
