from __future__ import annotations

from typing import Any

import pytest

from annotator.domain import jobs, labelling, queueing, rounds
from annotator.domain.ranking import RankedClip
from annotator.enums import AnswerKind, JobState, RankingPolicy, RoundState
from annotator.exceptions import Conflict, DomainError
from annotator.models import Clip, Job, Prediction, Round, Study, User
from mlcore.types import VALENCE3
from tests.factories.labels import add_label, label_all
from tests.factories.people import make_member
from tests.factories.studies import add_subject, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """4 subjects with 6 clips each, 2 of them test subjects; a round needs 4 labels."""
    made = make_study(n_subjects=4, n_clips=6)
    Study.objects.filter(pk=made.pk).update(min_labels=4)
    made.refresh_from_db()
    return made


@pytest.fixture
def annotator(study: Study) -> User:
    return make_member(study, "ann")


def pool(study: Study) -> list[Clip]:
    return list(study.clips.filter(subject__is_test=False).order_by("pk"))


def held_out(study: Study) -> list[Clip]:
    return list(study.clips.filter(subject__is_test=True).order_by("pk"))


PROBABILITIES = {"valence": [0.2, 0.3, 0.5], "arousal": [0.4, 0.3, 0.3]}
ALPHA = {"valence": [2.0, 3.0, 5.0], "arousal": [4.0, 3.0, 3.0]}


def outcome_of(clips: list[Clip], **more: Any) -> rounds.RoundOutcome:
    """These clips ranked in their order, each with a prediction."""
    return rounds.RoundOutcome(
        metrics={"n_clips": 3},
        history=[{"stage": "student", "epoch": 1}],
        model_path="round-x",
        model_sha256="ab" * 32,
        ranked=(RankedClip(clip.pk, {"entropy": 1.0 - place / 100}) for place, clip in enumerate(clips)),
        predictions=((clip.pk, PROBABILITIES, ALPHA) for clip in clips),
        **more,
    )


def publish(study: Study, clips: list[Clip]) -> Round:
    """A round from launch to publication, as a worker does it, with these clips ranked."""
    round_ = rounds.launch_round(study, actor=None)
    token = jobs.take(round_.job.pk, "worker")
    assert token is not None
    rounds.begin_round(round_.job.pk, token, config={"seed": "as given"})
    rounds.publish_round(round_, job_id=round_.job.pk, token=token, outcome=outcome_of(clips))
    study.refresh_from_db()
    return round_


def test_a_round_freezes_the_labels_of_pool_and_test_subjects(study: Study, annotator: User) -> None:
    labels = [*label_all(pool(study)[:4], annotator), *label_all(held_out(study)[:2], annotator)]
    round_ = rounds.launch_round(study, actor=annotator)
    assert {row.label for row in round_.frozen_labels.all()} == set(labels)
    assert (round_.number, round_.state, round_.n_labels, round_.n_clips) == (1, RoundState.QUEUED, 6, 6)
    assert round_.code_version.startswith("0.")
    assert round_.job.kind == "round"


def test_a_withdrawal_after_the_launch_changes_nothing_in_the_round(study: Study, annotator: User) -> None:
    labels = label_all(pool(study)[:5], annotator)
    round_ = rounds.launch_round(study, actor=None)
    before = rounds.frozen_votes(round_)
    labelling.undo(labels[-1].uuid, annotator)
    assert rounds.frozen_votes(round_) == before
    assert len(before) == 5


def test_the_data_hash_says_whether_two_rounds_learned_from_the_same(study: Study, annotator: User) -> None:
    label_all(pool(study)[:4], annotator)
    first = publish(study, [])
    second = publish(study, [])
    add_label(pool(study)[5], annotator)
    third = rounds.launch_round(study, actor=None)
    assert first.data_hash == second.data_hash != third.data_hash
    assert len({first.seed, second.seed, third.seed}) == 3


def test_too_few_labels_are_refused_in_a_sentence(study: Study, annotator: User) -> None:
    label_all(pool(study)[:3], annotator)
    label_all(held_out(study)[:3], annotator)
    with pytest.raises(DomainError, match=r"^Too few labels: 3 clips .* at least 4\.$"):
        rounds.launch_round(study, actor=None)
    assert not study.rounds.exists()


def test_answers_that_are_no_votes_do_not_count(study: Study, annotator: User) -> None:
    label_all(pool(study)[:3], annotator)
    add_label(pool(study)[3], annotator, answer=AnswerKind.CANT_TELL)
    add_label(pool(study)[4], annotator, answer=AnswerKind.BAD_SIGNAL)
    with pytest.raises(DomainError, match="Too few labels: 3 clips"):
        rounds.launch_round(study, actor=None)


def test_one_class_is_refused_by_name(study: Study, annotator: User) -> None:
    for number, clip in enumerate(pool(study)[:4]):
        add_label(clip, annotator, {"valence": 1, "arousal": number % 3})
    with pytest.raises(DomainError, match=r"^Valence has been given fewer than 2"):
        rounds.launch_round(study, actor=None)


def test_a_study_without_test_subjects_is_refused() -> None:
    study = make_study(n_subjects=1, n_clips=6)
    study.subjects.update(is_test=False)
    with pytest.raises(DomainError, match="No test subjects"):
        rounds.launch_round(study, actor=None)


def test_a_second_round_waits_for_the_first(study: Study, annotator: User) -> None:
    label_all(pool(study)[:4], annotator)
    first = rounds.launch_round(study, actor=None)
    with pytest.raises(Conflict, match="Round 1 is still running"):
        rounds.launch_round(study, actor=None)
    rounds.cancel_round(first, actor=None)
    assert rounds.launch_round(study, actor=None).number == 2


def test_the_pool_is_what_still_wanted_an_answer_at_the_launch(study: Study, annotator: User) -> None:
    label_all(pool(study)[:4], annotator)
    add_label(pool(study)[4], annotator, answer=AnswerKind.BAD_SIGNAL)
    round_ = rounds.launch_round(study, actor=None)
    max_clip = round_.job.payload["max_clip"]
    expected = {clip.pk for clip in pool(study)[5:]}
    assert rounds.pool_clips(round_, max_clip) == expected
    add_label(pool(study)[6], annotator)
    add_subject(study, "late", n_clips=2)
    queueing.open_clips(study)
    assert rounds.pool_clips(round_, max_clip) == expected


def test_a_clip_that_needs_a_second_answer_stays_in_the_pool() -> None:
    study = make_study(n_subjects=4, n_clips=6, overlap=2)
    Study.objects.filter(pk=study.pk).update(min_labels=2)
    clips = pool(study)
    label_all(clips[:4], make_member(study, "one"))
    label_all(clips[:1], make_member(study, "two"))
    round_ = rounds.launch_round(study, actor=None)
    assert rounds.pool_clips(round_, round_.job.payload["max_clip"]) == {clip.pk for clip in clips[1:]}


def test_publishing_swaps_model_and_ranking_together(study: Study, annotator: User) -> None:
    label_all(pool(study)[:4], annotator)
    order = [pool(study)[7], pool(study)[5], pool(study)[9]]
    round_ = publish(study, order)
    assert study.promoted_round == round_
    assert study.active_ranking is not None
    assert (study.active_ranking.round, study.active_ranking.policy) == (round_, RankingPolicy.ENTROPY)
    best = study.active_ranking.entries.order_by("rank").values_list("clip_id", flat=True)[:3]
    assert list(best) == [clip.pk for clip in order]
    assert {item.clip_id for item in Prediction.objects.filter(round=round_)} == {clip.pk for clip in order}
    round_ = Round.objects.get(pk=round_.pk)
    assert (round_.state, round_.metrics, round_.model_sha256) == (RoundState.PUBLISHED, {"n_clips": 3}, "ab" * 32)
    assert round_.job.state == JobState.SUCCEEDED


def test_a_worker_thought_dead_publishes_nothing(study: Study, annotator: User) -> None:
    label_all(pool(study)[:4], annotator)
    round_ = rounds.launch_round(study, actor=None)
    old = jobs.take(round_.job.pk, "zombie")
    assert old is not None
    type(round_.job).objects.filter(pk=round_.job.pk).update(token=old + 1)
    ranking = Study.objects.get(pk=study.pk).active_ranking
    outcome = outcome_of([pool(study)[7]])
    with pytest.raises(jobs.JobLostError):
        rounds.publish_round(round_, job_id=round_.job.pk, token=old, outcome=outcome)
    study.refresh_from_db()
    round_.refresh_from_db()
    assert (study.active_ranking, study.promoted_round) == (ranking, None)
    assert not Prediction.objects.exists()
    assert round_.state == RoundState.QUEUED


def test_until_it_publishes_the_old_ranking_serves(study: Study, annotator: User) -> None:
    label_all(pool(study)[:4], annotator)
    before = Study.objects.get(pk=study.pk).active_ranking
    round_ = rounds.launch_round(study, actor=None)
    token = jobs.take(round_.job.pk, "worker")
    assert token is not None
    rounds.begin_round(round_.job.pk, token, config={})
    rounds.round_failed(round_.job.pk, token, "It broke.", "Traceback")
    study.refresh_from_db()
    round_.refresh_from_db()
    assert study.active_ranking == before
    assert (round_.state, round_.error) == (RoundState.FAILED, "It broke.")


def test_a_running_round_is_cancelled_by_its_worker(study: Study, annotator: User) -> None:
    label_all(pool(study)[:4], annotator)
    round_ = rounds.launch_round(study, actor=None)
    token = jobs.take(round_.job.pk, "worker")
    assert token is not None
    rounds.begin_round(round_.job.pk, token, config={})
    rounds.cancel_round(round_, actor=None)
    round_.refresh_from_db()
    assert round_.state == RoundState.RUNNING
    rounds.round_cancelled(round_.job.pk, token)
    round_.refresh_from_db()
    assert round_.state == RoundState.CANCELLED
    with pytest.raises(Conflict, match="ended already"):
        rounds.cancel_round(round_, actor=None)


def test_an_epoch_that_was_trained_makes_up_for_the_workers_that_died_before(study: Study, annotator: User) -> None:
    label_all(pool(study)[:4], annotator)
    round_ = rounds.launch_round(study, actor=None)
    Job.objects.filter(pk=round_.job.pk).update(fruitless_attempts=3)
    token = jobs.take(round_.job.pk, "worker")
    assert token is not None
    assert Job.objects.get(pk=round_.job.pk).fruitless_attempts == 4
    rounds.record_history(round_.job.pk, token, [{"stage": "teacher", "epoch": 1, "loss": 0.5}])
    assert Job.objects.get(pk=round_.job.pk).fruitless_attempts == 0
    round_.refresh_from_db()
    assert len(round_.history) == 1


def test_roll_back_goes_round_by_round_to_the_random_order_and_promote_goes_forward(
    study: Study, annotator: User
) -> None:
    label_all(pool(study)[:4], annotator)
    random_order = Study.objects.get(pk=study.pk).active_ranking
    first, second = publish(study, pool(study)[6:8]), publish(study, pool(study)[7:9])
    assert rounds.roll_back(study, actor=None) == first
    study.refresh_from_db()
    assert (study.promoted_round, study.active_ranking) == (first, first.ranking)
    assert rounds.roll_back(study, actor=None) is None
    study.refresh_from_db()
    assert (study.promoted_round, study.active_ranking) == (None, random_order)
    with pytest.raises(Conflict):
        rounds.roll_back(study, actor=None)
    second.refresh_from_db()
    rounds.promote(second, actor=None)
    study.refresh_from_db()
    assert (study.promoted_round, study.active_ranking) == (second, second.ranking)


def test_a_round_that_was_not_published_can_not_be_promoted(study: Study, annotator: User) -> None:
    label_all(pool(study)[:4], annotator)
    with pytest.raises(Conflict, match="not published"):
        rounds.promote(rounds.launch_round(study, actor=None), actor=None)


def test_a_scheme_of_one_dimension_is_enough() -> None:
    study = make_study(n_subjects=4, n_clips=6, dimensions=(VALENCE3,))
    Study.objects.filter(pk=study.pk).update(min_labels=2)
    user = make_member(study, "ann")
    add_label(pool(study)[0], user, {"valence": 0})
    add_label(pool(study)[1], user, {"valence": 2})
    assert rounds.launch_round(study, actor=None).n_labels == 2
