"""A database of an older version, with sessions, clips and labels, comes up to date and is imported into again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from pytest_django.fixtures import Settings

from annotator.domain import rounds
from annotator.enums import SessionStatus
from annotator.models import Clip, Job, Label, RecordingSession, Slot, Study
from tests.factories.recordings import Line, write_manifest
from tests.worker.test_ingest import run_import, statuses

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
OLD = "0005_faults_sync_points_superseded_clips"


@pytest.fixture(autouse=True)
def places(settings: Settings, tmp_path: Path) -> None:
    settings.DERIVED_ROOT = tmp_path / "derived"
    kept = {**settings.STORAGES["originals"], "OPTIONS": {"location": tmp_path / "originals", "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "originals": kept}


@pytest.fixture
def old() -> Iterator[Any]:
    """The models as they were, on tables as they were; afterwards the tables are today's, whatever happened."""
    call_command("migrate", "annotator", OLD, verbosity=0)
    yield MigrationExecutor(connection).loader.project_state([("annotator", OLD)]).apps
    call_command("migrate", verbosity=0)


def fill(apps: Any) -> None:
    """A session of two clips, one labelled; beside it an import that has ended. As that version wrote them."""

    def model(name: str) -> Any:
        return apps.get_model("annotator", name).objects

    user = model("User").create(username="ann")
    scheme = [
        {"key": key, "title": key, "kind": "class", "classes": ["a", "b", "c"], "levels": 0}
        for key in ("valence", "arousal")
    ]
    study = model("Study").create(slug="real", title="Real", scheme=scheme, seed=5, min_eeg_channels=2)
    model("Membership").create(study=study, user=user, role="annotator", pseudonym="A01")
    subject = model("Subject").create(study=study, code="S1")
    spec = {"subject": "S1", "session": "1", "layout": "manifest", "eeg_path": "S1-1.edf", "video_path": None}
    session = model("RecordingSession").create(
        study=study, subject=subject, code="1", layout="manifest", status="ready", fingerprint="0" * 64, has_eeg=True,
        spec={**spec, "companion_paths": [], "sync_hints": {}, "error": ""}, duration_s=11.0,
    )  # fmt: skip
    trial = model("Trial").create(session=session, number=1, start_s=0.0, stop_s=11.0)
    clips = [
        model("Clip").create(
            study=study, subject=subject, session=session, trial=trial, number=n, shard_row=n, start_s=5.0 * n,
            stop_s=5.0 * n + 5.0, has_eeg=True, has_face=False, eeg_quality=0.9,
        )
        for n in range(2)
    ]  # fmt: skip
    ranking = model("Ranking").create(study=study, policy="random", seed=5)
    for rank, clip in enumerate(clips, 1):
        model("RankEntry").create(ranking=ranking, clip=clip, rank=rank)
    apps.get_model("annotator", "Study").objects.filter(pk=study.pk).update(active_ranking=ranking)
    model("Slot").create(clip=clips[0], study=study, number=0, state="filled", holder=user)
    model("Slot").create(clip=clips[1], study=study, number=0, state="open")
    model("Lease").create(clip=clips[0], annotator=user, slot_number=0, leased_at=timezone.now())
    model("Label").create(
        uuid=uuid.uuid4(), study=study, clip=clips[0], annotator=user, seconds_spent=3.0, slot_number=0,
        values={"valence": 1, "arousal": 2},
    )  # fmt: skip
    model("Job").create(kind="import_session", queue="io", state="succeeded", study=study, session=session)


def test_labels_of_an_older_database_survive_the_upgrade_and_the_next_import(old: Any, tmp_path: Path) -> None:
    fill(old)
    call_command("migrate", verbosity=0)
    study, label = Study.objects.get(), Label.objects.get()
    before = list(Clip.objects.order_by("number").values_list("pk", "start_s", "superseded_at"))
    assert before == [(label.clip_id, 0.0, None), (label.clip_id + 1, 5.0, None)]
    job = run_import(study, write_manifest(tmp_path / "in", [Line("S1", video_s=None)]))
    assert statuses(job) == {"S1": "ready"}, job.result
    assert list(Clip.objects.order_by("number").values_list("pk", "start_s", "superseded_at")) == before
    assert Label.objects.get() == label
    assert list(rounds.frozen_candidates(study)) == [label]
    assert dict(Slot.objects.values_list("clip", "state")) == {before[0][0]: "filled", before[1][0]: "open"}
    session = RecordingSession.objects.get()
    assert (session.status, session.files.count()) == (SessionStatus.READY, 1)


def test_the_way_back_keeps_labels_too(old: Any) -> None:
    fill(old)
    call_command("migrate", verbosity=0)
    call_command("migrate", "annotator", OLD, verbosity=0)
    assert old.get_model("annotator", "Label").objects.count() == 1
    assert old.get_model("annotator", "Job").objects.get().session.code == "1"
    call_command("migrate", verbosity=0)
    assert (Label.objects.count(), Job.objects.count()) == (1, 1)
