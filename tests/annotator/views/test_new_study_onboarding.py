"""The onboarding as part of making a study, and the step that comes once recordings are in."""

from __future__ import annotations

import re

import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.domain import teaching
from annotator.domain.teaching import OnboardingSettings
from annotator.enums import OpinionPolicy, TeachingKind
from annotator.models import AuditEvent, Onboarding, Study
from tests.annotator.views.test_pages import new_study
from tests.factories.labels import add_label
from tests.factories.newcomers import ACCEPTED, pool_clips
from tests.factories.pages import plain, text_of
from tests.factories.people import Personas, client_of, make_personas
from tests.factories.studies import add_subject, make_study

pytestmark = pytest.mark.django_db
SAID = {
    "leads_newcomers": "on",
    "instructions": "# Look\n\nSay what *you* see.",
    "practice_planned": "5",
    "pass_share": "0.6",
    "feedback_times": "0",
    "contact": "Ada",
    "checks_planned": "2",
    "check_rate": "0.05",
    "opinion": "off",
}
AS_SAID = OnboardingSettings(
    leads_newcomers=True,
    instructions="# Look\n\nSay what *you* see.",
    practice_planned=5,
    checks_planned=2,
    pass_share=0.6,
    feedback_times=0,
    contact="Ada",
    check_rate=0.05,
    opinion=OpinionPolicy.OFF,
)
CHOOSE, WHO = "Choose example and gold clips", "An admin of the study chooses them."


@pytest.fixture
def personas() -> Personas:
    return make_personas(make_study("demo", n_clips=6), make_study("other", n_subjects=2))


def is_unfolded(html: str) -> bool:
    found = re.search(r'<details[^>]*data-testid="study-onboarding"[^>]*>', html)
    assert found is not None
    return " open" in found[0]


def test_it_is_folded_away_until_somebody_says_something(personas: Personas) -> None:
    client = client_of(personas.superuser)
    html = text_of(client, "/studies/new/")
    assert not is_unfolded(html)
    for name in SAID:
        assert f'name="{name}"' in html
    assert is_unfolded(client.post("/studies/new/", new_study(slug="demo") | SAID).content.decode())


def test_all_that_was_said_is_the_new_studys_onboarding(personas: Personas) -> None:
    response = client_of(personas.superuser).post("/studies/new/", new_study() | SAID, follow=True)
    study = Study.objects.get(slug="night")
    assert teaching.settings_of(study) == AS_SAID
    assert AuditEvent.objects.get(verb="set_onboarding").actor == personas.superuser
    said = plain(response.content.decode())
    assert "Night study stands. Import recordings next; then choose example, practice and check clips." in said


@pytest.mark.parametrize(
    "left", [{}, {"practice_planned": "", "pass_share": "", "feedback_times": "", "check_rate": "", "opinion": ""}]
)
def test_a_study_that_says_nothing_leads_nobody(personas: Personas, left: dict[str, str]) -> None:
    client_of(personas.superuser).post("/studies/new/", new_study() | left)
    study = Study.objects.get(slug="night")
    assert teaching.settings_of(study) == OnboardingSettings()
    assert not Onboarding.objects.filter(study=study).exists()
    assert not AuditEvent.objects.filter(verb="set_onboarding").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"pass_share": "2"}, "less than or equal to 1"),
        ({"practice_planned": "-1"}, "greater than or equal to 0"),
        ({"feedback_times": "often"}, "Enter a whole number."),
        (
            {"instructions": " "},
            "There is nothing to lead newcomers through: write instructions or choose clips first.",
        ),
    ],
)
def test_what_can_not_be_is_said_and_no_study_is_made(
    personas: Personas, changes: dict[str, str], sentence: str
) -> None:
    html = client_of(personas.superuser).post("/studies/new/", new_study() | SAID | changes).content.decode()
    assert sentence in html
    assert is_unfolded(html)
    assert not Study.objects.filter(slug="night").exists()
    assert not AuditEvent.objects.filter(verb="set_onboarding").exists()


def test_a_button_of_the_scheme_loses_nothing_of_it(personas: Personas) -> None:
    fields = new_study() | SAID | {"scheme_action": "add", "pass_share": "nonsense"}
    html = client_of(personas.superuser).post("/studies/new/", fields).content.decode()
    assert is_unfolded(html)
    assert 'value="nonsense"' in html
    assert re.search(r'name="leads_newcomers"[^>]* checked', html)
    assert "Say what *you* see." in html
    assert "errorlist" not in html


def test_a_program_makes_a_study_with_its_onboarding(personas: Personas) -> None:
    client = client_of(personas.superuser)
    scheme = [{"key": "mood", "title": "Mood", "classes": ["low", "high"]}]
    body = {"slug": "night", "title": "Night", "scheme": scheme}
    onboarding = {"leads_newcomers": True, "instructions": "Look.", "practice_planned": 3}
    made = client.post("/api/v1/studies", body | {"onboarding": onboarding}, content_type="application/json")
    assert made.status_code == 201
    known = client.get("/api/v1/studies/night/onboarding").json()
    assert {name: known[name] for name in onboarding} == onboarding
    broken = body | {"slug": "next", "onboarding": {"practice_planned": 101}}
    refused = client.post("/api/v1/studies", broken, content_type="application/json")
    assert (refused.status_code, refused.json()) == (
        422, {"code": "bad_setting", "message": "Practice clips planned: 0 to 100, got 101."}
    )  # fmt: skip
    assert not Study.objects.filter(slug="next").exists()


# --- the next step ---------------------------------------------------------------------------------------------------


def plan(**settings: int) -> Study:
    study = Study.objects.get(slug="demo")
    known = OnboardingSettings(leads_newcomers=True, instructions="Look.", **settings)  # type: ignore[arg-type]  # counts
    teaching.set_onboarding(study, known, actor=None)
    return study


def test_once_recordings_are_in_the_study_says_what_to_choose(personas: Personas) -> None:
    study = plan(practice_planned=2, checks_planned=1)
    admin, annotator = client_of(personas.admin), client_of(personas.annotator)
    page = text_of(admin, "/studies/demo/")
    assert "Clips with a known answer are still to be chosen: practice clips 0 of 2, checks 0 of 1." in page
    assert re.search(rf'href="/studies/demo/onboarding/"[^>]*>{CHOOSE}<', page)
    assert WHO in text_of(annotator, "/studies/demo/")
    assert "practice clips 0 of 2" in text_of(admin, "/studies/demo/onboarding/")
    for clip, kind in zip(pool_clips(study), ("practice", "check", "practice"), strict=False):
        assert CHOOSE in text_of(admin, "/studies/demo/")
        teaching.add_clip(study, clip, TeachingKind(kind), ACCEPTED, actor=None)
    for address in ("/studies/demo/", "/studies/demo/onboarding/"):
        assert CHOOSE not in text_of(admin, address)
        assert "still to be chosen" not in text_of(admin, address)


def test_newcomers_who_would_be_shown_words_alone_are_thought_of(personas: Personas) -> None:
    study, admin = plan(), client_of(personas.admin)
    alone = "New annotators would be shown the instructions alone: no example and no practice clip is chosen yet."
    assert alone in text_of(admin, "/studies/demo/")
    teaching.add_clip(study, pool_clips(study)[0], TeachingKind.EXAMPLE, ACCEPTED, actor=None)
    assert alone not in text_of(admin, "/studies/demo/")


def test_it_is_over_once_somebody_labels_and_before_there_are_recordings(personas: Personas) -> None:
    study, admin = plan(practice_planned=2), client_of(personas.admin)
    Study.objects.filter(pk=study.pk).update(leads_newcomers=False)
    assert CHOOSE in text_of(admin, "/studies/demo/")
    add_label(pool_clips(Study.objects.get(pk=study.pk))[0], personas.annotator)
    assert CHOOSE not in text_of(admin, "/studies/demo/")
    client = client_of(personas.superuser)
    client.post("/studies/new/", new_study() | SAID)
    assert "There are no clips yet: import recordings first." in text_of(client, "/studies/night/")
    onboarding = text_of(client, "/studies/night/onboarding/")
    assert "There is no clip to choose yet: import recordings first." in onboarding
    assert re.search(r'href="/studies/night/import/"[^>]*data-testid="next">Import recordings<', onboarding)
    assert 'data-testid="add-clip"' not in onboarding


def test_the_pages_cost_the_same_with_many_clips(
    personas: Personas, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    study, admin = plan(practice_planned=9), client_of(personas.admin)
    costs = {}
    for address in ("/studies/demo/", "/studies/demo/onboarding/"):
        with django_assert_max_num_queries(30) as counted:
            admin.get(address)
        costs[address] = len(counted)
    add_subject(study, "more", n_clips=6)
    for clip in pool_clips(study)[:4]:
        teaching.add_clip(study, clip, TeachingKind.PRACTICE, ACCEPTED, actor=None)
    for address, n_queries in costs.items():
        with django_assert_max_num_queries(n_queries):
            admin.get(address)
