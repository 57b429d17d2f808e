"""Label schemes: which questions can be asked, what is an answer to them, and what a round makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from mlcore.types import (
    AFFECT_GRID,
    AROUSAL3,
    EKMAN6,
    SAM_DOMINANCE9,
    SAM_VALENCE9,
    TRACE_VALENCE,
    UNBOUNDED_AROUSAL,
    VALENCE3,
    VAS_VALENCE,
    Dimension,
    DimensionKind,
    check_scheme,
)

EVERY_KIND = (VALENCE3, SAM_DOMINANCE9, EKMAN6, AFFECT_GRID, VAS_VALENCE, TRACE_VALENCE, UNBOUNDED_AROUSAL)


def test_every_kind_is_here() -> None:
    assert {dimension.kind for dimension in EVERY_KIND} == set(DimensionKind)


@pytest.mark.parametrize("dimension", EVERY_KIND, ids=lambda one: one.kind.value)
def test_a_dimension_is_read_back_as_it_was_written(dimension: Dimension) -> None:
    item = dimension.to_json()
    assert set(item) == {"key", "title", "kind", "classes", "levels"}
    assert Dimension.from_json(item) == dimension


def test_rows_of_older_versions_are_read() -> None:
    old = {"key": "valence", "title": "Valence", "kind": "ordinal", "classes": ["low", "high"], "levels": 9}
    assert Dimension.from_json(old).n_classes == 9
    assert (
        Dimension.from_json({"key": "a", "title": "A", "kind": "class", "classes": ["x", "y"]}).questions[0].key == "a"
    )


@pytest.mark.parametrize(
    ("kind", "classes", "levels", "sentence"),
    [
        ("class", ("one",), 0, "expected at least 2 classes, got 1"),
        ("ordinal", ("low", "high"), 1, "expected 2..101 levels, got 1"),
        ("emotions", (), 3, "expected 1..20 emotions, got 0"),
        ("emotions", ("joy", "joy"), 3, "each emotion is named once"),
        ("emotions", ("joy", "none of these"), 3, "'none of these' is offered anyway, leave it out of the list"),
        ("emotions", ("joy",), 0, "expected 1..9 levels, got 0"),
        ("grid", ("a", "b"), 9, "expected the words of its 4 ends, got 2"),
        ("grid", ("a", "b", "c", "d"), 1, "expected 2..9 levels, got 1"),
        ("vas", ("a",), 3, "expected the words of its 2 ends, got 1"),
        ("vas", ("a", "b"), 0, "expected 2..9 levels, got 0"),
        ("trace", ("a", "b", "c"), 0, "expected the words of its 2 ends, got 3"),
        ("trace", ("a", "b"), 9, "expected no levels (0), got 9"),
    ],
)
def test_a_question_that_can_not_be_asked_is_refused(
    kind: str, classes: tuple[str, ...], levels: int, sentence: str
) -> None:
    with pytest.raises(ValueError, match="dimension 'mood': ") as refused:
        Dimension("mood", "Mood", DimensionKind(kind), classes, levels)
    assert str(refused.value) == f"dimension 'mood': {sentence}"


@pytest.mark.parametrize(
    ("dimension", "answers"),
    [
        (VALENCE3, [0, 2]),
        (SAM_VALENCE9, [1, 9]),
        (EKMAN6, [{}, {"joy": 3}, {"fear": 1, "surprise": 2}]),
        (AFFECT_GRID, [[1, 1], [9, 5]]),
        (VAS_VALENCE, [0, 100, 33.3]),
    ],
)
def test_answers_within_the_range_are_taken(dimension: Dimension, answers: list[Any]) -> None:
    for answer in answers:
        dimension.check(answer)


@pytest.mark.parametrize(
    ("dimension", "answer", "sentence"),
    [
        (VALENCE3, 3, "Valence: 3 is not one of its 3 answers"),
        (VALENCE3, "2", "Valence: a whole number was expected, not '2'"),
        (SAM_VALENCE9, 0, "Valence: 0 is not one of its 9 answers"),
        (SAM_VALENCE9, 4.5, "Valence: a whole number was expected, not 4.5"),
        (EKMAN6, 3, "Emotion: emotions with their intensities were expected, not 3"),
        (EKMAN6, {"boredom": 1}, "Emotion: 'boredom' is not one of its emotions"),
        (EKMAN6, {"joy": 4}, "Emotion: the intensity of joy lies in 1..3, not 4"),
        (EKMAN6, {"joy": True}, "Emotion: the intensity of joy lies in 1..3, not True"),
        (AFFECT_GRID, [5], "Affect: a column and a row, each 1..9, were expected, not [5]"),
        (AFFECT_GRID, [0, 5], "Affect: a column and a row, each 1..9, were expected, not [0, 5]"),
        (AFFECT_GRID, [5, 10], "Affect: a column and a row, each 1..9, were expected, not [5, 10]"),
        (VAS_VALENCE, -1, "Valence: a number from 0 to 100 was expected, not -1"),
        (VAS_VALENCE, float("nan"), "Valence: a number from 0 to 100 was expected, not nan"),
        (VAS_VALENCE, None, "Valence: a number from 0 to 100 was expected, not None"),
    ],
)
def test_what_is_no_answer_is_refused_with_its_range(dimension: Dimension, answer: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=dimension.title) as refused:
        dimension.check(answer)
    assert str(refused.value) == sentence


def test_what_a_round_learns_of_each_kind() -> None:
    learnt = {one.kind.value: [(q.key, q.kind.value, q.n_classes) for q in one.questions] for one in EVERY_KIND}
    assert learnt == {
        "class": [("valence", "class", 3)],
        "ordinal": [("dominance", "ordinal", 9)],
        "emotions": [("emotion", "class", 7)],
        "grid": [("affect_valence", "ordinal", 9), ("affect_arousal", "ordinal", 9)],
        "vas": [("valence", "class", 3)],
        "trace": [("valence", "class", 3)],
        "unbounded_trace": [("arousal", "class", 3)],
    }
    assert VAS_VALENCE.questions[0].classes == ("0 to 33", "33 to 67", "67 to 100")
    assert EKMAN6.questions[0].classes[-1] == "none of these"


def test_questions_of_one_scheme_are_told_apart() -> None:
    check_scheme((VALENCE3, AROUSAL3, AFFECT_GRID))
    with pytest.raises(ValueError, match="at least one dimension"):
        check_scheme(())
    with pytest.raises(ValueError, match="two dimensions are called 'valence'"):
        check_scheme((VALENCE3, TRACE_VALENCE))
    clash = Dimension("affect_valence", "Another", DimensionKind.CLASS, ("a", "b"))
    with pytest.raises(ValueError, match="two dimensions are called 'affect_valence'"):
        check_scheme((clash, AFFECT_GRID))
