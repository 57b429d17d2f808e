"""What every layout offers: recognise a source, list its recordings, open one's EEG, relate its clocks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import LayoutError, RecordingError
from mlcore.io.eeg import EegRecording, open_eeg
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
class FeatureTrack:
    """Features that came without the signal or video they were made from."""

    #: what they were measured on, and how: "eeg features", "face", …; a key of `RecordingSpec.track_paths`
    modality: str
    #: (F,) names
    features: tuple[str, ...]
    #: rows a second; None = one row that stands for the whole recording
    sfreq: float | None
    values: NDArray[np.float64]  # (T, F), NaN = missing
    #: session time of the first row
    start_s: float = 0.0

    @property
    def stop_s(self) -> float:
        """Session time after the last row; `start_s` where the track has no time."""
        return self.start_s + (len(self.values) / self.sfreq if self.sfreq else 0.0)


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

    @property
    def video_path(self) -> Path | None:
        """Where the video lies."""
        return self.root / self.spec.video_path if self.spec.video_path else None


@dataclass(frozen=True, slots=True)
class Relation:
    """How the streams of a recording lie in time, and where its trials are."""

    clock: ClockMap
    #: () = one trial over everything there is
    trials: tuple[TrialSpec, ...]
    warnings: tuple[str, ...] = ()
    tracks: tuple[FeatureTrack, ...] = ()
    #: what the clock rests on for want of anything that tells; blinks may tell more (see `related_by_blinks`)
    assumption: str = ""


class Layout(Protocol):
    """One way of keeping recordings in folders; a module of this package offers these names."""

    NAME: str

    def recognise(self, source: Path) -> str | None:
        """Why this source is of this layout, as a clause ("it holds …"); None if it is not."""

    def find(self, source: Path) -> Discovery:
        """List the recordings; LayoutError where the source as a whole makes no sense."""

    def open_eeg(self, spec: RecordingSpec, root: Path) -> EegRecording:
        """Open the EEG of a recording that has one; `open_file` for layouts whose EEG is a file of its own."""

    def relate(self, opened: Opened) -> Relation:
        """Relate the clocks and find the trials of one recording."""


def open_file(spec: RecordingSpec, root: Path) -> EegRecording:
    """Open the file at `spec.eeg_path`, told apart by its suffix; its rate from `spec.eeg_sfreq` where it says none.

    Raises:
        RecordingError: absent, outside the root, damaged, or of a format that is not read.
    """
    return open_eeg(named_file(root, str(spec.eeg_path)), sfreq=spec.eeg_sfreq)


def leads_out(root: Path, path: Path) -> bool:
    """Whether a file below the root is in truth elsewhere, by dots or by links."""
    return not path.resolve().is_relative_to(root.resolve())


def inside(root: Path, path: Path) -> Path:
    """The path itself: for files that are read while a source is being listed.

    Raises:
        LayoutError: it is a link that leads out of the source.
    """
    if leads_out(root, path):
        raise LayoutError(f"{path.relative_to(root)}: the link leads out of the folder of the recordings.")
    return path


def relative(path: Path | None, root: Path) -> str | None:
    """A path below the root with forward slashes; None stays None."""
    return None if path is None else path.relative_to(root).as_posix()


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
