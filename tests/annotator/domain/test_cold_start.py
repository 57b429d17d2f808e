"""What an order without a model knows, what happens to it when clips come and go, and what is left of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.domain import cold_start, deletion, importing, live, queueing
from annotator.domain.ranking import RankedClip
from annotator.enums import JobState, RankingPolicy
from annotator.models import Clip, Job, Ranking, Study
from mlcore.types import Route, Term
from tests.factories.labels import add_label
from tests.factories.live_queue import take_messages
from tests.factories.people import make_member
from tests.factories.studies import add_session, make_study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study(broker: str) -> Study:
    return make_study(n_subjects=5, test_clips_per_subject=0)


def pool(study: Study) -> list[Clip]:
    return list(study.clips.filter(subject__is_test=False, superseded_at=None).order_by("pk"))


def now(study: Study) -> Study:
    return Study.objects.select_related("active_ranking").get(pk=study.pk)


def publish(study: Study, clips: Sequence[Clip] | None = None, *, seen: str | None = None) -> Ranking | None:
    ordered = [RankedClip(clip.pk, {"value": 1.0}, Term.COLD_START) for clip in (clips or pool(study))]
    seen = cold_start.what_there_is(now(study)) if seen is None else seen
    return cold_start.publish(now(study), ordered=ordered, seen=seen)


def order_of(study: Study) -> list[int]:
    ranking = now(study).active_ranking
    assert ranking is not None
    return list(ranking.entries.order_by("rank").values_list("clip", flat=True))


class TestWhatIsLeftToDo:
    def test_a_study_waits_until_its_clips_are_in_order(self, study: Study) -> None:
        assert cold_start.studies_behind() == [study.pk]
        made = publish(study)
        assert made is not None
        assert (made.policy, made.round, made.config["strategy"]) == (RankingPolicy.TYPICLUST, None, "typiclust")
        assert cold_start.studies_behind() == []

    def test_an_answer_changes_nothing(self, study: Study) -> None:
        publish(study)
        add_label(pool(study)[0], make_member(study, "ann"))
        assert cold_start.studies_behind() == []

    def test_a_session_that_came_or_went_does(self, study: Study) -> None:
        publish(study)
        add_session(pool(study)[0].subject, "another")
        assert cold_start.studies_behind() == [study.pk]
        publish(study)
        deletion.delete_session(pool(study)[0].session, actor=None)
        assert cold_start.studies_behind() == [study.pk]

    def test_a_study_without_clips_has_nothing_to_order(self, broker: str) -> None:
        empty = make_study(n_subjects=0)
        Study.objects.filter(pk=empty.pk).update(active_ranking=None)
        assert cold_start.studies_behind() == []

    def test_not_before_its_import_has_ended(self, study: Study, tmp_path_factory: pytest.TempPathFactory) -> None:
        job = importing.request_import(study, actor=None, source=tmp_path_factory.mktemp("in"))
        assert cold_start.studies_behind() == []
        Job.objects.filter(pk=job.pk).update(state=JobState.FAILED)
        assert cold_start.studies_behind() == [study.pk]

    def test_an_order_that_was_overtaken_is_not_published(self, study: Study) -> None:
        before = cold_start.what_there_is(now(study))
        clips = pool(study)
        add_session(clips[0].subject, "another")
        assert publish(study, clips, seen=before) is None
        assert now(study).active_ranking == study.active_ranking
        assert Ranking.objects.filter(study=study, policy=RankingPolicy.TYPICLUST).count() == 0


class TestOpeningClips:
    def test_clips_that_came_stand_behind_until_they_are_put_in_order(self, study: Study) -> None:
        clips = pool(study)
        publish(study, clips)
        add_label(clips[0], make_member(study, "ann"))
        known = order_of(study)
        add_session(clips[0].subject, "another", n_clips=3)
        queueing.open_clips(study)
        assert order_of(study)[: len(known)] == known
        assert len(order_of(study)) == len(known) + 3

    def test_twice_is_as_good_as_once(self, study: Study) -> None:
        made = publish(study, list(reversed(pool(study))))
        before = order_of(study)
        queueing.open_clips(study)
        queueing.open_clips(study)
        assert now(study).active_ranking == made
        assert order_of(study) == before

    def test_where_test_subjects_are_drawn_anew_the_random_order_serves_again(self, study: Study) -> None:
        user = make_member(study, "ann")
        clips = pool(study)
        publish(study, clips)
        held = queueing.claim(study, user)
        test = set(study.subjects.filter(is_test=True))
        Study.objects.filter(pk=study.pk).update(test_subject_share=0.6)
        queueing.open_clips(now(study))
        drawn = set(study.subjects.filter(is_test=True)) - test
        assert drawn & {clip.subject for clip in clips}
        serving = now(study).active_ranking
        assert serving is not None
        assert (serving.policy, serving.config) == (RankingPolicy.RANDOM, {})
        assert sorted(order_of(study)) == [clip.pk for clip in pool(study)]
        assert [slot.clip_id for slot in queueing.claim(study, user)][: len(held)] == [slot.clip_id for slot in held]

    def test_a_deleted_session_is_told_of(self, study: Study, broker: str) -> None:
        publish(study)
        take_messages(broker, "io")
        deletion.delete_session(pool(study)[0].session, actor=None)
        assert take_messages(broker, "io") == [(cold_start.TASK, [study.pk])]


class TestWhatIsLeftOfAnOrder:
    def test_of_replaced_ones_only_what_served_somebody_is_kept(self, study: Study) -> None:
        user = make_member(study, "ann")
        publish(study)
        label = add_label(queueing.claim(study, user)[0].clip, user)
        add_session(pool(study)[0].subject, "another")
        publish(study)
        add_session(pool(study)[0].subject, "a third")
        last = publish(study)
        assert live.forget_replaced() == 0  # a claim may have found an entry of them this very moment
        Ranking.objects.filter(study=study).update(created_at=timezone.now() - timedelta(minutes=2))
        live.forget_replaced()
        assert label.entry is not None
        left = Ranking.objects.filter(study=study).exclude(policy=RankingPolicy.TEST)
        assert set(left) == {last, label.entry.ranking}
        assert len(order_of(study)) == len(pool(study))
        assert label.entry.ranking.entries.filter(route=Route.MAIN).count() <= study.reserve

    def test_the_one_that_a_round_replaced_is_kept_whole(self, study: Study) -> None:
        made = publish(study)
        assert made is not None
        other = Ranking.objects.create(study=study, policy=RankingPolicy.ENTROPY)
        round_ = study.rounds.create(number=1, seed=1, n_labels=0, n_clips=0)
        Ranking.objects.filter(pk=other.pk).update(round=round_)
        Study.objects.filter(pk=study.pk).update(active_ranking=other, promoted_round=round_)
        Ranking.objects.filter(study=study).update(created_at=timezone.now() - timedelta(minutes=2))
        live.forget_replaced()
        assert made.entries.count() == len(pool(study))
