"""What a ranking may ask for: routes, second opinions, repeats, heads; and which entries are open."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotator.domain import labelling, live, queueing, ranking, studies
from annotator.domain.ranking import RankedClip
from annotator.domain.slots import FIRST_REPEAT
from annotator.enums import AnswerKind, LabelState, LeaseOutcome, RankingPolicy, SkipReason, SlotState
from annotator.exceptions import Conflict, DomainError, NotFound
from annotator.models import Clip, Draft, Label, Lease, RankEntry, Ranking, Slot, Study, User
from annotator.queries import worklist
from mlcore.types import Ask, Route, Term
from tests.factories.labels import add_label
from tests.factories.people import make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db
VALUES = {"valence": 2, "arousal": 1}


@pytest.fixture
def study() -> Study:
    """Two subjects of 6 clips each in the pool, no test clips, one clip at a time."""
    return make_study(n_subjects=4, n_clips=6, test_clips_per_subject=0, reserve=1)


def pool(study: Study) -> list[int]:
    return list(study.clips.filter(subject__is_test=False).order_by("pk").values_list("pk", flat=True))


def publish(study: Study, ordered: Iterable[RankedClip]) -> Ranking:
    return queueing.publish_ranking(study, round=None, policy=RankingPolicy.ENTROPY, ordered=list(ordered), n_labels=3)


def served_to(study: Study, user: User) -> list[int]:
    """All that the queue has for this annotator, in its order; they skip everything."""
    served = []
    while held := queueing.claim(study, user):
        served.append(held[0].clip_id)
        queueing.skip(held[0].clip, user, SkipReason.OTHER)
    return served


def answer(clip_id: int, user: User, values: dict[str, int] | None = None) -> Label:
    submission = labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, values or VALUES, seconds_spent=2.0)
    return labelling.submit(Clip.objects.select_related("study").get(pk=clip_id), user, submission)


def assert_entries_tell_the_slots(study: Study) -> None:
    study.refresh_from_db()
    serving = [study.test_ranking_id, study.active_ranking_id, study.head_ranking_id]
    free = set(Slot.objects.filter(study=study, state=SlotState.OPEN).values_list("clip", flat=True))
    entries = RankEntry.objects.filter(ranking__in=[pk for pk in serving if pk])
    wrong = [e for e in entries if e.is_open != (Route(e.route).is_served and e.clip_id in free)]
    assert not wrong


class TestRoutes:
    def test_clips_off_the_queue_are_never_served_however_many_they_are(self, study: Study) -> None:
        clips = pool(study)
        dead = clips[::5] + clips[1::5]
        routes = {pk: Route.QUALITY if place % 2 else Route.NOWHERE for place, pk in enumerate(dead)}
        made = publish(study, [RankedClip(pk, {}, route=routes.get(pk, Route.MAIN)) for pk in clips])
        alive = [pk for pk in clips if pk not in dead]
        assert len(dead) >= 0.4 * len(clips)
        assert served_to(study, make_member(study, "ann")) == alive
        assert served_to(study, make_member(study, "ben")) == alive
        assert set(Slot.objects.filter(study=study).values_list("clip", flat=True)) == set(alive)
        assert dict(made.entries.filter(clip__in=dead).values_list("clip", "route")) == routes
        for pk in dead:
            with pytest.raises(NotFound, match="all the annotators"):
                queueing.claim_clip(Clip.objects.get(pk=pk), make_member(study, f"by-address-{pk}"))

    def test_what_was_held_when_its_route_closed_is_not_served_to_the_next(self, study: Study) -> None:
        ann, ben = make_member(study, "ann"), make_member(study, "ben")
        held = queueing.claim(study, ann)[0].clip
        publish(study, [RankedClip(held.pk, {}, route=Route.QUALITY)])
        assert queueing.claim(study, ann)[0].clip == held, "reserved clips stay"
        queueing.release(held, ann)
        assert held.pk not in served_to(study, ben)
        with pytest.raises(NotFound, match="all the annotators"):
            queueing.claim_clip(held, make_member(study, "cem"))
        assert_entries_tell_the_slots(study)

    def test_a_clip_comes_back_when_a_later_ranking_serves_it(self, study: Study) -> None:
        first, *rest = pool(study)
        publish(study, [RankedClip(first, {}, route=Route.NOWHERE)])
        publish(study, [RankedClip(first, {})])
        assert served_to(study, make_member(study, "ann"))[0] == first
        assert sorted(rest) == sorted(served_to(study, make_member(study, "ben"))[1:])

    def test_a_second_opinion_raises_the_overlap_to_two_and_never_lowers_it(self, study: Study) -> None:
        one, two, three = pool(study)[:3]
        Clip.objects.filter(pk=two).update(overlap=3)
        publish(study, [RankedClip(pk, {}, Term.SECOND_OPINION, Route.SECOND_OPINION) for pk in (one, two)])
        assert dict(Clip.objects.filter(pk__in=[one, two, three]).values_list("pk", "overlap")) == {
            one: 2, two: 3, three: None
        }  # fmt: skip
        publish(study, [RankedClip(pk, {}) for pk in (one, two)])
        assert [Slot.objects.filter(clip=pk).count() for pk in (one, two, three)] == [2, 3, 1]
        for name in ("ann", "ben"):
            user = make_member(study, name)
            assert queueing.claim(study, user)[0].clip_id == one
            answer(one, user)
        assert queueing.claim(study, make_member(study, "cem"))[0].clip_id == two

    def test_what_is_asked_and_why_goes_into_the_label(self, study: Study) -> None:
        first = pool(study)[0]
        scores = {"entropy": 0.5, "dissonance": {"valence": 0.9}, "alpha": {"valence": [1, 2, 3]}}
        made = publish(study, [RankedClip(first, scores, Term.AUDIT, Route.SECOND_OPINION, Ask.FACE)])
        user = make_member(study, "ann")
        queueing.claim(study, user)
        assert answer(first, user).served == {
            "policy": "entropy", "round": 0, "rank": 1, "ranking": made.pk, "term": "audit", "route": "second_opinion",
            "ask": "face", "scores": {"entropy": 0.5, "dissonance": {"valence": 0.9}},
        }  # fmt: skip


class TestRepeats:
    @pytest.mark.parametrize("term", [Term.REPEAT_OTHER, Term.RELABEL])
    def test_an_answered_clip_goes_to_somebody_else_once_more(self, study: Study, term: Term) -> None:
        first = Clip.objects.get(pk=pool(study)[0])
        ann, ben, cem = (make_member(study, name) for name in ("ann", "ben", "cem"))
        add_label(first, ann)
        publish(study, [RankedClip(first.pk, {}, term)])
        assert first.pk not in served_to(study, ann)
        assert queueing.claim(study, ben)[0].clip_id == first.pk
        answer(first.pk, ben)
        assert queueing.claim(study, cem)[0].clip_id != first.pk
        first.refresh_from_db()
        assert (first.overlap, first.slots.count()) == (2, 2)

    def test_a_repeat_that_waits_is_not_asked_for_twice(self, study: Study) -> None:
        first = Clip.objects.get(pk=pool(study)[0])
        add_label(first, make_member(study, "ann"))
        for _ in range(3):
            publish(study, [RankedClip(first.pk, {}, Term.REPEAT_OTHER)])
        assert first.slots.count() == 2

    def test_a_head_does_not_ask_again_for_a_repeat_that_was_answered_meanwhile(self, study: Study) -> None:
        first, ordered = Clip.objects.get(pk=pool(study)[0]), [RankedClip(pool(study)[0], {}, Term.REPEAT_OTHER)]
        ann, ben = make_member(study, "ann"), make_member(study, "ben")
        add_label(first, ann)
        base = publish(study, ordered)
        assert queueing.claim(study, ben)[0].clip_id == first.pk
        answer(first.pk, ben)
        head = queueing.publish_head(study, base=base, ordered=ordered, n_labels=2)
        assert head is not None
        first.refresh_from_db()
        assert (first.overlap, first.slots.count(), head.entries.get().is_open) == (2, 2, False)

    def own_repeat(self, study: Study) -> tuple[Clip, User, Label]:
        clip, user = Clip.objects.get(pk=pool(study)[0]), make_member(study, "ann")
        label = add_label(clip, user)
        publish(study, [RankedClip(clip.pk, {}, Term.REPEAT_OWN, reserved_for=user.pk)])
        return clip, user, label

    def test_ones_own_answer_is_asked_for_again_of_nobody_else(self, study: Study) -> None:
        clip, user, first = self.own_repeat(study)
        ben = make_member(study, "ben")
        assert clip.pk not in served_to(study, ben)
        (held,) = queueing.claim(study, user)
        assert (held.clip, held.pass_number, held.number, held.reserved_for) == (clip, 1, FIRST_REPEAT, user)
        second = answer(clip.pk, user)
        first.refresh_from_db()
        assert (first.state, second.state) == (LabelState.CURRENT, LabelState.CURRENT)
        assert (second.pass_number, second.slot_number, second.is_extra, second.served["term"]) == (
            1, FIRST_REPEAT, False, "repeat_own"
        )  # fmt: skip
        assert clip.pk not in served_to(study, user)
        assert clip.labels.filter(pass_number=0).count() == 1
        assert_entries_tell_the_slots(study)

    def test_the_first_answer_is_hidden_while_it_is_repeated(self, study: Study) -> None:
        clip, user, first = self.own_repeat(study)
        assert worklist.task_of_clip(clip, user).own == first
        queueing.claim(study, user)
        assert [task.own for task in worklist.tasks_held(study, user)] == [None]
        assert worklist.task_of_clip(clip, user).own is None
        labelling.save_draft(clip, user, {"values": {"valence": 1}})
        assert Draft.objects.get().content == {"values": {"valence": 1}}
        second = answer(clip.pk, user)
        assert worklist.task_of_clip(clip, user).own == second
        assert not Draft.objects.exists()

    def test_a_repeat_is_undone_corrected_and_sent_again_like_any_answer(self, study: Study) -> None:
        clip, user, first = self.own_repeat(study)
        queueing.claim(study, user)
        second = answer(clip.pk, user)
        slot = labelling.undo(second.uuid, user)
        assert slot is not None
        assert (slot.state, slot.pass_number, slot.holder) == (SlotState.LEASED, 1, user)
        third = answer(clip.pk, user)
        with pytest.raises(Conflict, match="Only your last"):
            labelling.undo(first.uuid, user)
        submission = labelling.Submission(uuid.uuid4(), AnswerKind.CANT_TELL)
        corrected = labelling.correct(third, user, submission)
        assert (corrected.pass_number, corrected.slot_number) == (1, FIRST_REPEAT)
        assert labelling.correct(third, user, submission) == corrected
        with pytest.raises(Conflict, match="labelled this clip already"):
            answer(clip.pk, user)

    def test_a_repeat_that_runs_out_or_is_given_back_waits_for_the_same_person(self, study: Study) -> None:
        clip, user, _ = self.own_repeat(study)
        queueing.claim(study, user)
        queueing.expire_leases(study, now=timezone.now() + timedelta(hours=1))
        assert Lease.objects.filter(clip=clip, slot_number=FIRST_REPEAT).get().outcome == LeaseOutcome.EXPIRED
        late = answer(clip.pk, user)
        assert (late.pass_number, late.is_late, late.is_extra, late.slot_number) == (1, True, False, FIRST_REPEAT)
        labelling.undo(late.uuid, user)
        queueing.release(clip, user)
        assert clip.pk not in served_to(study, make_member(study, "ben"))
        assert queueing.claim(study, user)[0].clip == clip

    def test_a_skipped_repeat_is_not_offered_again_and_the_first_answer_stays(self, study: Study) -> None:
        clip, user, first = self.own_repeat(study)
        queueing.claim(study, user)
        queueing.skip(clip, user, SkipReason.OTHER)
        assert clip.pk not in served_to(study, user)
        assert list(clip.labels.filter(state=LabelState.CURRENT)) == [first]

    def test_each_ranking_decides_anew_about_repeats(self, study: Study) -> None:
        clip, user, _ = self.own_repeat(study)
        publish(study, [])
        assert not clip.slots.filter(pass_number__gt=0).exists()
        assert clip.pk not in served_to(study, user)

    def test_no_repeat_of_what_was_never_answered_or_of_who_left(self, study: Study) -> None:
        one, two = Clip.objects.filter(pk__in=pool(study)[:2])
        ann, former = make_member(study, "ann"), make_member(study, "former")
        add_label(one, former)
        studies.remove_member(former.memberships.get(), actor=None)
        wishes = [RankedClip(one.pk, {}, Term.REPEAT_OWN, reserved_for=former.pk)]
        publish(study, [*wishes, RankedClip(two.pk, {}, Term.REPEAT_OWN, reserved_for=ann.pk)])
        assert not Slot.objects.filter(study=study, pass_number__gt=0).exists()


class TestHead:
    def test_it_is_served_before_its_base_and_after_the_test_clips(self) -> None:
        study = make_study(n_subjects=3, n_clips=4, test_clips_per_subject=1, reserve=1)
        clips = pool(study)
        test = list(study.test_ranking.entries.order_by("rank").values_list("clip", flat=True))  # type: ignore[union-attr]
        base = publish(study, [RankedClip(pk, {}) for pk in clips])
        head = queueing.publish_head(study, base=base, ordered=[RankedClip(clips[2], {"entropy": 0.7})], n_labels=9)
        assert head is not None
        assert (head.base, head.policy, head.n_labels) == (base, base.policy, 9)
        user = make_member(study, "ann")
        assert served_to(study, user) == [*test, clips[2], clips[0], clips[1], clips[3]]
        served = Lease.objects.get(clip=clips[2], annotator=user).served
        assert (served["ranking"], served["rank"], served["scores"]) == (head.pk, 1, {"entropy": 0.7})

    def test_a_head_of_a_ranking_that_serves_no_longer_is_refused(self, study: Study) -> None:
        old = publish(study, [])
        new = publish(study, [])
        first = RankedClip(pool(study)[0], {})
        assert queueing.publish_head(study, base=old, ordered=[first], n_labels=1) is None
        assert queueing.publish_head(study, base=new, ordered=[first], n_labels=1) is not None

    def test_it_goes_with_its_base(self, study: Study) -> None:
        base = publish(study, [])
        queueing.publish_head(study, base=base, ordered=[RankedClip(pool(study)[0], {})], n_labels=1)
        publish(study, [])
        study.refresh_from_db()
        assert study.head_ranking is None

    def test_old_heads_leave_only_what_they_bought(self, study: Study) -> None:
        clips, base = pool(study), publish(study, [])
        ordered = [RankedClip(pk, {}) for pk in clips[:3]]
        first = queueing.publish_head(study, base=base, ordered=ordered, n_labels=1)
        assert first is not None
        queueing.claim(study, make_member(study, "ann"))
        queueing.publish_head(study, base=base, ordered=ordered, n_labels=2)
        Ranking.objects.filter(base=base).update(created_at=timezone.now() - timedelta(minutes=2))
        live.forget_replaced()
        assert list(first.entries.values_list("clip", flat=True)) == clips[:1]

    def test_test_clips_and_strangers_are_refused(self, study: Study) -> None:
        base = publish(study, [])
        stranger = make_study().clips.all()[0]
        with pytest.raises(DomainError, match="outside the test subjects"):
            queueing.publish_head(study, base=base, ordered=[RankedClip(stranger.pk, {})], n_labels=1)


class TestOpenEntries:
    def test_they_follow_the_slots_through_a_clip_s_life(self, study: Study) -> None:
        Study.objects.filter(pk=study.pk).update(overlap=2)
        queueing.open_clips(study)
        study.refresh_from_db()
        publish(study, [RankedClip(pk, {}) for pk in pool(study)])
        ann, ben = make_member(study, "ann"), make_member(study, "ben")
        for user in (ann, ben):
            clip = queueing.claim(study, user)[0].clip
            assert_entries_tell_the_slots(study)
        label = answer(clip.pk, ben)
        assert_entries_tell_the_slots(study)
        queueing.release(clip, ann)
        assert_entries_tell_the_slots(study)
        labelling.undo(label.uuid, ben)
        queueing.expire_leases(study, now=timezone.now() + timedelta(hours=1))
        assert_entries_tell_the_slots(study)
        assert study.active_ranking is not None
        assert study.active_ranking.entries.filter(is_open=False).count() == 0

    def test_they_are_computed_anew_when_an_older_ranking_serves_again(self, study: Study) -> None:
        clips = [Clip.objects.get(pk=pk) for pk in pool(study)]
        old = publish(study, [RankedClip(clip.pk, {}) for clip in clips])
        publish(study, [RankedClip(clip.pk, {}) for clip in reversed(clips)])
        add_label(clips[0], make_member(study, "ann"))
        ranking.serve(ranking.hold_study(study), old)
        assert_entries_tell_the_slots(study)
        assert queueing.claim(study, make_member(study, "ben"))[0].clip == clips[1]

    def test_rows_go_with_their_clip_and_ranking_even_past_the_application(self, study: Study) -> None:
        made = publish(study, [])
        clip_id = pool(study)[0]
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM annotator_slot WHERE clip_id = %s", [clip_id])
            cursor.execute("DELETE FROM annotator_clip WHERE id = %s", [clip_id])
        assert not RankEntry.objects.filter(clip_id=clip_id).exists()
        Study.objects.filter(pk=study.pk).update(active_ranking=None)
        Ranking.objects.filter(pk=made.pk)._raw_delete("default")
        assert not RankEntry.objects.filter(ranking_id=made.pk).exists()


def test_a_long_queue_is_counted_so_far_and_no_further(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_member(study, "ann")
    assert worklist.progress(study, user) == worklist.Progress(0, 0, open_clips=12, more_clips=False, held=0)
    monkeypatch.setattr(worklist, "MANY_CLIPS", 5)
    assert worklist.progress(study, user) == worklist.Progress(0, 0, open_clips=5, more_clips=True, held=0)


def test_clips_that_a_ranking_leaves_out_follow_in_seeded_order(study: Study) -> None:
    clips = pool(study)
    made = publish(study, [RankedClip(clips[3], {})])
    names = {clip.pk: (clip.subject.code, clip.session.code, clip.number) for clip in study.clips.all()}
    rest = [pk for pk in clips if pk != clips[3]]
    wanted = sorted(rest, key=lambda pk: studies.shuffle_key(study.seed, "clip", *names[pk]))
    entries = list(made.entries.order_by("rank").values_list("rank", "clip", "term"))
    assert entries == [(1, clips[3], "policy"), *((2 + n, pk, "rest") for n, pk in enumerate(wanted))]


def test_a_text_with_every_special_character_arrives_as_it_was(study: Study) -> None:
    scores = {"note": 'a\\b\t"c"\n\r\\. é \u2028', "deep": [{"x": None}]}
    made = publish(study, [RankedClip(pool(study)[0], scores)])
    assert made.entries.get(rank=1).scores == scores
