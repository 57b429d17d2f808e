"""How rounds read what is answered over time: changed by page and API at any time, recorded, and kept by old rounds."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client

from annotator.domain import rounds
from annotator.domain.trace_reading import TraceReading, trace_reading_of
from annotator.models import AuditEvent, Round, Study
from mlcore.types import TRACE_VALENCE, VALENCE3
from tests.factories.pages import text_of
from tests.factories.people import Personas, client_of, make_personas
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db
PAGE, API = "/studies/demo/scheme/", "/api/v1/studies/demo/trace-reading"


@pytest.fixture
def study() -> Study:
    return make_study("demo", n_subjects=2, dimensions=(TRACE_VALENCE,))


@pytest.fixture
def personas(study: Study) -> Personas:
    return make_personas(study, make_study("other", n_subjects=2))


@pytest.fixture
def admin(personas: Personas) -> Client:
    return client_of(personas.admin)


def reading_of(study: Study) -> TraceReading:
    return trace_reading_of(Study.objects.get(pk=study.pk))


def test_the_scheme_page_changes_rate_and_lag_and_says_what_comes_of_it(
    study: Study, personas: Personas, admin: Client
) -> None:
    assert 'name="trace_sfreq" value="4.0"' in text_of(admin, PAGE)
    said = admin.post(PAGE, {"trace_sfreq": "12.5", "applies_lag": "on"}, follow=True).content.decode()
    assert "Saved; the next round reads traces so." in said
    assert reading_of(study) == TraceReading(12.5, applies_lag=True)
    (event,) = AuditEvent.objects.filter(verb="set_trace_reading")
    assert (event.actor, event.study, event.detail) == (
        personas.admin, study, {"trace_sfreq": 12.5, "applies_lag": True}
    )  # fmt: skip
    assert "Nothing was different." in admin.post(PAGE, {"trace_sfreq": "12.5", "applies_lag": "on"}, follow=True).text
    assert AuditEvent.objects.filter(verb="set_trace_reading").count() == 1
    admin.post(PAGE, {"trace_sfreq": "12.5"})  # a box that is not ticked sends nothing
    assert reading_of(study) == TraceReading(12.5, applies_lag=False)


@pytest.mark.parametrize("rate", ["0", "-4", "100.5", "nan", "inf"])
def test_a_rate_that_no_hand_has_is_refused_in_a_sentence(study: Study, admin: Client, rate: str) -> None:
    html = admin.post(PAGE, {"trace_sfreq": rate, "applies_lag": "on"}).content.decode()
    assert "errorlist" in html
    if rate.lstrip("-")[0].isdigit():
        assert "The rate of traces lies above 0 and up to 100 Hz." in html
        refused = admin.put(API, {"trace_sfreq": float(rate)}, content_type="application/json")
        assert (refused.status_code, refused.json()) == (
            HTTPStatus.UNPROCESSABLE_ENTITY,
            {"code": "bad_setting", "message": "The rate of traces lies above 0 and up to 100 Hz."},
        )
    assert reading_of(study) == TraceReading(4.0, applies_lag=False)
    assert not AuditEvent.objects.filter(verb="set_trace_reading").exists()


def test_by_the_api_what_is_left_out_keeps_its_value(study: Study, admin: Client) -> None:
    said = admin.put(API, {"applies_lag": True}, content_type="application/json").json()
    assert (said["trace_sfreq"], said["applies_lag"]) == (4.0, True)
    said = admin.put(API, {"trace_sfreq": 8}, content_type="application/json").json()
    assert (said["trace_sfreq"], said["applies_lag"]) == (8.0, True)
    assert reading_of(study) == TraceReading(8.0, applies_lag=True)


@pytest.mark.parametrize("persona", ["annotator", "researcher", "stranger"])
def test_only_admins_change_it(study: Study, personas: Personas, persona: str) -> None:
    client, status = client_of(getattr(personas, persona)), 404 if persona == "stranger" else 403
    assert client.get(PAGE).status_code == status
    assert client.post(PAGE, {"trace_sfreq": "8"}).status_code == status
    assert client.put(API, {"trace_sfreq": 8}, content_type="application/json").status_code == status
    assert reading_of(study) == TraceReading(4.0, applies_lag=False)


def test_it_is_open_after_the_scheme_is_fixed_and_rounds_keep_what_they_were_launched_with(
    study: Study, admin: Client
) -> None:
    before = Round.objects.create(study=study, **_round_of(study, 1))
    admin.post(PAGE, {"trace_sfreq": "10", "applies_lag": "on"})
    study.refresh_from_db()
    after = Round.objects.create(study=study, **_round_of(study, 2))
    before.refresh_from_db()
    assert before.reading == {"trace_sfreq": 4.0, "applies_lag": False, "lags_ms": {}}
    assert after.reading == {"trace_sfreq": 10.0, "applies_lag": True, "lags_ms": {}}
    for number, said in ((1, "4 Hz, reaction lags not applied"), (2, "10 Hz, moved by each annotator")):
        assert f"Traces were resampled to {said}" in text_of(admin, f"/studies/demo/rounds/{number}/")


def _round_of(study: Study, number: int) -> dict[str, object]:
    """As `launch_round` makes it, without the labels that it would ask for."""
    reading = rounds._reading(study, {})
    facts = {"seed": 1, "code_version": "x", "data_hash": "x", "n_labels": 0, "n_clips": 0, "state": "published"}
    return {"number": number, "reading": reading, **facts}


def test_where_a_round_is_started_it_is_said_what_it_will_use(study: Study, personas: Personas, admin: Client) -> None:
    for address in ("/studies/demo/", "/studies/demo/rounds/"):
        assert "4 Hz, reaction lags not applied" in text_of(admin, address)
        assert f'href="{PAGE}"' in text_of(admin, address)
    assert f'href="{PAGE}"' not in text_of(client_of(personas.researcher), "/studies/demo/rounds/")


def test_a_study_without_traces_is_not_asked_about_them(personas: Personas, admin: Client) -> None:
    Study.objects.filter(slug="demo").update(scheme=[VALENCE3.to_json()])
    for address in (PAGE, "/studies/demo/", "/studies/demo/rounds/"):
        page = text_of(admin, address)
        assert "trace_sfreq" not in page
        assert 'data-testid="trace-reading"' not in page
