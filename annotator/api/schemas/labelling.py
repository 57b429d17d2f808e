"""A clip on the label page, and what is answered about it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import SkipValidation, StrictBool, StrictFloat, StrictInt, StrictStr

from annotator.api.schemas.base import Input, Json
from annotator.enums import AnswerKind, SkipReason, Stage


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
    #: where the face is throughout the clip: x, y, width, height as shares of the frame; null: not known
    face_place: list[float] | None


class StretchOut(Schema):
    start_s: float
    stop_s: float
    url: str


class EegOut(Schema):
    #: of any stretch around the clip
    url: str
    #: what is worth loading before anybody asks for another
    first: StretchOut
    #: its extremes, as far as it is on screen at first: sooner there
    glance: StretchOut
    sfreq: float
    channels: list[ChannelOut]
    #: each bad channel, and who says so: hand, files, measured
    bad_channels: dict[str, list[str]]


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
    #: by dimension, as in `SubmissionIn`; of a trace {"sha256", "coverage", "n_events"}
    values: dict[str, Any]
    confidence: int | None
    comment: str
    is_late: bool
    is_extra: bool
    #: when the model's opinion had been seen before this answer; null: it had not
    seen_opinion_at: datetime | None


class DimensionOut(Schema):
    key: str
    title: str
    kind: str
    classes: list[str]
    levels: int


class TaskOut(Schema):
    clip_id: int
    session: str
    start_s: float
    stop_s: float
    context_start_s: float
    context_stop_s: float
    #: all that was recorded; annotators are shown the context alone
    session_start_s: float
    session_stop_s: float
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
    #: counted up to 200
    open_clips: int
    #: there are more than were counted
    more_clips: bool
    held: int


class StandingOut(Schema):
    """Where a newcomer stands."""

    stage: Stage
    attempt: int
    n_examples: int
    n_practice: int
    #: of this attempt
    n_answered: int
    n_within: int
    n_needed: int
    #: whom to talk to, where the practice clips were not passed
    contact: str


class FeedbackOut(Schema):
    """On a practice answer."""

    is_within: bool
    #: titles of the questions that were answered otherwise
    missed: list[str]
    #: "cant_tell" or "bad_signal", where nothing else was right
    wanted: list[AnswerKind]
    explanation: str


class WorklistOut(Schema):
    held: list[TaskOut]
    progress: ProgressOut
    scheme: list[DimensionOut]
    #: changes with what is asked: to be sent with answers
    scheme_version: str
    #: null: the queue is open to this annotator
    onboarding: StandingOut | None


class StoredLabelOut(Schema):
    uuid: UUID
    is_late: bool
    is_extra: bool


class SubmittedOut(WorklistOut):
    label: StoredLabelOut
    #: the model's opinion of the clip may be asked for
    has_opinion: bool
    feedback: FeedbackOut | None


class OpinionOut(Schema):
    #: per dimension
    probabilities: dict[str, list[float]]
    #: when this annotator first saw it
    seen_at: datetime


class TraceEventsIn(Input):
    """Columns of equal length, at most 20,000 events with those that were recorded again."""

    #: of the frame on screen; session time where the clip has no video; never falling
    video_s: list[StrictInt | StrictFloat]
    #: since `began_ms`; never falling
    wall_ms: list[StrictInt | StrictFloat]
    #: -1..1 of a bounded trace
    value: list[StrictInt | StrictFloat]
    #: a letter an event: b begins a stretch and e ends it; m mouse, t touch, p pen, k keys, w wheel
    device: StrictStr


class TraceIn(Input):
    """What was recorded while the clip played."""

    clock: Literal["video", "session"]
    #: milliseconds since 1970
    began_ms: StrictInt
    events: TraceEventsIn
    #: what was recorded again: its events, as often as that happened
    superseded: list[TraceEventsIn] = Field(default_factory=list)
    #: share of the clip, as the client reckons it: the server measures its own
    coverage: float | None = None
    #: a trace of less than 95 % of the clip is refused without
    accepts_gaps: StrictBool = False


class KeptTraceIn(Input):
    """A recording of one's earlier answer to the same clip, as that label's values name it."""

    sha256: StrictStr
    coverage: float
    n_events: int


#: class index or level · a visual analogue scale · cell of a grid [column, row] · a recording · {"joy": 3}
AnswerIn = StrictInt | StrictFloat | list[StrictInt] | TraceIn | KeptTraceIn | dict[str, StrictInt]


class SubmissionIn(Input):
    uuid: UUID
    answer: AnswerKind = AnswerKind.LABEL
    #: by dimension; the study's scheme says which of these each answer is, so that is where it is checked
    values: dict[str, SkipValidation[AnswerIn]] = Field(default_factory=dict)
    confidence: StrictInt | None = None
    comment: str = ""
    seconds_spent: float = 0.0
    #: as the worklist gave it with the questions that are answered here; if they have changed since: 409,
    #: scheme_changed, unless the answer has no values. Empty: the values alone say whether the answer fits
    scheme_version: str = Field("", max_length=64)


class SkipIn(Input):
    reason: SkipReason
    comment: str = Field("", max_length=2000)


class DraftIn(Input):
    content: Json


class HeartbeatOut(Schema):
    expires_at: datetime
    seconds_left: float
