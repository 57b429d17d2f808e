"""A study from before there was an onboarding: nobody is led, nothing is kept apart, and its labels teach as before."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from annotator.domain import labelling, newcomers, queueing, rounds, teaching
from annotator.enums import AnswerKind, OpinionPolicy, TeachingKind
from annotator.models import Clip, Label, Slot, Study, TeachingClip, User
from tests.annotator.test_upgrade import fill
from tests.factories.newcomers import ACCEPTED, RIGHT, led_study, to_practice
from tests.factories.people import make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
OLD = "0019_where_the_face_is"


@pytest.fixture
def old() -> Iterator[Any]:
    """The models as they were, on tables as they were; afterwards the tables are today's, whatever happened."""
    call_command("migrate", "annotator", OLD, verbosity=0)
    yield MigrationExecutor(connection).loader.project_state([("annotator", OLD)]).apps
    call_command("migrate", verbosity=0)


def test_an_older_study_goes_on_as_it_was(old: Any) -> None:
    fill(old)
    call_command("migrate", verbosity=0)
    study, label, ann = Study.objects.get(), Label.objects.get(), User.objects.get(username="ann")
    assert (label.gold, label.seen_opinion_at, label.state) == ("", None, "current")
    assert list(rounds.frozen_candidates(study)) == [label]
    assert not Clip.objects.filter(is_kept_apart=True).exists()
    assert teaching.settings_of(study) == teaching.OnboardingSettings(opinion=OpinionPolicy.AFTER)
    assert newcomers.is_through(study, ann)
    (slot,) = queueing.claim(study, ann)
    assert slot.clip_id == label.clip_id + 1
    submission = labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, {"valence": 0, "arousal": 0})
    assert labelling.submit(slot.clip, ann, submission).gold == ""


def test_the_way_back_keeps_labels_and_takes_leases_back(old: Any) -> None:
    fill(old)
    call_command("migrate", verbosity=0)
    study, ann = Study.objects.get(), User.objects.get(username="ann")
    (slot,) = queueing.claim(study, ann)
    first = Clip.objects.order_by("pk")[0]
    teaching.add_clip(study, first, TeachingKind.EXAMPLE, ACCEPTED, actor=None)
    call_command("migrate", "annotator", OLD, verbosity=0)
    assert old.get_model("annotator", "Label").objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT concord_expire(%s, %s)", [study.pk, timezone.now() + timedelta(days=1)])
        assert cursor.fetchone() == (1,)
    assert old.get_model("annotator", "Slot").objects.get(pk=slot.pk).state == "open"
    call_command("migrate", verbosity=0)
    assert Slot.objects.get(pk=slot.pk).state == "open"
    assert Label.objects.count() == 1


def test_a_known_answer_of_the_version_before_is_judged_as_it_was() -> None:
    """From before "bad signal" could be right: values alone are, and nothing is planned."""
    study = led_study()
    known = TeachingClip.objects.filter(kind=TeachingKind.PRACTICE)[0]
    call_command("migrate", "annotator", "0023_onboarding", verbosity=0)
    call_command("migrate", verbosity=0)
    known.refresh_from_db()
    assert (known.accepted, known.accepted_answers, known.told) == (ACCEPTED, [], {})
    ann = make_member(study, "ann")
    to_practice(study, ann)
    (slot,) = queueing.claim(study, ann)
    given = labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, RIGHT)
    assert newcomers.is_within(known, labelling.submit(slot.clip, ann, given))
    assert (teaching.settings_of(study).practice_planned, teaching.settings_of(study).checks_planned) == (0, 0)
