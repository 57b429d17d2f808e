"""The pages beside the label page: what they show, what their forms do, and what they cost."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.domain import people, queueing
from annotator.domain.importing import LAYOUTS
from annotator.domain.ranking import RankedClip
from annotator.enums import ExportFormat, JobKind, JobQueue, JobState, RankingPolicy, Role, RoundState, SessionStatus
from annotator.models import ApiToken, Export, Job, Membership, Round, Study, User
from tests.factories.labels import add_label
from tests.factories.pages import text_of
from tests.factories.people import PASSWORD, Personas, client_of, make_user
from tests.factories.studies import add_session, add_subject, make_study

pytestmark = pytest.mark.django_db


def messages_of(client: Client, address: str) -> list[str]:
    found = re.findall(r'<div class="message [a-z]+">.*?<p>(.*?)</p>', text_of(client, address))
    return [re.sub(r"<[^>]+>", "", item).strip() for item in found]


def make_round(study: Study, number: int, **fields: Any) -> Round:
    metrics = {
        "n_subjects": 2,
        "n_trials": 4,
        "n_clips": 8,
        "interval": None,
        "mean_balanced_accuracy": 0.5 + number / 100,
        "by_target": {
            "valence": {
                "accuracy": 0.6,
                "majority_rate": 0.5,
                "balanced_accuracy": 0.55,
                "macro_f1": 0.5,
                "nll": 1.0,
                "ece": 0.1,
                "n": 8,
            }
        },
    }
    defaults = {
        "state": RoundState.PUBLISHED,
        "seed": number,
        "code_version": "test",
        "data_hash": "0" * 64,
        "n_labels": 10 * number,
        "n_clips": 10 * number,
        "metrics": metrics,
        "history": [{"stage": "teacher", "epoch": 1, "loss": 1.5, "validation_loss": 1.25}],
    }
    round_ = Round.objects.create(study=study, number=number, **{**defaults, **fields})
    Job.objects.create(kind=JobKind.ROUND, queue=JobQueue.GPU, study=study, round=round_, state=JobState.SUCCEEDED)
    return round_


def make_export(study: Study, user: User, *, path: str = "") -> Export:
    job = Job.objects.create(kind=JobKind.EXPORT, queue=JobQueue.IO, study=study, state=JobState.SUCCEEDED)
    return Export.objects.create(
        study=study, job=job, format=ExportFormat.CSV, created_by=user, rows=3, sha256="ab" * 32, path=path
    )


# --- cost ------------------------------------------------------------------------------------------------------------

LISTS = {
    "/": 6,
    "/studies/demo/": 21,
    "/studies/demo/sessions/": 9,
    "/studies/demo/acquisition/": 6,
    "/studies/demo/rounds/": 22,
    "/studies/demo/exports/": 8,
    "/studies/demo/people/": 7,
}


def fill(study: Study, personas: Personas, n: int) -> None:
    first = study.rounds.count() + 1
    for number in range(first, first + n):
        make_round(study, number)
        make_export(study, personas.researcher)
        add_subject(study, f"X{number:02d}", n_sessions=2, n_clips=2)
        people_study = make_study(f"more-{number}")
        for where in (study, people_study):
            Membership.objects.create(
                study=where, user=make_user(f"{where.slug}-{number}"), role=Role.ANNOTATOR, pseudonym=f"Z{number}"
            )
        Membership.objects.create(study=people_study, user=personas.admin, role=Role.ADMIN, pseudonym="Y")


@pytest.mark.parametrize("address", LISTS)
def test_a_list_costs_the_same_with_one_row_and_with_many(
    address: str,
    study: Study,
    personas: Personas,
    admin: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    fill(study, personas, 1)
    with django_assert_max_num_queries(LISTS[address]) as with_one:
        admin.get(address)
    fill(study, personas, 4)
    with django_assert_max_num_queries(len(with_one)):
        admin.get(address)


# --- studies ---------------------------------------------------------------------------------------------------------


def test_everybody_sees_their_own_studies_only(personas: Personas) -> None:
    assert 'href="/studies/demo/"' in text_of(client_of(personas.annotator), "/")
    assert 'href="/studies/demo/"' not in text_of(client_of(personas.stranger), "/")
    assert "You are in no study yet" in text_of(client_of(make_user("newcomer")), "/")


def new_study(**changes: str) -> dict[str, str]:
    given = {
        "title": "Night study",
        "slug": "night",
        "scheme": "sam9",
        "eeg_channels": "Fp1, Fp2,Cz",
        "window_s": "4",
        "hop_s": "2",
        "eeg_sfreq": "128",
        "min_eeg_channels": "2",
        "overlap": "2",
        "reserve": "2",
        "lease_s": "300",
        "test_subject_share": "0.25",
        "test_clips_per_subject": "10",
        "min_labels": "20",
        "trace_sfreq": "4",
        "include_single_modality": "on",
    }
    return given | changes


def test_a_superuser_creates_a_study_by_the_form(personas: Personas) -> None:
    response = client_of(personas.superuser).post("/studies/new/", new_study())
    assert response.headers["Location"] == "/studies/night/"
    made = Study.objects.get(slug="night")
    assert (made.eeg_channels, made.window_s, made.overlap) == (["Fp1", "Fp2", "Cz"], 4.0, 2)
    assert [(item.key, item.levels) for item in made.dimensions] == [("valence", 9), ("arousal", 9)]
    assert made.memberships.get().user == personas.superuser


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"slug": "demo"}, "already"),
        ({"test_subject_share": "1.5"}, "between 0 and 1"),
        ({"eeg_sfreq": "4"}, "between 32 and 2048"),
        ({"eeg_channels": "Cz, cz"}, "named once"),
        ({"window_s": "-1"}, "above 0"),
    ],
)
def test_a_study_that_can_not_be_is_refused_in_a_sentence(
    personas: Personas, changes: dict[str, str], sentence: str
) -> None:
    before = Study.objects.count()
    response = client_of(personas.superuser).post("/studies/new/", new_study(**changes))
    assert response.status_code == HTTPStatus.OK
    assert sentence in response.content.decode()
    assert Study.objects.count() == before


def test_a_study_says_what_limits_it_now(study: Study, personas: Personas, admin: Client) -> None:
    assert "Nobody has labelled yet: 16 answers are waiting" in text_of(admin, "/studies/demo/")
    clip = study.clips.filter(subject__is_test=False).first()
    assert clip is not None
    add_label(clip, personas.annotator, {"valence": 1, "arousal": 1})
    assert "A round needs 12 labelled clips outside the test subjects: 11 to go." in text_of(admin, "/studies/demo/")


def test_an_annotator_is_not_told_the_scores(study: Study, personas: Personas) -> None:
    study.promoted_round = make_round(study, 1, finished_at=study.created_at)
    study.save()
    assert "51.0 %" not in text_of(client_of(personas.annotator), "/studies/demo/")
    assert "51.0 %" in text_of(client_of(personas.researcher), "/studies/demo/")


# --- sessions --------------------------------------------------------------------------------------------------------


def test_sessions_show_what_failed_and_why(study: Study, admin: Client) -> None:
    session = add_session(study.subjects.all()[0], "broken", n_clips=1)
    session.status, session.error = SessionStatus.FAILED, "a.bdf: the header is cut short."
    session.save()
    assert "a.bdf: the header is cut short." in text_of(admin, "/studies/demo/sessions/")


def test_a_session_shows_its_clocks_and_self_reports_to_readers(study: Study, personas: Personas) -> None:
    session = study.sessions.order_by("pk")[0]
    page = text_of(client_of(personas.researcher), f"/studies/demo/sessions/{session.pk}/")
    assert "session_s = 0.2500 + (1 + 0.00001000) · video_s" in page
    assert "feltVlnc 8" in page
    other = Study.objects.get(slug="other").sessions.order_by("pk")[0]
    assert client_of(personas.researcher).get(f"/studies/demo/sessions/{other.pk}/").status_code == 404


def test_the_import_page_knows_every_layout_and_where_to_send_files(admin: Client, settings: Settings) -> None:
    settings.IMPORT_S3 = ["s3://lab/eeg"]
    page = text_of(admin, "/studies/demo/import/")
    assert all(f'<option value="{name}"' in page for name in LAYOUTS)
    assert '"uploads": "/api/v1/studies/demo/uploads"' in page
    assert "s3://lab/eeg" in page


def test_deleting_a_session_says_first_what_goes_and_what_stays(
    study: Study, personas: Personas, admin: Client, broker: str
) -> None:
    session = study.sessions.filter(subject__is_test=False)[0]
    add_label(session.clips.all()[0], personas.annotator)
    address = f"/studies/demo/sessions/{session.pk}/delete/"
    assert f'href="{address}"' in text_of(admin, f"/studies/demo/sessions/{session.pk}/")
    assert f'href="{address}"' not in text_of(client_of(personas.researcher), f"/studies/demo/sessions/{session.pk}/")
    page = text_of(admin, address)
    assert "1 answer of 1 annotator on 1 clip: exported with a mark" in page
    assert session.status == SessionStatus.READY
    assert admin.post(address).headers["Location"] == "/studies/demo/sessions/"
    session.refresh_from_db()
    assert session.status == SessionStatus.DELETED
    assert any("Its 1 answers stay" in said for said in messages_of(admin, "/studies/demo/sessions/"))
    assert admin.get(address).status_code == 404
    assert f'href="{address}"' not in text_of(admin, f"/studies/demo/sessions/{session.pk}/")


def test_an_import_that_waits_is_cancelled_at_once(
    study: Study, admin: Client, settings: Settings, tmp_path: Path, broker: str
) -> None:
    settings.IMPORT_ROOTS = [tmp_path]
    admin.post("/studies/demo/import/", {"source": str(tmp_path), "layout": "mahnob"})
    job = Job.objects.get(kind=JobKind.IMPORT)
    assert f'action="/studies/demo/import/{job.pk}/cancel/"' in text_of(admin, "/studies/demo/sessions/")
    admin.post(f"/studies/demo/import/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_a_folder_outside_the_import_roots_is_refused(admin: Client, settings: Settings, tmp_path: Path) -> None:
    settings.IMPORT_ROOTS = [tmp_path]
    response = admin.post("/studies/demo/import/", {"source": "/etc", "layout": "auto"})
    assert "outside the folders the server imports from" in response.content.decode()
    assert not Job.objects.exists()


# --- rounds ----------------------------------------------------------------------------------------------------------


def test_a_round_with_too_few_labels_is_refused_in_a_sentence(admin: Client) -> None:
    admin.post("/studies/demo/rounds/start/")
    assert any(message.startswith("Too few labels: 0 clips") for message in messages_of(admin, "/studies/demo/rounds/"))
    assert not Round.objects.exists()


def test_a_live_round_is_followed_until_it_ends(study: Study, admin: Client) -> None:
    round_ = make_round(study, 1, state=RoundState.RUNNING, metrics={})
    Job.objects.filter(round=round_).update(
        state=JobState.RUNNING, progress=0.25, activity="Teacher: epoch 3 of 12, loss 1.021", seconds_left=40
    )
    page = text_of(admin, "/studies/demo/rounds/table/")
    assert "Teacher: epoch 3 of 12, loss 1.021" in page
    assert "25.0 % · about 40 s left" in page
    assert 'hx-trigger="every 1s"' in page
    round_.state = RoundState.PUBLISHED
    round_.save()
    assert admin.get("/studies/demo/rounds/table/").headers["HX-Refresh"] == "true"


def test_scores_never_stand_without_their_n(study: Study, admin: Client) -> None:
    make_round(study, 1)
    assert "2 subjects, 4 trials, 8 clips. Fewer than 5 test subjects: no interval is claimed." in text_of(
        admin, "/studies/demo/rounds/1/"
    )


def test_the_learning_curve_holds_published_rounds_only(study: Study, admin: Client) -> None:
    for number in (1, 2):
        make_round(study, number)
    make_round(study, 3, state=RoundState.FAILED)
    figure = json.loads(admin.get("/studies/demo/rounds/curve.json").content)
    assert [(line["name"], line["x"], line["y"]) for line in figure["data"]] == [("valence", [10, 20], [0.55, 0.55])]


def test_the_loss_figure_holds_every_stage(study: Study, admin: Client) -> None:
    make_round(study, 1)
    figure = json.loads(admin.get("/studies/demo/rounds/1/loss.json").content)
    assert [(line["name"], line["y"]) for line in figure["data"]] == [("training", [1.5]), ("validation", [1.25])]
    assert figure["layout"]["xaxis"]["title"]["text"] == "epoch of the teacher"


def test_the_loss_figure_of_a_committee_has_a_panel_a_role_and_a_colour_a_network(study: Study, admin: Client) -> None:
    stages = ("teacher", "student", "teacher 2", "student 2")
    losses = [{"stage": stage, "epoch": 1, "loss": float(place)} for place, stage in enumerate(stages)]
    make_round(study, 1, history=[{**row, "validation_loss": None} for row in losses])
    figure = json.loads(admin.get("/studies/demo/rounds/1/loss.json").content)
    lines = [(line["name"], line["y"], line.get("xaxis"), line["showlegend"]) for line in figure["data"]]
    assert lines == [
        ("network 1, training", [0.0], None, True),
        ("network 1, training", [1.0], "x2", False),
        ("network 2, training", [2.0], None, True),
        ("network 2, training", [3.0], "x2", False),
    ]
    colours = [line["line"]["color"] for line in figure["data"]]
    assert colours[0] == colours[1] != colours[2] == colours[3]
    layout = figure["layout"]
    assert [layout[axis]["title"]["text"] for axis in ("xaxis", "xaxis2")] == [
        "epoch of the teacher",
        "epoch of the student",
    ]


def test_a_committee_is_told_on_the_round_page(study: Study, admin: Client) -> None:
    stage = {"n_epochs": 9, "best_epoch": 7, "validation_loss": 0.875}
    folds = [{"by": "subject", "n_train": 12, "n_validation": 6}, {"by": "subject", "n_train": 14, "n_validation": 4}]
    pools = {"valence": {"alone": {"eeg": [0.5, 0.25]}, "together": {}}}
    stages = ("student", "student 2")
    metrics = {
        "by_target": {},
        "stages": dict.fromkeys(stages, stage),
        "validation": {"by": "subject", "folds": folds, "trust": {"eeg": 1.0}, "pools": pools},
    }
    history = [{"stage": name, "epoch": 1, "loss": 1.0, "validation_loss": None} for name in stages]
    round_ = make_round(study, 1, metrics=metrics, history=history)
    scores = {"entropy": 0.5, "agreement": None, "disagreement": {"valence": 0.125}, "evidence": {"eeg": 2.5}}
    clips = [RankedClip(clip.pk, scores) for clip in study.clips.filter(subject__is_test=False)]
    queueing.publish_ranking(study, round=round_, policy=RankingPolicy.ENTROPY, ordered=clips, seed=1)
    page = text_of(admin, "/studies/demo/rounds/1/")
    for said in (
        "2 networks, one after the other, each with other labelled clips held back",
        "every answer (whole subjects).",
        '<td class="num">2</td><td>student</td><td class="num">14</td><td class="num">4</td><td class="num">9</td>',
        '<td>valence</td><td>eeg</td><td class="num">0.50</td><td class="num">0.25</td><td class="num">1.00</td>',
        '<td>valence 0.125</td><td class="num">–</td><td>eeg 2.5</td>',
    ):
        assert said in page


def test_promote_and_roll_back_swap_what_serves(study: Study, admin: Client) -> None:
    random_ranking = study.active_ranking
    round_ = make_round(study, 1)
    clips = [RankedClip(clip.pk, {"entropy": 0.5}) for clip in study.clips.filter(subject__is_test=False)]
    published = queueing.publish_ranking(study, round=round_, policy="entropy", ordered=clips, seed=1)  # type: ignore[arg-type]  # the database value
    admin.post("/studies/demo/rounds/1/promote/")
    study.refresh_from_db()
    assert (study.promoted_round, study.active_ranking) == (round_, published)
    admin.post("/studies/demo/rounds/roll-back/")
    study.refresh_from_db()
    assert (study.promoted_round, study.active_ranking) == (None, random_ranking)


# --- exports, people, account ----------------------------------------------------------------------------------------


def test_an_export_is_downloaded_as_it_was_written(
    study: Study, personas: Personas, settings: Settings, tmp_path: Path
) -> None:
    settings.EXPORT_ROOT = tmp_path
    (tmp_path / "labels.zip").write_bytes(b"PK labels")
    export = make_export(study, personas.researcher, path="labels.zip")
    response = client_of(personas.researcher).get(f"/studies/demo/exports/{export.pk}/file")
    assert b"".join(response.streaming_content) == b"PK labels"  # type: ignore[attr-defined]  # a file response
    assert response.headers["Content-Disposition"] == 'attachment; filename="labels.zip"'
    response.close()


def test_an_export_that_names_another_file_is_not_served(
    study: Study, personas: Personas, settings: Settings, tmp_path: Path
) -> None:
    settings.EXPORT_ROOT = tmp_path / "exports"
    (tmp_path / "secret").write_text("no")
    for path in ("../secret", str(tmp_path / "secret")):
        export = make_export(study, personas.researcher, path=path)
        assert client_of(personas.researcher).get(f"/studies/demo/exports/{export.pk}/file").status_code == 404


def test_the_export_button_starts_a_job(study: Study, personas: Personas, broker: str) -> None:
    client = client_of(personas.researcher)
    client.post("/studies/demo/exports/", {"format": "parquet"})
    assert list(study.exports.values_list("format", "created_by")) == [("parquet", personas.researcher.pk)]
    client.post("/studies/demo/exports/", {"format": "xls"})
    assert "Choose CSV or Parquet; nothing was exported." in messages_of(client, "/studies/demo/exports/")


def test_an_admin_adds_somebody_new_and_takes_the_role_away(study: Study, admin: Client) -> None:
    new = {"username": "kim", "role": "annotator", "password": PASSWORD}
    admin.post("/studies/demo/people/", new)
    member = study.memberships.get(user__username="kim")
    assert member.role == Role.ANNOTATOR
    assert Client().login(username="kim", password=PASSWORD)
    admin.post(f"/studies/demo/people/{member.pk}/remove/")
    assert not study.memberships.filter(user__username="kim").exists()


def test_somebody_unknown_needs_a_password(study: Study, admin: Client) -> None:
    response = admin.post("/studies/demo/people/", {"username": "kim", "role": "annotator", "password": ""})
    assert "give a password to add somebody new" in response.content.decode().replace("&#x27;", "'")
    assert not User.objects.filter(username="kim").exists()


def test_a_token_is_shown_once_and_then_revoked(personas: Personas) -> None:
    client = client_of(personas.annotator)
    page = client.post("/account/tokens/", {"name": "notebook"}).content.decode()
    found = re.search(r'data-testid="new-token">([^<]+)<', page)
    assert found is not None
    assert people.user_of_token(found[1]) == personas.annotator
    assert found[1] not in text_of(client, "/account/")
    client.post(f"/account/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert people.user_of_token(found[1]) is None


def test_the_password_is_changed_by_its_owner(personas: Personas) -> None:
    client = Client()
    assert client.login(username=personas.annotator.username, password=PASSWORD)
    new = "quite another long phrase"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/account/password/", data).headers["Location"] == "/account/"
    assert Client().login(username=personas.annotator.username, password=new)
    assert client.get("/account/").status_code == HTTPStatus.OK


def test_an_admin_helps_somebody_back_in(study: Study, personas: Personas, admin: Client) -> None:
    member = study.memberships.get(user=personas.annotator)
    new = {"new_password1": "a third long phrase", "new_password2": "a third long phrase"}
    admin.post(f"/studies/demo/people/{member.pk}/password/", new)
    assert Client().login(username=personas.annotator.username, password="a third long phrase")


def test_an_admin_can_not_take_over_somebody_with_more_reach(study: Study, personas: Personas, admin: Client) -> None:
    new = {"new_password1": "a third long phrase", "new_password2": "a third long phrase"}
    for user in (personas.stranger, personas.superuser):
        member = Membership.objects.create(study=study, user=user, role=Role.ANNOTATOR, pseudonym="X")
        response = admin.post(f"/studies/demo/people/{member.pk}/password/", new)
        assert "only a superuser may set this password" in response.content.decode()
        assert Client().login(username=user.username, password=PASSWORD)
