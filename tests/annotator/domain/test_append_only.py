"""Labels and the audit log by the database's own word, whoever writes."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from annotator.domain import labelling, queueing
from annotator.enums import AnswerKind, LabelState
from annotator.models import AuditEvent, Label, RoundLabel, Study
from annotator.models.round import Round
from tests.factories.people import make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def label() -> Label:
    study = make_study()
    user = make_member(study, "ann")
    clip = queueing.claim(study, user)[0].clip
    answer = labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, {"valence": 1, "arousal": 1})
    return labelling.submit(clip, user, answer)


@pytest.mark.parametrize(
    "change",
    [{"values": {"valence": 2}}, {"confidence": 1}, {"comment": "x"}, {"seconds_spent": 9.0}, {"entry": None}],
)
def test_nothing_but_the_state_of_a_label_changes(label: Label, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Label.objects.filter(pk=label.pk).update(**change)


@pytest.mark.parametrize("state", [LabelState.SUPERSEDED, LabelState.WITHDRAWN])
def test_the_state_goes_one_way(label: Label, state: LabelState) -> None:
    Label.objects.filter(pk=label.pk).update(state=state)
    with pytest.raises(IntegrityError, match="can not become"), transaction.atomic():
        Label.objects.filter(pk=label.pk).update(state=LabelState.CURRENT)


def test_no_label_is_deleted_even_with_its_study(label: Label) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        label.delete()
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        cursor.execute("DELETE FROM annotator_label")
    assert Label.objects.count() == 1


def test_a_transaction_that_says_so_may_delete_a_study(label: Label) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL concord.allow_delete = 'on'")
        Study.objects.get(pk=label.study_id).delete()
    assert not Label.objects.exists()


def test_the_audit_log_is_append_only(label: Label) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEvent.objects.update(verb="nothing")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEvent.objects.all().delete()
    assert AuditEvent.objects.filter(verb="submit", actor=label.annotator).count() == 1


def test_undo_does_not_reach_a_frozen_label(label: Label) -> None:
    round_ = Round.objects.create(
        study=label.study, number=1, seed=1, code_version="x", data_hash="x", n_labels=1, n_clips=1
    )
    RoundLabel.objects.create(round=round_, label=label)
    labelling.undo(label.uuid, label.annotator)
    frozen = RoundLabel.objects.get(round=round_).label
    assert (frozen.state, frozen.values) == (LabelState.WITHDRAWN, label.values)
