"""What newcomers are led through, as an admin sets it up."""

from ninja import Field, Schema
from pydantic import StrictBool, StrictInt

from annotator.api.schemas.base import Input, Json
from annotator.enums import AnswerKind, OpinionPolicy, Stage, TeachingKind


class OnboardingIn(Input):
    """What is left out keeps its value."""

    leads_newcomers: StrictBool | None = None
    #: Markdown
    instructions: str | None = None
    #: how many of them are to be chosen, once recordings are in
    practice_planned: StrictInt | None = None
    checks_planned: StrictInt | None = None
    pass_share: float | None = None
    feedback_times: StrictInt | None = None
    contact: str | None = None
    #: share of an annotator's answers that a check follows
    check_rate: float | None = None
    opinion: OpinionPolicy | None = None


class TeachingClipOut(Schema):
    id: int
    clip_id: int
    kind: TeachingKind
    #: by question {"any_of": [...]} or {"from", "to"}
    accepted: Json
    #: "cant_tell", "bad_signal": right too, or alone where `accepted` is empty
    accepted_answers: list[AnswerKind]
    explanation: str


class OnboardingOut(Schema):
    leads_newcomers: bool
    instructions: str
    practice_planned: int
    checks_planned: int
    pass_share: float
    feedback_times: int
    contact: str
    check_rate: float
    opinion: OpinionPolicy
    clips: list[TeachingClipOut]


class TeachingClipIn(Input):
    clip_id: StrictInt
    kind: TeachingKind
    accepted: Json = Field(default_factory=dict)
    accepted_answers: list[AnswerKind] = Field(default_factory=list)
    explanation: str = ""


class StepIn(Input):
    #: reading, examples or repeat: what was done, or is to begin again
    step: Stage = Field(Stage.READING)
