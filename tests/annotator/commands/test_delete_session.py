from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from annotator.enums import SessionStatus
from annotator.models import RecordingSession, Study
from tests.factories.labels import add_label
from tests.factories.people import make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study("moods", n_subjects=3, n_clips=2)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("delete_session", "moods", *arguments, stdout=out)
    return out.getvalue()


def test_without_yes_it_only_says_what_would_go(study: Study) -> None:
    session = study.sessions.all()[0]
    said = run(session.subject.code, session.code)
    assert "would be deleted (with --yes): 2 clips, 0 original files" in said
    assert RecordingSession.objects.filter(pk=session.pk).exists()


def test_answers_are_counted_and_kept(study: Study) -> None:
    session = study.sessions.filter(subject__is_test=False)[0]
    add_label(session.clips.all()[0], make_member(study, "ann"))
    said = run(session.subject.code, session.code, "--yes")
    assert "was deleted: 1 clips" in said
    assert "1 answers of 1 annotators on 1 clips stay." in said
    session.refresh_from_db()
    assert session.status == SessionStatus.DELETED
    with pytest.raises(CommandError, match="deleted already"):
        run(session.subject.code, session.code, "--yes")


def test_an_unknown_session_is_refused_by_name(study: Study) -> None:
    with pytest.raises(CommandError, match="no session 'x' of a subject 'S01'"):
        run("S01", "x")
