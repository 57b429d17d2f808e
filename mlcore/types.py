"""Values that cross package borders: standard library and numpy only, so that the web process may import them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from itertools import pairwise
from typing import Any, Self, TypeGuard

JsonObject = dict[str, Any]


class Modality(StrEnum):
    """What a clip may hold."""

    EEG = "eeg"
    FACE = "face"


class DimensionKind(StrEnum):
    """How a question of a scheme is answered, and what an answer is as JSON."""

    #: nominal or ordered classes; an answer is the class index 0..K-1
    CLASS = "class"
    #: a rating scale such as SAM; an answer is the level 1..levels
    ORDINAL = "ordinal"
    #: any of the named emotions, each with an intensity 1..levels; {"joy": 3, "fear": 1}, {} = none of these
    EMOTIONS = "emotions"
    #: Russell's affect grid; [column, row], each 1..levels: how pleasant, and how aroused
    GRID = "grid"
    #: a visual analogue scale; a number 0..100
    VAS = "vas"
    #: a curve over the clip within -1..1, followed while it plays; see `annotator.domain.traces`
    TRACE = "trace"
    #: the same without bounds: only up and down mean something, not how high
    UNBOUNDED_TRACE = "unbounded_trace"

    @property
    def is_trace(self) -> bool:
        """Whether it is answered while the clip plays."""
        return self in (DimensionKind.TRACE, DimensionKind.UNBOUNDED_TRACE)


#: what somebody chose who saw none of a question's emotions, as a class that is learnt
NONE_OF_THESE = "none of these"
#: the highest value of a visual analogue scale; the lowest is 0
VAS_TOP = 100.0
#: of a bounded trace
TRACE_BOUNDS = (-1.0, 1.0)
#: classes that a round makes of a trace: its range in equal parts, low to high
TRACE_CLASSES = ("low", "middle", "high")
#: the ends that a question names, by kind: left and right, or left, right, bottom and top
_N_ENDS = {
    DimensionKind.ORDINAL: 2,
    DimensionKind.GRID: 4,
    DimensionKind.VAS: 2,
    DimensionKind.TRACE: 2,
    DimensionKind.UNBOUNDED_TRACE: 2,
}
#: fewest and most levels by kind; kinds that have none carry 0
_LEVELS = {
    DimensionKind.ORDINAL: (2, 101),
    DimensionKind.EMOTIONS: (1, 9),
    DimensionKind.GRID: (2, 9),
    DimensionKind.VAS: (2, 9),
}
_N_EMOTIONS = (1, 20)
_N_CLASSES = (2, 101)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One question of a label scheme, e.g. valence with three classes or a 9-point SAM scale.

    Args:
        key: its name in answers, exports and models; a lower-case identifier.
        title: its name for people.
        kind: how it is answered.
        classes: class names in order (CLASS); the emotions (EMOTIONS); the names of the ends, lowest first (ORDINAL,
            VAS, TRACE, UNBOUNDED_TRACE); left, right, bottom and top end (GRID).
        levels: levels of a scale (ORDINAL 2..101), of an intensity (EMOTIONS 1..9), of each side (GRID 2..9), or into
            how many equal parts a round divides the line (VAS 2..9); 0 for the other kinds.

    Raises:
        ValueError: they do not fit together, in one sentence.
    """

    key: str
    title: str
    kind: DimensionKind
    classes: tuple[str, ...]
    levels: int = 0

    def __post_init__(self) -> None:
        if not self.key.isidentifier() or self.key != self.key.lower():
            raise ValueError(f"dimension key {self.key!r}: expected a lower-case identifier such as 'valence'")
        self._check_classes()
        low, high = _LEVELS.get(self.kind, (0, 0))
        if not low <= self.levels <= high and self.kind is not DimensionKind.CLASS:
            expected = f"{low}..{high} levels" if high else "no levels (0)"
            raise ValueError(f"dimension {self.key!r}: expected {expected}, got {self.levels}")

    def _check_classes(self) -> None:
        n = len(self.classes)
        if self.kind is DimensionKind.CLASS and n < _N_CLASSES[0]:
            raise ValueError(f"dimension {self.key!r}: expected at least 2 classes, got {n}")
        if self.kind is DimensionKind.EMOTIONS:
            self._check_emotions()
        elif self.kind in (DimensionKind.GRID, DimensionKind.VAS) or self.kind.is_trace:
            expected = _N_ENDS[self.kind]
            if n != expected:
                raise ValueError(f"dimension {self.key!r}: expected the words of its {expected} ends, got {n}")

    def _check_emotions(self) -> None:
        low, high = _N_EMOTIONS
        if not low <= len(self.classes) <= high:
            raise ValueError(f"dimension {self.key!r}: expected {low}..{high} emotions, got {len(self.classes)}")
        if len(set(self.classes)) < len(self.classes):
            raise ValueError(f"dimension {self.key!r}: each emotion is named once")
        if NONE_OF_THESE in self.classes:
            raise ValueError(f"dimension {self.key!r}: {NONE_OF_THESE!r} is offered anyway, leave it out of the list")

    @property
    def n_classes(self) -> int:
        """K, the number of distinct answers of a question with classes or levels."""
        return len(self.classes) if self.kind is DimensionKind.CLASS else self.levels

    def class_index(self, answer: int) -> int:
        """Index 0..K-1 of an answer to a question with classes or levels, as people give it.

        Raises:
            ValueError: there is no such answer.

        >>> SAM_VALENCE9.class_index(9), VALENCE3.class_index(2)
        (8, 2)
        """
        index = answer if self.kind is DimensionKind.CLASS else answer - 1
        if not 0 <= index < self.n_classes:
            raise ValueError(f"{self.title}: {answer} is not one of its {self.n_classes} answers")
        return index

    def check(self, answer: object) -> None:
        """Refuse what is no answer to this question; a trace's events are checked where they are read.

        Raises:
            ValueError: in one sentence, with the question's title and its range.

        >>> AFFECT_GRID.check([1, 9])
        >>> VAS_VALENCE.check(100.5)
        Traceback (most recent call last):
        ...
        ValueError: Valence: a number from 0 to 100 was expected, not 100.5
        """
        if self.kind is DimensionKind.EMOTIONS:
            self._check_intensities(answer)
        elif self.kind is DimensionKind.GRID:
            self._check_cell(answer)
        elif self.kind is DimensionKind.VAS:
            if not _is_number(answer) or not 0.0 <= answer <= VAS_TOP:
                raise ValueError(f"{self.title}: a number from 0 to 100 was expected, not {answer!r}")
        elif not self.kind.is_trace:
            if not _is_whole(answer):
                raise ValueError(f"{self.title}: a whole number was expected, not {answer!r}")
            self.class_index(answer)

    def _check_intensities(self, answer: object) -> None:
        if not isinstance(answer, dict):
            raise ValueError(f"{self.title}: emotions with their intensities were expected, not {answer!r}")
        for name, intensity in answer.items():
            if name not in self.classes:
                raise ValueError(f"{self.title}: {name!r} is not one of its emotions")
            if not _is_whole(intensity) or not 1 <= intensity <= self.levels:
                raise ValueError(f"{self.title}: the intensity of {name} lies in 1..{self.levels}, not {intensity!r}")

    def _check_cell(self, answer: object) -> None:
        places = answer if isinstance(answer, (list, tuple)) else ()
        if len(places) != 2 or not all(_is_whole(place) and 1 <= place <= self.levels for place in places):
            raise ValueError(f"{self.title}: a column and a row, each 1..{self.levels}, were expected, not {answer!r}")

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Lowest and highest value of a trace; None without bounds."""
        return TRACE_BOUNDS if self.kind is DimensionKind.TRACE else None

    @property
    def questions(self) -> tuple[Dimension, ...]:
        """What its answers come to for whoever learns from them: questions with classes or levels, named apart.

        Classes and levels stay as they are. Emotions become one class each and one for none of them; a grid two
        scales, `<key>_valence` and `<key>_arousal`; a visual analogue scale `levels` equal parts; a trace the three
        parts of its range (without bounds: of what the round's traces reached).

        >>> [(one.key, one.n_classes) for one in AFFECT_GRID.questions]
        [('affect_valence', 9), ('affect_arousal', 9)]
        """
        ordinal, nominal = DimensionKind.ORDINAL, DimensionKind.CLASS
        match self.kind:
            case DimensionKind.EMOTIONS:
                return (Dimension(self.key, self.title, nominal, (*self.classes, NONE_OF_THESE)),)
            case DimensionKind.GRID:
                left, right, bottom, top = self.classes
                return (
                    Dimension(f"{self.key}_valence", f"{self.title}, valence", ordinal, (left, right), self.levels),
                    Dimension(f"{self.key}_arousal", f"{self.title}, arousal", ordinal, (bottom, top), self.levels),
                )
            case DimensionKind.VAS:
                return (Dimension(self.key, self.title, nominal, self._vas_parts()),)
            case DimensionKind.TRACE | DimensionKind.UNBOUNDED_TRACE:
                return (Dimension(self.key, self.title, nominal, TRACE_CLASSES),)
        return (self,)

    def _vas_parts(self) -> tuple[str, ...]:
        edges = [round(VAS_TOP * number / self.levels) for number in range(self.levels + 1)]
        return tuple(f"{low} to {high}" for low, high in pairwise(edges))

    def to_json(self) -> JsonObject:
        """Plain values, as `from_json` reads them."""
        return {
            "key": self.key,
            "title": self.title,
            "kind": self.kind.value,
            "classes": list(self.classes),
            "levels": self.levels,
        }

    @classmethod
    def from_json(cls, item: JsonObject) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            key=str(item["key"]),
            title=str(item["title"]),
            kind=DimensionKind(item["kind"]),
            classes=tuple(str(name) for name in item["classes"]),
            levels=int(item.get("levels", 0)),
        )


def check_scheme(dimensions: Sequence[Dimension]) -> None:
    """Refuse questions that could not be told apart, in answers or in what a round learns.

    Raises:
        ValueError: none, or two that share a name.
    """
    if not dimensions:
        raise ValueError("a label scheme needs at least one dimension")
    taken: set[str] = set()
    for dimension in dimensions:
        names = {dimension.key} | {question.key for question in dimension.questions}
        if dimension.kind.is_trace:
            names.add(f"{dimension.key}_trace")
        if shared := sorted(names & taken):
            raise ValueError(f"two dimensions are called {shared[0]!r}: each needs a name of its own")
        taken |= names


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


VALENCE3 = Dimension("valence", "Valence", DimensionKind.CLASS, ("unpleasant", "neutral", "pleasant"))
AROUSAL3 = Dimension("arousal", "Arousal", DimensionKind.CLASS, ("calm", "medium", "activated"))
SAM_VALENCE5 = Dimension("valence", "Valence", DimensionKind.ORDINAL, ("unpleasant", "pleasant"), levels=5)
SAM_AROUSAL5 = Dimension("arousal", "Arousal", DimensionKind.ORDINAL, ("calm", "activated"), levels=5)
SAM_VALENCE9 = Dimension("valence", "Valence", DimensionKind.ORDINAL, ("unpleasant", "pleasant"), levels=9)
SAM_AROUSAL9 = Dimension("arousal", "Arousal", DimensionKind.ORDINAL, ("calm", "activated"), levels=9)
SAM_DOMINANCE9 = Dimension("dominance", "Dominance", DimensionKind.ORDINAL, ("controlled", "in control"), levels=9)
AFFECT_GRID = Dimension(
    "affect", "Affect", DimensionKind.GRID, ("unpleasant", "pleasant", "sleepy", "aroused"), levels=9
)
EKMAN6 = Dimension(
    "emotion",
    "Emotion",
    DimensionKind.EMOTIONS,
    ("anger", "disgust", "fear", "joy", "sadness", "surprise"),
    levels=3,
)
VAS_VALENCE = Dimension("valence", "Valence", DimensionKind.VAS, ("unpleasant", "pleasant"), levels=3)
VAS_AROUSAL = Dimension("arousal", "Arousal", DimensionKind.VAS, ("calm", "activated"), levels=3)
TRACE_VALENCE = Dimension("valence", "Valence", DimensionKind.TRACE, ("unpleasant", "pleasant"))
TRACE_AROUSAL = Dimension("arousal", "Arousal", DimensionKind.TRACE, ("calm", "activated"))
UNBOUNDED_VALENCE = Dimension("valence", "Valence", DimensionKind.UNBOUNDED_TRACE, ("less pleasant", "more pleasant"))
UNBOUNDED_AROUSAL = Dimension("arousal", "Arousal", DimensionKind.UNBOUNDED_TRACE, ("calmer", "more activated"))


class SyncMethod(StrEnum):
    """What related two clocks, in words that people read."""

    TRIGGERS = "status triggers"
    XDF_STAMPS = "XDF stamps"
    AUDIO_COUNTER = "audio counter"
    BIDS_EVENTS = "BIDS events"
    HAND = "hand-set points"
    BLINKS = "blinks"
    PICTURES = "same pictures"
    GIVEN_OFFSET = "given offset"
    SAME_START = "same start"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ClockMap:
    """Affine map between the video clock and the session clock: session_s = offset_s + (1 + drift) * video_s."""

    offset_s: float
    drift: float = 0.0
    #: spread of the anchors around the map; None where nothing measured it
    residual_ms: float | None = None
    #: how it was found: a `SyncMethod`
    method: str = SyncMethod.NONE.value
    #: 0..1 where the method can be wrong as a whole (blinks, pictures); None where it can't
    confidence: float | None = None

    def to_session(self, video_s: float) -> float:
        """Session time (s) of a video time (s)."""
        return self.offset_s + (1.0 + self.drift) * video_s

    def to_video(self, session_s: float) -> float:
        """Video time (s) of a session time (s); the inverse of `to_session`."""
        return (session_s - self.offset_s) / (1.0 + self.drift)


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """One stimulus; times on the session clock. `stop_s` None = to the end of the recording."""

    number: int
    start_s: float
    stop_s: float | None
    stimulus: str = ""
    #: what the recorded person said, e.g. {"feltArsl": 5.0, "feltVlnc": 6.0, "feltEmo": 4.0}
    self_reports: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordingSpec:
    """One session as a layout describes it: which files, whose, how their clocks relate. Nothing is read yet.

    Paths are relative to the source root, with forward slashes; they never leave it. (A manifest may point
    outside its own folder; the root is then the deepest folder that holds all its files.)
    """

    subject: str
    session: str
    layout: str
    eeg_path: str | None
    video_path: str | None
    #: files that the readers need beside these (.fdt, .eeg, .vmrk, session.xml, the gaze TSV)
    companion_paths: tuple[str, ...] = ()
    #: the layout's own hints for the clocks, e.g. {"video_offset_s": 2.0}
    sync_hints: dict[str, float] = field(default_factory=dict)
    #: moments seen on both clocks, (video_s, session_s): set by hand, or given by the layout; they overrule all else
    sync_points: tuple[tuple[float, float], ...] = ()
    #: samples per second of an EEG file that does not say (CSV)
    eeg_sfreq: float | None = None
    #: which trial of files that hold many (DEAP's .dat, EAV's .mat): an index from 0
    part: int | None = None
    #: tracks of features that came without a signal or video: modality -> path
    track_paths: dict[str, str] = field(default_factory=dict)
    #: channels that somebody marked as bad, as the file names them
    bad_channels: tuple[str, ...] = ()
    #: set where the session could be found but not understood: one sentence
    error: str = ""

    def to_json(self) -> JsonObject:
        """Plain values, as `from_json` reads them."""
        return asdict(self)

    @classmethod
    def from_json(cls, item: JsonObject) -> Self:
        """Read what `to_json` wrote."""
        points = tuple((float(video_s), float(session_s)) for video_s, session_s in item.get("sync_points", ()))
        tuples = {name: tuple(item.get(name, ())) for name in ("companion_paths", "bad_channels")}
        return cls(**{**item, **tuples, "sync_points": points})


@dataclass(frozen=True, slots=True)
class EegInfo:
    """What an EEG file holds."""

    format: str
    #: every channel, in file order, as the file names them
    channels: tuple[str, ...]
    #: MNE's kind of each channel: "eeg", "eog", "ecg", "stim", "misc", …
    kinds: tuple[str, ...]
    sfreq: float
    n_samples: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sfreq


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file holds; times are presentation time stamps, 0 = first frame."""

    format: str
    codec: str
    width: int
    height: int
    n_frames: int
    #: time stamp of the last frame plus one mean frame interval
    duration_s: float
    mean_fps: float
    is_variable: bool


class QualityFault(StrEnum):
    """What lowers the quality of a clip, by modality."""

    # EEG
    FLAT = "flat"
    SATURATED = "saturated"
    LINE_NOISE = "line noise"
    MUSCLE = "muscle"
    DROPOUT = "drop-out"
    POP = "electrode pop"
    GAP = "gap in time"
    # face
    NO_FACE = "no face"
    SMALL_FACE = "small face"
    BLUR = "blur"
    POSE = "turned head"
    OCCLUDED = "occluded"
    EXPOSURE = "exposure"
    FROZEN = "frozen picture"
    DROPPED_FRAMES = "dropped frames"


@dataclass(frozen=True, slots=True)
class ClipQuality:
    """How far one modality of a clip can be trusted, and why no further."""

    #: 0 worthless .. 1 clean
    score: float
    #: severity 0..1 of every fault that was found, by `QualityFault`; empty = nothing to say
    faults: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """A clip to be: session clock, inside one trial."""

    trial: int
    start_s: float
    stop_s: float
    has_eeg: bool
    has_face: bool


class Strategy(StrEnum):
    """By what clips are ranked."""

    RANDOM = "random"
    ENTROPY = "entropy"
    MARGIN = "margin"
    LEAST_CONFIDENCE = "least-confidence"
    VACUITY = "vacuity"
    DISSONANCE = "dissonance"
    BALD = "bald"
    DISAGREEMENT = "disagreement"
    CORE_SET = "core-set"
    BADGE = "badge"
    TYPICLUST = "typiclust"
    POWER_ENTROPY = "power-entropy"
    CONSISTENCY = "consistency"
    GATED_CONSISTENCY = "gated-consistency"
    COST_AWARE = "cost-aware"


class Route(StrEnum):
    """Where the gate sends a clip."""

    #: the queue
    MAIN = "main"
    #: the queue, to be answered by two people: the emotion itself is ambiguous
    SECOND_OPINION = "second_opinion"
    #: the list on which an admin says whether the sensor is bad
    QUALITY = "quality"
    #: nobody is asked
    NOWHERE = "nowhere"

    @property
    def is_served(self) -> bool:
        """Whether annotators are given such clips."""
        return self in (Route.MAIN, Route.SECOND_OPINION)


class Ask(StrEnum):
    """From which modality the question is to be answered."""

    BOTH = "both"
    EEG = "eeg"
    FACE = "face"


class GateReason(StrEnum):
    """Why the gate sent a clip where it is, and why it is asked from what it is asked from."""

    GOOD = "good"
    EEG_BAD = "eeg_bad"
    FACE_BAD = "face_bad"
    EEG_ABSENT = "eeg_absent"
    FACE_ABSENT = "face_absent"
    AMBIGUOUS = "ambiguous"
    ALL_BAD = "all_bad"
    STATE_CHANGE = "state_change"
    NO_SIGNAL = "no_signal"
    SENSOR_FINE = "sensor_fine"
    SENSOR_BAD = "sensor_bad"
    NOT_GATED = "not_gated"

    @property
    def sentence(self) -> str:
        """What a person is told.

        >>> GateReason.EEG_BAD.sentence
        'Face only: the EEG is bad here.'
        """
        return _GATE_SENTENCES[self]


_GATE_SENTENCES = {
    GateReason.GOOD: "Every signal is good here.",
    GateReason.EEG_BAD: "Face only: the EEG is bad here.",
    GateReason.FACE_BAD: "EEG only: the face is bad here.",
    GateReason.EEG_ABSENT: "Face only: there is no EEG here.",
    GateReason.FACE_ABSENT: "EEG only: there is no face here.",
    GateReason.AMBIGUOUS: "Two people are asked: the signals are good, and the evidence in them conflicts.",
    GateReason.ALL_BAD: "No signal is good enough to be judged by: is the sensor bad?",
    GateReason.STATE_CHANGE: "Nobody is asked: a state begins or ends inside the clip.",
    GateReason.NO_SIGNAL: "Nobody is asked: there is neither EEG nor face here.",
    GateReason.SENSOR_FINE: "Somebody looked and said that the signal is fine.",
    GateReason.SENSOR_BAD: "Nobody is asked: somebody looked and said that the sensor is bad.",
    GateReason.NOT_GATED: "Measured quality is not looked at in this study.",
}


class Term(StrEnum):
    """What bought a clip its place in a ranking."""

    #: the strategy's score
    POLICY = "policy"
    #: the random slice that says honestly how good the model is
    AUDIT = "audit"
    #: somebody else answered it: do two people agree?
    REPEAT_OTHER = "repeat_other"
    #: the same person answered it before: do they agree with themselves?
    REPEAT_OWN = "repeat_own"
    #: its answer is probably wrong, and a second one worth more than a new clip
    RELABEL = "relabel"
    #: ambiguous by all signs: a distribution is wanted, not an answer
    SECOND_OPINION = "second_opinion"
    #: a test subject's
    TEST = "test"
    #: before the first model: typical of a region of the data
    COLD_START = "cold_start"
    #: random order, or whatever no score was to be had for
    REST = "rest"


@dataclass(frozen=True, slots=True)
class AcquisitionConfig:
    """How the next clips are chosen: strategy, gate and make-up of a batch.

    Raises:
        ValueError: a value is out of its range; it is named.
    """

    strategy: Strategy = Strategy.ENTROPY
    #: whether measured quality decides which clips are asked about, and from which modality
    is_gated: bool = True
    #: quality 0..1 from which on a modality may be judged by
    min_quality: float = 0.5
    #: dissonance 0..1 from which on a clip of good quality goes to two annotators
    min_dissonance: float = 0.8
    #: so many places are composed by the rules below at a time
    batch_size: int = 50
    #: at least so far apart, on the session clock, are two clips of one recording in a batch
    min_gap_s: float = 10.0
    #: at most this share of a batch comes from one subject
    max_subject_share: float = 0.25
    #: shares of a batch
    audit_share: float = 0.12
    repeat_share: float = 0.07
    second_opinion_share: float = 0.1
    #: at most this share goes to another answer on an old clip where that seems to be worth more than a new clip
    relabel_share: float = 0.1
    #: 0 = by score alone .. 1 = as different from one another as can be, among the best
    diversity: float = 0.5

    def __post_init__(self) -> None:
        for name in ("min_quality", "min_dissonance", "max_subject_share", "audit_share", "repeat_share"):
            _require_share(name, getattr(self, name))
        for name in ("second_opinion_share", "relabel_share", "diversity"):
            _require_share(name, getattr(self, name))
        if self.max_subject_share <= 0.0:
            raise ValueError(f"max_subject_share: expected more than 0, got {self.max_subject_share}")
        if self.audit_share + self.repeat_share + self.second_opinion_share >= 1.0:
            raise ValueError("audit_share + repeat_share + second_opinion_share: expected less than 1")
        if not 1 <= self.batch_size <= 10_000:
            raise ValueError(f"batch_size: expected 1..10000, got {self.batch_size}")
        if not 0.0 <= self.min_gap_s < float("inf"):
            raise ValueError(f"min_gap_s: expected 0 or more, got {self.min_gap_s}")

    def to_json(self) -> JsonObject:
        """Plain values, as `from_json` reads them."""
        return asdict(self)

    @classmethod
    def from_json(cls, item: JsonObject) -> Self:
        """Read what `to_json` wrote; what is not said keeps its default.

        Raises:
            ValueError: a name or a value that is not known.
        """
        _require_known("acquisition", item, {one.name for one in fields(cls)})
        values = dict(item)
        if "strategy" in values:
            values["strategy"] = Strategy(values["strategy"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class StoppingConfig:
    """From when on a round suggests that its study stop; nothing but the suggestion follows from it.

    Raises:
        ValueError: a value is out of its range; it is named.
    """

    #: agreement (κ) of successive models from which on they count as settled
    min_kappa: float = 0.99
    #: comparisons in a row that have to reach it
    n_stable: int = 3
    #: gain in the share right, by doubling the labels, that is worth having; 0 = any
    min_gain: float = 0.01
    #: the same for each hour of annotation; 0 = any
    min_gain_per_hour: float = 0.0
    #: half of the 95 % interval of the share right on the random slice, at most, before stopping is suggested at all
    max_half_width: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.min_kappa < 1.0:
            raise ValueError(f"min_kappa: expected more than 0 and less than 1, got {self.min_kappa}")
        if not 1 <= self.n_stable <= 20:
            raise ValueError(f"n_stable: expected 1..20, got {self.n_stable}")
        for name in ("min_gain", "min_gain_per_hour"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name}: expected 0 or more and less than 1, got {getattr(self, name)}")
        if self.max_half_width is not None and not 0.0 < self.max_half_width <= 0.5:
            raise ValueError(f"max_half_width: expected more than 0 and up to 0.5, got {self.max_half_width}")

    def to_json(self) -> JsonObject:
        """Plain values, as `from_json` reads them."""
        return asdict(self)

    @classmethod
    def from_json(cls, item: JsonObject) -> Self:
        """Read what `to_json` wrote; what is not said keeps its default.

        Raises:
            ValueError: a name or a value that is not known.
        """
        _require_known("stopping", item, {one.name for one in fields(cls)})
        return cls(**item)


def _require_known(what: str, item: JsonObject, known: set[str]) -> None:
    if unknown := sorted(set(item) - known):
        raise ValueError(f"{what} has no setting {unknown[0]!r}: expected {', '.join(sorted(known))}")


def _require_share(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name}: expected 0..1, got {value}")
