"""Channels and stretches of a session that people mark, and the session in one bar."""

from datetime import datetime
from uuid import UUID

from ninja import Field, Schema

from annotator.api.schemas.base import Input
from annotator.enums import IntervalKind


class BadChannelOut(Schema):
    name: str
    #: who says so: hand, files, measured
    sources: list[str]
    faults: list[str]
    #: who marked it by hand; empty where nobody did, or where it is not the reader's to know
    by: str
    is_own: bool
    reason: str
    marked_at: datetime | None
    may_take_back: bool


class IntervalOut(Schema):
    uuid: UUID
    kind: IntervalKind
    #: session clock
    start_s: float
    stop_s: float
    #: empty: all channels
    channel: str
    text: str
    by: str
    is_own: bool
    created_at: datetime


class TrialOut(Schema):
    number: int
    start_s: float
    stop_s: float
    #: empty by way of a clip, lest it be answered for
    stimulus: str


class MarksOut(Schema):
    bad_channels: list[BadChannelOut]
    #: marked or taken back since the session was last derived: counts for what learns from the next time on
    waiting_channels: list[str]
    #: all of them for those who read sessions, else one's own
    intervals: list[IntervalOut]
    trials: list[TrialOut]


class ChannelMarkIn(Input):
    channel: str = Field(max_length=80)
    is_bad: bool
    reason: str = Field("", max_length=500)


class IntervalMarkIn(Input):
    #: made by the client; sending it twice stores it once
    uuid: UUID
    kind: IntervalKind
    start_s: float
    stop_s: float
    channel: str = Field("", max_length=80)
    text: str = Field("", max_length=500)
    #: the mark of one's own that this one stands in place of
    supersedes: UUID | None = None


class OverviewClipOut(Schema):
    number: int
    start_s: float
    stop_s: float
    eeg: float | None
    face: float | None
    has_eeg: bool
    has_face: bool
    eeg_faults: dict[str, float]
    face_faults: dict[str, float]
    #: null for those who only annotate
    n_labels: int | None = None


class StreamGapOut(Schema):
    stream: str
    start_s: float
    stop_s: float


class OverviewOut(Schema):
    first_s: float
    last_s: float
    #: below this a clip's quality is poor
    poor: float
    clips: list[OverviewClipOut]
    trials: list[TrialOut]
    gaps: list[StreamGapOut]
