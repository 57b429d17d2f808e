"""Pages in another language: every sentence is translated, and nothing that a machine reads is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from annotator.domain import queueing
from annotator.domain.ranking import RankedClip
from annotator.enums import (
    IntervalKind,
    JobKind,
    JobQueue,
    JobState,
    RankingPolicy,
    RoundState,
    SensorVerdict,
    SessionStatus,
)
from annotator.models import ChannelMark, ClipVerdict, Export, IntervalMark, Job, RecordingSession, Study, TeachingClip
from annotator.views import urls
from tests.annotator.views.test_pages import make_export, make_round
from tests.factories.advice import make_advice, make_reliability
from tests.factories.labels import add_label
from tests.factories.languages import LANGUAGE, Page, make_pseudo, outside_brackets
from tests.factories.newcomers import led_study, pool_clips
from tests.factories.people import Personas, client_of, make_personas
from tests.factories.sessions import fill_session, grade
from tests.factories.studies import add_session, make_study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
IN_GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}

#: what stays as it is in every language: the product, what people typed, what the field calls things
AS_THEY_ARE = re.compile(
    r"Concord|SHA-256|Deutsch|English"
    # what the scene's people typed and what its files are called
    r"|Demo|super|(admin|annotator|researcher)-of-it|S\d\d(-\w+)?|s01\.bdf|(/[\w-]+)+|[0-9a-f]{64}|(ab){32}|feltVlnc"
    r"|[Vv]alence|[Aa]rousal|unpleasant|neutral|pleasant|calm|medium|activated|Look|Say what you see|A smile"
    # units, and names of the field that a store has
    r"|\b(ms|ppm|Hz|min|fps|MB|UTC)\b|Fp1|Fp2|EXG1|Cz|session_s|video_s|\beeg\b|\bface\b|manifest|teacher|test\b|h264|clip\b"
    r"|By the learning curve, .*\."  # what a worker wrote when the round ended
)


@pytest.fixture(scope="module")
def pseudo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    make_pseudo(folder)
    return folder


@pytest.fixture
def two_languages(settings: Settings, pseudo: Path) -> Iterator[None]:
    settings.LOCALE_PATHS = [pseudo]
    settings.LANGUAGES = [("en-gb", "English"), (LANGUAGE, "Deutsch")]
    yield
    translation.activate("en-gb")


# --- a study in which every page has something to say -----------------------------------------------------------------


@pytest.fixture
def study() -> Study:
    study = led_study("demo", with_files=True)
    Study.objects.filter(pk=study.pk).update(hop_s=2.5, window_s=2.5, eeg_sfreq=128.5, description="")
    study.refresh_from_db()
    return study


@pytest.fixture
def personas(study: Study) -> Personas:
    return make_personas(study, make_study("other", n_subjects=2))


@pytest.fixture
def session(study: Study, personas: Personas) -> RecordingSession:
    session = fill_session(study.sessions.order_by("pk")[0], sync_residual_ms=120.5)
    session.channel_faults, session.bad_channels, session.sync_points = {"Fp1": ["flat"]}, ["Cz"], [[1.5, 2.0]]
    session.save()
    told: dict[str, Any] = {"study": study, "session": session, "by": personas.admin}
    ChannelMark.objects.create(channel="Cz", is_bad=True, **told)
    IntervalMark.objects.create(
        uuid="6a1b6a5e-5a4e-4d7b-9a43-0c6f7e6d1c11", kind=IntervalKind.ARTEFACT, start_s=0.5, stop_s=1.25, **told
    )
    clips = list(session.clips.order_by("number"))
    grade(clips[0], eeg_quality=0.25, eeg_faults={"line noise": 0.75}, face_quality=0.5, face_faults={"blur": 0.5})
    return session


@pytest.fixture
def scene(study: Study, personas: Personas, session: RecordingSession) -> dict[str, Any]:
    """Rounds that were published, failed and run; exports; sessions in every state; a quality list with a verdict."""
    stage = {"n_epochs": 9, "best_epoch": 7, "validation_loss": 0.875}
    folds = [{"by": "subject", "n_train": 12, "n_validation": 6}]
    pools = {"valence": {"alone": {"eeg": [0.5, 0.25]}, "together": {}}}
    published = make_round(
        study,
        1,
        advice=make_advice(),
        reliability=make_reliability({personas.annotator.pk: 0.8}),
        finished_at=study.created_at,
        started_at=study.created_at,
    )
    metrics = published.metrics | {
        "stages": {"teacher": stage},
        "validation": {"by": "subject", "folds": folds, "trust": {"eeg": 0.75}, "pools": pools},
    }
    published.metrics = metrics
    published.save()
    make_round(study, 2, state=RoundState.FAILED, metrics={}, error="")
    live = make_round(study, 3, state=RoundState.RUNNING, metrics={})
    Job.objects.filter(round=live).update(state=JobState.RUNNING, progress=0.25, seconds_left=40.0)
    scores = {"entropy": 0.5, "agreement": None, "disagreement": {"valence": 0.125}, "evidence": {"eeg": 2.5}}
    pool = pool_clips(study)
    ordered = [RankedClip(clip.pk, scores) for clip in pool]
    queueing.publish_ranking(study, round=published, policy=RankingPolicy.ENTROPY, ordered=ordered, seed=1)
    study.active_ranking.entries.filter(clip=pool[-1]).update(route="quality", is_open=False)  # type: ignore[union-attr]
    study.active_ranking.entries.filter(clip=pool[-2]).update(route="quality", is_open=False)  # type: ignore[union-attr]
    ClipVerdict.objects.create(study=study, clip=pool[-1], verdict=SensorVerdict.BAD, by=personas.admin)
    Study.objects.filter(pk=study.pk).update(promoted_round=published)
    make_export(study, personas.researcher)
    Export.objects.update(created_by=None)
    for code, status in (("failed", SessionStatus.FAILED), ("pending", SessionStatus.PENDING)):
        other = add_session(session.subject, f"S01-{code}", n_clips=0)
        other.status = status
        other.save()
    Job.objects.create(kind=JobKind.IMPORT, queue=JobQueue.IO, study=study, state=JobState.FAILED)
    add_label(pool[0], personas.admin)
    return {
        "session_id": session.pk,
        "clip_id": pool[0].pk,
        "number": 1,
        "place": 1,
        "item_id": TeachingClip.objects.filter(study=study).order_by("pk")[0].pk,
        "member_id": study.memberships.get(user=personas.annotator).pk,
        "slug": study.slug,
    }


#: what is no page: asked for by scripts, or only sent to
NO_PAGES = {
    "clip_verdict",
    "session_verdict",
    "session_video",
    "session_work",
    "sync_clear",
    "bad_channels",
    "import_cancel",
    "round_start",
    "round_roll_back",
    "round_cancel",
    "round_promote",
    "learning_curve",
    "loss_history",
    "audit_curve",
    "export_download",
    "member_remove",
    "teaching_remove",
    "password_change",
    "token_issue",
    "token_revoke",
}
PAGES = [pattern for pattern in urls.urlpatterns if pattern.name not in NO_PAGES]


def address_of(route: str, scene: dict[str, Any]) -> str:
    return "/" + re.sub(r"<\w+:(\w+)>", lambda part: str(scene[part[1]]), route)


def html_of(
    client: Client, address: str, headers: Mapping[str, str] | None = None, *, status: int = HTTPStatus.OK
) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == status, address
    return response.content.decode()


def untranslated(html: str) -> list[str]:
    """Outside brackets, and no name."""
    return [text for text in Page(html).untranslated() if re.search(r"[^\W\d_]{2,}", AS_THEY_ARE.sub("", text))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
@pytest.mark.usefixtures("two_languages")
def test_every_page_says_all_in_the_browsers_language_and_gives_machines_the_same(
    page: Any, scene: dict[str, Any], personas: Personas
) -> None:
    address = address_of(str(page.pattern), scene)
    client = client_of(personas.superuser if page.name == "study_new" else personas.admin)
    english, german = html_of(client, address), html_of(client, address, IN_GERMAN)
    assert untranslated(german) == []
    assert numbers(german) == numbers(english)
    if "<html" in german:
        assert '<html lang="de">' in german
    for_machines = [without_tokens(Page(html).for_machines()) for html in (english, german)]
    assert for_machines[1] == for_machines[0]


def numbers(html: str) -> list[str]:
    """As they are read; the languages on offer carry none."""
    return re.findall(r"\d+(?:[.,]\d+)*", " ".join(Page(html).texts))


def without_tokens(found: list[object]) -> list[object]:
    """CSRF tokens, signatures and idempotency keys differ from request to request, the script of words by language."""
    said = '{"countdown": '  # the sentences of the calibration's script
    kept = [one for one in found if not re.search(rf"csrf|[\w-]{{64}}|{said}", repr(one), re.IGNORECASE)]
    return [json.loads(one) if isinstance(one, str) and one.startswith("{") else one for one in kept]


@pytest.mark.usefixtures("two_languages")
def test_what_the_calibrations_script_says_comes_translated(scene: dict[str, Any], personas: Personas) -> None:
    page = html_of(client_of(personas.annotator), "/studies/demo/calibration/", IN_GERMAN)
    found = re.search(r'id="calibration-words" type="application/json">(.*?)</script>', page)
    assert found is not None
    assert [text for words in json.loads(found[1]).values() for text in outside_brackets(words)] == []


@pytest.mark.usefixtures("two_languages")
def test_pages_that_refuse_are_translated_too(study: Study, personas: Personas) -> None:
    client = client_of(personas.researcher)
    assert untranslated(html_of(client, "/login/nowhere", IN_GERMAN, status=HTTPStatus.NOT_FOUND)) == []
    refused = html_of(client, "/studies/demo/people/", IN_GERMAN, status=HTTPStatus.FORBIDDEN)
    assert untranslated(refused) == []
    assert untranslated(html_of(client_of(None), "/login/", IN_GERMAN)) == []
    with translation.override(LANGUAGE):
        assert untranslated(render_to_string("500.html")) == []


@pytest.mark.usefixtures("two_languages")
def test_what_a_form_and_a_refusal_say_is_translated(study: Study, personas: Personas) -> None:
    client = client_of(personas.admin)
    refused = client.post("/studies/demo/acquisition/", {"batch_size": "many"}, headers=IN_GERMAN)
    assert untranslated(refused.content.decode()) == []
    client.post("/studies/demo/rounds/start/", headers=IN_GERMAN)
    page = html_of(client, "/studies/demo/rounds/", IN_GERMAN)
    assert "Too few labels" in page
    assert untranslated(page) == []


# --- scripts ----------------------------------------------------------------------------------------------------------

WORDS = re.compile(r'<script src="(/words/de/(\w+)\.js)" defer></script>')


@pytest.mark.usefixtures("two_languages")
def test_scripts_get_their_sentences_before_they_run(study: Study, personas: Personas) -> None:
    client = client_of(personas.admin)
    response = client.get("/studies/demo/label/", headers=IN_GERMAN)
    page = response.content.decode()
    found = WORDS.search(page)
    assert found is not None
    assert found.start() < page.index('<script type="module"')
    answer = client_of(None).get(found[1])
    script = answer.content.decode()
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert json.dumps("⟦Stored. Next clip.⟧") in script
    assert re.search(r"\beval\(|\bFunction\(", script) is None  # the policy lets neither run
    assert "script-src 'self';" in response.headers["Content-Security-Policy"]


@pytest.mark.usefixtures("two_languages")
def test_an_old_page_gets_the_sentences_of_now_and_keeps_none(client: Client) -> None:
    answer = client.get("/words/de/0123456789ab.js")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (HTTPStatus.OK, "no-store")
    assert client.get("/words/fr/0123456789ab.js").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.usefixtures("two_languages")
def test_the_sources_language_costs_no_request(study: Study, personas: Personas) -> None:
    page = html_of(client_of(personas.admin), "/studies/demo/label/", {"Accept-Language": "en-US,en;q=0.9,de;q=0.5"})
    assert '<html lang="en-gb">' in page
    assert "/words/" not in page


# --- choosing ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("two_languages")
def test_somebody_chooses_a_language_and_the_browser_keeps_it(study: Study, personas: Personas) -> None:
    client = client_of(personas.admin)
    assert '<option value="de" lang="de">Deutsch</option>' in html_of(client, "/account/")
    answer = client.post("/language/", {"language": "de", "next": "/account/"})
    assert answer.headers["Location"] == "/account/"
    page = html_of(client, "/account/", {"Accept-Language": "en"})
    assert '<html lang="de">' in page
    assert '<option value="de" lang="de" selected>Deutsch</option>' in page


def test_where_there_is_one_language_none_is_offered(study: Study, personas: Personas) -> None:
    for client, address in ((client_of(personas.admin), "/account/"), (client_of(None), "/login/")):
        assert 'data-testid="language"' not in html_of(client, address, IN_GERMAN)
    assert '<html lang="en-gb">' in html_of(client_of(personas.admin), "/", IN_GERMAN)


# --- machines ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("two_languages")
def test_programs_get_the_same_codes_and_numbers(scene: dict[str, Any], personas: Personas) -> None:
    client, address = client_of(personas.admin), "/api/v1/studies/demo/rounds/99"
    english, german = client.get(address).json(), client.get(address, headers=IN_GERMAN).json()
    assert german["code"] == english["code"]
    assert german["message"] == "⟦This study has no round 99.⟧"
    for same in ("/api/v1/studies/demo", "/api/v1/studies/demo/rounds/1"):
        assert client.get(same, headers=IN_GERMAN).content == client.get(same).content


@pytest.mark.usefixtures("two_languages")
def test_commands_and_workers_speak_the_sources_language(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    translation.deactivate()  # as in a process that serves no browser
    session = study.sessions.order_by("pk")[0]
    call_command("delete_session", "demo", session.subject.code, session.code)
    assert "⟦" not in capsys.readouterr().out
    assert str(JobState.QUEUED.label) == "Queued"
