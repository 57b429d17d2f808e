from __future__ import annotations

import pytest

from annotator.domain import exporting, exporting_verdicts, labelling, queueing, studies, verdicts
from annotator.domain.ranking import RankedClip
from annotator.enums import AnswerKind, JobState, RankingPolicy, Role, SensorVerdict
from annotator.exceptions import DomainError
from annotator.models import Lease, Membership, Study
from mlcore.types import SAM_AROUSAL9, VALENCE3, Ask, QualityFault, Route, Term
from tests.factories.labels import add_label
from tests.factories.people import make_member, make_user
from tests.factories.sessions import grade
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study(n_subjects=2, n_clips=3, dimensions=(VALENCE3, SAM_AROUSAL9))


def test_a_row_tells_who_what_when_on_every_clock_and_why(study: Study) -> None:
    user = make_member(study, "secret.name@lab")
    clip = grade(study.clips.order_by("pk")[1], eeg_quality=0.25, eeg_faults={"line noise": 0.8})
    label = add_label(clip, user, {"valence": 2, "arousal": 7}, comment="smiles")
    (row,) = exporting.rows(study)
    assert set(row) == {column.name for column in exporting.columns(study)}
    assert row == row | {
        "label": str(label.uuid),
        "annotator": "A01",
        "annotator_is_simulated": False,
        "clip": clip.pk,
        "subject": clip.subject.code,
        "session": clip.session.code,
        "trial": 1,
        "start_s": 5.0,
        "stop_s": 10.0,
        "eeg_start_s": 5.0,
        "sync_offset_s": 0.25,
        "sync_drift_ppm": pytest.approx(10.0),
        "sync_residual_ms": 3.0,
        "sync_method": "given offset",
        "sync_confidence": None,
        "eeg_quality": 0.25,
        "face_quality": None,
        "eeg_faults": {"line noise": 0.8},
        "face_faults": {},
        "answer": "label",
        "valence": 2,
        "valence_name": "pleasant",
        "arousal": 7,
        "confidence": 2,
        "comment": "smiles",
        "seconds_spent": 4.5,
        "pass": 0,
        "state": "current",
        "is_late": False,
        "is_extra": False,
        "served_policy": "address",
        "created_at": label.created_at,
    }
    assert row["video_start_s"] == pytest.approx((5.0 - 0.25) / (1 + 1e-5))
    assert "secret" not in str(row)


def test_a_session_of_one_stream_has_no_clocks_to_tell(study: Study) -> None:
    clip = study.clips.order_by("pk")[0]
    study.sessions.filter(pk=clip.session_id).update(has_video=False)
    add_label(clip, make_member(study, "ann"))
    (row,) = exporting.rows(study)
    assert (row["sync_offset_s"], row["sync_drift_ppm"], row["video_start_s"]) == (None, None, None)


def test_a_method_that_can_be_wrong_says_how_far_it_is_trusted(study: Study) -> None:
    clip = study.clips.order_by("pk")[0]
    study.sessions.filter(pk=clip.session_id).update(sync_method="blinks", sync_confidence=0.9)
    add_label(clip, make_member(study, "ann"))
    (row,) = exporting.rows(study)
    assert (row["sync_method"], row["sync_confidence"]) == ("blinks", 0.9)


def test_the_data_dictionary_names_every_fault_there_is(study: Study) -> None:
    meanings = {column.name: column.meaning for column in exporting.columns(study)}
    told = [word for name in ("eeg_faults", "face_faults") for word in meanings[name].split(": ")[1].split(", ")]
    assert sorted(told) == sorted(fault.value for fault in QualityFault)


def test_only_current_labels_unless_the_history_is_asked_for(study: Study) -> None:
    user = make_member(study, "ann")
    first, second = (add_label(clip, user) for clip in study.clips.order_by("pk")[:2])
    labelling.undo(second.uuid, user)
    assert [row["label"] for row in exporting.rows(study)] == [str(first.uuid)]
    states = {row["label"]: row["state"] for row in exporting.rows(study, with_history=True)}
    assert states == {str(first.uuid): "current", str(second.uuid): "withdrawn"}


def test_an_answer_that_is_no_label_has_no_values(study: Study) -> None:
    add_label(study.clips.order_by("pk")[0], make_member(study, "ann"), answer=AnswerKind.CANT_TELL)
    (row,) = exporting.rows(study)
    assert (row["answer"], row["valence"], row["valence_name"], row["arousal"]) == ("cant_tell", None, "", None)


def test_somebody_who_left_the_study_keeps_their_pseudonym(study: Study) -> None:
    user = make_member(study, "gone")
    add_label(study.clips.order_by("pk")[0], user)
    member = Membership.objects.get(study=study, user=user)
    studies.remove_member(member, actor=None)
    (row,) = exporting.rows(study)
    assert row["annotator"] == member.pseudonym


def test_labels_of_other_studies_stay_there(study: Study) -> None:
    other = make_study(n_subjects=2, n_clips=1)
    add_label(other.clips.order_by("pk")[0], make_member(other, "elsewhere"))
    assert list(exporting.rows(study)) == []


def test_the_number_of_queries_does_not_grow_with_the_rows(study: Study, django_assert_num_queries: type) -> None:
    user = make_member(study, "ann")
    clips = list(study.clips.order_by("pk"))
    add_label(clips[0], user)
    with django_assert_num_queries(3):
        assert len(list(exporting.rows(study))) == 1
    for clip in clips[1:4]:
        add_label(clip, user)
    with django_assert_num_queries(3):
        assert len(list(exporting.rows(study))) == 4


def test_a_request_is_a_job_and_a_row(study: Study) -> None:
    export = exporting.request_export(study, actor=None, format="csv")
    assert (export.job.state, export.job.queue, export.format) == (JobState.QUEUED, "io", "csv")
    with pytest.raises(DomainError, match="no format 'xls'"):
        exporting.request_export(study, actor=None, format="xls")


def test_a_label_carries_the_scores_that_its_clip_was_served_with(study: Study) -> None:
    shown = {
        "entropy": 0.9,
        "entropy_by_target": {"valence": 1.0},
        "vacuity": {"valence": 0.5},
        "disagreement": {"valence": 0.125, "arousal": 0.0625},
        "agreement": None,
        "evidence": {"eeg": 2.5, "face": 4.0},
    }
    scores = {**shown, "alpha": {"valence": [1, 2, 3]}}
    pool = [RankedClip(clip.pk, scores) for clip in study.clips.filter(subject__is_test=False)]
    queueing.publish_ranking(study, round=None, policy=RankingPolicy.ENTROPY, ordered=pool)
    user = make_member(study, "ann")
    while (clip := queueing.claim(study, user)[0].clip).subject.is_test:
        add_label(clip, user)
    add_label(clip, user)
    *_, row = exporting.rows(study)
    assert (row["clip"], row["served_policy"], row["served_scores"]) == (clip.pk, "entropy", shown)


def test_a_label_carries_what_bought_its_clip_and_by_what_it_was_judged(study: Study) -> None:
    clip = study.clips.order_by("pk")[0]
    user = make_member(study, "ann")
    add_label(clip, user)
    served = {"policy": "entropy", "term": "repeat_own", "route": "main", "ask": "face", "rank": 3, "round": 2}
    other = study.clips.order_by("pk")[1]
    queueing.claim_clip(other, user)
    Lease.objects.filter(clip=other).update(served=served)
    add_label(other, user)
    by_address, repeat = exporting.rows(study)
    names = ("served_policy", "served_term", "served_route", "served_ask", "served_rank", "served_round")
    assert [repeat[name] for name in names] == ["entropy", "repeat_own", "main", "face", 3, 2]
    assert [by_address[name] for name in names] == ["address", "", "", "", None, None]


def test_the_data_dictionary_names_every_term_route_and_modality(study: Study) -> None:
    meanings = {column.name: column.meaning for column in exporting.columns(study)}
    assert [term for term in Term if term.value not in meanings["served_term"]] == []
    assert [route for route in Route if route.is_served and route.value not in meanings["served_route"]] == []
    assert [ask for ask in Ask if ask.value not in meanings["served_ask"]] == []


def test_the_last_word_on_a_sensor_stands_beside_the_label(study: Study) -> None:
    user = make_member(study, "ann")
    clips = list(study.clips.order_by("pk")[:2])
    for clip in clips:
        add_label(clip, user)
    for verdict in (SensorVerdict.FINE, SensorVerdict.BAD):
        verdicts.judge(clips[0], verdict, actor=user)
    assert [row["sensor_verdict"] for row in exporting.rows(study)] == ["bad", ""]


def test_every_word_on_a_sensor_is_a_row(study: Study, django_assert_num_queries: type) -> None:
    boss, stranger = make_member(study, "secret.boss@lab", Role.ADMIN), make_user("super", is_superuser=True)
    clip, other = study.clips.order_by("pk")[:2]
    grade(clip, eeg_quality=0.25, eeg_faults={"flat": 0.9})
    said = [
        verdicts.judge(clip, SensorVerdict.BAD, actor=boss),
        verdicts.judge(other, SensorVerdict.BAD, actor=boss),
        verdicts.judge(clip, SensorVerdict.FINE, actor=stranger),
    ]
    with django_assert_num_queries(2):
        rows = list(exporting_verdicts.rows(study))
    assert [(row["clip"], row["verdict"], row["is_last"], row["by"], row["created_at"]) for row in rows] == [
        (clip.pk, "bad", False, "A01", said[0].created_at),
        (other.pk, "bad", True, "A01", said[1].created_at),
        (clip.pk, "fine", True, "", said[2].created_at),
    ]
    assert set(rows[0]) == {column.name for column in exporting_verdicts.COLUMNS}
    assert (rows[0]["subject"], rows[0]["eeg_quality"], rows[0]["eeg_faults"]) == (
        clip.subject.code, 0.25, {"flat": 0.9},
    )  # fmt: skip
    assert "secret" not in str(rows)
