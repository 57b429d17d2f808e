"""A database whose sessions had bad channels as bare names: who marked them when is taken from the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from annotator.models import ChannelMark, Derived, RecordingSession
from annotator.queries import marks

pytestmark = pytest.mark.django_db(transaction=True)
OLD = "0017_when_stopping_is_suggested"


@pytest.fixture
def old() -> Iterator[Any]:
    """The models as they were, on tables as they were; afterwards the tables are today's, whatever happened."""
    call_command("migrate", "annotator", OLD, verbosity=0)
    yield MigrationExecutor(connection).loader.project_state([("annotator", OLD)]).apps
    call_command("migrate", verbosity=0)


def fill(apps: Any) -> list[Any]:
    """A session with three bad channels, one of them by hand before there was an audit log; the events of the rest."""

    def model(name: str) -> Any:
        return apps.get_model("annotator", name).objects

    ann, bob = (model("User").create(username=name) for name in ("ann", "bob"))
    study = model("Study").create(slug="real", title="Real", scheme=[], seed=5)
    session = model("RecordingSession").create(
        study=study, subject=model("Subject").create(study=study, code="S1"), code="1", layout="manifest",
        status="ready", spec={"bad_channels": ["Oz"]}, bad_channels=["Fp1", "Cz", "Pz"], imported_at=timezone.now(),
        eeg_info={"channels": ["Fp1", "Cz", "Pz", "Oz"]},
    )  # fmt: skip
    model("Derived").create(session=session, kind="shard", version=1, path="x", meta={"features_version": 1})
    steps = [
        (ann, [], ["Cz"]),
        (bob, ["Cz"], []),
        (ann, ["Pz"], ["Pz", "Fp1"]),
        (bob, ["Pz", "Fp1"], ["Pz", "Fp1", "Cz"]),
    ]
    return [
        model("AuditEvent").create(
            actor=actor, study=study, verb="set_bad_channels", object_kind="recordingsession",
            object_id=str(session.pk), detail={"before": {"bad_channels": before}, "after": {"bad_channels": after}},
        )
        for actor, before, after in steps
    ]  # fmt: skip


def test_marks_of_an_older_database_are_kept_with_who_and_when(old: Any) -> None:
    _, _, fp1, cz = fill(old)
    call_command("migrate", verbosity=0)
    session = RecordingSession.objects.get()
    said = ChannelMark.objects.order_by("pk").values_list("channel", "is_bad", "by__username", "created_at")
    assert list(said) == [
        ("Fp1", True, "ann", fp1.at), ("Cz", True, "bob", cz.at), ("Pz", True, None, session.imported_at)
    ]  # fmt: skip
    assert session.bad_channels == ["Fp1", "Cz", "Pz"]
    assert Derived.objects.get().meta == {"features_version": 1, "bad_channels": ["Oz", "Fp1", "Cz", "Pz"]}
    assert marks.waiting_channels(session) == []  # what was derived before knows them


def test_the_way_back_keeps_the_bad_channels(old: Any) -> None:
    fill(old)
    call_command("migrate", verbosity=0)
    call_command("migrate", "annotator", OLD, verbosity=0)
    assert old.get_model("annotator", "RecordingSession").objects.get().bad_channels == ["Fp1", "Cz", "Pz"]
