"""Reading one recording: open its files, relate its clocks, find its trials."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from mlcore.datasets.discovery import layout_named
from mlcore.datasets.layout import Opened, named_file
from mlcore.errors import RecordingError
from mlcore.io.eeg import EegRecording, open_eeg
from mlcore.io.video import probe_video
from mlcore.sync import common_end_s, eeg_span, video_span
from mlcore.types import ClockMap, EegInfo, RecordingSpec, TrialSpec, VideoInfo


@dataclass(frozen=True, slots=True)
class Recording:
    """One session, its files open, its clocks related."""

    spec: RecordingSpec
    eeg: EegRecording | None
    eeg_info: EegInfo | None
    video_info: VideoInfo | None
    video_path: Path | None
    clock: ClockMap
    #: session time at which the last stream ends
    duration_s: float
    #: each with its end; never reaching past what was recorded
    trials: tuple[TrialSpec, ...]
    warnings: tuple[str, ...]

    @property
    def eeg_span(self) -> tuple[float, float] | None:
        """(start_s, stop_s) of the EEG on the session clock."""
        return eeg_span(self.eeg_info)

    @property
    def video_span(self) -> tuple[float, float] | None:
        """(start_s, stop_s) of the video on the session clock; may begin below 0."""
        return video_span(self.video_info, self.clock)

    @property
    def eeg_gaps(self) -> tuple[tuple[float, float], ...]:
        """Stretches of the session clock inside the EEG in which nothing was recorded."""
        return () if self.eeg is None else self.eeg.gaps


def read_recording(spec: RecordingSpec, root: Path) -> Recording:
    """Open a recording that `find_recordings` listed.

    Args:
        spec: the recording; `root`: what its paths are relative to.

    Returns:
        The recording; a session without events is one trial from 0 to its end.

    Raises:
        RecordingError: a file is absent, damaged or outside the root, or nothing overlaps; names file and reason.
    """
    if spec.error:
        raise RecordingError(spec.error)
    for companion in spec.companion_paths:
        named_file(root, companion)
    video_path = named_file(root, spec.video_path) if spec.video_path else None
    opened = Opened(
        spec=spec,
        root=root,
        eeg=open_eeg(named_file(root, spec.eeg_path)) if spec.eeg_path else None,
        video=probe_video(video_path) if video_path else None,
    )
    return _related(opened, video_path)


def _related(opened: Opened, video_path: Path | None) -> Recording:
    relation = layout_named(opened.spec.layout).relate(opened)
    info = opened.eeg.info if opened.eeg else None
    duration_s = common_end_s(eeg_span(info), video_span(opened.video, relation.clock))
    if duration_s <= 0:
        raise RecordingError(
            f"{opened.spec.eeg_path or opened.spec.video_path}: nothing of it lies after session time 0."
        )
    return Recording(
        spec=opened.spec,
        eeg=opened.eeg,
        eeg_info=info,
        video_info=opened.video,
        video_path=video_path,
        clock=relation.clock,
        duration_s=duration_s,
        trials=_bounded(relation.trials, duration_s),
        warnings=(*(opened.eeg.warnings if opened.eeg else ()), *relation.warnings),
    )


def _bounded(trials: tuple[TrialSpec, ...], duration_s: float) -> tuple[TrialSpec, ...]:
    given = trials or (TrialSpec(number=1, start_s=0.0, stop_s=None),)
    ended = (replace(trial, start_s=max(0.0, trial.start_s), stop_s=_end_s(trial, duration_s)) for trial in given)
    return tuple(trial for trial in ended if trial.stop_s is not None and trial.stop_s > trial.start_s)


def _end_s(trial: TrialSpec, duration_s: float) -> float:
    return duration_s if trial.stop_s is None else min(trial.stop_s, duration_s)
