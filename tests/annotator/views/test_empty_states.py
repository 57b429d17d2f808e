"""Every page with nothing to show, as each role sees it: what that means, and the next thing to do, where one may."""

from __future__ import annotations

import re
from http import HTTPStatus

import pytest
from django.test import Client

from annotator.domain import people as accounts
from annotator.domain import queueing, studies
from annotator.domain.studies import StudySpec
from annotator.enums import ExportFormat, JobKind, JobQueue, JobState, Role, RoundState, SessionStatus
from annotator.models import Export, Job, Study
from mlcore.types import VALENCE3
from tests.annotator.views.test_pages import make_round
from tests.factories.labels import add_label
from tests.factories.newcomers import pool_clips
from tests.factories.pages import plain, text_of
from tests.factories.people import Personas, client_of, make_personas
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db

HOME = "/studies/empty/"
#: page -> persona -> what it says, and where it leads; None: the role has no such page
IMPORTS, IMPORTED = (HOME + "import/", "Import recordings"), "An admin of the study imports recordings."
LABELS, ANSWERED = (HOME + "label/", "Label"), "The study&#x27;s annotators give these answers."
NO_CLIPS = "There are no clips yet: import recordings first."
EMPTY: dict[str, dict[str, tuple[str, tuple[str, str] | str] | None]] = {
    "": {
        "admin": (NO_CLIPS, IMPORTS),
        "annotator": (NO_CLIPS, IMPORTED),
        "researcher": (NO_CLIPS, IMPORTED),
        "superuser": (NO_CLIPS, IMPORTS),
    },
    "sessions/": {
        "admin": ("No recordings yet", IMPORTS),
        "annotator": None,
        "researcher": ("No recordings yet", IMPORTED),
        "superuser": ("No recordings yet", IMPORTS),
    },
    "sessions/quality/": {
        "admin": ("Nothing to judge", (HOME + "sessions/", "To the sessions")),
        "annotator": None,
        "researcher": ("Nothing to judge", (HOME + "sessions/", "To the sessions")),
        "superuser": ("Nothing to judge", (HOME + "sessions/", "To the sessions")),
    },
    "rounds/": {
        "admin": ("No round yet", IMPORTS),
        "annotator": None,
        "researcher": ("No round yet", IMPORTED),
        "superuser": ("No round yet", IMPORTS),
    },
    "exports/": {
        "admin": ("There is nothing to export yet", LABELS),
        "annotator": None,
        "researcher": ("There is nothing to export yet", ANSWERED),
        "superuser": ("There is nothing to export yet", LABELS),
    },
    "onboarding/": {
        "admin": ("None yet. An example shows its answer", (HOME + "sessions/", "session’s page")),
        "annotator": None,
        "researcher": None,
        "superuser": ("None yet. An example shows its answer", (HOME + "sessions/", "session’s page")),
    },
    "first-hour/": {
        "admin": ("The study’s admins have written no instructions.", (HOME + "label/", "To your queue")),
        "annotator": ("The study’s admins have written no instructions.", (HOME + "label/", "To your queue")),
        "researcher": None,
        "superuser": ("The study’s admins have written no instructions.", (HOME + "label/", "To your queue")),
    },
}


@pytest.fixture
def empty_study() -> Study:
    return studies.create_study(StudySpec(slug="empty", title="Empty", dimensions=(VALENCE3,)), actor=None)


@pytest.fixture
def people(empty_study: Study) -> Personas:
    return make_personas(empty_study, make_study("other", n_subjects=2))


def leads_to(client: Client, html: str, link: tuple[str, str]) -> None:
    """The page has the link, and it opens for this person."""
    address, words = link
    assert re.search(rf'href="{re.escape(address)}"[^>]*>{re.escape(words)}<', html), link
    assert client.get(address).status_code == HTTPStatus.OK, address


@pytest.mark.parametrize("persona", ["admin", "annotator", "researcher", "superuser"])
@pytest.mark.parametrize("page", EMPTY)
def test_an_empty_page_says_what_to_do_next_to_whoever_may(people: Personas, page: str, persona: str) -> None:
    client = client_of(getattr(people, persona))
    wanted = EMPTY[page][persona]
    if wanted is None:
        assert client.get(HOME + page).status_code == HTTPStatus.FORBIDDEN
        return
    sentence, way = wanted
    html = text_of(client, HOME + page)
    assert sentence in html
    if isinstance(way, tuple):
        leads_to(client, html, way)
    else:
        assert way in html
        assert 'data-testid="next"' not in html.replace('<p class="muted" data-testid="next">', "")


@pytest.mark.parametrize("page", EMPTY)
def test_a_stranger_is_told_of_nothing(people: Personas, page: str) -> None:
    assert client_of(people.stranger).get(HOME + page).status_code == HTTPStatus.NOT_FOUND


def test_who_is_in_no_study_is_told_whom_to_tell_what(people: Personas) -> None:
    lonely = client_of(accounts.create_user("lonely", password=None))
    html = text_of(lonely, "/")
    assert "An admin adds lonely on the study&#x27;s People page: tell them this name." in html
    leads_to(lonely, html, ("/account/", "Your account"))


def test_a_superuser_without_a_study_makes_one() -> None:
    boss = client_of(accounts.create_user("boss", password=None, is_superuser=True))
    leads_to(boss, text_of(boss, "/"), ("/studies/new/", "New study"))


def test_a_study_without_annotators_says_where_to_add_them(empty_study: Study) -> None:
    boss = accounts.create_user("boss", password=None)
    studies.add_member(empty_study, boss, Role.ADMIN, actor=None)
    assert "Nobody annotates here yet: add somebody below" in text_of(client_of(boss), f"{HOME}people/")


@pytest.mark.parametrize(("persona", "page"), [("admin", "label"), ("annotator", "label"), ("researcher", "")])
def test_waiting_answers_lead_to_the_label_page(persona: str, page: str) -> None:
    study = make_study("empty")
    client = client_of(getattr(make_personas(study, make_study("other", n_subjects=2)), persona))
    html = text_of(client, HOME)
    assert "Nobody has labelled yet: 16 answers are waiting to be given." in html
    if page:
        leads_to(client, html, LABELS)
    else:
        assert ANSWERED in html


def test_enough_labels_lead_an_admin_to_the_rounds() -> None:
    study = make_study("empty", n_clips=6)
    people = make_personas(study, make_study("other", n_subjects=2))
    Study.objects.filter(pk=study.pk).update(min_labels=2)
    for clip in pool_clips(study)[:2]:
        add_label(clip, people.annotator)
    admin, researcher = client_of(people.admin), client_of(people.researcher)
    html = text_of(admin, HOME)
    assert "Enough labels for a first round" in html
    leads_to(admin, html, (HOME + "rounds/", "To the rounds"))
    assert "An admin of the study starts rounds." in text_of(researcher, HOME)
    assert "Nothing exported yet" in text_of(researcher, f"{HOME}exports/")


def test_recordings_that_all_failed_lead_to_why(empty_study: Study, people: Personas) -> None:
    subject = empty_study.subjects.create(code="S1")
    empty_study.sessions.create(
        subject=subject, code="1", layout="manifest", status=SessionStatus.FAILED, error="The EEG file is empty."
    )
    admin = client_of(people.admin)
    html = text_of(admin, HOME)
    assert "No recording came in: 1 failed." in html
    leads_to(admin, html, (HOME + "sessions/", "To the sessions"))
    assert "The EEG file is empty." in text_of(admin, f"{HOME}sessions/")


# --- errors say what became of the work ------------------------------------------------------------------------------


def test_a_failed_session_says_that_nothing_of_it_was_kept(empty_study: Study, people: Personas) -> None:
    subject = empty_study.subjects.create(code="S1")
    session = empty_study.sessions.create(
        subject=subject, code="1", layout="manifest", status=SessionStatus.FAILED, error="The EEG file is empty."
    )
    admin = client_of(people.admin)
    assert 'The EEG file is empty. <span class="muted">Nothing of it was kept.' in text_of(admin, f"{HOME}sessions/")
    page = text_of(admin, f"{HOME}sessions/{session.pk}/")
    assert "The EEG file is empty. Nothing of it was kept, and other sessions are as they were" in page


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_stopped_import_says_what_stays(empty_study: Study, people: Personas, state: JobState) -> None:
    Job.objects.create(kind=JobKind.IMPORT, queue=JobQueue.IO, study=empty_study, state=state, reason="No such folder.")
    said = text_of(client_of(people.admin), f"{HOME}sessions/")
    assert "No such folder." in said
    assert "Sessions that came in before it stopped stay." in said


def test_a_failed_round_says_that_no_label_was_lost(empty_study: Study, people: Personas) -> None:
    make_round(empty_study, 1, state=RoundState.FAILED, error="The disk is full.")
    researcher = client_of(people.researcher)
    assert "no label was lost" in text_of(researcher, f"{HOME}rounds/")
    assert "The disk is full. The ranking before it goes on serving, and no label was lost." in text_of(
        researcher, f"{HOME}rounds/1/"
    )


def test_a_failed_export_says_that_the_labels_are_as_they_were(empty_study: Study, people: Personas) -> None:
    job = Job.objects.create(
        kind=JobKind.EXPORT, queue=JobQueue.IO, study=empty_study, state=JobState.FAILED, reason="The disk is full."
    )
    Export.objects.create(study=empty_study, job=job, format=ExportFormat.CSV)
    said = text_of(client_of(people.researcher), f"{HOME}exports/")
    assert 'The disk is full. <span class="muted">The labels are as they were: export again.' in said


def test_refusals_say_that_nothing_was_changed(people: Personas) -> None:
    annotator = client_of(people.annotator)
    forbidden, missing = annotator.get(f"{HOME}rounds/"), annotator.get("/studies/nowhere/")
    for response in (forbidden, missing):
        assert "Nothing was changed." in plain(response.content.decode())
        assert 'href="/">To your studies' in response.content.decode()


def test_an_empty_queue_has_a_way_back(people: Personas, empty_study: Study) -> None:
    assert queueing.claim(empty_study, people.annotator) == []
    html = text_of(client_of(people.annotator), f"{HOME}label/")
    leads_to(client_of(people.annotator), html, (HOME, "To the study"))
