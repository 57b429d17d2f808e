"""A newcomer's way to the queue, and what clips with a known answer are kept out of."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.domain import exporting, labelling, newcomers, queueing, rounds, teaching
from annotator.domain.ranking import RankedClip
from annotator.enums import AnswerKind, LabelState, OpinionPolicy, RankingPolicy, Role, SkipReason, Stage, TeachingKind
from annotator.exceptions import Conflict, DomainError, NotAllowed, NotFound
from annotator.models import AuditEvent, Clip, Label, Lease, Newcomer, RankEntry, Slot, Study, TeachingClip, User
from annotator.queries import overview, worklist
from annotator.queries.why import told
from tests.factories.labels import add_label
from tests.factories.newcomers import ACCEPTED, RIGHT, WRONG, led_study, pool_clips, to_practice
from tests.factories.people import make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return led_study()


@pytest.fixture
def ann(study: Study) -> User:
    return make_member(study, "ann")


def clips_of(study: Study, kind: TeachingKind) -> list[int]:
    return list(TeachingClip.objects.filter(study=study, kind=kind).order_by("pk").values_list("clip", flat=True))


def answer(
    study: Study, user: User, values: Mapping[str, int] = RIGHT, *, kind: AnswerKind = AnswerKind.LABEL
) -> Label:
    """To what they hold first, as the label page sends it."""
    clip = queueing.claim(study, user)[0].clip
    given = values if kind is AnswerKind.LABEL else {}
    return labelling.submit_and_claim(clip, user, labelling.Submission(uuid.uuid4(), kind, given))


# --- the way ---------------------------------------------------------------------------------------------------------


def test_instructions_then_examples_then_practice_then_the_queue(study: Study, ann: User) -> None:
    assert newcomers.standing_of(study, ann).stage is Stage.READING
    assert queueing.claim(study, ann) == []
    assert newcomers.take_step(study, ann, Stage.READING).stage is Stage.EXAMPLES
    assert queueing.claim(study, ann) == []
    standing = newcomers.take_step(study, ann, Stage.EXAMPLES)
    assert (standing.stage, standing.n_practice, standing.n_needed) == (Stage.PRACTICE, 2, 2)
    practice = clips_of(study, TeachingKind.PRACTICE)
    held = queueing.claim(study, ann)
    assert [slot.clip_id for slot in held] == practice[:1]  # one at a time, so that each is told about
    answer(study, ann)
    assert [slot.clip_id for slot in queueing.held_slots(study, ann)] == practice[1:]
    answer(study, ann)
    assert newcomers.standing_of(study, ann) == newcomers.THROUGH
    held_now = [slot.clip_id for slot in queueing.held_slots(study, ann)]
    assert len(held_now) == study.reserve
    assert not set(held_now) & set(TeachingClip.objects.values_list("clip", flat=True))
    events = AuditEvent.objects.filter(verb="pass_onboarding").values_list("actor", "detail")
    assert list(events) == [(ann.pk, {"attempt": 0, "within": 2, "of": 2})]


def test_not_passing_locks_nobody_out(study: Study, ann: User) -> None:
    to_practice(study, ann)
    first, second = answer(study, ann, WRONG), answer(study, ann)
    standing = newcomers.standing_of(study, ann)
    assert (standing.stage, standing.n_within, standing.n_needed) == (Stage.REPEAT, 1, 2)
    assert queueing.claim(study, ann) == []
    newcomers.take_step(study, ann, Stage.REPEAT)
    again = [answer(study, ann), answer(study, ann)]
    assert newcomers.standing_of(study, ann) == newcomers.THROUGH
    assert [(one.clip_id, one.pass_number) for one in again] == [(first.clip_id, 1), (second.clip_id, 1)]
    assert set(Label.objects.values_list("state", "gold")) == {("current", "practice")}
    assert Newcomer.objects.get().attempt == 1


def test_only_who_is_through_with_the_clips_may_repeat_them(study: Study, ann: User) -> None:
    to_practice(study, ann)
    with pytest.raises(Conflict, match="nothing to repeat"):
        newcomers.take_step(study, ann, Stage.REPEAT)
    assert Newcomer.objects.get().attempt == 0


def test_examples_come_after_the_instructions_only(study: Study, ann: User) -> None:
    assert newcomers.take_step(study, ann, Stage.EXAMPLES).stage is Stage.READING


def test_a_study_with_instructions_only_opens_after_they_are_read() -> None:
    study = make_study()
    teaching.set_onboarding(study, teaching.OnboardingSettings(leads_newcomers=True, instructions="Look."), actor=None)
    ann = make_member(study, "ann")
    assert queueing.claim(study, ann) == []
    assert newcomers.take_step(study, ann, Stage.READING) == newcomers.THROUGH
    assert len(queueing.claim(study, ann)) == study.reserve


def test_nobody_is_led_who_worked_here_before_or_administers(study: Study, ann: User) -> None:
    boss = make_member(study, "boss", Role.ADMIN)
    assert newcomers.is_through(study, boss)
    teaching.set_onboarding(study, teaching.OnboardingSettings(), actor=None)
    add_label(pool_clips(study)[0], ann)
    teaching.set_onboarding(study, teaching.OnboardingSettings(leads_newcomers=True), actor=None)
    assert newcomers.is_through(study, ann)
    assert not newcomers.is_through(study, make_member(study, "new"))


def test_who_left_is_not_let_in_by_the_onboarding(study: Study, ann: User) -> None:
    ann.memberships.update(ended_at=timezone.now())
    with pytest.raises(NotAllowed):
        queueing.claim(study, ann)


def test_the_way_in_by_an_address_is_shut_until_then(study: Study, ann: User) -> None:
    with pytest.raises(Conflict, match="first hour"):
        queueing.claim_clip(pool_clips(study)[0], ann)


# --- practice answers ------------------------------------------------------------------------------------------------


def test_feedback_says_whether_it_was_accepted_and_why_the_first_time_only(study: Study, ann: User) -> None:
    to_practice(study, ann)
    wrong, right = answer(study, ann, {"valence": 0, "arousal": 1}), answer(study, ann)
    assert newcomers.feedback_on(wrong) == newcomers.Feedback(False, ("Valence",), (), "A smile.")
    assert newcomers.feedback_on(right) == newcomers.Feedback(True, (), (), "A smile.")
    newcomers.take_step(study, ann, Stage.REPEAT)
    assert newcomers.feedback_on(answer(study, ann)) is None
    settings = teaching.OnboardingSettings(leads_newcomers=True, feedback_times=2)
    teaching.set_onboarding(study, settings, actor=None)
    assert newcomers.feedback_on(answer(study, ann)) is not None


def test_no_feedback_where_the_study_gives_none(study: Study, ann: User) -> None:
    teaching.set_onboarding(study, teaching.OnboardingSettings(leads_newcomers=True, feedback_times=0), actor=None)
    to_practice(study, ann)
    assert newcomers.feedback_on(answer(study, ann)) is None


def test_cant_tell_is_not_what_was_accepted(study: Study, ann: User) -> None:
    to_practice(study, ann)
    feedback = newcomers.feedback_on(answer(study, ann, kind=AnswerKind.CANT_TELL))
    assert feedback is not None
    assert (feedback.is_within, feedback.missed) == (False, ("Valence", "Arousal"))


def test_a_practice_answer_is_stored_once_and_stands(study: Study, ann: User) -> None:
    to_practice(study, ann)
    clip = queueing.claim(study, ann)[0].clip
    submission = labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, WRONG)
    first = labelling.submit_and_claim(clip, ann, submission)
    again = labelling.submit_and_claim(clip, ann, submission)
    assert first.pk == again.pk
    assert newcomers.feedback_on(again) == newcomers.feedback_on(first)
    with pytest.raises(Conflict, match="stands"):
        labelling.undo(first.uuid, ann)
    with pytest.raises(Conflict, match="stands"):
        labelling.correct(first, ann, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, RIGHT))
    with pytest.raises(Conflict, match="labelled this clip already"):
        labelling.submit(clip, ann, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, RIGHT))
    assert list(Label.objects.values_list("values", "state")) == [(WRONG, "current")]


def test_a_practice_clip_is_not_skipped(study: Study, ann: User) -> None:
    to_practice(study, ann)
    clip = queueing.claim(study, ann)[0].clip
    with pytest.raises(Conflict, match="can't be skipped"):
        queueing.skip(clip, ann, SkipReason.OTHER)
    assert [slot.clip_id for slot in queueing.held_slots(study, ann)] == [clip.pk]


def test_a_late_practice_answer_counts_and_its_slot_is_nobody_elses(study: Study, ann: User) -> None:
    to_practice(study, ann)
    slot = queueing.claim(study, ann)[0]
    assert slot.expires_at is not None
    queueing.expire_leases(study, now=slot.expires_at + timedelta(seconds=1))
    assert not Slot.objects.filter(clip=slot.clip_id).exists()
    assert Lease.objects.get().outcome == "expired"
    late = labelling.submit(slot.clip, ann, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, RIGHT))
    assert (late.is_late, late.is_extra, late.gold) == (True, True, "practice")
    assert newcomers.standing_of(study, ann).n_answered == 1
    assert not Slot.objects.filter(clip=slot.clip_id, state="open").exists()


def test_an_expired_practice_clip_is_given_again(study: Study, ann: User) -> None:
    to_practice(study, ann)
    slot = queueing.claim(study, ann)[0]
    assert slot.expires_at is not None
    later = slot.expires_at + timedelta(seconds=1)
    (again,) = queueing.claim(study, ann, now=later)
    assert (again.clip_id, again.pass_number) == (slot.clip_id, 0)


# --- checks ----------------------------------------------------------------------------------------------------------


def test_checks_come_up_at_their_rate_look_like_any_clip_and_come_once(ann: User, study: Study) -> None:
    settings = teaching.OnboardingSettings(leads_newcomers=False, check_rate=1.0)
    teaching.set_onboarding(study, settings, actor=None)
    checks = clips_of(study, TeachingKind.CHECK)
    given = [answer(study, ann) for _ in range(6)]
    assert sorted(label.clip_id for label in given if label.gold) == sorted(checks)
    assert {label.gold for label in given} == {"", "check"}
    label = next(label for label in given if label.gold)
    assert newcomers.feedback_on(label) is None
    assert worklist.progress(study, ann).labelled_total == 6  # nothing is missing where it is counted for them
    why = told(Lease.objects.get(clip=label.clip_id).served)
    assert (why.policy_text, why.term_text) == (
        "Seeded random order",
        "In random order: no score put it before others.",
    )
    assert why.rank is not None


def test_no_check_without_a_rate_and_about_as_many_as_it_says(study: Study, ann: User) -> None:
    uuids = [uuid.UUID(int=n) for n in range(2000)]
    assert not any(newcomers.is_check_due(study, ann, one) for one in uuids)
    study.check_rate = 0.1
    n_due = sum(newcomers.is_check_due(study, ann, one) for one in uuids)
    assert 150 < n_due < 250  # 200 expected, with a standard deviation of 13: these are fixed by the seed


def test_sending_an_answer_again_brings_no_second_check(study: Study, ann: User) -> None:
    teaching.set_onboarding(study, teaching.OnboardingSettings(check_rate=1.0), actor=None)
    clip = queueing.claim(study, ann)[0].clip
    submission = labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, RIGHT)
    for _ in range(3):
        labelling.submit_and_claim(clip, ann, submission)
    assert Lease.objects.filter(clip__is_kept_apart=True).count() == 1


def test_a_check_is_undone_and_skipped_as_any_clip(study: Study, ann: User) -> None:
    teaching.set_onboarding(study, teaching.OnboardingSettings(check_rate=1.0), actor=None)
    answer(study, ann)
    answer(study, ann)
    label = answer(study, ann)
    assert label.gold == "check"
    slot = labelling.undo(label.uuid, ann)
    assert slot is not None
    again = labelling.submit(slot.clip, ann, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, WRONG))
    assert (again.gold, Label.objects.get(pk=label.pk).state) == ("check", LabelState.WITHDRAWN)
    held = {slot.clip_id: slot.clip for slot in queueing.held_slots(study, ann)}
    other = next(clip for pk, clip in held.items() if pk in clips_of(study, TeachingKind.CHECK))
    queueing.skip(other, ann, SkipReason.OTHER)
    assert not Slot.objects.filter(clip=other, state="open").exists()


# --- kept apart ------------------------------------------------------------------------------------------------------


def test_no_ordinary_queue_has_a_clip_whose_answer_is_known(study: Study) -> None:
    teaching.set_onboarding(study, teaching.OnboardingSettings(), actor=None)
    known = set(TeachingClip.objects.values_list("clip", flat=True))
    assert len(known) == 5
    ann = make_member(study, "old-hand")
    served = set()
    while held := queueing.claim(study, ann):
        served.add(held[0].clip_id)
        answer(study, ann)
    assert served == set(study.clips.exclude(pk__in=known).values_list("pk", flat=True))


def test_what_was_answered_about_it_before_counts_no_more_and_gold_never(study: Study, ann: User) -> None:
    teaching.set_onboarding(study, teaching.OnboardingSettings(check_rate=1.0), actor=None)
    kept, used = pool_clips(study)[:2]
    ordinary, later_used = add_label(kept, ann), add_label(used, ann)
    before = overview.study_figures(study)
    teaching.add_clip(study, used, TeachingKind.CHECK, ACCEPTED, actor=None)
    add_label(pool_clips(study)[2], ann)
    gold = Label.objects.create(
        uuid=uuid.uuid4(), study=study, clip=used, annotator=ann, seconds_spent=1, gold="check", pass_number=1
    )
    after = overview.study_figures(study)
    assert (after.n_labels, after.n_clips) == (before.n_labels, before.n_clips - 1)
    learnt = set(rounds.frozen_candidates(study).values_list("pk", flat=True))
    assert ordinary.pk in learnt
    assert not learnt & {later_used.pk, gold.pk}
    assert used.pk not in set(rounds.ready_clips(study.pk).values_list("pk", flat=True))
    exported = {row["label"]: row["clip_kept_apart"] for row in exporting.rows(study)}
    assert (exported[str(later_used.uuid)], exported[str(ordinary.uuid)]) == (True, False)
    assert str(gold.uuid) not in exported


def test_a_ranking_made_before_leaves_it_out_when_it_is_published(study: Study) -> None:
    taken, *others = pool_clips(study)
    teaching.add_clip(study, taken, TeachingKind.EXAMPLE, ACCEPTED, actor=None)
    ordered = [RankedClip(clip.pk, {}) for clip in (taken, *others)]
    made = queueing.publish_ranking(study, round=None, policy=RankingPolicy.ENTROPY, ordered=ordered)
    assert taken.pk not in set(RankEntry.objects.filter(ranking=made).values_list("clip", flat=True))
    assert not Slot.objects.filter(clip=taken).exists()


def test_who_was_answering_it_may_finish_and_nobody_follows(study: Study, ann: User) -> None:
    teaching.set_onboarding(study, teaching.OnboardingSettings(), actor=None)
    clip = pool_clips(study)[0]
    queueing.claim_clip(clip, ann)
    teaching.add_clip(study, clip, TeachingKind.PRACTICE, ACCEPTED, actor=None)
    label = labelling.submit(clip, ann, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, RIGHT))
    assert (label.gold, label.is_late, label.is_extra) == ("", False, False)
    with pytest.raises(NotFound):
        queueing.claim_clip(clip, make_member(study, "other"))


def test_a_clip_nobody_met_goes_back_to_the_queue_others_stay_out(study: Study, ann: User) -> None:
    unmet, met = TeachingClip.objects.filter(kind=TeachingKind.PRACTICE).order_by("-pk")
    to_practice(study, ann)
    queueing.claim(study, ann)
    assert teaching.remove_clip(unmet, actor=None)
    assert not teaching.remove_clip(met, actor=None)
    assert queueing.held_slots(study, ann) == []  # what was asked for is asked for no more
    back, out = Clip.objects.get(pk=unmet.clip_id), Clip.objects.get(pk=met.clip_id)
    assert (back.is_kept_apart, out.is_kept_apart) == (False, True)
    assert Slot.objects.filter(clip=back, state="open").count() == study.overlap
    study.refresh_from_db()
    assert RankEntry.objects.filter(clip=back, ranking=study.active_ranking, is_open=True).exists()
    assert not Slot.objects.filter(clip=out, state="open").exists()
    assert newcomers.advance(study, ann, now=timezone.now()) == newcomers.THROUGH  # nothing is left to practise


def test_an_example_that_was_looked_at_stays_out(study: Study, ann: User) -> None:
    example = TeachingClip.objects.get(kind=TeachingKind.EXAMPLE)
    to_practice(study, ann)
    assert not teaching.remove_clip(example, actor=None)
    assert Clip.objects.get(pk=example.clip_id).is_kept_apart


# --- what an admin may set -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "sentence"),
    [
        ({}, "Say for at least one question"),
        ({"anger": {"any_of": [1]}}, "does not ask for anger"),
        ({"valence": {"any_of": []}}, "Valence: expected"),
        ({"valence": {"any_of": [3]}}, "3 is not one of its answers"),
        ({"valence": {"any_of": [True]}}, "True is not one of its answers"),
        ({"valence": {"from": 0, "to": 1}}, "Valence: expected"),
    ],
)
def test_accepted_answers_are_the_schemes(study: Study, accepted: dict[str, object], sentence: str) -> None:
    with pytest.raises(DomainError, match=sentence):
        teaching.add_clip(study, pool_clips(study)[0], TeachingKind.CHECK, accepted, actor=None)
    assert TeachingClip.objects.count() == 5


def test_clips_that_cant_teach_are_refused_in_a_sentence(study: Study) -> None:
    test_clip = Clip.objects.filter(study=study, subject__is_test=True)[0]
    with pytest.raises(Conflict, match="test subject"):
        teaching.add_clip(study, test_clip, TeachingKind.CHECK, ACCEPTED, actor=None)
    known = TeachingClip.objects.select_related("clip").first()
    assert known is not None
    with pytest.raises(Conflict, match="used already"):
        teaching.add_clip(study, known.clip, TeachingKind.CHECK, ACCEPTED, actor=None)


def test_a_clip_is_named_by_its_number_or_its_address(study: Study) -> None:
    clip = pool_clips(study)[0]
    address = f"/studies/{study.slug}/clips/{clip.pk}/"
    for text in (str(clip.pk), address, f" https://lab.example{address} "):
        assert teaching.clip_named(study, text) == clip
    others = pool_clips(make_study("elsewhere"))[0].pk
    for text in ("", "seven", "9" * 20, f"/studies/elsewhere/clips/{clip.pk}/", str(others)):
        with pytest.raises(NotFound):
            teaching.clip_named(study, text)


@pytest.mark.parametrize(
    "settings",
    [
        {"pass_share": 1.5},
        {"check_rate": -0.1},
        {"check_rate": float("nan")},
        {"feedback_times": 21},
        {"instructions": "x" * 20_001},
    ],
)
def test_settings_that_cant_be_change_nothing(study: Study, settings: dict[str, object]) -> None:
    before = teaching.settings_of(study)
    with pytest.raises(DomainError):
        teaching.set_onboarding(study, teaching.OnboardingSettings(**settings), actor=None)  # type: ignore[arg-type]  # one at a time
    assert teaching.settings_of(Study.objects.get(pk=study.pk)) == before


def test_nobody_is_led_through_nothing() -> None:
    study = make_study()
    with pytest.raises(DomainError, match="nothing to lead newcomers through"):
        teaching.set_onboarding(study, teaching.OnboardingSettings(leads_newcomers=True), actor=None)


def test_what_is_set_is_recorded_once(study: Study) -> None:
    boss = make_member(study, "boss", Role.ADMIN)
    wanted = teaching.OnboardingSettings(check_rate=0.05, opinion=OpinionPolicy.OFF, instructions="Look.")
    assert teaching.set_onboarding(study, wanted, actor=boss)
    assert not teaching.set_onboarding(study, wanted, actor=boss)
    assert teaching.settings_of(Study.objects.get(pk=study.pk)) == wanted
    event = AuditEvent.objects.get(verb="set_onboarding", actor=boss)
    assert event.detail == {
        "leads_newcomers": False, "instructions": "Look.", "check_rate": 0.05, "opinion": "off",
    }  # fmt: skip
