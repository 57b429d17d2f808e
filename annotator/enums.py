"""The states and kinds that rows may have; every one is a database value."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    ADMIN = "admin", _("Admin")
    ANNOTATOR = "annotator", _("Annotator")
    RESEARCHER = "researcher", _("Researcher")


class SessionStatus(TextChoices):
    PENDING = "pending", _("Waiting")
    IMPORTING = "importing", _("Importing")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    #: its files are gone; what was answered about it stays
    DELETED = "deleted", _("Deleted")


class FileRole(TextChoices):
    EEG = "eeg", _("EEG")
    VIDEO = "video", _("Video")
    SIDECAR = "sidecar", _("Sidecar")


class DerivedKind(TextChoices):
    PROXY_VIDEO = "proxy_video", _("Browser video")
    EEG_TILES = "eeg_tiles", _("EEG display tiles")
    FACE_TRACK = "face_track", _("Face crops and features")
    SHARD = "shard", _("Clip store shard")


class RetiredKind(TextChoices):
    """Where a file lies that nothing refers to any more."""

    DERIVED = "derived", _("Derived file")
    ORIGINAL = "original", _("Original in storage")


class UploadState(TextChoices):
    OPEN = "open", _("Coming in")
    IMPORTED = "imported", _("Handed to its import")


class SlotState(TextChoices):
    OPEN = "open", _("Open")
    LEASED = "leased", _("Leased")
    FILLED = "filled", _("Filled")


class LeaseOutcome(TextChoices):
    ANSWERED = "answered", _("Answered")
    EXPIRED = "expired", _("Expired")
    RELEASED = "released", _("Given back")
    SKIPPED = "skipped", _("Skipped")


class TraceClock(TextChoices):
    """Whose times a trace's events carry."""

    VIDEO = "video", _("Video")
    #: of a clip without video
    SESSION = "session", _("Session")


class TraceDevice(TextChoices):
    """By what hand a trace was led, as a calibration is asked for."""

    POINTER = "pointer", _("Mouse or finger")
    KEYS = "keys", _("Keys")
    WHEEL = "wheel", _("Wheel")


class AnswerKind(TextChoices):
    LABEL = "label", _("Label")
    CANT_TELL = "cant_tell", _("Can't tell")
    BAD_SIGNAL = "bad_signal", _("Bad signal")


class LabelState(TextChoices):
    CURRENT = "current", _("Current")
    SUPERSEDED = "superseded", _("Superseded")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class TeachingKind(TextChoices):
    """What a clip with a known answer is for."""

    EXAMPLE = "example", _("Example")
    PRACTICE = "practice", _("Practice clip")
    #: looks like any other clip, and is never spoken of
    CHECK = "check", _("Check in the queue")


class Stage(TextChoices):
    """Where a newcomer stands."""

    READING = "reading", _("Instructions")
    EXAMPLES = "examples", _("Examples")
    PRACTICE = "practice", _("Practice clips")
    REPEAT = "repeat", _("Not passed yet")
    DONE = "done", _("Done")


class OpinionPolicy(TextChoices):
    """Whether annotators may see what the model thinks of a clip."""

    OFF = "off", _("Never")
    AFTER = "after", _("After their own answer, if they ask")


class SkipReason(TextChoices):
    TECHNICAL = "technical", _("It does not play")
    KNOWN_PERSON = "known_person", _("I know this person")
    UPSETTING = "upsetting", _("I would rather not watch it")
    OTHER = "other", _("Another reason")


class RankingPolicy(TextChoices):
    """What ordered a ranking: mlcore's strategies, and the fixed order of the test subjects."""

    TEST = "test", _("Test subjects, seeded random order")
    RANDOM = "random", _("Seeded random order")
    ENTROPY = "entropy", _("Entropy of the prediction")
    MARGIN = "margin", _("Margin between the two likeliest answers")
    LEAST_CONFIDENCE = "least-confidence", _("Least confident prediction")
    VACUITY = "vacuity", _("Lack of evidence")
    DISSONANCE = "dissonance", _("Conflicting evidence")
    BALD = "bald", _("Information about the network (dropout)")
    DISAGREEMENT = "disagreement", _("Disagreement of the networks")
    CORE_SET = "core-set", _("Farthest from what is labelled")
    BADGE = "badge", _("Uncertain and diverse (BADGE)")
    TYPICLUST = "typiclust", _("Typical of its region (TypiClust)")
    POWER_ENTROPY = "power-entropy", _("Entropy, sampled")
    CONSISTENCY = "consistency", _("EEG and face disagree")
    GATED_CONSISTENCY = "gated-consistency", _("EEG and face disagree, both signals good")
    COST_AWARE = "cost-aware", _("Entropy per second of an annotator")


class SensorVerdict(TextChoices):
    """What a person says of a clip on the quality list."""

    FINE = "fine", _("The signal is fine")
    BAD = "bad", _("The sensor is bad")


class IntervalKind(TextChoices):
    """What somebody marks on a session's timeline."""

    ARTEFACT = "artefact", _("Artefact")
    EVENT = "event", _("Event")


class VoteModel(TextChoices):
    """How a clip's answers become what a round learns."""

    SHARES = "shares", _("Shares of the answers")
    DAWID_SKENE = "dawid_skene", _("Weighted by each annotator's reliability (Dawid–Skene)")


class RoundState(TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    PUBLISHED = "published", _("Published")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")


class JobKind(TextChoices):
    IMPORT = "import", _("Import of a source")
    IMPORT_SESSION = "import_session", _("Import of one session")
    ROUND = "round", _("Retraining round")
    SCORE_PART = "score_part", _("Scoring a part of the pool")
    EXPORT = "export", _("Export")


class JobState(TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class JobQueue(TextChoices):
    IO = "io", _("Import, features, export")
    GPU = "gpu", _("Training, scoring")
    LIVE = "live", _("Small updates within a second")


class ExportFormat(TextChoices):
    CSV = "csv", _("CSV")
    PARQUET = "parquet", _("Parquet")
