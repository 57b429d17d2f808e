"""What goes in and out, typed; OpenAPI is made from it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StrictBool, StrictInt

from annotator.enums import AnswerKind, ExportFormat, SensorVerdict, SkipReason, VoteModel
from mlcore.types import Strategy

#: scores and settings whose inner shape belongs to the round that made them
Json = dict[str, Any]


class Input(Schema):
    """A misspelt field is an error, not silence."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ErrorOut(Schema):
    code: str
    message: str


class DimensionOut(Schema):
    key: str
    title: str
    kind: str
    classes: list[str]
    levels: int


class ChannelOut(Schema):
    name: str
    kind: str


class VideoOut(Schema):
    url: str
    offset_s: float
    drift: float
    residual_ms: float | None
    method: str
    #: 0..1 where the method can be wrong as a whole; null where it can't
    confidence: float | None


class EegOut(Schema):
    url: str
    sfreq: float
    channels: list[ChannelOut]


class ScorePartOut(Schema):
    #: the question or modality it belongs to; empty where it is the only one
    of: str
    value: float


class ScoreOut(Schema):
    name: str
    title: str
    meaning: str
    parts: list[ScorePartOut]


class WhyOut(Schema):
    policy: str
    policy_text: str
    #: what bought its place: a term of the batch, empty where it was opened by its address
    term: str
    term_text: str
    route: str
    #: both, eeg or face: by what it is to be judged
    ask: str
    ask_text: str
    #: what the gate of measured quality found, where `ask_text` does not say it
    gate_text: str
    #: sentences to read before answering
    notices: list[str]
    rank: int | None
    round: int | None
    score: float | None
    scores: list[ScoreOut]


class OwnLabelOut(Schema):
    uuid: UUID
    answer: AnswerKind
    values: dict[str, int]
    confidence: int | None
    comment: str
    is_late: bool
    is_extra: bool


class TaskOut(Schema):
    clip_id: int
    session: str
    start_s: float
    stop_s: float
    context_start_s: float
    context_stop_s: float
    #: null: not held, only looked at
    expires_at: datetime | None
    seconds_left: float | None
    video: VideoOut | None
    eeg: EegOut | None
    why: WhyOut
    draft: Json | None
    label: OwnLabelOut | None


class ProgressOut(Schema):
    labelled_today: int
    labelled_total: int
    #: counted up to 1000
    open_clips: int
    #: there are more than were counted
    more_clips: bool
    held: int


class WorklistOut(Schema):
    held: list[TaskOut]
    progress: ProgressOut
    scheme: list[DimensionOut]


class StoredLabelOut(Schema):
    uuid: UUID
    is_late: bool
    is_extra: bool


class SubmittedOut(WorklistOut):
    label: StoredLabelOut
    #: per dimension the model's probabilities; null before the first round
    opinion: dict[str, list[float]] | None


class SubmissionIn(Input):
    uuid: UUID
    answer: AnswerKind = AnswerKind.LABEL
    values: dict[str, StrictInt] = Field(default_factory=dict)
    confidence: StrictInt | None = None
    comment: str = ""
    seconds_spent: float = 0.0


class SkipIn(Input):
    reason: SkipReason
    comment: str = Field("", max_length=2000)


class DraftIn(Input):
    content: Json


class HeartbeatOut(Schema):
    expires_at: datetime
    seconds_left: float


class StudyOut(Schema):
    slug: str
    title: str
    description: str
    is_simulated: bool
    roles: list[str]
    n_clips: int
    n_labels: int
    n_open: int


class StudyDetailOut(Schema):
    slug: str
    title: str
    description: str
    is_simulated: bool
    scheme: list[DimensionOut]
    window_s: float
    hop_s: float
    eeg_channels: list[str]
    eeg_sfreq: float
    overlap: int
    reserve: int
    lease_s: int
    min_labels: int
    created_at: datetime


class DimensionIn(Input):
    key: str = Field(pattern=r"^[a-z_][a-z0-9_]*$", max_length=40)
    title: str = Field(min_length=1, max_length=80)
    kind: str = Field("class", pattern="^(class|ordinal)$")
    classes: list[str] = Field(min_length=2, max_length=101)
    levels: int = Field(0, ge=0, le=101)


class StudyIn(Input):
    slug: str
    title: str
    scheme: list[DimensionIn] = Field(min_length=1)
    description: str = ""
    window_s: float = 5.0
    hop_s: float = 5.0
    eeg_channels: list[str] = Field(default_factory=list)
    eeg_sfreq: float = 128.0
    min_eeg_channels: int = Field(4, ge=0)
    include_single_modality: bool = True
    overlap: int = 1
    reserve: int = 2
    lease_s: int = 300
    test_subject_share: float = 0.2
    test_clips_per_subject: int = Field(20, ge=0)
    min_labels: int = Field(12, ge=1)
    seed: int | None = None


class AcquisitionIn(Input):
    """What is left out keeps its value."""

    strategy: Strategy | None = None
    is_gated: StrictBool | None = None
    min_quality: float | None = None
    min_dissonance: float | None = None
    batch_size: StrictInt | None = None
    min_gap_s: float | None = None
    max_subject_share: float | None = None
    audit_share: float | None = None
    repeat_share: float | None = None
    second_opinion_share: float | None = None
    relabel_share: float | None = None
    diversity: float | None = None
    vote_model: VoteModel | None = None
    #: null: none
    budget_minutes: StrictInt | None = None


class AcquisitionOut(Schema):
    strategy: Strategy
    is_gated: bool
    min_quality: float
    min_dissonance: float
    batch_size: int
    min_gap_s: float
    max_subject_share: float
    audit_share: float
    repeat_share: float
    second_opinion_share: float
    relabel_share: float
    diversity: float
    vote_model: VoteModel
    budget_minutes: int | None


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


class SessionClipOut(Schema):
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


class QualityClipOut(Schema):
    id: int
    subject: str
    session_id: int
    session: str
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
    leaves_tombstone: bool


class ImportIn(Input):
    #: a folder or manifest inside one of the server's import folders, or an S3 prefix that it imports from
    source: str
    layout: str = "auto"


class UploadImportIn(Input):
    layout: str = "auto"


class UploadFileOut(Schema):
    url: str
    path: str
    size_bytes: int
    offset_bytes: int
    modified_ms: int


class UploadOut(Schema):
    id: UUID
    created_at: datetime
    url: str
    #: a tus 1.0 endpoint: POST creates a file
    files_url: str
    files: list[UploadFileOut]


class JobOut(Schema):
    id: int
    kind: str
    state: str
    progress: float
    activity: str
    seconds_left: float | None
    reason: str
    result: Json


class RoundOut(Schema):
    number: int
    state: str
    seed: int
    n_labels: int
    n_clips: int
    metrics: Json
    error: str
    is_promoted: bool
    created_at: datetime
    finished_at: datetime | None
    job: JobOut | None


class RoundDetailOut(RoundOut):
    config: Json
    code_version: str
    data_hash: str
    history: list[Json]
    model_sha256: str


class RoundIn(Input):
    config: Json | None = None


class ExportIn(Input):
    format: ExportFormat = ExportFormat.CSV
    with_history: bool = False


class ExportOut(Schema):
    id: int
    format: str
    rows: int | None
    sha256: str
    created_at: datetime
    job: JobOut


class TokenOut(Schema):
    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


class TokenIn(Input):
    name: str = Field(min_length=1, max_length=80)


class NewTokenOut(Schema):
    #: shown this once
    token: str
