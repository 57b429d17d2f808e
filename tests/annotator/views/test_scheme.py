"""The editor of a label scheme, as a plain form: rows, presets, errors beside the fields, and when it is fixed."""

from __future__ import annotations

import re
import uuid
from http import HTTPStatus

import pytest
from django.test import Client

from annotator.forms.scheme import MAX_ROWS, PRESETS, SchemeEditor, key_of
from annotator.models import AuditEvent, Study
from mlcore.types import AFFECT_GRID, VALENCE3, Dimension, DimensionKind, check_scheme
from tests.annotator.views.test_pages import new_study
from tests.factories.labels import add_label
from tests.factories.people import Personas, client_of, make_personas
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def personas() -> Personas:
    return make_personas(make_study("demo"), make_study("other"))


def rows(*questions: tuple[str, str, str, str, str]) -> dict[str, str]:
    """(question, key, kind, words, levels), as the browser sends them."""
    names = ("title", "key", "kind", "words", "levels")
    fields = {
        f"question-{number}-{name}": value
        for number, question in enumerate(questions)
        for name, value in zip(names, question, strict=True)
    }
    return fields | {"n_questions": str(len(questions))}


VALENCE = ("Felt valence", "", "class", "bad, so-so , good", "")
MOOD = ("Mood", "mood", "emotions", "joy, fear", "3")
SPACE = ("Affect", "affect", "grid", "unpleasant, pleasant, sleepy, aroused", "9")


def post(client: Client, fields: dict[str, str], address: str = "/studies/new/") -> str:
    response = client.post(address, fields)
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


def values(html: str, name: str) -> list[str]:
    return re.findall(rf'name="question-\d+-{name}"[^>]*? value="([^"]*)"', html) or re.findall(
        rf'<input[^>]*value="([^"]*)"[^>]*name="question-\d+-{name}"', html
    )


def test_every_preset_is_a_scheme() -> None:
    for _, dimensions in PRESETS.values():
        check_scheme(dimensions)
    kinds = {dimension.kind for _, dimensions in PRESETS.values() for dimension in dimensions}
    assert kinds == set(DimensionKind)


def test_what_the_editor_shows_is_what_it_reads_back() -> None:
    for _, dimensions in PRESETS.values():
        shown = SchemeEditor.of(dimensions)
        sent = {f"question-{n}-{name}": text for n, row in enumerate(shown.rows) for name, text in row.items()}
        read = SchemeEditor.read(sent | {"n_questions": str(len(shown.rows))})
        assert read.is_valid(), [form.errors for form in read.forms]
        assert read.dimensions == dimensions


def test_a_study_asks_several_kinds_at_once(personas: Personas) -> None:
    fields = new_study(scheme="own", trace_sfreq="10", applies_lag="on") | rows(VALENCE, MOOD, SPACE)
    client_of(personas.superuser).post("/studies/new/", fields)
    made = Study.objects.get(slug="night")
    assert made.dimensions == (
        Dimension("felt_valence", "Felt valence", DimensionKind.CLASS, ("bad", "so-so", "good")),
        Dimension("mood", "Mood", DimensionKind.EMOTIONS, ("joy", "fear"), 3),
        AFFECT_GRID,
    )
    assert (made.trace_sfreq, made.applies_lag) == (10.0, True)


@pytest.mark.parametrize(
    ("action", "titles"),
    [
        ("add", ["Felt valence", "Mood", "Affect", ""]),
        ("remove:1", ["Felt valence", "Affect"]),
        ("up:2", ["Felt valence", "Affect", "Mood"]),
        ("down:0", ["Mood", "Felt valence", "Affect"]),
        ("up:0", ["Felt valence", "Mood", "Affect"]),
        ("down:2", ["Felt valence", "Mood", "Affect"]),
        ("up:x", ["Felt valence", "Mood", "Affect"]),
        ("preset", ["Felt valence", "Mood", "Affect", "Valence", "Arousal"]),
    ],
)
def test_rows_come_go_and_move_and_nothing_typed_is_lost(personas: Personas, action: str, titles: list[str]) -> None:
    fields = new_study(title="Half-written", scheme="classes3", window_s="7.5") | rows(VALENCE, MOOD, SPACE)
    fields |= {"scheme_action": action, "scheme_preset": "vas"}
    html = post(client_of(personas.superuser), fields)
    editor = SchemeEditor.read(fields)
    assert [row["title"] for row in editor.rows] == titles
    for title in filter(None, titles):
        assert f'value="{title}"' in html
    assert 'value="Half-written"' in html
    assert 'value="7.5"' in html
    assert "errorlist" not in html
    assert Study.objects.filter(slug="night").count() == 0


def test_a_scheme_has_a_last_row(personas: Personas) -> None:
    many = rows(*[VALENCE] * (MAX_ROWS + 3)) | {"scheme_action": "add"}
    assert len(SchemeEditor.read(many).rows) == MAX_ROWS


@pytest.mark.parametrize(
    ("question", "where", "sentence"),
    [
        (("", "a", "class", "x, y", ""), "title", "This field is required."),
        (("A", "1 b", "class", "x, y", ""), "key", "Expected a lower-case identifier such as"),
        (("A", "a", "class", "x", ""), "words", "Expected at least 2 classes, got 1."),
        (("A", "a", "emotions", "joy, joy", "3"), "words", "Each emotion is named once."),
        (("A", "a", "emotions", "joy", "12"), "levels", "Expected 1..9 levels, got 12."),
        (("A", "a", "ordinal", "low, high", "many"), "levels", "Enter a whole number."),
        (("A", "a", "grid", "x, y", "9"), "words", "Expected the words of its 4 ends, got 2."),
        (("A", "a", "trace", "x, y", "3"), "levels", "Expected no levels (0), got 3."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    personas: Personas, question: tuple[str, str, str, str, str], where: str, sentence: str
) -> None:
    fields = new_study(scheme="own") | rows(MOOD, question)
    html = post(client_of(personas.superuser), fields)
    found = re.search(rf'<div class="field {where}">(?:(?!<div class="field).)*errorlist.*?<li>(.*?)</li>', html, re.S)
    assert found is not None
    assert found[1].startswith(sentence)
    assert 'value="joy, fear"' in html
    assert not Study.objects.filter(slug="night").exists()


def test_two_questions_of_one_name_are_refused(personas: Personas) -> None:
    html = post(client_of(personas.superuser), new_study(scheme="own") | rows(MOOD, MOOD))
    assert "Two dimensions are called &#x27;mood&#x27;: each needs a name of its own." in html
    html = post(client_of(personas.superuser), new_study(scheme="own") | rows())
    assert "A label scheme needs at least one dimension." in html


def test_a_scheme_is_changed_until_the_first_label(personas: Personas) -> None:
    study, admin = Study.objects.get(slug="demo"), client_of(personas.admin)
    page = "/studies/demo/scheme/"
    assert 'value="Valence"' in admin.get(page).content.decode()
    assert admin.post(page, rows(VALENCE)).headers["Location"] == "/studies/demo/"
    study.refresh_from_db()
    assert [dimension.key for dimension in study.dimensions] == ["felt_valence"]
    assert AuditEvent.objects.filter(verb="set_scheme", study=study, actor=personas.admin).count() == 1
    add_label(study.clips.first(), personas.annotator)  # type: ignore[arg-type]  # it has clips
    assert "The scheme is fixed" in admin.get(page).content.decode()
    assert "The scheme is fixed: the study has labels." in admin.post(page, rows(MOOD)).content.decode()
    answer = admin.put("/api/v1/studies/demo/scheme", {"scheme": [VALENCE3.to_json()]}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (HTTPStatus.CONFLICT, "has_labels")
    study.refresh_from_db()
    assert [dimension.key for dimension in study.dimensions] == ["felt_valence"]


def test_the_scheme_by_the_api(personas: Personas) -> None:
    admin = client_of(personas.admin)
    scheme = [dimensions[0].to_json() for _, dimensions in PRESETS.values()]
    named = [item | {"key": f"q{number}"} for number, item in enumerate(scheme)]
    said = admin.put("/api/v1/studies/demo/scheme", {"scheme": named}, content_type="application/json")
    assert (said.status_code, said.json()["scheme"]) == (HTTPStatus.OK, named)
    broken = [AFFECT_GRID.to_json() | {"classes": ["a", "b"]}]
    refused = admin.put("/api/v1/studies/demo/scheme", {"scheme": broken}, content_type="application/json")
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert refused.json()["message"].startswith("The scheme does not hold together: dimension 'affect': expected the")


def test_keys_are_made_of_questions() -> None:
    assert key_of("Felt valence (1–9)") == "felt_valence_1_9"
    assert key_of("3 words") == "q_3_words"


def test_an_answer_from_a_page_that_is_older_than_the_questions_is_refused(personas: Personas) -> None:
    admin, annotator = client_of(personas.admin), client_of(personas.annotator)
    claimed = annotator.post("/api/v1/studies/demo/queue/claim", {}, content_type="application/json").json()
    clip = f"/api/v1/clips/{claimed['held'][0]['clip_id']}"
    draft = {"uuid": "x", "values": {"valence": 1}}
    annotator.put(f"{clip}/draft", {"content": draft}, content_type="application/json")
    admin.post("/studies/demo/scheme/", rows(MOOD))
    body = {"uuid": str(uuid.uuid4()), "values": {"valence": 1, "arousal": 1}, "confidence": 2}
    refused = annotator.post(
        f"{clip}/submit", body | {"scheme_version": claimed["scheme_version"]}, content_type="application/json"
    )
    assert (refused.status_code, refused.json()["code"]) == (HTTPStatus.CONFLICT, "scheme_changed")
    assert annotator.get(clip).json()["draft"] == draft
    study = Study.objects.get(slug="demo")
    assert not study.labels.exists()
    now = annotator.post("/api/v1/studies/demo/queue/claim", {}, content_type="application/json").json()
    assert (now["scheme_version"], [one["key"] for one in now["scheme"]]) == (study.scheme_version, ["mood"])
    body |= {"values": {"mood": {"joy": 2}}, "scheme_version": now["scheme_version"]}
    assert annotator.post(f"{clip}/submit", body, content_type="application/json").status_code == HTTPStatus.OK
