"""Which answers count as right, of every kind of question."""

from __future__ import annotations

from typing import Any

import pytest

from annotator.domain.accepted import an_accepted_answer, check_accepted, in_words, missed
from annotator.exceptions import DomainError
from annotator.forms.onboarding import TeachingClipForm
from mlcore.types import SAM_AROUSAL9, VALENCE3, Dimension, DimensionKind

EMOTION = Dimension("emotion", "Emotion", DimensionKind.EMOTIONS, ("joy", "fear", "anger"), levels=3)
GRID = Dimension("affect", "Affect", DimensionKind.GRID, ("bad", "good", "calm", "awake"), levels=9)
SLIDER = Dimension("pain", "Pain", DimensionKind.VAS, ("none", "worst"), levels=3)
CURVE = Dimension("course", "Course", DimensionKind.TRACE, ("low", "high"))
SCHEME = (VALENCE3, SAM_AROUSAL9, EMOTION, GRID, SLIDER, CURVE)
ACCEPTED: dict[str, Any] = {
    "valence": {"any_of": [2, 1]},
    "arousal": {"from": 6, "to": 8},
    "emotion": {"any_of": ["none of these", "joy"]},
    "affect": {"from": [5, 1], "to": [9, 4]},
    "pain": {"from": 10, "to": 42.5},
}


def test_accepted_answers_of_every_kind_are_kept_in_the_order_of_the_question() -> None:
    assert check_accepted(SCHEME, ACCEPTED) == ACCEPTED | {
        "valence": {"any_of": [1, 2]},
        "emotion": {"any_of": ["joy", "none of these"]},
    }


@pytest.mark.parametrize(
    ("key", "given", "sentence"),
    [
        ("valence", {"any_of": [3]}, "Valence: 3 is not one of its answers."),
        ("valence", {"any_of": [True]}, "Valence: True is not one of its answers."),
        ("valence", {"from": 0, "to": 1}, "Valence: expected {any_of: [answers]}, got {'from': 0, 'to': 1}."),
        ("emotion", {"any_of": ["bliss"]}, "Emotion: 'bliss' is not one of its answers."),
        ("arousal", {"from": 8, "to": 6}, "Arousal: the range from 8 to 6 holds no answer."),
        ("arousal", {"from": 0, "to": 6}, "Arousal: 0 is not one of its 9 answers."),
        ("affect", {"from": [5, 5], "to": [9, 4]}, "Affect: the range from [5, 5] to [9, 4] holds no answer."),
        ("affect", {"from": 5, "to": 9}, "Affect: a column and a row, each 1..9, were expected, not 5."),
        ("pain", {"from": 0, "to": 101}, "Pain: a number from 0 to 100 was expected, not 101."),
        ("course", {"from": 0, "to": 1}, "Course: a continuous trace has no accepted answers."),
        ("colour", {"any_of": [1]}, "This study does not ask for colour."),
    ],
)
def test_what_is_no_set_of_answers_is_refused_in_a_sentence(key: str, given: Any, sentence: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_accepted(SCHEME, {key: given})
    assert str(refused.value) == sentence


RIGHT: dict[str, Any] = {"valence": 2, "arousal": 6, "emotion": {"joy": 2, "fear": 1}, "affect": [9, 1], "pain": 42.5}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"emotion": {}}, []),  # none of these
        ({"emotion": {"joy": 2, "fear": 2}}, []),  # as strong as the other
        ({"emotion": {"joy": 1, "fear": 2}}, ["emotion"]),
        ({"valence": 0}, ["valence"]),
        ({"arousal": 9}, ["arousal"]),
        ({"affect": [4, 1]}, ["affect"]),
        ({"affect": [5, 5]}, ["affect"]),
        ({"pain": 42.6}, ["pain"]),
        ({"pain": None}, ["pain"]),
    ],
)
def test_an_answer_is_right_where_every_question_is(changed: dict[str, Any], expected: list[str]) -> None:
    assert missed(check_accepted(SCHEME, ACCEPTED), RIGHT | changed) == expected


def test_nothing_answered_misses_everything() -> None:
    assert missed(ACCEPTED, {}) == list(ACCEPTED)


def test_what_is_shown_as_an_example_is_accepted_and_can_be_answered() -> None:
    accepted = check_accepted(SCHEME, ACCEPTED)
    shown = an_accepted_answer(accepted)
    assert missed(accepted, shown) == []
    for dimension in SCHEME[:-1]:
        dimension.check(shown[dimension.key])


def test_accepted_answers_in_words() -> None:
    assert in_words(SCHEME, check_accepted(SCHEME, ACCEPTED)) == [
        ("Valence", "neutral or pleasant"),
        ("Arousal", "6 to 8"),
        ("Emotion", "joy or none of these"),
        ("Affect", "column 5 to 9, row 1 to 4"),
        ("Pain", "10 to 42.5"),
    ]


def test_the_form_takes_every_kind_and_gives_what_the_domain_takes() -> None:
    given = {
        "clip": "7",
        "kind": "check",
        "any_of-valence": ["1", "2"],
        "from-arousal": "6",
        "any_of-emotion": ["joy", "none of these"],
        "from-affect:column": "5",
        "to-affect:row": "4",
        "from-pain": "10",
        "to-pain": "42.5",
    }
    form = TeachingClipForm(SCHEME, given)
    assert form.is_valid(), form.errors
    expected = check_accepted(SCHEME, ACCEPTED) | {"arousal": {"from": 6, "to": 9}}
    assert check_accepted(SCHEME, form.accepted()) == expected
