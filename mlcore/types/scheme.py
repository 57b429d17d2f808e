"""What a clip is asked: kinds of questions, their answers, and the questions that studies begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Self, TypeGuard

from mlcore.types.plain import JsonObject


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
