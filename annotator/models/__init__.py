from annotator.models.audit import AuditEvent
from annotator.models.clip import Clip
from annotator.models.job import Export, Job
from annotator.models.label import Draft, Label, LabelWithdrawal
from annotator.models.people import ApiToken, User
from annotator.models.queue import Lease, RankEntry, Ranking, Skip, Slot
from annotator.models.round import Prediction, Round, RoundLabel
from annotator.models.session import (
    Derived,
    Original,
    RecordingSession,
    SelfReport,
    SessionFile,
    Subject,
    Trial,
)
from annotator.models.study import Membership, Study

__all__ = [
    "ApiToken",
    "AuditEvent",
    "Clip",
    "Derived",
    "Draft",
    "Export",
    "Job",
    "Label",
    "LabelWithdrawal",
    "Lease",
    "Membership",
    "Original",
    "Prediction",
    "RankEntry",
    "Ranking",
    "RecordingSession",
    "Round",
    "RoundLabel",
    "SelfReport",
    "SessionFile",
    "Skip",
    "Slot",
    "Study",
    "Subject",
    "Trial",
    "User",
]
