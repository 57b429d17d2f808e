"""Live updates as a worker process runs them, in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from annotator.domain import labelling, live, queueing
from annotator.domain.ranking import RankedClip
from annotator.enums import AnswerKind, RankingPolicy, SlotState
from annotator.models import Clip, Label, RankEntry, Ranking, Slot, Study, User
from annotator.queries.live import ranking_state
from mlcore.acquire.live import NewAnswers, correct, entropy_of, prepare
from mlcore.types import Strategy, Term
from tests.factories.labels import add_label
from tests.factories.live_queue import take_messages
from tests.factories.live_rounds import PLAIN, LiveStudy, make_live_study, pool_folder
from tests.factories.people import make_member
from tests.factories.studies import make_study
from worker import housekeeping, live_pool
from worker.live import live_update, update
from worker.live_order import interleaved
from worker.voters import Voters, keep_voters

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "places")]


@pytest.fixture
def places(settings: Settings, tmp_path: Path) -> None:
    settings.MODEL_ROOT, settings.LIVE_HEAD_CLIPS = tmp_path / "models", 1000


def answer(made: LiveStudy, user: User, rank: int = 0) -> Label:
    """The annotator answers the clip at this place of what serves them."""
    clip = queueing.claim(made.study, user)[rank].clip
    return add_label(clip, user, made.answer_to(clip))


def head_of(study: Study) -> Ranking | None:
    return Study.objects.select_related("head_ranking").get(pk=study.pk).head_ranking


def order_of(ranking: Ranking | None) -> list[int]:
    assert ranking is not None
    return list(ranking.entries.order_by("rank").values_list("clip", flat=True))


def expected_order(made: LiveStudy, labels: list[Label]) -> list[int]:
    """Clips without an answer by falling entropy after these answers, held ones included."""
    row_of = {int(clip_id): row for row, clip_id in enumerate(made.clip_ids)}
    rows = np.array([row_of[label.clip_id] for label in labels])
    targets = {name: np.eye(3)[[label.values[name] for label in labels]] for name in made.pool.truth}
    return order_after(made, NewAnswers(rows, targets, dict.fromkeys(targets, np.ones(len(rows)))))


def order_after(made: LiveStudy, answers: NewAnswers) -> list[int]:
    """Clips that are not among the answered by falling entropy."""
    pool = prepare(made.pool.candidates)
    mean = entropy_of(pool, correct(pool, answers)).mean
    answered = set(answers.places.tolist())
    return [int(made.clip_ids[row]) for row in np.argsort(-mean, kind="stable") if row not in answered]


def held_by(user: User) -> list[int]:
    return list(
        Slot.objects.filter(holder=user, state=SlotState.LEASED).order_by("leased_at").values_list("clip", flat=True)
    )


# --- what an answer does ---------------------------------------------------------------------------------------------


def test_an_answer_puts_the_corrected_models_order_before_the_rounds() -> None:
    made = make_live_study()
    user = make_member(made.study, "ann")
    label = answer(made, user)
    live_update(made.study.pk)
    head = head_of(made.study)
    assert head is not None
    assert (head.base, head.n_labels, head.policy) == (made.base, 41, RankingPolicy.ENTROPY)
    held = held_by(user)
    assert held
    assert order_of(head) == [clip for clip in expected_order(made, [label]) if clip not in held]
    assert order_of(head) != [clip for clip in order_of(made.base) if clip not in (label.clip_id, *held)]


def test_the_entry_says_what_the_entropy_is_now_and_what_it_was() -> None:
    made = make_live_study()
    answer(made, make_member(made.study, "ann"))
    live_update(made.study.pk)
    head = head_of(made.study)
    assert head is not None
    for entry in head.entries.all():
        before = made.base.entries.get(clip=entry.clip_id).scores["entropy"]
        assert entry.scores["entropy_of_round"] == before
        assert entry.scores["entropy"] != before
        assert np.mean(list(entry.scores["entropy_by_target"].values())) / np.log(3) == pytest.approx(
            entry.scores["entropy"]
        )


def test_what_is_served_next_is_the_heads_first_and_reserved_clips_stay() -> None:
    made = make_live_study()
    user, other = make_member(made.study, "ann"), make_member(made.study, "bob")
    kept = [slot.clip_id for slot in queueing.claim(made.study, other)]
    answer(made, user)
    before = held_by(user)
    live_update(made.study.pk)
    first = order_of(head_of(made.study))[: made.study.reserve - len(before)]
    assert [slot.clip_id for slot in queueing.claim(made.study, user)] == before + first
    assert [slot.clip_id for slot in queueing.claim(made.study, other)] == kept


def test_of_a_long_pool_the_clips_that_the_round_was_least_certain_of_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_pool, "MOST_CONSIDERED", 20)
    made = make_live_study()
    label = answer(made, make_member(made.study, "ann"))
    live_update(made.study.pk)
    held = set(Slot.objects.filter(state=SlotState.LEASED).values_list("clip", flat=True))
    looked_at = set(order_of(made.base)[:20]) - held
    free = [clip for clip in expected_order(made, [label]) if clip in looked_at]
    assert order_of(head_of(made.study))[: len(free)] == free


def test_only_so_many_are_ranked_anew_as_the_setting_says(settings: Settings) -> None:
    settings.LIVE_HEAD_CLIPS = 7
    made = make_live_study()
    label = answer(made, make_member(made.study, "ann"))
    live_update(made.study.pk)
    held = set(Slot.objects.filter(state=SlotState.LEASED).values_list("clip", flat=True))
    free = [clip for clip in expected_order(made, [label]) if clip not in held]
    assert order_of(head_of(made.study)) == free[:7]


def test_audit_places_come_as_often_as_the_round_composed_them_however_often_the_head_is_replaced() -> None:
    made = make_live_study(audit_every=4, reserve=1)
    user = make_member(made.study, "ann")
    served = []
    for _ in range(20):
        entry = queueing.claim(made.study, user)[0].entry
        assert entry is not None
        served.append(entry.term)
        answer(made, user)
        live_update(made.study.pk)
    assert [place for place, term in enumerate(served, 1) if term == Term.AUDIT.value] == [4, 8, 12, 16, 20]
    audit = made.base.entries.filter(term=Term.AUDIT.value).order_by("rank").values_list("clip", flat=True)[:5]
    answered = Label.objects.order_by("pk").values_list("clip", flat=True)
    assert [answered[place] for place in (3, 7, 11, 15, 19)] == list(audit)


def test_an_undo_and_a_correction_change_the_order_too() -> None:
    made = make_live_study()
    user = make_member(made.study, "ann")
    label = answer(made, user)
    live_update(made.study.pk)
    first = order_of(head_of(made.study))
    other = {name: (value + 1) % 3 for name, value in label.values.items()}
    submission = labelling.Submission(uuid=uuid4(), answer=AnswerKind.LABEL, values=other)
    corrected = labelling.correct(label, user, submission)
    live_update(made.study.pk)
    assert order_of(head_of(made.study)) != first
    assert set(order_of(head_of(made.study))) == set(first)
    labelling.undo(corrected.uuid, user)
    live_update(made.study.pk)
    assert head_of(made.study) is None
    state = ranking_state(Study.objects.get(pk=made.study.pk))
    assert state is not None
    assert (state.n_labels, state.n_waiting, state.is_live) == (40, 0, False)


def test_several_answers_to_one_clip_count_as_their_shares() -> None:
    made = make_live_study(overlap=2, reserve=1)
    users = [make_member(made.study, name) for name in ("ann", "bob")]
    clip = Clip.objects.get(pk=order_of(made.base)[0])
    for number, user in enumerate(users):
        add_label(clip, user, {"valence": number, "arousal": 1})
    live_update(made.study.pk)
    state = ranking_state(Study.objects.get(pk=made.study.pk))
    assert state is not None
    assert (state.n_labels, state.n_since_round) == (42, 2)
    assert clip.pk not in order_of(head_of(made.study))


def test_answers_are_weighed_by_what_the_round_found_of_those_who_give_them() -> None:
    made = make_live_study(overlap=3, reserve=1)
    known, guessing, stranger = (make_member(made.study, name) for name in ("ann", "bob", "kim"))
    right = {known: 0.9, guessing: 0.4, stranger: 0.7}
    matrices = {who: np.full((3, 3), (1 - p) / 2) + (1.5 * p - 0.5) * np.eye(3) for who, p in right.items()}
    reliability, marginals, usual = {known: 0.8, guessing: 0.1, stranger: 0.5}, np.array([0.5, 0.3, 0.2]), 0.6
    voters = Voters(
        (known.pk, guessing.pk),
        np.array(list(reliability.values())),
        usual,
        marginals=marginals,
        confusion=np.array(list(matrices.values())),
    )
    assert made.base.round is not None
    keep_voters(pool_folder(made.base.round).parent, {"valence": voters})
    clips = [Clip.objects.get(pk=pk) for pk in order_of(made.base)[:4]]
    said = [
        {known: 0, guessing: 1, stranger: 1},
        {guessing: 2},
        {stranger: 2, known: 1},
        {known: 2},
    ]
    targets, weights, arousal = np.zeros((4, 3)), np.zeros(4), np.zeros((4, 3))
    for row, (clip, given) in enumerate(zip(clips, said, strict=True)):
        likelihood, missed = marginals.copy(), 1.0
        for who, answer in given.items():
            add_label(clip, who, {"valence": answer, "arousal": answer})
            likelihood *= matrices[who][:, answer]
            missed *= 1 - reliability[who]
            arousal[row, answer] += 1 / len(given)
        targets[row], weights[row] = likelihood / likelihood.sum(), (1 - missed) / usual
    live_update(made.study.pk)
    row_of = {int(clip_id): row for row, clip_id in enumerate(made.clip_ids)}
    places = np.array([row_of[clip.pk] for clip in clips])
    n_answers = np.array([float(len(given)) for given in said])
    # the round weighed valence only: of arousal every answer counts the same
    both = NewAnswers(places, {"valence": targets, "arousal": arousal}, {"valence": weights, "arousal": n_answers})
    assert order_of(head_of(made.study)) == order_after(made, both)
    alike = NewAnswers(places, {"valence": arousal, "arousal": arousal}, dict.fromkeys(both.weights, n_answers))
    assert order_of(head_of(made.study)) != order_after(made, alike)


# --- when there is nothing to do -------------------------------------------------------------------------------------


def test_before_the_first_round_nothing_happens() -> None:
    study = make_study(test_clips_per_subject=0)
    add_label(Clip.objects.filter(study=study, subject__is_test=False)[0], make_member(study, "ann"))
    live_update(study.pk)
    assert head_of(study) is None


def test_a_study_that_is_gone_is_no_error() -> None:
    live_update(4711)


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.CORE_SET, Strategy.BALD])
def test_what_an_answer_says_nothing_of_keeps_the_rounds_order(strategy: Strategy) -> None:
    made = make_live_study(policy=RankingPolicy(strategy.value))
    answer(made, make_member(made.study, "ann"))
    live_update(made.study.pk)
    assert head_of(made.study) is None
    assert not live.is_behind(Study.objects.get(pk=made.study.pk))


def test_a_round_that_left_no_pool_keeps_its_order() -> None:
    made = make_live_study(with_pool=False)
    answer(made, make_member(made.study, "ann"))
    live_update(made.study.pk)
    assert head_of(made.study) is None
    assert not live.is_behind(Study.objects.get(pk=made.study.pk))


def test_an_answer_that_is_no_vote_or_is_of_a_test_subject_changes_nothing() -> None:
    made = make_live_study(test_clips_per_subject=1)
    user = make_member(made.study, "ann")
    add_label(Clip.objects.filter(study=made.study, subject__is_test=False)[3], user, answer=AnswerKind.CANT_TELL)
    test = queueing.claim(made.study, user)[0].clip
    assert test.subject.is_test
    add_label(test, user)
    live_update(made.study.pk)
    assert head_of(made.study) is None
    made.base.refresh_from_db()
    assert made.base.answers_seen == live.answers_version(made.study) == 2


def test_a_burst_of_answers_is_one_update() -> None:
    made = make_live_study(reserve=1)
    user = make_member(made.study, "ann")
    labels = [answer(made, user) for _ in range(5)]
    live_update(made.study.pk)
    head = head_of(made.study)
    assert head is not None
    assert head.n_labels == 40 + len(labels)
    for _ in labels[1:]:
        live_update(made.study.pk)
    assert head_of(made.study) == head
    assert Ranking.objects.filter(base=made.base).count() == 1


def test_while_another_worker_is_at_a_study_nobody_else_is() -> None:
    made = make_live_study()
    answer(made, make_member(made.study, "ann"))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                assert live.try_to_hold_updates(made.study.pk)
                held.set()
                done.wait(60)
        finally:
            connection.close()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(60)
    assert not update(made.study.pk)
    assert head_of(made.study) is None
    done.set()
    other.join()
    assert update(made.study.pk)
    assert head_of(made.study) is not None


def test_a_new_round_serves_without_the_old_ones_head_and_takes_the_answers_in_anew() -> None:
    made = make_live_study()
    user = make_member(made.study, "ann")
    answer(made, user)
    live_update(made.study.pk)
    again = queueing.publish_ranking(
        made.study,
        round=None,
        policy=RankingPolicy.RANDOM,
        ordered=[RankedClip(int(clip_id), {}) for clip_id in made.clip_ids],
    )
    assert head_of(made.study) is None
    answer(made, user)
    live_update(made.study.pk)
    assert head_of(made.study) is None
    assert Study.objects.get(pk=made.study.pk).active_ranking == again


# --- what the sweep makes up for -------------------------------------------------------------------------------------


def waiting(broker: str) -> list[int]:
    """Studies on the live queue; it is empty afterwards."""
    return [arguments[0] for task, arguments in take_messages(broker) if task == live.TASK]


def grow_old(study: Study) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE annotator_label DISABLE TRIGGER USER")
        old = timezone.now() - timedelta(minutes=1)
        cursor.execute("UPDATE annotator_label SET created_at = %s WHERE study_id = %s", [old, study.pk])
        cursor.execute("ALTER TABLE annotator_label ENABLE TRIGGER USER")


def test_the_sweep_sends_a_study_again_whose_message_was_lost(broker: str) -> None:
    made = make_live_study()
    answer(made, make_member(made.study, "ann"))
    waiting(broker)
    housekeeping.sweep()
    assert waiting(broker) == []  # the answer is a moment old: its own message may be on the way
    grow_old(made.study)
    housekeeping.sweep()
    assert waiting(broker) == [made.study.pk]
    live_update(made.study.pk)
    housekeeping.sweep()
    assert waiting(broker) == []


def test_a_study_with_nothing_to_correct_is_not_sent_for_ever(broker: str) -> None:
    made = make_live_study(with_pool=False)
    answer(made, make_member(made.study, "ann"))
    grow_old(made.study)
    live_update(made.study.pk)
    waiting(broker)
    housekeeping.sweep()
    assert waiting(broker) == []


def test_of_replaced_heads_only_what_served_somebody_is_kept() -> None:
    made = make_live_study(reserve=1)
    user = make_member(made.study, "ann")
    for _ in range(3):
        answer(made, user)
        live_update(made.study.pk)
    heads = list(Ranking.objects.filter(base=made.base).order_by("pk"))
    assert len(heads) == 3
    assert live.forget_replaced() == 0  # a claim may have found an entry of them this very moment
    Ranking.objects.filter(study=made.study).update(created_at=timezone.now() - timedelta(minutes=2))
    live.forget_replaced()
    left = RankEntry.objects.filter(ranking__in=heads[:2])
    served = set(Label.objects.values_list("entry", flat=True))
    assert set(left.values_list("pk", flat=True)) <= served
    assert head_of(made.study) == heads[-1]
    assert order_of(heads[-1])
    assert set(Ranking.objects.filter(base=made.base)) == {*(entry.ranking for entry in left), heads[-1]}


# --- one order of two ------------------------------------------------------------------------------------------------


def clips(*ids: int, term: Term = Term.POLICY) -> Iterator[RankedClip]:
    return iter([RankedClip(clip_id, {}, term=term) for clip_id in ids])


def test_kept_places_stand_where_the_pattern_has_them_and_no_clip_twice() -> None:
    pattern = [Term.POLICY, Term.AUDIT, Term.POLICY, Term.REPEAT_OWN, Term.AUDIT]
    kept = {Term.AUDIT: clips(7, 8, term=Term.AUDIT), Term.REPEAT_OWN: clips(7, term=Term.REPEAT_OWN)}
    order = interleaved(pattern, kept, clips(1, 8, 2, 3, 4), n=7)
    assert [clip.clip_id for clip in order] == [1, 7, 8, 2, 3, 4]
    assert order[1].term is Term.AUDIT


def test_the_configuration_of_the_factory_leaves_the_order_to_the_strategy() -> None:
    assert PLAIN.strategy is Strategy.ENTROPY
