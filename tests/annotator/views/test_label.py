"""The shell of the label page, the rail and the base that every page stands on."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotator.models import Study
from tests.factories.people import Personas, client_of, make_personas
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def personas() -> Personas:
    return make_personas(make_study("demo"), make_study("other"))


def page(client: Client, address: str = "/studies/demo/label/") -> str:
    response = client.get(address)
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


def config(html: str) -> dict[str, object]:
    found = re.search(r'<script id="bench-config" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    settings: dict[str, object] = json.loads(found[1])
    return settings


def rail(html: str) -> list[str]:
    found = re.search(r'<nav class="rail".*?</nav>', html, re.DOTALL)
    assert found is not None
    return re.findall(r'<a class="item" href="(/studies/[^"]+)"', found[0])


def test_the_shell_carries_the_scheme_and_who_labels(personas: Personas) -> None:
    given = config(page(client_of(personas.annotator)))
    assert [dimension["key"] for dimension in given["scheme"]] == ["valence", "arousal"]  # type: ignore[attr-defined]  # JSON
    assert (given["slug"], given["user_id"], given["clip_id"]) == ("demo", personas.annotator.pk, None)


def test_the_page_brings_what_is_held_and_claims_nothing_itself(personas: Personas) -> None:
    ann, study = client_of(personas.annotator), Study.objects.get(slug="demo")
    assert config(page(ann))["worklist"]["held"] == []  # type: ignore[index]  # JSON
    assert not study.slots.filter(state="leased").exists()
    said = ann.post("/api/v1/studies/demo/queue/claim", {}, content_type="application/json").json()
    given: Any = config(page(ann))["worklist"]
    assert [task["clip_id"] for task in given["held"]] == [task["clip_id"] for task in said["held"]]
    assert (given["progress"], given["scheme"]) == (said["progress"], said["scheme"])
    assert given["held"][0].keys() == said["held"][0].keys()
    assert config(page(ann, "/studies/demo/clips/7/"))["worklist"] is None


def test_the_page_asks_the_database_as_often_for_one_clip_as_for_many(personas: Personas) -> None:
    ann, study = client_of(personas.annotator), Study.objects.get(slug="demo")
    counts = []
    for reserve in (1, 5):
        Study.objects.filter(pk=study.pk).update(reserve=reserve)
        ann.post("/api/v1/studies/demo/queue/claim", {}, content_type="application/json")
        with CaptureQueriesContext(connection) as queries:
            assert len(config(page(ann))["worklist"]["held"]) == reserve  # type: ignore[index]  # JSON
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_same_page_on_one_clip(personas: Personas) -> None:
    assert config(page(client_of(personas.annotator), "/studies/demo/clips/7/"))["clip_id"] == 7


def test_no_script_or_style_stands_in_the_page_itself(personas: Personas) -> None:
    html = page(client_of(personas.annotator))
    assert not re.findall(r"\sstyle=|\son[a-z]+=", html)
    assert re.findall(r"<style[^>]* nonce=[^>]*>(.*?)</style>", html) == ["", ""]  # empty, for the figures' library
    assert html.count("<style") == 2
    inline = [tag for tag in re.findall(r"<script[^>]*>", html) if " src=" not in tag]
    assert inline == ['<script id="bench-config" type="application/json">']


def test_only_those_who_annotate_get_it(personas: Personas) -> None:
    statuses = {
        name: client_of(user).get("/studies/demo/label/").status_code
        for name, user in (
            ("annotator", personas.annotator),
            ("admin", personas.admin),
            ("researcher", personas.researcher),
            ("stranger", personas.stranger),
            ("nobody", None),
        )
    }
    assert statuses == {
        "annotator": HTTPStatus.OK,
        "admin": HTTPStatus.OK,
        "researcher": HTTPStatus.FORBIDDEN,
        "stranger": HTTPStatus.NOT_FOUND,
        "nobody": HTTPStatus.FOUND,
    }


def test_the_rail_shows_what_the_role_may_open(personas: Personas) -> None:
    home = "/studies/demo/"
    assert rail(page(client_of(personas.annotator), home)) == [home, home + "label/"]
    everything = [home + name for name in ("", "label/", "sessions/", "rounds/", "exports/", "people/")]
    assert rail(page(client_of(personas.admin), home)) == everything
    assert rail(page(client_of(personas.researcher), home)) == [
        home + name for name in ("", "sessions/", "rounds/", "exports/")
    ]


def test_forbidden_and_unknown_addresses_say_what_to_do(personas: Personas) -> None:
    researcher = client_of(personas.researcher)
    assert "Your role may not do this" in researcher.get("/studies/demo/label/").content.decode()
    assert "nothing at this address" in researcher.get("/studies/other/").content.decode()


def test_the_login_page_names_what_is_wrong() -> None:
    response = Client().post("/login/", {"username": "nobody", "password": "wrong"})
    assert "Please enter a correct username and password" in response.content.decode()
