"""Relating whole files, by what each kind of file offers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from mlcore.errors import SyncError
from mlcore.io.eeg import EEG_SUFFIXES, open_eeg
from mlcore.io.recording import EegRecording
from mlcore.io.video import frame_times_s
from mlcore.io.xdf_streams import XdfFile, XdfStream, read_xdf
from mlcore.sync.blinks import blink_clock_of
from mlcore.sync.clocks import hand_clock
from mlcore.sync.frames import first_frame_fit, fit_frame_stamps
from mlcore.sync.onsets import OnsetDelays, find_onset_delays
from mlcore.sync.pictures import picture_clock
from mlcore.sync.report import Relation, StreamRate, SyncReport
from mlcore.sync.robust import Floats
from mlcore.sync.sequences import Marks, match_sequences
from mlcore.sync.watching import eye_openness_of
from mlcore.types import SyncMethod

XDF_SUFFIXES = frozenset({".xdf", ".xdfz"})


class FileKind(StrEnum):
    """How a file is read."""

    XDF = "xdf"
    EEG = "eeg"
    VIDEO = "video"

    @classmethod
    def of(cls, path: Path) -> FileKind:
        """Told by the suffix: what is no EEG is tried as video."""
        suffix = path.suffix.lower()
        if suffix in XDF_SUFFIXES:
            return cls.XDF
        return cls.EEG if suffix in EEG_SUFFIXES else cls.VIDEO


def relate_files(paths: Sequence[Path], *, points: Sequence[tuple[float, float]] = ()) -> Iterator[SyncReport]:
    """Report on one file, or on each other file against the first with EEG (the first of all where none has).

    Raises:
        RecordingError: a file can't be read. SyncError: points that make no map.
    """
    files = [_File.open(path) for path in paths]
    session = next((file for file in files if file.kind is not FileKind.VIDEO), files[0])
    others = [file for file in files if file is not session]
    if not others:
        yield SyncReport((session.path.name,), session.streams(), _alone(session), session.onset_delays())
    for other in others:
        relation = Relation(hand_clock(points), n_anchors=len(points)) if points else _related(session, other)
        names = (session.path.name, other.path.name)
        yield SyncReport(names, (*session.streams(), *other.streams()), relation, session.onset_delays())


@dataclass(frozen=True, slots=True)
class _File:
    """An opened file; of the three, what its kind has."""

    path: Path
    kind: FileKind
    xdf: XdfFile | None = None
    eeg: EegRecording | None = None
    frames_s: Floats | None = None

    @classmethod
    def open(cls, path: Path) -> _File:
        """Open it as its suffix says."""
        kind = FileKind.of(path)
        if kind is FileKind.VIDEO:
            return cls(path, kind, frames_s=frame_times_s(path))
        return cls(path, kind, xdf=read_xdf(path)) if kind is FileKind.XDF else cls(path, kind, eeg=open_eeg(path))

    def streams(self) -> tuple[StreamRate, ...]:
        """Every stream and its rate."""
        if self.xdf is not None:
            return tuple(_xdf_rate(self.path, stream) for stream in self.xdf.streams)
        if self.eeg is not None:
            info = self.eeg.info
            return (
                StreamRate(self.path.name, info.format, "eeg", info.sfreq, info.sfreq, info.n_samples, info.duration_s),
            )
        assert self.frames_s is not None
        span_s = float(self.frames_s[-1])
        fps = (self.frames_s.size - 1) / span_s
        return (StreamRate(self.path.name, "video", "video", fps, None, self.frames_s.size, span_s),)

    def onset_delays(self) -> tuple[OnsetDelays, ...]:
        """Delays behind flagged frames, where an XDF file has such."""
        return find_onset_delays(self.xdf) if self.xdf else ()

    def recording(self) -> EegRecording:
        """The EEG."""
        return self.eeg or open_eeg(self.path)


def _xdf_rate(path: Path, stream: XdfStream) -> StreamRate:
    return StreamRate(
        file=path.name,
        name=stream.name,
        kind=stream.type,
        effective_hz=stream.effective_sfreq or None,
        nominal_hz=stream.nominal_sfreq or None,
        n=stream.stamps_s.size,
        seconds=float(np.ptp(stream.stamps_s)) if stream.stamps_s.size else 0.0,
    )


def _alone(file: _File) -> Relation:
    if file.xdf is None:
        return Relation(None, "One stream has no other clock to relate to.")
    try:
        return Relation.of(first_frame_fit(file.xdf))
    except SyncError as error:
        return Relation(None, str(error))


def _related(session: _File, other: _File) -> Relation:
    """By what the two kinds of file offer."""
    if session.kind is FileKind.VIDEO:
        match = picture_clock(other.path, session.path)
        return Relation(match.clock, match.reason, match.n_matched, confidence=match.confidence)
    if other.kind is not FileKind.VIDEO:
        return _by_triggers(session.recording(), other.recording())
    by_frames = _by_frame_numbers(session.xdf, other.frames_s)
    if by_frames.clock is not None:
        return by_frames
    found = blink_clock_of(session.recording(), *eye_openness_of(other.path))
    return Relation(
        found.clock, f"{by_frames.reason} {found.reason}".strip(), found.n_matched, confidence=found.confidence
    )


def _by_frame_numbers(xdf: XdfFile | None, frames_s: Floats | None) -> Relation:
    if xdf is None or frames_s is None:
        return Relation(None)
    try:
        return Relation.of(fit_frame_stamps(xdf, n_frames=frames_s.size, frame_times_s=frames_s))
    except SyncError as error:
        return Relation(None, str(error))


def _by_triggers(session: EegRecording, other: EegRecording) -> Relation:
    try:
        return Relation.of(match_sequences(_marks(other), _marks(session), method=SyncMethod.TRIGGERS.value).fit)
    except SyncError as error:
        return Relation(None, str(error))


def _marks(recording: EegRecording) -> Marks:
    events = [event for event in recording.events if event.value is not None]
    return Marks(np.array([event.time_s for event in events]), tuple(event.value or 0 for event in events))
