"""Who is told of new answers, and what the serving ranking knows of them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from annotator.domain import labelling, live, queueing
from annotator.domain.ranking import RankedClip
from annotator.domain.rounds import Vote
from annotator.enums import AnswerKind, RankingPolicy
from annotator.models import Clip, Label, Study
from annotator.queries.live import RankingState, answers_since, ranking_state
from tests.factories.labels import add_label
from tests.factories.live_queue import take_messages
from tests.factories.live_rounds import LiveStudy, make_live_study
from tests.factories.people import make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db(transaction=True)
REPOSITORY = Path(__file__).resolve().parents[3]
VALUES = {"valence": 1, "arousal": 1}


@pytest.fixture
def made(broker: str, settings: Settings, tmp_path: Path) -> LiveStudy:
    settings.MODEL_ROOT = tmp_path
    return make_live_study(with_pool=False)


def pool_clips(study: Study) -> list[Clip]:
    return list(study.clips.filter(subject__is_test=False).order_by("pk"))


def test_the_study_is_sent_once_its_answer_is_committed(made: LiveStudy, broker: str) -> None:
    with transaction.atomic():
        live.answers_changed(made.study)
        assert take_messages(broker) == []
    assert take_messages(broker) == [(live.TASK, [made.study.pk])]


def test_nothing_is_sent_of_an_answer_that_was_rolled_back(made: LiveStudy, broker: str) -> None:
    with suppress(RuntimeError), transaction.atomic():
        live.answers_changed(made.study)
        raise RuntimeError
    assert take_messages(broker) == []


def test_before_the_first_round_nobody_is_told(broker: str) -> None:
    live.answers_changed(make_study())
    assert take_messages(broker) == []


def test_submit_undo_and_correction_each_tell_of_it(made: LiveStudy, broker: str) -> None:
    user, told = make_member(made.study, "ann"), [(live.TASK, [made.study.pk])]
    label = add_label(pool_clips(made.study)[0], user, VALUES)
    assert take_messages(broker) == told
    submission = labelling.Submission(uuid=uuid4(), answer=AnswerKind.LABEL, values={"valence": 0, "arousal": 0})
    corrected = labelling.correct(label, user, submission)
    assert take_messages(broker) == told
    labelling.undo(corrected.uuid, user)
    assert take_messages(broker) == told


def test_a_broker_that_is_away_is_asked_once_and_no_error_of_the_annotators(tmp_path: Path) -> None:
    code = (
        "import django; django.setup(); from annotator.domain import live; live.send_update(7); live.settle(); "
        "live.send_update(8); live.settle(); "
        "print('went on')"
    )
    environment = {**os.environ, "REDIS_URL": f"redis+socket://{tmp_path}/no.sock", "CONCORD_VAR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr
    assert "The broker did not take study 7" in done.stderr
    assert "study 8" not in done.stderr


def test_the_version_rises_with_every_change_and_stays_without(made: LiveStudy) -> None:
    user = make_member(made.study, "ann")
    clip = pool_clips(made.study)[0]
    versions = [live.answers_version(made.study)]
    label = add_label(clip, user, VALUES)
    versions.append(live.answers_version(made.study))
    submission = labelling.Submission(uuid=uuid4(), answer=AnswerKind.LABEL, values={"valence": 0, "arousal": 0})
    corrected = labelling.correct(label, user, submission)
    versions.append(live.answers_version(made.study))
    labelling.undo(corrected.uuid, user)
    versions.append(live.answers_version(made.study))
    assert versions == sorted(set(versions))
    queueing.claim(made.study, user)
    assert live.answers_version(made.study) == versions[-1]


def test_answers_since_the_round_are_those_that_stand_and_are_votes_on_pool_clips(made: LiveStudy) -> None:
    user = make_member(made.study, "ann")
    first, second, third, *_ = pool_clips(made.study)
    counts = add_label(first, user, VALUES)
    add_label(second, user, answer=AnswerKind.BAD_SIGNAL)
    labelling.undo(add_label(third, user, VALUES).uuid, user)
    assert made.base.round is not None
    assert answers_since(made.base.round) == {first.pk: [Vote(user.pk, 0, VALUES, counts.pk)]}
    frozen = Label.objects.get(clip=first)
    made.base.round.frozen_labels.create(label=frozen)
    assert answers_since(made.base.round) == {}


def test_the_state_says_which_model_and_how_many_answers_it_knows(
    made: LiveStudy, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    study, user = made.study, make_member(made.study, "ann")
    clips = pool_clips(study)
    for clip in clips[:3]:
        add_label(clip, user, VALUES)
    state = partial(RankingState, 1, RankingPolicy.ENTROPY)
    with django_assert_max_num_queries(2):
        assert ranking_state(study) == state(
            n_labels=40, n_since_round=0, n_waiting=3, ranked_at=made.base.created_at, is_live=False
        )
    ordered = [RankedClip(clip.pk, {}) for clip in clips[5:9]]
    head = live.publish(study, base=made.base, ordered=ordered, n_labels=43, answers_seen=live.answers_version(study))
    assert head is not None
    add_label(clips[3], user, VALUES)
    study.refresh_from_db()
    with django_assert_max_num_queries(2):
        assert ranking_state(study) == state(
            n_labels=43, n_since_round=3, n_waiting=1, ranked_at=head.created_at, is_live=True
        )


def test_before_the_first_round_the_state_names_no_model() -> None:
    study = make_study()
    state = ranking_state(study)
    assert state is not None
    assert (state.round_number, state.policy, state.n_labels, state.n_waiting) == (None, RankingPolicy.RANDOM, 0, 0)


def test_a_head_of_a_ranking_that_serves_no_more_is_not_published(made: LiveStudy) -> None:
    ordered = [RankedClip(clip.pk, {}) for clip in pool_clips(made.study)]
    queueing.publish_ranking(made.study, round=None, policy=RankingPolicy.RANDOM, ordered=ordered)
    assert live.publish(made.study, base=made.base, ordered=ordered[:3], n_labels=1, answers_seen=1) is None
    made.study.refresh_from_db()
    assert made.study.head_ranking is None
