"""Which clip is asked about: strategies, the gate, what bought a place, and a study's settings of both."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Self

from mlcore.types.plain import JsonObject


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
