"""The model's opinion after one's own answer: both answers and both times are kept, and a round learns the first."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction

from annotator.domain import exporting, labelling, opinions, rounds
from annotator.enums import AnswerKind, OpinionPolicy, RoundState, TeachingKind
from annotator.exceptions import Conflict, NotAllowed, NotFound
from annotator.models import AuditEvent, Label, Prediction, Round, RoundLabel, SeenOpinion, Study, User
from annotator.queries import live
from tests.factories.labels import add_label
from tests.factories.newcomers import pool_clips
from tests.factories.people import make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db

SAID = {"valence": [0.1, 0.2, 0.7], "arousal": [0.5, 0.3, 0.2]}


@pytest.fixture
def study() -> Study:
    study = make_study()
    study.promoted_round = Round.objects.create(
        study=study,
        number=1,
        seed=1,
        code_version="test",
        data_hash="0" * 64,
        n_labels=0,
        n_clips=0,
        state=RoundState.PUBLISHED,
    )
    study.save()
    Prediction.objects.bulk_create(
        Prediction(round=study.promoted_round, clip=clip, probabilities=SAID, alpha={}) for clip in pool_clips(study)
    )
    return study


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "ann")


@pytest.fixture
def label(study: Study, ann: User) -> Label:
    return add_label(pool_clips(study)[0], ann, {"valence": 0, "arousal": 0})


def corrected(label: Label, valence: int) -> Label:
    values = {"valence": valence, "arousal": 0}
    return labelling.correct(label, label.annotator, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, values))


def votes(study: Study) -> list[int]:
    return [label.values["valence"] for label in rounds.frozen_candidates(study)]


def test_it_is_shown_with_the_time_of_the_first_look(label: Label, ann: User) -> None:
    first, again = opinions.show(label.uuid, ann), opinions.show(label.uuid, ann)
    assert first == again == opinions.Opinion(SAID, SeenOpinion.objects.get().created_at)
    assert AuditEvent.objects.filter(verb="see_opinion", actor=ann).count() == 1


def test_a_correction_after_a_look_keeps_both_answers_and_both_times(study: Study, label: Label, ann: User) -> None:
    seen_at = opinions.show(label.uuid, ann).seen_at
    after = corrected(label, 2)
    first = Label.objects.get(pk=label.pk)
    assert (first.values["valence"], first.state, first.seen_opinion_at) == (0, "superseded", None)
    assert (after.values["valence"], after.state, after.seen_opinion_at) == (2, "current", seen_at)
    assert first.created_at < seen_at < after.created_at
    rows = {row["label"]: row for row in exporting.rows(study, with_history=True)}
    assert rows[str(after.uuid)]["seen_opinion_at"] == seen_at
    assert rows[str(after.uuid)]["supersedes"] == str(first.uuid)
    assert (rows[str(first.uuid)]["seen_opinion_at"], rows[str(first.uuid)]["supersedes"]) == (None, "")


def test_a_round_learns_the_answer_before_the_look(study: Study, label: Label, ann: User) -> None:
    assert votes(study) == [0]
    before_looking = corrected(label, 1)
    assert votes(study) == [1]
    opinions.show(before_looking.uuid, ann)
    once = corrected(before_looking, 2)
    assert votes(study) == [1]
    twice = corrected(once, 0)  # knowing it still
    assert twice.seen_opinion_at == once.seen_opinion_at
    assert votes(study) == [1]
    assert [label.pk for label in rounds.frozen_candidates(study)] == [before_looking.pk]


def test_frozen_and_live_votes_are_the_first_answers_too(study: Study, label: Label, ann: User) -> None:
    round_ = study.promoted_round
    assert round_ is not None
    opinions.show(label.uuid, ann)
    corrected(label, 2)
    (vote,) = live.answers_since(round_)[label.clip_id]
    assert vote.values["valence"] == 0
    RoundLabel.objects.bulk_create(RoundLabel(round=round_, label=one) for one in rounds.frozen_candidates(study))
    assert [vote.values["valence"] for vote in rounds.frozen_votes_by_annotator(round_)[label.clip_id]] == [0]
    assert live.answers_since(round_) == {}


def test_an_answer_corrected_without_a_look_is_learned_as_it_stands(study: Study, label: Label) -> None:
    after = corrected(label, 2)
    assert (after.seen_opinion_at, votes(study)) == (None, [2])


def test_after_a_look_an_answer_is_not_taken_back_unseen(label: Label, ann: User) -> None:
    opinions.show(label.uuid, ann)
    with pytest.raises(Conflict, match="correct the answer instead"):
        labelling.undo(label.uuid, ann)
    after = corrected(label, 2)
    with pytest.raises(Conflict, match="correct the answer instead"):
        labelling.undo(after.uuid, ann)


def test_only_ones_own_answer_that_stands_opens_it(study: Study, label: Label, ann: User) -> None:
    with pytest.raises(NotFound):
        opinions.show(label.uuid, make_member(study, "ben"))
    corrected(label, 1)
    with pytest.raises(Conflict, match="superseded"):
        opinions.show(label.uuid, ann)
    assert not SeenOpinion.objects.exists()


def test_a_study_may_never_show_it(study: Study, label: Label, ann: User) -> None:
    assert opinions.may_be_asked_for(label.clip)
    Study.objects.update(opinion=OpinionPolicy.OFF)
    label.clip.study.refresh_from_db()
    assert not opinions.may_be_asked_for(label.clip)
    with pytest.raises(NotAllowed, match="not shown"):
        opinions.show(label.uuid, ann)


def test_without_an_opinion_nothing_was_seen(study: Study, label: Label, ann: User) -> None:
    Prediction.objects.all().delete()
    assert not opinions.may_be_asked_for(label.clip)
    with pytest.raises(NotFound, match="No model"):
        opinions.show(label.uuid, ann)
    assert not SeenOpinion.objects.exists()


def test_a_practice_answer_is_no_way_to_an_opinion(study: Study, ann: User) -> None:
    gold = Label.objects.create(
        uuid=uuid.uuid4(),
        study=study,
        clip=pool_clips(study)[1],
        annotator=ann,
        seconds_spent=1,
        gold=TeachingKind.PRACTICE,
    )
    with pytest.raises(NotFound):
        opinions.show(gold.uuid, ann)


def test_what_was_seen_is_append_only(label: Label, ann: User) -> None:
    opinions.show(label.uuid, ann)
    for change in (
        lambda: SeenOpinion.objects.update(created_at=label.created_at),
        lambda: SeenOpinion.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Label.objects.filter(pk=label.pk).update(seen_opinion_at=label.created_at)
