"""The pages of the onboarding: what an admin sets up, what a newcomer is shown, who may do what, and what it costs."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.domain import labelling, newcomers, queueing, teaching
from annotator.enums import AnswerKind, OpinionPolicy, Stage, TeachingKind
from annotator.models import AuditEvent, Newcomer, Study, TeachingClip, User
from annotator.templatetags.concord_markdown import markdown
from mlcore.types import SAM_VALENCE9
from tests.annotator.views.test_label import config, page
from tests.factories.newcomers import ACCEPTED, RIGHT, WRONG, led_study, pool_clips, to_practice
from tests.factories.pages import text_of
from tests.factories.people import Personas, client_of, make_member, make_personas
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db

HOME = "/studies/demo/"
SETTINGS = {
    "instructions": "Look.",
    "pass_share": "0.5",
    "feedback_times": "2",
    "contact": "Ada",
    "check_rate": "0.1",
    "opinion": "off",
}


@pytest.fixture
def led() -> Study:
    return led_study("demo")


@pytest.fixture
def people(led: Study) -> Personas:
    return make_personas(led, make_study("other", n_subjects=2))


@pytest.fixture
def boss(people: Personas) -> Client:
    return client_of(people.admin)


@pytest.fixture
def newcomer(people: Personas) -> Client:
    return client_of(people.annotator)


def practise(study: Study, user: User, *answers: dict[str, int]) -> None:
    for values in answers:
        clip = queueing.claim(study, user)[0].clip
        labelling.submit_and_claim(clip, user, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, values))


# --- an admin sets it up ---------------------------------------------------------------------------------------------


def test_an_admin_sets_it_up_by_the_form(led: Study, boss: Client, people: Personas) -> None:
    response = boss.post(f"{HOME}onboarding/", {**SETTINGS, "leads_newcomers": "on"})
    assert response.headers["Location"] == f"{HOME}onboarding/"
    assert teaching.settings_of(Study.objects.get(pk=led.pk)) == teaching.OnboardingSettings(
        leads_newcomers=True,
        instructions="Look.",
        pass_share=0.5,
        feedback_times=2,
        contact="Ada",
        check_rate=0.1,
        opinion=OpinionPolicy.OFF,
    )
    assert AuditEvent.objects.filter(verb="set_onboarding", actor=people.admin).count() == 1


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(led: Study, boss: Client) -> None:
    before = teaching.settings_of(led)
    html = boss.post(f"{HOME}onboarding/", {**SETTINGS, "pass_share": "2"}).content.decode()
    assert "Nothing was saved" in html
    assert "less than or equal to 1" in html
    assert teaching.settings_of(Study.objects.get(pk=led.pk)) == before


def test_a_clip_is_added_changed_and_removed(led: Study, boss: Client) -> None:
    clip = pool_clips(led)[0]
    form = {"kind": "check", "explanation": "A frown.", "any_of-valence": ["0"], "any_of-arousal": []}
    address = f"{HOME}onboarding/clips/new/"
    assert f'value="{clip.pk}"' in text_of(boss, f"{address}?clip={clip.pk}")
    boss.post(address, {**form, "clip": f"{HOME}clips/{clip.pk}/"})
    made = TeachingClip.objects.get(clip=clip)
    assert (made.kind, made.accepted, made.explanation) == ("check", {"valence": {"any_of": [0]}}, "A frown.")
    assert "Valence: unpleasant" in text_of(boss, f"{HOME}onboarding/")
    item = f"{HOME}onboarding/clips/{made.pk}/"
    assert re.search(r'value="0"[^>]* checked', text_of(boss, item))
    boss.post(item, {**form, "any_of-valence": ["0", "1"], "kind": "practice"})
    made.refresh_from_db()
    assert (made.kind, made.accepted) == ("practice", {"valence": {"any_of": [0, 1]}})
    response = boss.post(f"{item}remove/", follow=True)
    assert f"Clip {clip.pk} is back in the queue." in response.content.decode()
    assert boss.get(item).status_code == 404


def test_a_scale_takes_a_range() -> None:
    study = make_study("demo", dimensions=(SAM_VALENCE9,))
    boss = client_of(make_personas(study, make_study("other", n_subjects=2)).admin)
    clip = pool_clips(study)[0]
    boss.post(f"{HOME}onboarding/clips/new/", {"clip": clip.pk, "kind": "check", "from-valence": "6", "to-valence": ""})
    assert TeachingClip.objects.get().accepted == {"valence": {"from": 6, "to": 9}}
    refused = boss.post(
        f"{HOME}onboarding/clips/new/",
        {"clip": pool_clips(study)[0].pk, "kind": "check", "from-valence": "7", "to-valence": "6"},
    )
    assert "the range from 7 to 6 holds no answer" in refused.content.decode()


@pytest.mark.parametrize("clip", ["999999", "seven", "/studies/other/clips/1/"])
def test_a_clip_that_is_not_there_is_said_at_its_field(led: Study, boss: Client, clip: str) -> None:
    given = {"clip": clip, "kind": "check", "any_of-valence": ["0"]}
    html = boss.post(f"{HOME}onboarding/clips/new/", given).content.decode()
    assert re.search(r"This study has no clip|of another study", html)
    assert TeachingClip.objects.count() == 5


def test_a_sessions_page_leads_admins_there(led: Study, boss: Client, people: Personas) -> None:
    clip, kept = pool_clips(led)[0], TeachingClip.objects.all()[0].clip
    link = f'href="{HOME}onboarding/clips/new/?clip='
    assert f"{link}{clip.pk}" in text_of(boss, f"{HOME}sessions/{clip.session_id}/")
    assert f"{link}{kept.pk}" not in text_of(boss, f"{HOME}sessions/{kept.session_id}/")
    assert link not in text_of(client_of(people.researcher), f"{HOME}sessions/{clip.session_id}/")


@pytest.mark.parametrize("persona", ["annotator", "researcher", "stranger"])
def test_nobody_else_sees_what_the_answers_are(led: Study, people: Personas, persona: str) -> None:
    client = client_of(getattr(people, persona))
    item = TeachingClip.objects.all()[0]
    status = 404 if persona == "stranger" else 403
    for address in ("onboarding/", "onboarding/clips/new/", f"onboarding/clips/{item.pk}/"):
        assert client.get(HOME + address).status_code == status
        assert client.post(HOME + address, SETTINGS).status_code == status
    assert client.post(f"{HOME}onboarding/clips/{item.pk}/remove/").status_code == status
    assert client.get("/api/v1/studies/demo/onboarding").status_code == status
    assert TeachingClip.objects.count() == 5


def test_another_studys_clip_is_not_found(led: Study, boss: Client) -> None:
    other = led_study("elsewhere")
    item = TeachingClip.objects.filter(study=other)[0]
    assert boss.get(f"{HOME}onboarding/clips/{item.pk}/").status_code == 404
    assert boss.post(f"{HOME}onboarding/clips/{item.pk}/remove/").status_code == 404
    assert boss.delete(f"/api/v1/studies/demo/onboarding/clips/{item.pk}").status_code == 404


def test_the_pages_cost_the_same_with_many_clips_and_people(
    led: Study, boss: Client, people: Personas, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    addresses = (f"{HOME}onboarding/", f"{HOME}people/", f"{HOME}first-hour/")
    to_practice(led, people.annotator)
    practise(led, people.annotator, RIGHT)
    costs = {}
    for address in addresses:
        with django_assert_max_num_queries(14) as counted:
            boss.get(address)
        costs[address] = len(counted)
    for number, clip in enumerate(pool_clips(led)[:3]):
        teaching.add_clip(led, clip, TeachingKind.PRACTICE, ACCEPTED, actor=None)
        more = make_member(led, f"more-{number}")
        to_practice(led, more)
        practise(led, more, RIGHT, WRONG)
    for address in addresses:
        with django_assert_max_num_queries(costs[address]):
            boss.get(address)


# --- a newcomer goes through it --------------------------------------------------------------------------------------


def test_the_label_page_sends_a_newcomer_to_the_step_that_comes_first(led: Study, newcomer: Client) -> None:
    for address in ("label/", f"clips/{pool_clips(led)[0].pk}/"):
        assert newcomer.get(HOME + address).headers["Location"] == f"{HOME}first-hour/"
    assert "To the examples" in text_of(newcomer, f"{HOME}first-hour/")
    response = newcomer.post(f"{HOME}first-hour/", {"step": "reading"})
    assert response.headers["Location"] == f"{HOME}first-hour/examples/1/"
    assert newcomer.get(f"{HOME}label/").headers["Location"] == f"{HOME}first-hour/"
    response = newcomer.post(f"{HOME}first-hour/", {"step": "examples"})
    assert response.headers["Location"] == f"{HOME}label/"
    assert newcomer.get(f"{HOME}label/").status_code == 200


def test_an_example_is_the_label_page_with_its_answer_and_the_reason(led: Study, newcomer: Client) -> None:
    example = TeachingClip.objects.get(kind=TeachingKind.EXAMPLE)
    html = page(newcomer, f"{HOME}first-hour/examples/1/")
    given = config(html)
    assert (given["clip_id"], given["example"]) == (example.clip_id, {"valence": 1, "arousal": 1})
    assert "A smile." in html
    assert "Valence: neutral or pleasant" in html
    assert newcomer.get(f"/api/v1/clips/{example.clip_id}").json()["expires_at"] is None
    assert newcomer.get(f"{HOME}first-hour/examples/2/").status_code == 404


def test_only_examples_may_be_looked_at_unserved(led: Study, newcomer: Client) -> None:
    practice = TeachingClip.objects.filter(kind=TeachingKind.PRACTICE)[0]
    assert newcomer.get(f"/api/v1/clips/{practice.clip_id}").status_code == 409
    example = TeachingClip.objects.get(kind=TeachingKind.EXAMPLE)
    submitted = newcomer.post(
        f"/api/v1/clips/{example.clip_id}/submit",
        {"uuid": str(uuid.uuid4()), "values": RIGHT},
        content_type="application/json",
    )
    assert (submitted.status_code, submitted.json()["code"]) == (404, "not_served")
    drafted = newcomer.put(f"/api/v1/clips/{example.clip_id}/draft", {"content": {}}, content_type="application/json")
    assert drafted.status_code == 404


def test_not_passing_says_whom_to_talk_to_and_lets_repeat(led: Study, newcomer: Client, people: Personas) -> None:
    to_practice(led, people.annotator)
    practise(led, people.annotator, WRONG, RIGHT)
    said = text_of(newcomer, f"{HOME}first-hour/")
    assert "You answered 1 of 2 practice clips as accepted; 2 are needed" in said
    assert "Talk to admin-of-it about what was unclear" in said
    assert newcomer.post(f"{HOME}first-hour/", {"step": "repeat"}).headers["Location"] == f"{HOME}label/"
    practise(led, people.annotator, RIGHT, RIGHT)
    assert "To your queue" in text_of(newcomer, f"{HOME}first-hour/")


@pytest.mark.parametrize("step", ["repeat", "done", "nonsense", ""])
def test_a_step_that_is_not_due_changes_nothing(led: Study, newcomer: Client, people: Personas, step: str) -> None:
    assert newcomer.post(f"{HOME}first-hour/", {"step": step}).headers["Location"] == f"{HOME}first-hour/"
    assert newcomers.standing_of(led, people.annotator).stage is Stage.READING
    assert not Newcomer.objects.exclude(read_at=None, examples_seen_at=None, passed_at=None).exists()


def test_the_people_page_says_how_far_each_is_and_how_well(led: Study, boss: Client, people: Personas) -> None:
    def row(user: User) -> str:
        found = re.search(rf"<tr>\s*<td>{user}.*?</tr>", text_of(boss, f"{HOME}people/"), re.DOTALL)
        assert found is not None
        return re.sub(r"<[^>]+>|\s+", " ", found[0])

    assert "not begun" in row(people.annotator)
    assert "not begun" not in row(people.researcher)
    to_practice(led, people.annotator)
    practise(led, people.annotator, WRONG)
    assert "practice clips" in row(people.annotator)
    assert "0 of 1" in row(people.annotator)
    practise(led, people.annotator, RIGHT)
    assert "not passed yet" in row(people.annotator)
    newcomers.take_step(led, people.annotator, Stage.REPEAT)
    practise(led, people.annotator, RIGHT, RIGHT)
    assert re.search(r"passed, time 2 +2 of 2", row(people.annotator))


# --- what an admin writes --------------------------------------------------------------------------------------------


def test_instructions_are_headings_paragraphs_lists_and_stress() -> None:
    html = markdown("# Look\n\nSay *what* you **see**:\n\n- one\n- two\n\n1. first\n\n[how](https://lab.example/x)")
    assert html == (
        "<h2>Look</h2>\n<p>Say <em>what</em> you <strong>see</strong>:</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"
        '<ol>\n<li>first</li>\n</ol>\n<p><a href="https://lab.example/x">how</a></p>\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "x <img src=x onerror=alert(1)> y",
        "[a](javascript:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "![a](https://elsewhere.example/pixel.png)",
        '[a](https://x.example/" onmouseover="alert(1))',
        "<https://x.example/'><svg onload=alert(1)>",
        "[a]: javascript:alert(1)\n\n[a]",
    ],
)
def test_nothing_that_is_written_runs_or_is_fetched(text: str) -> None:
    html = markdown(text)
    tags = re.findall(r"<[^>]+>", html)
    assert {re.match(r"</?(\w+)", tag)[1] for tag in tags} <= {"p", "a"}  # type: ignore[index]  # each is a tag
    assert all(re.fullmatch(r'</?p>|</a>|<a href="https://[^"]*"( title="[^"]*")?>', tag) for tag in tags), html
