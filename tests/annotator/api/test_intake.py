from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from annotator.enums import Role
from annotator.models import RecordingSession, Study
from tests.factories.people import client_of, make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study("lab", n_subjects=3, n_clips=2)


def test_a_session_is_deleted_by_the_api_after_a_look_at_what_goes(study: Study) -> None:
    client, session = client_of(make_member(study, "boss", Role.ADMIN)), study.sessions.all()[0]
    address = f"/api/v1/studies/lab/sessions/{session.pk}/deletion"
    look = client.get(address).json()
    assert (look["n_clips"], look["n_labels"], look["leaves_tombstone"]) == (2, 0, False)
    assert RecordingSession.objects.filter(pk=session.pk).exists()
    assert client.post(address).json() == look
    assert not RecordingSession.objects.filter(pk=session.pk).exists()
    assert client.post(address).status_code == 404


def test_a_session_of_another_study_can_not_be_named(study: Study) -> None:
    other = make_study("other").sessions.all()[0]
    client = client_of(make_member(study, "boss", Role.ADMIN))
    assert client.post(f"/api/v1/studies/lab/sessions/{other.pk}/deletion").status_code == 404
    assert RecordingSession.objects.filter(pk=other.pk).exists()


@pytest.mark.parametrize("source", ["/etc", "{root}/../..", "s3://secret/bucket", "s3://lab/eeg/../../x"])
def test_a_source_that_nobody_opened_is_refused(study: Study, settings: Settings, tmp_path: Path, source: str) -> None:
    settings.IMPORT_ROOTS, settings.IMPORT_S3 = [tmp_path], ["s3://lab/eeg"]
    client = client_of(make_member(study, "boss", Role.ADMIN))
    body = {"source": source.format(root=tmp_path)}
    answer = client.post("/api/v1/studies/lab/imports", body, content_type="application/json")
    assert answer.status_code == 403
    assert "Ask its operator to add it." in answer.json()["message"]
