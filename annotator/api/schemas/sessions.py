"""Sessions, their clips, and the quality list."""

from datetime import datetime
from typing import Any

from ninja import Schema

from annotator.api.schemas.base import Input, Json
from annotator.enums import SensorVerdict


class SessionOut(Schema):
    id: int
    subject: str
    code: str
    layout: str
    status: str
    error: str
    warnings: list[Any]
    duration_s: float | None
    has_eeg: bool
    has_video: bool
    eeg_usable: bool
    n_clips: int
    video_offset_s: float
    video_drift: float
    sync_residual_ms: float | None
    sync_method: str
    #: 0..1 where the method can be wrong as a whole; null where it can't
    sync_confidence: float | None


class ClipSignals(Schema):
    """A clip's place in its session, and what was measured of its signals."""

    id: int
    number: int
    start_s: float
    stop_s: float
    has_eeg: bool
    has_face: bool
    eeg_quality: float | None
    face_quality: float | None
    #: severity 0..1 of each fault that was found
    eeg_faults: dict[str, float]
    face_faults: dict[str, float]


class SessionClipOut(ClipSignals):
    n_labels: int


class SessionDetailOut(SessionOut):
    eeg_info: Json
    video_info: Json
    #: moments that somebody found on both clocks, [video_s, session_s]; they overrule what the files say
    sync_points: list[tuple[float, float]]
    #: channels that somebody marked as bad
    bad_channels: list[str]
    #: what was measured of channels; those without a fault are absent
    channel_faults: dict[str, list[str]]
    #: those of the last import
    clips: list[SessionClipOut]
    #: clips that a later import of the session no longer has, kept with their labels
    superseded: list[SessionClipOut]


class VerdictIn(Input):
    verdict: SensorVerdict


class VerdictOut(Schema):
    verdict: SensorVerdict
    by: str
    created_at: datetime


class QualityClipOut(ClipSignals):
    subject: str
    session_id: int
    session: str
    #: the last word, null where it waits for one
    standing: SensorVerdict | None
    #: all that was said, newest first
    verdicts: list[VerdictOut]


class QualityOut(Schema):
    #: how many clips each part holds: waiting, bad, fine, all
    counts: dict[str, int]
    clips: list[QualityClipOut]


class DeletionOut(Schema):
    """What goes and what stays."""

    n_clips: int
    n_labelled_clips: int
    n_labels: int
    n_annotators: int
    n_leases: int
    n_files_removed: int
    n_files_shared: int
    bytes_removed: int
    rounds: list[int]
    is_importing: bool
    #: what people said of its channels and timeline: kept with a tombstone, else gone
    n_marks: int
    leaves_tombstone: bool
