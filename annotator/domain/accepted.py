"""Which answers to a clip count as right. Pure.

Of classes and emotions any of those named, of scales and sliders a range, of an affect grid a rectangle. Of several
emotions the strongest counts, and "none of these" where there is none. A continuous trace has no right answer. Where
"can't tell" or "bad signal" is right, or right too, that is said beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from annotator.enums import AnswerKind
from annotator.exceptions import DomainError
from mlcore.types import NONE_OF_THESE, Dimension, DimensionKind, JsonObject

ANY_OF, FROM, TO = "any_of", "from", "to"
#: answers that have no values
WITHOUT_VALUES = (AnswerKind.CANT_TELL, AnswerKind.BAD_SIGNAL)


def check_accepted(
    dimensions: Sequence[Dimension], accepted: Mapping[str, Any], answers: Sequence[str] = ()
) -> JsonObject:
    """As it is stored. Raises DomainError that names the question and what is wrong.

    `answers`: as `check_answers` takes them; where there are some, no question needs an accepted answer.
    """
    known = {dimension.key: dimension for dimension in dimensions}
    if unknown := sorted(set(accepted) - set(known)):
        raise DomainError(
            gettext("This study does not ask for {unknown}.").format(unknown=", ".join(unknown)), "bad_accepted"
        )
    read = {key: _read(known[key], one) for key, one in accepted.items()}
    if not read and not answers:
        raise DomainError(
            gettext(
                "Say for at least one question which answers are accepted, or that “Can't tell” or “Bad signal” is "
                "right."
            ),
            "bad_accepted",
        )
    return read


def check_answers(answers: Sequence[str]) -> list[str]:
    """Answers without values that count as right, as they are stored."""
    if strange := [one for one in answers if one not in WITHOUT_VALUES]:
        raise DomainError(
            gettext("Without values only cant_tell or bad_signal can be right, not {strange}.").format(
                strange=repr(str(strange[0]))
            ),
            "bad_accepted",
        )
    return [one.value for one in WITHOUT_VALUES if one in answers]


def _read(dimension: Dimension, one: Any) -> JsonObject:
    if dimension.kind.is_trace:
        raise DomainError(
            gettext("{title}: a continuous trace has no accepted answers.").format(title=dimension.title),
            "bad_accepted",
        )
    given = one if isinstance(one, dict) else {}
    if names := choices_of(dimension):
        values = given.get(ANY_OF)
        if set(given) != {ANY_OF} or not isinstance(values, list) or not values:
            raise DomainError(
                gettext("{title}: expected {{any_of: [answers]}}, got {one}.").format(
                    title=dimension.title, one=repr(one)
                ),
                "bad_accepted",
            )
        if strange := [value for value in values if isinstance(value, bool) or value not in names]:
            raise DomainError(
                gettext("{title}: {strange} is not one of its answers.").format(
                    title=dimension.title, strange=repr(strange[0])
                ),
                "bad_accepted",
            )
        return {ANY_OF: [value for value in names if value in values]}
    if set(given) != {FROM, TO}:
        raise DomainError(
            gettext("{title}: expected {{from, to}}, got {one}.").format(title=dimension.title, one=repr(one)),
            "bad_accepted",
        )
    return _range(dimension, given[FROM], given[TO])


def _range(dimension: Dimension, low: Any, high: Any) -> JsonObject:
    for end in (low, high):
        try:
            dimension.check(end)
        except ValueError as error:
            raise DomainError(f"{error}.", "bad_accepted") from error
    if any(below > above for below, above in zip(_places(low), _places(high), strict=True)):
        raise DomainError(
            gettext("{title}: the range from {low} to {high} holds no answer.").format(
                title=dimension.title, low=low, high=high
            ),
            "bad_accepted",
        )
    return {FROM: low, TO: high}


def choices_of(dimension: Dimension) -> dict[int, str] | dict[str, str]:
    """What can be named as accepted, with its words; nothing where a range is."""
    if dimension.kind is DimensionKind.CLASS:
        return dict(enumerate(dimension.classes))
    if dimension.kind is DimensionKind.EMOTIONS:
        return {name: name for name in (*dimension.classes, NONE_OF_THESE)}
    return {}


def _places(value: Any) -> tuple[Any, ...]:
    """A number is one place, a cell of a grid two."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def missed(accepted: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """Keys of the questions that were answered otherwise, or not at all ("can't tell" answers none)."""
    return [key for key, one in accepted.items() if not _holds(one, values.get(key))]


def _holds(one: Mapping[str, Any], value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return False
    if ANY_OF in one:
        return not _named(value).isdisjoint(one[ANY_OF])
    return all(low <= at <= high for low, at, high in zip(*map(_places, (one[FROM], value, one[TO])), strict=True))


def _named(value: Any) -> set[Any]:
    """The class, or the strongest of the emotions."""
    if not isinstance(value, dict):
        return {value}
    most = max(value.values(), default=0)
    return {name for name, intensity in value.items() if intensity == most} or {NONE_OF_THESE}


def an_accepted_answer(accepted: Mapping[str, Any]) -> JsonObject:
    """One answer that is accepted, to be shown as an example: the first named, the middle of a range."""
    return {key: _example(one) for key, one in accepted.items()}


def _example(one: Mapping[str, Any]) -> Any:
    if ANY_OF not in one:
        middle = [(low + high) // 2 for low, high in zip(_places(one[FROM]), _places(one[TO]), strict=True)]
        return middle if isinstance(one[FROM], list) else middle[0]
    first = one[ANY_OF][0]
    if not isinstance(first, str):
        return first
    return {} if first == NONE_OF_THESE else {first: 1}


def in_words(
    dimensions: Sequence[Dimension], accepted: Mapping[str, Any], answers: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """(question, its accepted answers), as people read them."""
    by_question = [(one.title, _words(one, accepted[one.key])) for one in dimensions if one.key in accepted]
    whole = gettext(" or ").join(str(AnswerKind(one).label) for one in answers)
    return [*by_question, *([(gettext("Or") if by_question else gettext("Answer"), whole)] if whole else [])]


def _words(dimension: Dimension, one: Mapping[str, Any]) -> str:
    if ANY_OF in one:
        names: Mapping[Any, str] = choices_of(dimension)
        return gettext(" or ").join(names[value] for value in one[ANY_OF])
    spans = [_span(*ends) for ends in zip(_places(one[FROM]), _places(one[TO]), strict=True)]
    return spans[0] if len(spans) == 1 else gettext("column {column}, row {row}").format(column=spans[0], row=spans[1])


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else gettext("{low} to {high}").format(low=f"{low:g}", high=f"{high:g}")
