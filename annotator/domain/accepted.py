"""Which answers to a clip count as right: of a class any of those named, of a scale a range. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotator.exceptions import DomainError
from mlcore.types import Dimension, DimensionKind, JsonObject

ANY_OF, FROM, TO = "any_of", "from", "to"


def check_accepted(dimensions: Sequence[Dimension], accepted: Mapping[str, Any]) -> JsonObject:
    """As it is stored. Raises DomainError that names the question and what is wrong."""
    known = {dimension.key: dimension for dimension in dimensions}
    if unknown := sorted(set(accepted) - set(known)):
        raise DomainError(f"This study does not ask for {', '.join(unknown)}.", "bad_accepted")
    read = {key: _read(known[key], one) for key, one in accepted.items()}
    if not read:
        raise DomainError("Say for at least one question which answers are accepted.", "bad_accepted")
    return read


def _read(dimension: Dimension, one: Any) -> JsonObject:
    given = one if isinstance(one, dict) else {}
    if dimension.kind is DimensionKind.CLASS:
        values = given.get(ANY_OF)
        if set(given) != {ANY_OF} or not isinstance(values, list) or not values:
            raise DomainError(f"{dimension.title}: expected {{any_of: [class numbers]}}, got {one!r}.", "bad_accepted")
        return {ANY_OF: sorted({_answer(dimension, value) for value in values})}
    if set(given) != {FROM, TO}:
        raise DomainError(f"{dimension.title}: expected {{from, to}}, got {one!r}.", "bad_accepted")
    low, high = _answer(dimension, given[FROM]), _answer(dimension, given[TO])
    if low > high:
        raise DomainError(f"{dimension.title}: the range from {low} to {high} holds no answer.", "bad_accepted")
    return {FROM: low, TO: high}


def _answer(dimension: Dimension, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise DomainError(f"{dimension.title}: expected a whole number, got {value!r}.", "bad_accepted")
    try:
        dimension.class_index(value)
    except ValueError as error:
        raise DomainError(f"{error}.", "bad_accepted") from error
    return value


def missed(accepted: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """Keys of the questions that were answered otherwise, or not at all ("can't tell" answers none)."""
    return [key for key, one in accepted.items() if not _holds(one, values.get(key))]


def _holds(one: Mapping[str, Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if ANY_OF in one:
        return value in one[ANY_OF]
    return bool(one[FROM] <= value <= one[TO])


def an_accepted_answer(accepted: Mapping[str, Any]) -> JsonObject:
    """One answer that is accepted, to be shown as an example: the first class, the middle of a range."""
    return {key: one[ANY_OF][0] if ANY_OF in one else (one[FROM] + one[TO]) // 2 for key, one in accepted.items()}


def in_words(dimensions: Sequence[Dimension], accepted: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(question, its accepted answers), as people read them."""
    return [(one.title, _words(one, accepted[one.key])) for one in dimensions if one.key in accepted]


def _words(dimension: Dimension, one: Mapping[str, Any]) -> str:
    if ANY_OF in one:
        return " or ".join(dimension.classes[index] for index in one[ANY_OF])
    return str(one[FROM]) if one[FROM] == one[TO] else f"{one[FROM]} to {one[TO]}"
