"""Reading one recording: open its files, relate its clocks, find its trials."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from mlcore.datasets.discovery import layout_named
from mlcore.datasets.layout import FeatureTrack, Opened, Relation, named_file
from mlcore.errors import RecordingError, SyncError
from mlcore.io.eeg import EegRecording
from mlcore.io.video import probe_video
from mlcore.sync import common_end_s, eeg_span, hand_clock, video_span
from mlcore.types import ClockMap, EegInfo, RecordingSpec, TrialSpec, VideoInfo


@dataclass(frozen=True, slots=True)
class Origin:
    """What a recording is made of: its opened files, and how its layout relates them."""

    opened: Opened
    relation: Relation
    #: what is odd about the video, and was read all the same
    video_notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """One session, its files open, its clocks related."""

    spec: RecordingSpec
    eeg: EegRecording | None
    eeg_info: EegInfo | None
    video_info: VideoInfo | None
    video_path: Path | None
    clock: ClockMap
    #: session time at which the last stream ends; 0 where there are only features that have no time
    duration_s: float
    #: each with its end; never reaching past what was recorded
    trials: tuple[TrialSpec, ...]
    warnings: tuple[str, ...]
    #: features that came without the signal or video they were made from
    tracks: tuple[FeatureTrack, ...] = ()
    #: channels of the EEG that the data set or a person marked as bad
    bad_channels: tuple[str, ...] = ()
    #: what it was read from, and what its layout said
    origin: Origin | None = None

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

    @property
    def eeg_breaks(self) -> tuple[tuple[float, float], ...]:
        """Where, on the session clock, the EEG was stopped and went on; of no length where the file doesn't tell it."""
        return () if self.eeg is None else self.eeg.breaks


def read_recording(spec: RecordingSpec, root: Path) -> Recording:
    """Open a recording that `find_recordings` listed.

    Args:
        spec: the recording; `root`: what its paths are relative to.

    Returns:
        The recording; a session without events is one trial from 0 to its end. `spec.sync_points` overrule the
        layout's clock; of it they keep the drift where they can't tell one.

    Raises:
        RecordingError: a file is absent, damaged or outside the root, nothing overlaps, or the points set by hand
            contradict each other; names file and reason.
    """
    if spec.error:
        raise RecordingError(spec.error)
    for beside in (*spec.companion_paths, *spec.track_paths.values()):
        named_file(root, beside)
    video_path = named_file(root, spec.video_path) if spec.video_path else None
    notes: list[str] = []
    opened = Opened(
        spec=spec,
        root=root,
        eeg=open_recording_eeg(spec, root),
        video=probe_video(video_path, notes) if video_path else None,
    )
    return _related(Origin(opened, layout_named(spec.layout).relate(opened), tuple(notes)), video_path)


def with_clock(recording: Recording, clock: ClockMap) -> Recording:
    """The same recording with another map between its clocks in the place of an assumption.

    Trials without an end of their own reach to where the recording then ends.
    """
    if recording.origin is None:
        raise ValueError("recording: expected one that read_recording opened.")
    relation = replace(recording.origin.relation, clock=clock, assumption="")
    return _related(replace(recording.origin, relation=relation), recording.video_path)


def open_recording_eeg(spec: RecordingSpec, root: Path) -> EegRecording | None:
    """The EEG of a recording alone, as its layout opens it; None where it has none.

    Raises:
        RecordingError: it can't be read.
    """
    return layout_named(spec.layout).open_eeg(spec, root) if spec.eeg_path and not spec.error else None


def _related(origin: Origin, video_path: Path | None) -> Recording:
    opened, relation = origin.opened, origin.relation
    clock = _overruled(opened, relation.clock)
    info = opened.eeg.info if opened.eeg else None
    duration_s = max(
        common_end_s(eeg_span(info), video_span(opened.video, clock)),
        max((track.stop_s for track in relation.tracks), default=0.0),
    )
    if duration_s <= 0 and not relation.tracks:
        raise RecordingError(
            f"{opened.spec.eeg_path or opened.spec.video_path}: nothing of it lies after session time 0."
        )
    bad, notes = _bad_channels(opened)
    return Recording(
        spec=opened.spec,
        eeg=opened.eeg,
        eeg_info=info,
        video_info=opened.video,
        video_path=video_path,
        clock=clock,
        duration_s=duration_s,
        trials=_bounded(relation, duration_s),
        warnings=(*_of_files(origin), *relation.warnings, *_assumed(origin), *notes),
        tracks=relation.tracks,
        bad_channels=bad,
        origin=origin,
    )


def _of_files(origin: Origin) -> tuple[str, ...]:
    return (*(origin.opened.eeg.warnings if origin.opened.eeg else ()), *origin.video_notes)


def _assumed(origin: Origin) -> tuple[str, ...]:
    """What the clock rests on, unless somebody set it by hand."""
    is_overruled = bool(origin.opened.spec.sync_points)
    return (origin.relation.assumption,) if origin.relation.assumption and not is_overruled else ()


def _overruled(opened: Opened, clock: ClockMap) -> ClockMap:
    """The clock through the recording's own points, where it has some and two streams."""
    points = opened.spec.sync_points
    if not points or opened.eeg is None or opened.video is None:
        return clock
    try:
        return hand_clock(points, drift=clock.drift)
    except SyncError as error:
        raise RecordingError(f"session {opened.spec.session} of subject {opened.spec.subject}: {error}") from error


def _bad_channels(opened: Opened) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that the EEG has, and a remark on those it has not."""
    there = opened.eeg.info.channels if opened.eeg else ()
    bad = tuple(name for name in opened.spec.bad_channels if name in there)
    absent = [name for name in opened.spec.bad_channels if name not in there]
    if opened.eeg is None or not absent:
        return bad, ()
    return bad, (f"{opened.eeg.path.name}: marked as bad, but not in the file: {', '.join(absent)}.",)


def _bounded(relation: Relation, duration_s: float) -> tuple[TrialSpec, ...]:
    given = relation.trials or (TrialSpec(number=1, start_s=0.0, stop_s=None),)
    ended = (replace(trial, start_s=max(0.0, trial.start_s), stop_s=_end_s(trial, duration_s)) for trial in given)
    # features without time have trials all the same: they carry what the person said
    is_timeless = duration_s <= 0
    return tuple(trial for trial in ended if is_timeless or (trial.stop_s or 0.0) > trial.start_s)


def _end_s(trial: TrialSpec, duration_s: float) -> float:
    return duration_s if trial.stop_s is None else min(trial.stop_s, duration_s)
