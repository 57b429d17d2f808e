"""The states and kinds that rows may have; every one is a database value."""

from django.db.models import TextChoices


class Role(TextChoices):
    ADMIN = "admin", "Admin"
    ANNOTATOR = "annotator", "Annotator"
    RESEARCHER = "researcher", "Researcher"


class SessionStatus(TextChoices):
    PENDING = "pending", "Waiting"
    IMPORTING = "importing", "Importing"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"
    #: its files are gone; what was answered about it stays
    DELETED = "deleted", "Deleted"


class FileRole(TextChoices):
    EEG = "eeg", "EEG"
    VIDEO = "video", "Video"
    SIDECAR = "sidecar", "Sidecar"


class DerivedKind(TextChoices):
    PROXY_VIDEO = "proxy_video", "Browser video"
    EEG_TILES = "eeg_tiles", "EEG display tiles"
    FACE_TRACK = "face_track", "Face crops and features"
    SHARD = "shard", "Clip store shard"


class RetiredKind(TextChoices):
    """Where a file lies that nothing refers to any more."""

    DERIVED = "derived", "Derived file"
    ORIGINAL = "original", "Original in storage"


class UploadState(TextChoices):
    OPEN = "open", "Coming in"
    IMPORTED = "imported", "Handed to its import"


class SlotState(TextChoices):
    OPEN = "open", "Open"
    LEASED = "leased", "Leased"
    FILLED = "filled", "Filled"


class LeaseOutcome(TextChoices):
    ANSWERED = "answered", "Answered"
    EXPIRED = "expired", "Expired"
    RELEASED = "released", "Given back"
    SKIPPED = "skipped", "Skipped"


class TraceClock(TextChoices):
    """Whose times a trace's events carry."""

    VIDEO = "video", "Video"
    #: of a clip without video
    SESSION = "session", "Session"


class TraceDevice(TextChoices):
    """By what hand a trace was led, as a calibration is asked for."""

    POINTER = "pointer", "Mouse or finger"
    KEYS = "keys", "Keys"
    WHEEL = "wheel", "Wheel"


class AnswerKind(TextChoices):
    LABEL = "label", "Label"
    CANT_TELL = "cant_tell", "Can't tell"
    BAD_SIGNAL = "bad_signal", "Bad signal"


class LabelState(TextChoices):
    CURRENT = "current", "Current"
    SUPERSEDED = "superseded", "Superseded"
    WITHDRAWN = "withdrawn", "Withdrawn"


class TeachingKind(TextChoices):
    """What a clip with a known answer is for."""

    EXAMPLE = "example", "Example"
    PRACTICE = "practice", "Practice clip"
    #: looks like any other clip, and is never spoken of
    CHECK = "check", "Check in the queue"


class Stage(TextChoices):
    """Where a newcomer stands."""

    READING = "reading", "Instructions"
    EXAMPLES = "examples", "Examples"
    PRACTICE = "practice", "Practice clips"
    REPEAT = "repeat", "Not passed yet"
    DONE = "done", "Done"


class OpinionPolicy(TextChoices):
    """Whether annotators may see what the model thinks of a clip."""

    OFF = "off", "Never"
    AFTER = "after", "After their own answer, if they ask"


class SkipReason(TextChoices):
    TECHNICAL = "technical", "It does not play"
    KNOWN_PERSON = "known_person", "I know this person"
    UPSETTING = "upsetting", "I would rather not watch it"
    OTHER = "other", "Another reason"


class RankingPolicy(TextChoices):
    """What ordered a ranking: mlcore's strategies, and the fixed order of the test subjects."""

    TEST = "test", "Test subjects, seeded random order"
    RANDOM = "random", "Seeded random order"
    ENTROPY = "entropy", "Entropy of the prediction"
    MARGIN = "margin", "Margin between the two likeliest answers"
    LEAST_CONFIDENCE = "least-confidence", "Least confident prediction"
    VACUITY = "vacuity", "Lack of evidence"
    DISSONANCE = "dissonance", "Conflicting evidence"
    BALD = "bald", "Information about the network (dropout)"
    DISAGREEMENT = "disagreement", "Disagreement of the networks"
    CORE_SET = "core-set", "Farthest from what is labelled"
    BADGE = "badge", "Uncertain and diverse (BADGE)"
    TYPICLUST = "typiclust", "Typical of its region (TypiClust)"
    POWER_ENTROPY = "power-entropy", "Entropy, sampled"
    CONSISTENCY = "consistency", "EEG and face disagree"
    GATED_CONSISTENCY = "gated-consistency", "EEG and face disagree, both signals good"
    COST_AWARE = "cost-aware", "Entropy per second of an annotator"


class SensorVerdict(TextChoices):
    """What a person says of a clip on the quality list."""

    FINE = "fine", "The signal is fine"
    BAD = "bad", "The sensor is bad"


class IntervalKind(TextChoices):
    """What somebody marks on a session's timeline."""

    ARTEFACT = "artefact", "Artefact"
    EVENT = "event", "Event"


class VoteModel(TextChoices):
    """How a clip's answers become what a round learns."""

    SHARES = "shares", "Shares of the answers"
    DAWID_SKENE = "dawid_skene", "Weighted by each annotator's reliability (Dawid–Skene)"


class RoundState(TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    PUBLISHED = "published", "Published"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


class JobKind(TextChoices):
    IMPORT = "import", "Import of a source"
    IMPORT_SESSION = "import_session", "Import of one session"
    ROUND = "round", "Retraining round"
    SCORE_PART = "score_part", "Scoring a part of the pool"
    EXPORT = "export", "Export"


class JobState(TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class JobQueue(TextChoices):
    IO = "io", "Import, features, export"
    GPU = "gpu", "Training, scoring"
    LIVE = "live", "Small updates within a second"


class ExportFormat(TextChoices):
    CSV = "csv", "CSV"
    PARQUET = "parquet", "Parquet"
