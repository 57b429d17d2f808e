"""What every layout offers: recognise a source, list its recordings, relate the clocks of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from mlcore.errors import RecordingError
from mlcore.io.eeg import EegRecording
from mlcore.types import ClockMap, RecordingSpec, TrialSpec, VideoInfo


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found in a source."""

    #: what the paths of the recordings are relative to
    root: Path
    layout: str
    #: why the source was taken for this layout, and what was left out of it; one or two sentences
    why: str
    recordings: tuple[RecordingSpec, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """The files of one recording, opened."""

    spec: RecordingSpec
    root: Path
    eeg: EegRecording | None
    video: VideoInfo | None

    def companion(self, suffix: str) -> Path | None:
        """The first companion file with this suffix."""
        names = (path for path in self.spec.companion_paths if path.lower().endswith(suffix))
        return next((self.root / name for name in names), None)


@dataclass(frozen=True, slots=True)
class Relation:
    """How the streams of a recording lie in time, and where its trials are."""

    clock: ClockMap
    #: () = one trial over everything there is
    trials: tuple[TrialSpec, ...]
    warnings: tuple[str, ...] = ()


class Layout(Protocol):
    """One way of keeping recordings in folders; a module of this package offers these names."""

    NAME: str

    def recognise(self, source: Path) -> str | None:
        """Why this source is of this layout, as a clause ("it holds …"); None if it is not."""

    def find(self, source: Path) -> Discovery:
        """List the recordings; LayoutError where the source as a whole makes no sense."""

    def relate(self, opened: Opened) -> Relation:
        """Relate the clocks and find the trials of one recording."""


def leads_out(root: Path, path: Path) -> bool:
    """Whether a file below the root is in truth elsewhere, by dots or by links."""
    return not path.resolve().is_relative_to(root.resolve())


def named_file(root: Path, relative: str) -> Path:
    """The file that a recording's path names. Links are followed here: those of a source are judged when it is listed.

    Raises:
        RecordingError: absent, or the path leaves the root.
    """
    parts = PurePosixPath(relative).parts
    if relative.startswith("/") or ".." in parts:
        raise RecordingError(f"{relative}: the path leads out of the folder of the recordings.")
    path = root / relative
    if not path.is_file():
        raise RecordingError(f"{relative}: the file does not exist.")
    return path
