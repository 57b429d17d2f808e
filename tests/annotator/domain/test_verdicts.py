"""What is said of a sensor is kept word by word; the last one stands."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotator.domain import verdicts
from annotator.enums import Role, SensorVerdict
from annotator.exceptions import Conflict, DomainError
from annotator.models import AuditEvent, Clip, ClipVerdict, Study, User
from tests.factories.people import make_member
from tests.factories.rankings import send_to_quality, serve
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db
BAD, FINE = SensorVerdict.BAD, SensorVerdict.FINE


@pytest.fixture
def study() -> Study:
    return make_study(n_subjects=3, n_clips=3)


@pytest.fixture
def boss(study: Study) -> User:
    return make_member(study, "boss", Role.ADMIN)


def pool(study: Study) -> list[Clip]:
    return list(study.clips.filter(subject__is_test=False).order_by("pk"))


def standing(study: Study) -> dict[int, str | None]:
    return {clip.pk: clip.standing for clip in verdicts.listed_clips(study)}  # type: ignore[attr-defined]  # annotated


def test_each_word_is_a_row_and_the_last_one_stands(study: Study, boss: User) -> None:
    clip, other = pool(study)[:2]
    send_to_quality(study, [clip, other])
    ben = make_member(study, "ben", Role.ADMIN)
    verdicts.judge(clip, BAD, actor=boss)
    verdicts.judge(clip, BAD, actor=ben)
    verdicts.judge(clip, FINE, actor=boss)
    said = clip.verdicts.order_by("pk").values_list("verdict", "by__username")
    assert list(said) == [("bad", "boss"), ("bad", "ben"), ("fine", "boss")]
    assert standing(study) == {clip.pk: FINE, other.pk: None}
    recorded = AuditEvent.objects.filter(study=study, verb="judge_sensor").order_by("pk")
    assert [(event.actor, event.object_id, event.detail) for event in recorded] == [
        (boss, str(clip.pk), {"verdict": "bad"}),
        (ben, str(clip.pk), {"verdict": "bad"}),
        (boss, str(clip.pk), {"verdict": "fine"}),
    ]


def test_saying_it_twice_is_saying_it_once(study: Study, boss: User) -> None:
    clip = pool(study)[0]
    first = verdicts.judge(clip, BAD, actor=boss)
    assert verdicts.judge(clip, BAD, actor=boss) == first
    assert ClipVerdict.objects.count() == AuditEvent.objects.filter(verb="judge_sensor").count() == 1


def test_the_list_holds_what_was_sent_there_and_what_was_judged(study: Study, boss: User) -> None:
    sent, judged, neither, former = pool(study)[0], *study.clips.filter(subject__is_test=True)[:1], *pool(study)[1:3]
    send_to_quality(study, [former])
    serve(study, [sent, neither], entries={0: {"route": "quality"}, 1: {"route": "nowhere"}})
    verdicts.judge(judged, FINE, actor=boss)
    assert standing(study) == {sent.pk: None, judged.pk: FINE}


def test_a_clip_that_a_newer_import_lacks_is_neither_listed_nor_judged(study: Study, boss: User) -> None:
    clip = pool(study)[0]
    send_to_quality(study, [clip])
    Clip.objects.filter(pk=clip.pk).update(superseded_at=timezone.now())
    assert standing(study) == {}
    with pytest.raises(Conflict, match="newer import"):
        verdicts.judge(clip, BAD, actor=boss)


def test_a_session_is_judged_where_it_waits(study: Study, boss: User) -> None:
    clips = pool(study)
    session = clips[0].session
    mine = [clip for clip in clips if clip.session_id == session.pk]
    elsewhere = next(clip for clip in study.clips.exclude(session=session))
    send_to_quality(study, [*mine, elsewhere])
    verdicts.judge(mine[0], FINE, actor=boss)
    assert verdicts.judge_session(session, BAD, actor=boss) == 2
    assert standing(study) == {mine[0].pk: FINE, mine[1].pk: BAD, mine[2].pk: BAD, elsewhere.pk: None}
    event = AuditEvent.objects.filter(study=study, object_kind="recordingsession").get()
    assert (event.actor, event.detail) == (boss, {"verdict": "bad", "clips": [mine[1].pk, mine[2].pk]})
    assert verdicts.judge_session(session, BAD, actor=boss) == 0
    assert AuditEvent.objects.filter(study=study, object_kind="recordingsession").count() == 1


def test_an_unknown_verdict_is_refused_in_a_sentence() -> None:
    with pytest.raises(DomainError, match="no verdict 'maybe': say fine or bad"):
        verdicts.verdict_named("maybe")
