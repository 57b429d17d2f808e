"""The acquisition settings by page, API and command line."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from annotator.domain.acquisition import NAMES, Acquisition
from annotator.models import AuditEvent, Study
from mlcore.types import Strategy
from tests.factories.pages import text_of
from tests.factories.people import Personas, client_of
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db
PAGE, API = "/studies/demo/acquisition/", "/api/v1/studies/demo/acquisition"


@pytest.fixture
def study() -> Study:
    return make_study("demo", n_subjects=2)


def typed(**changes: str) -> dict[str, str]:
    """What a browser sends of the form as it stands; a box that is not ticked sends nothing."""
    plain = {
        name: f"{value:g}" if isinstance(value, float) else str("" if value is None else value)
        for name, value in Acquisition().to_json().items()
    }
    return plain | {"is_gated": "on"} | changes


def test_the_form_shows_every_setting_with_its_value_and_help(admin: Client) -> None:
    page = text_of(admin, PAGE)
    for name in NAMES:
        assert f'name="{name}"' in page
        assert f'id="id_{name}_helptext"' in page
        assert f'aria-describedby="id_{name}_helptext"' in page
    assert 'name="min_gap_s" value="10"' in page
    assert [value for value in re.findall(r'<option value="([^"]+)"', page) if value in list(Strategy)] == list(
        Strategy
    )
    assert '<option value="entropy" selected>' in page


def test_what_is_saved_is_used_and_recorded(study: Study, personas: Personas, admin: Client) -> None:
    fields = typed(strategy="gated-consistency", min_quality="0.4", budget_minutes="600", vote_model="dawid_skene")
    del fields["is_gated"]
    assert admin.post(PAGE, fields).headers["Location"] == PAGE
    study.refresh_from_db()
    assert study.acquisition == {"strategy": "gated-consistency", "is_gated": False, "min_quality": 0.4}
    assert (study.vote_model, study.budget_minutes) == ("dawid_skene", 600)
    assert AuditEvent.objects.get(verb="set_acquisition").actor == personas.admin
    page = text_of(admin, PAGE)
    assert "The settings are saved; the next ranking is made by them." in page
    assert 'name="min_quality" value="0.4"' in page


def test_stopping_settings_are_saved_and_taken_back(study: Study, admin: Client) -> None:
    admin.post(PAGE, typed(min_gain="0", min_gain_per_hour="0.005", max_half_width="0.05", n_stable="4"))
    study.refresh_from_db()
    assert study.stopping == {"min_gain": 0.0, "min_gain_per_hour": 0.005, "max_half_width": 0.05, "n_stable": 4}
    assert 'name="max_half_width" value="0.05"' in text_of(admin, PAGE)
    admin.post(PAGE, typed())
    study.refresh_from_db()
    assert study.stopping == {}


def test_saving_the_form_as_it_is_changes_nothing(study: Study, admin: Client) -> None:
    admin.post(PAGE, typed())
    study.refresh_from_db()
    assert study.acquisition == {}
    assert "Nothing was different." in text_of(admin, PAGE)


def test_each_bad_value_is_told_at_its_field_and_nothing_is_saved(study: Study, admin: Client) -> None:
    fields = typed(min_quality="3", batch_size="many", audit_share="", strategy="margin", max_half_width="wide")
    page = admin.post(PAGE, fields).content.decode().replace("&#x27;", "'")
    errors = dict(re.findall(r'<ul class="errorlist" id="id_(\w+)_error"><li>(.*?)</li>', page))
    assert errors == {
        "min_quality": "Expected 0..1, got 3.0.",
        "batch_size": "Expected a whole number, got 'many'.",
        "audit_share": "This field is required.",
        "max_half_width": "Expected a number, got 'wide'.",
    }
    assert "Nothing was saved" in page
    assert '<option value="margin" selected>' in page, "what was typed stays"
    study.refresh_from_db()
    assert study.acquisition == {}


def test_shares_that_leave_no_room_are_told_once(admin: Client) -> None:
    page = admin.post(PAGE, typed(audit_share="0.6", repeat_share="0.4")).content.decode()
    assert page.count("together less than 1.") == 1


def test_researchers_read_it_annotators_do_not(personas: Personas) -> None:
    researcher = client_of(personas.researcher)
    page = text_of(researcher, PAGE)
    assert "Admins of the study change these." in page
    assert 'type="submit">Save' not in page
    assert researcher.post(PAGE, typed(strategy="margin")).status_code == 403
    assert client_of(personas.annotator).get(PAGE).status_code == 403


# --- API -------------------------------------------------------------------------------------------------------------


def put(client: Client, body: dict[str, Any]) -> Any:
    return client.put(API, json.dumps(body), content_type="application/json")


def test_the_api_changes_what_it_is_given(study: Study, personas: Personas, admin: Client) -> None:
    assert client_of(personas.researcher).get(API).json() == Acquisition().to_json()
    changes = {"strategy": "bald", "budget_minutes": 30, "max_half_width": 0.1, "n_stable": 2}
    assert put(admin, changes).json() == Acquisition().to_json() | changes
    said = put(admin, {"budget_minutes": None, "max_half_width": None})
    assert said.json() == Acquisition().to_json() | {"strategy": "bald", "n_stable": 2}
    study.refresh_from_db()
    assert (study.acquisition, study.stopping, study.budget_minutes) == ({"strategy": "bald"}, {"n_stable": 2}, None)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"min_quality": 2}, "min_quality: expected 0..1, got 2.0."),
        ({"min_quality": None}, "min_quality: expected a number, got None."),
        ({"min_kappa": 1}, "min_kappa: expected more than 0 and less than 1, got 1.0."),
        ({"n_stable": 2.5}, "n_stable: Input should be a valid integer"),
        ({"audit_share": 0.95}, "audit_share: The shares for random clips"),
        ({"strategy": "best"}, "strategy: Input should be 'random', 'entropy'"),
        ({"stratgy": "random"}, "stratgy: Extra inputs are not permitted."),
    ],
)
def test_the_api_refuses_in_a_sentence(study: Study, admin: Client, body: dict[str, Any], sentence: str) -> None:
    answer = put(admin, body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(sentence)
    study.refresh_from_db()
    assert study.acquisition == {}


# --- command line ----------------------------------------------------------------------------------------------------


def run(*arguments: str) -> list[str]:
    out = io.StringIO()
    call_command("set_acquisition", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_the_command_sets_and_prints(study: Study) -> None:
    said = run("demo", "strategy=random", "is_gated=no", "min_gap_s=2.5", "max_half_width=0.05")
    study.refresh_from_db()
    assert study.stopping == {"max_half_width": 0.05}
    assert study.acquisition == {"strategy": "random", "is_gated": False, "min_gap_s": 2.5}
    assert said == run("demo")
    assert {"strategy=random", "is_gated=False", "min_gap_s=2.5", "audit_share=0.12", "budget_minutes="} <= set(said)
    assert {"max_half_width=0.05", "min_kappa=0.99", "min_gain_per_hour=0.0"} <= set(said)


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("strategy", "'strategy' sets nothing: write key=value"),
        ("min_quality=high", "min_quality: expected a number, got 'high'"),
        ("colour=red", "colour: there is no such setting"),
    ],
)
def test_the_command_refuses_in_a_sentence(study: Study, argument: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        run("demo", argument)
    study.refresh_from_db()
    assert study.acquisition == {}
