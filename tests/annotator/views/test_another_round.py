"""The card "Another round?" and the annotators' reliability: who sees what, and what it costs."""

from __future__ import annotations

import json
import re
from http import HTTPStatus

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.domain import studies
from annotator.domain.acquisition import Acquisition, changed, set_acquisition
from annotator.enums import Role, RoundState, VoteModel
from annotator.models import Membership, Study
from mlcore.types import StoppingConfig
from tests.annotator.views.test_pages import make_round
from tests.factories.advice import make_advice, make_reliability
from tests.factories.labels import add_label
from tests.factories.pages import text_of
from tests.factories.people import Personas, client_of, make_member

pytestmark = pytest.mark.django_db


def test_the_newest_published_rounds_advice_stands_on_the_rounds_page(study: Study, admin: Client) -> None:
    assert "Another round?" not in text_of(admin, "/studies/demo/rounds/")
    make_round(study, 1, advice=make_advice(minutes_spent=11.0))
    newest = make_round(study, 2, advice=make_advice(minutes_spent=22.0))
    make_round(study, 3, state=RoundState.FAILED)
    page = text_of(admin, "/studies/demo/rounds/")
    assert 'Another round? <span class="badge ok">Go on</span>' in page
    assert newest.advice["reason"] in page
    assert "<dd>22 minutes</dd>" in page
    assert 'data-figure="/studies/demo/rounds/2/audit.json"' in page


def test_the_rules_on_the_card_are_the_rounds_own(study: Study, admin: Client) -> None:
    make_round(study, 1, advice=make_advice(rules=StoppingConfig(max_half_width=0.04)))
    set_acquisition(study, changed(Acquisition(), {"max_half_width": 0.2}), actor=None)
    page = text_of(admin, "/studies/demo/rounds/")
    rules = re.search(r'data-testid="stopping-rules">(.*?)</dl>', page)
    assert rules is not None
    assert "<dt>Precision wanted of the random slice</dt><dd>± 4.0 percentage points</dd>" in rules[1]
    assert '<a href="/studies/demo/acquisition/">' in page


def test_each_rounds_page_tells_its_own_advice(study: Study, admin: Client) -> None:
    make_round(study, 1, advice=make_advice(minutes_spent=11.0))
    make_round(study, 2)
    assert "<dd>11 minutes</dd>" in text_of(admin, "/studies/demo/rounds/1/")
    assert "Another round?" not in text_of(admin, "/studies/demo/rounds/2/")


def test_the_curve_is_served_to_those_who_may_see_rounds(study: Study, personas: Personas) -> None:
    make_round(study, 1, advice=make_advice())
    address = "/studies/demo/rounds/1/audit.json"
    figure = json.loads(client_of(personas.researcher).get(address).content)
    assert [line["name"] for line in figure["data"]] == ["random slice", "fitted curve", "forecast"]
    assert client_of(personas.annotator).get(address).status_code == HTTPStatus.FORBIDDEN
    assert client_of(personas.stranger).get(address).status_code == HTTPStatus.NOT_FOUND
    assert client_of(personas.admin).get("/studies/demo/rounds/9/audit.json").status_code == HTTPStatus.NOT_FOUND


def test_a_budget_that_was_spent_since_is_said(study: Study, personas: Personas, admin: Client) -> None:
    make_round(study, 1, advice=make_advice(budget_minutes=120.0))
    Study.objects.filter(pk=study.pk).update(budget_minutes=2)
    clips = study.clips.filter(subject__is_test=False)
    add_label(clips[0], personas.annotator, seconds_spent=100.0)
    assert '<span class="badge ok">Go on</span>' in text_of(admin, "/studies/demo/rounds/")
    add_label(clips[1], personas.annotator, seconds_spent=80.0)
    page = text_of(admin, "/studies/demo/rounds/")
    assert '<span class="badge warn">Budget spent</span>' in page
    assert "The budget of 2 minutes is spent: 3 minutes were annotated." in page


def rows_of(page: str) -> list[list[str]]:
    table = re.search(r'data-testid="reliability">.*?<tbody>(.*?)</tbody>', page)
    assert table is not None
    rows = re.findall(r"<tr>(.*?)</tr>", table[1])
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?>(.*?)</td>", row)] for row in rows]


def test_admins_see_annotators_by_pseudonym_those_who_left_included(
    study: Study, personas: Personas, admin: Client
) -> None:
    gone = make_member(study, "gone")
    reliability = make_reliability({personas.annotator.pk: 0.8, gone.pk: 0.4})
    make_round(study, 1, reliability=reliability)
    studies.remove_member(study.memberships.get(user=gone), actor=personas.admin)
    page = text_of(admin, "/studies/demo/rounds/1/")
    names = {
        user.pk: Membership.everyone.get(study=study, user=user, role=Role.ANNOTATOR).pseudonym
        for user in (personas.annotator, gone)
    }
    expected = {
        names[personas.annotator.pk]: ["valence", "20", "12", "80.0 %", "0.60", "75.0 % (30.0 % to 95.0 %)", "4"],
        names[gone.pk]: ["valence", "20", "12", "40.0 %", "0.05", "75.0 % (30.0 % to 95.0 %)", "4"],
    }
    assert rows_of(page) == [[name, *cells] for name, cells in sorted(expected.items())]
    assert "annotator-of-it" not in page
    assert "the study counts every answer the same" in page
    Study.objects.filter(pk=study.pk).update(vote_model=VoteModel.DAWID_SKENE)
    assert "the study weighs answers by it" in text_of(admin, "/studies/demo/rounds/1/")


def test_repeats_that_nobody_gave_have_no_share(study: Study, personas: Personas, admin: Client) -> None:
    make_round(study, 1, reliability=make_reliability({personas.annotator.pk: 0.8}, n_repeats=0))
    assert rows_of(text_of(admin, "/studies/demo/rounds/1/"))[0][-2:] == ["–", "0"]


def test_of_somebody_whose_clips_nobody_else_answered_nothing_is_claimed(
    study: Study, personas: Personas, admin: Client
) -> None:
    make_round(study, 1, reliability=make_reliability({personas.annotator.pk: None}))
    assert rows_of(text_of(admin, "/studies/demo/rounds/1/"))[0][3:6] == ["0", "–", "–"]


def test_nobody_but_admins_sees_how_reliable_people_are(study: Study, personas: Personas) -> None:
    make_round(study, 1, reliability=make_reliability({personas.annotator.pk: 0.8}))
    page = text_of(client_of(personas.researcher), "/studies/demo/rounds/1/")
    assert 'data-testid="reliability"' not in page
    assert 'data-testid="reliability"' in text_of(client_of(personas.superuser), "/studies/demo/rounds/1/")
    assert client_of(personas.annotator).get("/studies/demo/rounds/1/").status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("address", ["/studies/demo/rounds/", "/studies/demo/rounds/1/"])
def test_they_cost_the_same_with_one_annotator_and_with_many(
    address: str,
    study: Study,
    personas: Personas,
    admin: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    round_ = make_round(study, 1, advice=make_advice(), reliability=make_reliability({personas.annotator.pk: 0.8}))
    with django_assert_max_num_queries(22) as with_one:
        admin.get(address)
    many = {make_member(study, f"annotator-{number}").pk: 0.5 for number in range(6)}
    round_.reliability = make_reliability(many)
    round_.save()
    for number in (2, 3):
        make_round(study, number, advice=make_advice())
    with django_assert_max_num_queries(len(with_one)):
        admin.get(address)
