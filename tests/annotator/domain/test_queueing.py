from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.domain import queueing
from annotator.domain.ranking import RankedClip
from annotator.enums import LeaseOutcome, RankingPolicy, Role, SkipReason, SlotState
from annotator.exceptions import Conflict, DomainError, NotAllowed, NotFound
from annotator.models import Clip, Lease, RankEntry, Slot, Study, User
from tests.factories.people import make_member, make_user
from tests.factories.studies import add_subject, make_study

pytestmark = pytest.mark.django_db


def order_of(study: Study) -> list[int]:
    """Clip ids in the order in which the queue should serve them."""
    study.refresh_from_db()
    rankings = [study.test_ranking_id, study.active_ranking_id]
    entries = [RankEntry.objects.filter(ranking=pk).order_by("rank") for pk in rankings]
    return [entry.clip_id for part in entries for entry in part]


def clips_held(slots: list[Slot]) -> list[int]:
    return [slot.clip_id for slot in slots]


def take(study: Study, user: User) -> int:
    """Claims, releases nothing: the id of the first clip held."""
    return queueing.claim(study, user)[0].clip_id


class TestOpenClips:
    def test_every_clip_has_its_slots_and_one_place_in_one_ranking(self) -> None:
        study = make_study(overlap=2, n_subjects=5, n_clips=3)
        assert Slot.objects.filter(study=study).count() == 2 * 15
        assert sorted(order_of(study)) == sorted(Clip.objects.filter(study=study).values_list("pk", flat=True))

    def test_twice_is_as_good_as_once(self) -> None:
        study = make_study()
        before = (study.test_ranking_id, study.active_ranking_id, order_of(study), Slot.objects.count())
        queueing.open_clips(study)
        study.refresh_from_db()
        assert (study.test_ranking_id, study.active_ranking_id, order_of(study), Slot.objects.count()) == before

    def test_test_subjects_are_at_least_two_and_never_in_the_pool(self) -> None:
        study = make_study(n_subjects=5)
        test = set(study.subjects.filter(is_test=True))
        assert len(test) == 2
        assert study.active_ranking is not None
        assert study.test_ranking is not None
        assert {entry.clip.subject for entry in study.test_ranking.entries.all()} == test
        assert not {entry.clip.subject for entry in study.active_ranking.entries.all()} & test

    def test_test_clips_are_capped_for_each_subject(self) -> None:
        study = make_study(n_clips=6, test_clips_per_subject=2)
        assert study.test_ranking is not None
        assert study.test_ranking.entries.count() == 2 * 2
        assert Slot.objects.filter(study=study).count() == 2 * 2 + 2 * 6

    def test_same_seed_and_recordings_give_the_same_order(self) -> None:
        names = [
            [f"{clip.session.code} {clip.number}" for pk in order_of(study) for clip in [Clip.objects.get(pk=pk)]]
            for study in (make_study(), make_study())
        ]
        assert names[0] == names[1]
        assert names[0] != sorted(names[0])

    def test_clips_that_come_before_the_first_label_are_shuffled_in(self) -> None:
        study, whole = make_study(n_subjects=3), make_study(n_subjects=4)
        add_subject(study, "S04")
        queueing.open_clips(study)

        def names(of: Study) -> list[tuple[str, int]]:
            return [(clip.session.code, clip.number) for pk in order_of(of) for clip in [Clip.objects.get(pk=pk)]]

        assert names(study) == names(whole)

    def test_a_raised_overlap_makes_more_slots_and_a_lowered_one_removes_free_ones(self) -> None:
        study = make_study(overlap=1)
        study.overlap = 3
        study.save()
        queueing.open_clips(study)
        assert Slot.objects.filter(study=study).count() == 3 * 16
        study.overlap = 2
        study.save()
        queueing.open_clips(study)
        assert set(Slot.objects.filter(study=study).values_list("number", flat=True)) == {0, 1}


class TestClaim:
    def test_serves_test_clips_first_and_then_by_rank(self) -> None:
        study = make_study(reserve=1)
        user = make_member(study, "ann")
        served = []
        for _ in range(16):
            served.append(take(study, user))
            queueing.skip(Clip.objects.get(pk=served[-1]), user, SkipReason.OTHER)
        assert served == order_of(study)
        assert queueing.claim(study, user) == []

    def test_tops_up_to_the_reserve_and_no_further(self) -> None:
        study = make_study(reserve=3)
        user = make_member(study, "ann")
        first = clips_held(queueing.claim(study, user))
        assert first == order_of(study)[:3]
        assert clips_held(queueing.claim(study, user)) == first

    def test_two_annotators_get_different_clips_with_overlap_1(self) -> None:
        study = make_study()
        ann, ben = make_member(study, "ann"), make_member(study, "ben")
        assert clips_held(queueing.claim(study, ann) + queueing.claim(study, ben)) == order_of(study)[:4]

    def test_the_same_clip_goes_to_as_many_as_its_overlap(self) -> None:
        study = make_study(overlap=2, reserve=1)
        users = [make_member(study, name) for name in ("ann", "ben", "cem")]
        first, second = order_of(study)[:2]
        assert [take(study, user) for user in users] == [first, first, second]

    def test_a_clip_of_its_own_overlap(self) -> None:
        study = make_study(reserve=1)
        first, second = order_of(study)[:2]
        Clip.objects.filter(pk=first).update(overlap=2)
        queueing.open_clips(study)
        users = [make_member(study, name) for name in ("ann", "ben", "cem")]
        assert [take(study, user) for user in users] == [first, first, second]

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.ANNOTATOR])
    def test_roles_that_may(self, role: Role) -> None:
        study = make_study()
        assert queueing.claim(study, make_member(study, "ann", role))

    def test_researchers_strangers_and_former_members_may_not(self) -> None:
        study = make_study()
        former = make_member(study, "former")
        member = former.memberships.get()
        member.ended_at = timezone.now()
        member.save()
        for user in (make_member(study, "res", Role.RESEARCHER), make_user("stranger"), former):
            with pytest.raises(NotAllowed):
                queueing.claim(study, user)

    def test_a_lease_that_ran_out_goes_to_the_next_who_claims(self) -> None:
        study = make_study(lease_s=60, reserve=1)
        ann, ben = make_member(study, "ann"), make_member(study, "ben")
        clip_id = take(study, ann)
        later = timezone.now() + timedelta(seconds=61)
        assert clips_held(queueing.claim(study, ben, now=later)) == [clip_id]
        assert list(Lease.objects.filter(annotator=ann).values_list("outcome", flat=True)) == [LeaseOutcome.EXPIRED]

    def test_the_lease_remembers_why_and_hides_what_the_model_thinks(self) -> None:
        study = make_study(reserve=1, n_clips=1)
        pool = [pk for pk in order_of(study) if not Clip.objects.get(pk=pk).subject.is_test]
        shown = {"entropy": 0.9, "disagreement": {"valence": 0.1}, "evidence": {"eeg": 3.0}}
        scores = {**shown, "probabilities": {"valence": [0.1, 0.2, 0.7]}, "alpha": {"valence": [1, 2, 7]}}
        queueing.publish_ranking(
            study, round=None, policy=RankingPolicy.ENTROPY, ordered=[RankedClip(pk, scores) for pk in reversed(pool)]
        )
        user = make_member(study, "ann")
        for pk in order_of(study)[: -len(pool)]:
            queueing.claim(study, user)
            queueing.skip(Clip.objects.get(pk=pk), user, SkipReason.OTHER)
        assert take(study, user) == pool[-1]
        served = Lease.objects.get(clip=pool[-1]).served
        assert served == {
            "policy": "entropy", "round": 0, "rank": 1, "scores": shown, "ranking": study.active_ranking_id,
            "term": "policy", "route": "main", "ask": "both",
        }  # fmt: skip


class TestPublish:
    def test_a_reserved_clip_stays_and_the_rest_follows_the_new_order(self) -> None:
        study = make_study(reserve=1, n_subjects=3)
        user, other = make_member(study, "ann"), make_member(study, "ben")
        for pk in order_of(study)[:8]:
            queueing.claim(study, user)
            queueing.skip(Clip.objects.get(pk=pk), user, SkipReason.OTHER)
            queueing.claim(study, other)
            queueing.skip(Clip.objects.get(pk=pk), other, SkipReason.OTHER)
        held = take(study, user)
        pool = order_of(study)[8:]
        queueing.publish_ranking(
            study, round=None, policy=RankingPolicy.ENTROPY, ordered=[RankedClip(pk, {}) for pk in reversed(pool)]
        )
        assert take(study, user) == held
        assert take(study, other) == pool[-1]

    def test_clips_left_out_follow(self) -> None:
        study = make_study()
        pool = order_of(study)[8:]
        queueing.publish_ranking(study, round=None, policy=RankingPolicy.ENTROPY, ordered=[RankedClip(pool[-1], {})])
        assert order_of(study)[8] == pool[-1]
        assert sorted(order_of(study)[8:]) == sorted(pool)

    def test_test_clips_and_strangers_are_refused(self) -> None:
        study, other = make_study(), make_study()
        for pk in (order_of(study)[0], order_of(other)[-1]):
            with pytest.raises(DomainError, match="outside the test subjects"):
                queueing.publish_ranking(study, round=None, policy=RankingPolicy.ENTROPY, ordered=[RankedClip(pk, {})])


class TestGivingBack:
    def test_release_opens_the_slot_for_anybody(self) -> None:
        study = make_study(reserve=1)
        ann, ben = make_member(study, "ann"), make_member(study, "ben")
        clip_id = take(study, ann)
        queueing.release(Clip.objects.get(pk=clip_id), ann)
        assert take(study, ben) == clip_id

    def test_release_of_anothers_clip_changes_nothing(self) -> None:
        study = make_study(reserve=1)
        ann, ben = make_member(study, "ann"), make_member(study, "ben")
        clip_id = take(study, ann)
        queueing.release(Clip.objects.get(pk=clip_id), ben)
        assert Slot.objects.get(clip=clip_id).holder == ann

    def test_a_skipped_clip_is_not_offered_again_but_goes_to_others(self) -> None:
        study = make_study(reserve=1)
        ann, ben = make_member(study, "ann"), make_member(study, "ben")
        clip = Clip.objects.get(pk=take(study, ann))
        queueing.skip(clip, ann, SkipReason.UPSETTING, "no")
        assert take(study, ann) == order_of(study)[1]
        assert take(study, ben) == clip.pk
        with pytest.raises(Conflict):
            queueing.claim_clip(clip, ann)

    def test_only_a_served_clip_can_be_skipped(self) -> None:
        study = make_study()
        with pytest.raises(NotFound):
            queueing.skip(Clip.objects.filter(study=study)[0], make_member(study, "ann"), SkipReason.OTHER)


class TestHeartbeat:
    def test_extends_all_that_is_held(self) -> None:
        study = make_study(lease_s=60)
        user = make_member(study, "ann")
        slots = queueing.claim(study, user)
        later = timezone.now() + timedelta(seconds=50)
        queueing.heartbeat(slots[0].clip, user, now=later)
        ends = set(Slot.objects.filter(holder=user).values_list("expires_at", flat=True))
        assert ends == {later + timedelta(seconds=60)}
        assert queueing.expire_leases(now=later + timedelta(seconds=59)) == 0
        assert queueing.expire_leases(now=later + timedelta(seconds=61)) == 2

    def test_of_a_lost_lease_is_refused(self) -> None:
        study = make_study(lease_s=60)
        user = make_member(study, "ann")
        clip = queueing.claim(study, user)[0].clip
        queueing.expire_leases(study, now=timezone.now() + timedelta(seconds=61))
        with pytest.raises(Conflict, match="went back to the queue"):
            queueing.heartbeat(clip, user)


class TestDirectAddress:
    def test_leases_a_free_clip_once(self) -> None:
        study = make_study()
        user = make_member(study, "ann")
        clip = Clip.objects.get(pk=order_of(study)[-1])
        assert queueing.claim_clip(clip, user) == queueing.claim_clip(clip, user)
        assert Lease.objects.get().served["policy"] == "address"

    def test_not_beyond_the_overlap(self) -> None:
        study = make_study(reserve=1)
        clip = Clip.objects.get(pk=take(study, make_member(study, "ann")))
        with pytest.raises(NotFound):
            queueing.claim_clip(clip, make_member(study, "ben"))

    def test_not_beyond_the_reserve(self) -> None:
        study = make_study(reserve=2)
        user = make_member(study, "ann")
        queueing.claim(study, user)
        with pytest.raises(Conflict, match="already hold"):
            queueing.claim_clip(Clip.objects.get(pk=order_of(study)[-1]), user)
        assert Slot.objects.filter(holder=user, state=SlotState.LEASED).count() == 2
