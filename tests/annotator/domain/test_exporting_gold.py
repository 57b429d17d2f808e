"""Answers to clips with a known answer as rows of an export: which was right, whose, at which time through."""

from __future__ import annotations

import uuid

import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.domain import exporting, exporting_gold, labelling, queueing
from annotator.enums import AnswerKind
from annotator.models import Label, Study, User
from tests.factories.newcomers import RIGHT, WRONG, led_study, to_practice
from tests.factories.people import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return led_study()


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "secret.ann@lab")


def practise(study: Study, user: User, values: dict[str, int], kind: AnswerKind = AnswerKind.LABEL) -> Label:
    clip = queueing.claim(study, user)[0].clip
    return labelling.submit_and_claim(clip, user, labelling.Submission(uuid.uuid4(), kind, values, 2))


def test_each_answer_says_what_was_right_and_whether_it_was(
    study: Study, ann: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    to_practice(study, ann)
    given = [practise(study, ann, dict(RIGHT)), practise(study, ann, dict(WRONG))]
    with django_assert_num_queries(3):
        rows = list(exporting_gold.rows(study, with_history=False))
    assert [(row["label"], row["clip"], row["is_accepted"]) for row in rows] == [
        (str(given[0].uuid), given[0].clip_id, True),
        (str(given[1].uuid), given[1].clip_id, False),
    ]
    assert {(row["kind"], row["attempt"], row["state"], row["confidence"]) for row in rows} == {
        ("practice", 0, "current", 2)
    }
    assert [row["values"] for row in rows] == [dict(RIGHT), dict(WRONG)]
    assert all(row["accepted"].keys() <= RIGHT.keys() and row["accepted"] for row in rows)
    assert set(rows[0]) == {column.name for column in exporting_gold.COLUMNS}


def test_nobody_is_named_and_none_of_them_is_a_label(study: Study, ann: User) -> None:
    to_practice(study, ann)
    practise(study, ann, {}, AnswerKind.CANT_TELL)
    (row,) = exporting_gold.rows(study, with_history=True)
    assert row["annotator"] == study.memberships.get(user=ann).pseudonym
    assert (row["answer"], row["values"], row["is_accepted"]) == ("cant_tell", {}, False)
    assert list(exporting.rows(study, with_history=True)) == []
