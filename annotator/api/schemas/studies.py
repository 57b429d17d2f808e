"""Studies and how their clips are chosen."""

from datetime import datetime

from ninja import Field, Schema
from pydantic import StrictBool, StrictInt

from annotator.api.schemas.base import Input
from annotator.api.schemas.labelling import DimensionOut
from annotator.api.schemas.onboarding import OnboardingIn
from annotator.enums import VoteModel
from mlcore.types import DimensionKind, Strategy


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
    scheme_version: str
    window_s: float
    hop_s: float
    eeg_channels: list[str]
    eeg_sfreq: float
    overlap: int
    reserve: int
    lease_s: int
    min_labels: int
    trace_sfreq: float
    applies_lag: bool
    created_at: datetime


class DimensionIn(Input):
    key: str = Field(pattern=r"^[a-z_][a-z0-9_]*$", max_length=40)
    title: str = Field(min_length=1, max_length=80)
    kind: DimensionKind = DimensionKind.CLASS
    #: classes, emotions, or the words of the ends (two; left, right, bottom and top of a grid)
    classes: list[str] = Field(min_length=1, max_length=101)
    #: of a scale 2..101, an intensity 1..9, a side of a grid 2..9; parts of a visual analogue scale 2..9; else 0
    levels: int = Field(0, ge=0, le=101)


class SchemeIn(Input):
    scheme: list[DimensionIn] = Field(min_length=1, max_length=12)


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
    #: values a second that a round makes of traces, Hz
    trace_sfreq: float = Field(4.0, gt=0, le=100)
    #: whether a round moves traces by each annotator's reaction lag
    applies_lag: StrictBool = False
    #: what newcomers are led through, as far as that can be said before there are clips; null: nothing
    onboarding: OnboardingIn | None = None
    seed: int | None = None


class TraceReadingIn(Input):
    """What is left out keeps its value."""

    #: values a second that a round makes of traces, Hz: above 0 and up to 100
    trace_sfreq: float | None = None
    #: whether a round moves traces by each annotator's reaction lag
    applies_lag: StrictBool | None = None


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
    min_kappa: float | None = None
    n_stable: StrictInt | None = None
    min_gain: float | None = None
    min_gain_per_hour: float | None = None
    #: null: none
    max_half_width: float | None = None


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
    min_kappa: float
    n_stable: int
    min_gain: float
    min_gain_per_hour: float
    max_half_width: float | None
