from annotator.models.audit import AuditEvent
from annotator.models.clip import Clip
from annotator.models.job import Export, Job
from annotator.models.label import Draft, Label, LabelWithdrawal, ReactionLag, TraceRecording
from annotator.models.mark import ChannelMark, IntervalMark
from annotator.models.onboarding import Newcomer, Onboarding, SeenOpinion, TeachingClip
from annotator.models.people import ApiToken, User
from annotator.models.queue import ClipVerdict, Lease, RankEntry, Ranking, Skip, Slot
from annotator.models.round import Prediction, Round, RoundLabel
from annotator.models.session import (
    Derived,
    Original,
    OriginalClaim,
    RecordingSession,
    RetiredFile,
    SelfReport,
    SessionFile,
    Subject,
    Trial,
)
from annotator.models.study import Membership, Study
from annotator.models.upload import Upload, UploadFile

__all__ = [
    "ApiToken",
    "AuditEvent",
    "ChannelMark",
    "Clip",
    "ClipVerdict",
    "Derived",
    "Draft",
    "Export",
    "IntervalMark",
    "Job",
    "Label",
    "LabelWithdrawal",
    "Lease",
    "Membership",
    "Newcomer",
    "Onboarding",
    "Original",
    "OriginalClaim",
    "Prediction",
    "RankEntry",
    "Ranking",
    "ReactionLag",
    "RecordingSession",
    "RetiredFile",
    "Round",
    "RoundLabel",
    "SeenOpinion",
    "SelfReport",
    "SessionFile",
    "Skip",
    "Slot",
    "Study",
    "Subject",
    "TeachingClip",
    "TraceRecording",
    "Trial",
    "Upload",
    "UploadFile",
    "User",
]
