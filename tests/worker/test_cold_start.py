"""What is asked first, as a worker process puts it in order, in this process."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from annotator.domain import cold_start, importing, queueing, rounds, verdicts
from annotator.domain.ranking import RankedClip
from annotator.enums import JobState, RankingPolicy, Role, RoundState, SensorVerdict, SkipReason, SlotState
from annotator.models import Clip, Derived, RankEntry, Ranking, Round, Slot, Study, User
from annotator.queries import quality_list
from mlcore.acquire import Candidates
from mlcore.acquire import cold_start as typical_first
from mlcore.acquire.features import pooled_features
from mlcore.simulate.store_config import StoreConfig
from mlcore.types import AcquisitionConfig, Ask, GateReason, Route, Strategy, Term
from tests.factories.cold_studies import DYING, LOOSE, SMALL, ColdStudy, make_cold_study, name_of
from tests.factories.labels import add_label
from tests.factories.live_queue import take_messages
from tests.factories.people import client_of, make_member
from tests.factories.recordings import Line, write_manifest
from tests.factories.studies import add_session
from tests.worker.test_ingest import make_study, run_import
from worker import housekeeping
from worker.bridge import SHARD_VERSION
from worker.cold_start import order_clips

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "places")]
#: of what annotators are given
LIMIT = 0.05
RANDOM = replace(LOOSE, strategy=Strategy.RANDOM)


@pytest.fixture
def places(settings: Settings, tmp_path: Path) -> None:
    settings.DERIVED_ROOT = tmp_path / "derived"
    originals = {**settings.STORAGES["originals"], "OPTIONS": {"location": tmp_path / "originals", "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "originals": originals}


def serving(study: Study) -> Ranking:
    found = Study.objects.select_related("active_ranking").get(pk=study.pk).active_ranking
    assert found is not None
    return found


def served(study: Study) -> list[RankEntry]:
    """What annotators are given after the test subjects, in that order."""
    routes = [route.value for route in Route if route.is_served]
    entries = serving(study).entries.filter(route__in=routes).select_related("clip__subject", "clip__session")
    return list(entries.order_by("rank"))


def clips_of(entries: list[RankEntry]) -> list[int]:
    return [entry.clip_id for entry in entries]


def share_of_dead(made: ColdStudy) -> float:
    return float(np.mean([entry.clip_id in made.dead for entry in served(made.study)]))


def waiting(broker: str) -> list[int]:
    """Studies on the io queue; it is empty afterwards."""
    return [arguments[0] for task, arguments in take_messages(broker, "io") if task == cold_start.TASK]


# --- what is asked about ---------------------------------------------------------------------------------------------


def test_dead_sensors_are_not_put_before_annotators() -> None:
    made = make_cold_study(config=DYING)
    assert share_of_dead(made) > 0.3
    order_clips(made.study.pk)
    assert share_of_dead(made) < LIMIT
    living = [clip.pk for clip in made.pool() if clip.pk not in made.dead]
    assert len(set(living) & set(clips_of(served(made.study)))) > 0.9 * len(living)


def test_an_annotator_who_goes_through_the_whole_queue_hardly_meets_one() -> None:
    made = make_cold_study(config=DYING)
    order_clips(made.study.pk)
    user, met = make_member(made.study, "ann"), []
    while held := queueing.claim(made.study, user):
        met.append(held[0].clip_id)
        queueing.skip(held[0].clip, user, SkipReason.OTHER)
    assert met == clips_of(served(made.study))
    assert np.mean([clip_id in made.dead for clip_id in met]) < LIMIT


def test_dead_ones_wait_on_the_quality_list_with_the_reason() -> None:
    made = make_cold_study(config=DYING)
    order_clips(made.study.pk)
    study = Study.objects.get(pk=made.study.pk)
    listed = set(quality_list.clips(study).values_list("pk", flat=True))
    in_pool = {clip.pk for clip in made.pool()}
    assert made.dead & in_pool <= listed
    reasons = serving(study).entries.filter(clip__in=listed).values_list("scores__gate", flat=True)
    assert set(reasons) == {GateReason.ALL_BAD.value}
    assert not Slot.objects.filter(clip__in=listed).exists()


# --- in which order --------------------------------------------------------------------------------------------------


def expected_first(made: ColdStudy, n: int) -> list[int]:
    """By asking `cold_start` about the clips that are good, in the seeded random order."""
    clips = made.pool()
    rows = np.array([made.rows[clip.pk] for clip in clips])
    quality = {name: made.store.quality(name)[rows] for name in ("eeg", "face")}
    is_good = np.maximum(quality["eeg"], quality["face"]) >= LOOSE.min_quality
    codes = {code: number for number, code in enumerate(dict.fromkeys(clip.subject.code for clip in clips))}
    subject = np.array([codes[clip.subject.code] for clip in clips])
    good = np.flatnonzero(is_good)
    features = pooled_features(
        made.store, rows[good], subject=subject[good], quality={name: one[good] for name, one in quality.items()}
    )
    embedding = np.zeros((len(clips), features.shape[1]), dtype=np.float32)
    embedding[good] = features
    nothing = np.zeros(len(clips))
    candidates = Candidates(
        subject, subject, nothing, nothing + 1, quality, nothing, nothing.astype(bool), embedding=embedding
    )
    picked = typical_first(candidates, n, rng=np.random.default_rng(made.study.seed), among=good)
    return [clips[place].pk for place in picked.places.tolist()]


@pytest.mark.parametrize("config", [SMALL, DYING], ids=["all good", "some dead"])
def test_the_first_batch_is_cold_starts_and_the_rest_comes_at_random(config: StoreConfig) -> None:
    made = make_cold_study(config=config)
    order_clips(made.study.pk)
    found, n = served(made.study), LOOSE.batch_size
    assert clips_of(found)[:n] == expected_first(made, n)
    assert [entry.term for entry in found] == [Term.COLD_START.value] * n + [Term.REST.value] * (len(found) - n)
    rest = clips_of(found)[n:]
    assert rest == [clip.pk for clip in made.pool() if clip.pk in set(rest)]
    ranking = serving(made.study)
    assert (ranking.policy, ranking.round, ranking.seed) == (RankingPolicy.TYPICLUST, None, made.study.seed)
    assert all(entry.scores["value"] is not None for entry in found[:n])


def test_each_subject_has_a_turn_before_anybody_has_two() -> None:
    made = make_cold_study()
    order_clips(made.study.pk)
    subjects = [entry.clip.subject_id for entry in served(made.study)[: LOOSE.batch_size]]
    n = len(set(subjects))
    assert n == 4
    assert [set(subjects[at : at + n]) for at in range(0, len(subjects), n)] == [set(subjects)] * 3


def test_the_first_batch_keeps_the_gap_and_the_cap() -> None:
    rules = AcquisitionConfig(batch_size=10, min_gap_s=12.0, max_subject_share=0.3)
    made = make_cold_study(acquisition=rules)
    order_clips(made.study.pk)
    batch = [entry.clip for entry in served(made.study)[: rules.batch_size]]
    subjects = [clip.subject_id for clip in batch]
    assert max(subjects.count(one) for one in subjects) == 3
    for clip in batch:
        others = [other for other in batch if other.session_id == clip.session_id and other != clip]
        assert all(abs(other.start_s - clip.start_s) >= 5.0 + rules.min_gap_s for other in others)


def test_the_same_recordings_give_the_same_order_whoever_came_in_first() -> None:
    names = []
    for slug, is_backwards in (("one", False), ("two", True)):
        made = make_cold_study(slug, DYING, is_backwards=is_backwards)
        order_clips(made.study.pk)
        names.append([name_of(entry.clip) for entry in served(made.study)])
    assert names[0] == names[1]


def test_a_study_that_asks_at_random_keeps_its_order_but_is_gated() -> None:
    made = make_cold_study(config=DYING, acquisition=RANDOM)
    before = clips_of(served(made.study))
    order_clips(made.study.pk)
    found = served(made.study)
    assert share_of_dead(made) < LIMIT
    assert clips_of(found) == [clip for clip in before if clip in set(clips_of(found))]
    assert (serving(made.study).policy, {entry.term for entry in found}) == (RankingPolicy.RANDOM, {Term.REST.value})


def test_a_study_without_a_gate_asks_about_everything() -> None:
    made = make_cold_study(config=DYING, acquisition=replace(RANDOM, is_gated=False))
    before = clips_of(served(made.study))
    order_clips(made.study.pk)
    assert clips_of(served(made.study)) == before
    assert {entry.scores["gate"] for entry in served(made.study)} == {GateReason.NOT_GATED.value}


# --- recordings of one sort ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "ask"),
    [(replace(SMALL, missing_face_share=1.0), Ask.EEG), (replace(SMALL, missing_eeg_share=1.0), Ask.FACE)],
)
def test_sessions_of_one_modality_are_asked_from_what_they_have(config: StoreConfig, ask: Ask) -> None:
    made = make_cold_study(config=config)
    order_clips(made.study.pk)
    found = served(made.study)
    assert len(found) > 0.9 * len(made.pool())
    assert {entry.ask for entry in found} == {ask.value}
    assert [entry.term for entry in found[:3]] == [Term.COLD_START.value] * 3


def test_clips_that_lack_one_of_two_stand_among_the_others() -> None:
    made = make_cold_study(config=replace(SMALL, missing_eeg_share=0.3, missing_face_share=0.3))
    order_clips(made.study.pk)
    first = served(made.study)[: LOOSE.batch_size]
    assert {entry.ask for entry in first} == {"both", "eeg", "face"}


def test_a_session_of_features_alone_is_in_nobodys_way() -> None:
    """It has no clips as a rule; a clip without EEG and face has nothing to be judged by."""
    made = make_cold_study()
    add_session(made.pool()[0].subject, "features", n_clips=0)
    Clip.objects.filter(pk=made.pool()[0].pk).update(has_eeg=False, has_face=False)
    order_clips(made.study.pk)
    entry = serving(made.study).entries.get(clip=made.pool()[0])
    assert (entry.route, entry.scores["gate"]) == (Route.NOWHERE.value, GateReason.NO_SIGNAL.value)
    assert len(served(made.study)) == len(made.pool()) - 1


def test_recordings_come_in_and_are_put_in_order(tmp_path: Path, broker: str) -> None:
    lines = [Line("S1"), Line("S2", video_s=None), Line("S3", eeg_s=None), Line("S4", eeg_s=None)]
    study = make_study(min_eeg_channels=2, test_clips_per_subject=0)
    job = run_import(study, write_manifest(tmp_path / "in", lines))
    assert job.state == JobState.SUCCEEDED
    assert waiting(broker) == [study.pk]
    order_clips(study.pk)
    ranking = serving(study)
    assert ranking.policy == RankingPolicy.TYPICLUST
    routes = {entry.clip.subject.code: entry.route for entry in ranking.entries.select_related("clip__subject")}
    pool = set(study.subjects.filter(is_test=False).values_list("code", flat=True))
    assert routes.keys() == pool
    # the videos show noise: without a face there is nothing to be asked from where there is no EEG
    assert {routes[code] for code in pool & {"S3", "S4"}} == {Route.QUALITY.value}


# --- when it runs ----------------------------------------------------------------------------------------------------


def test_a_second_run_publishes_nothing_whatever_was_answered() -> None:
    made = make_cold_study()
    order_clips(made.study.pk)
    ranking, n_rankings = serving(made.study), Ranking.objects.count()
    user = make_member(made.study, "ann")
    add_label(queueing.claim(made.study, user)[0].clip, user)
    order_clips(made.study.pk)
    queueing.open_clips(made.study)
    order_clips(made.study.pk)
    assert (serving(made.study), Ranking.objects.count()) == (ranking, n_rankings)


def test_what_annotators_hold_stays_theirs() -> None:
    made = make_cold_study(config=DYING)
    user = make_member(made.study, "ann")
    held = [slot.clip_id for slot in queueing.claim(made.study, user)]
    assert set(held) & made.dead
    order_clips(made.study.pk)
    assert [slot.clip_id for slot in queueing.claim(made.study, user)] == held
    other = make_member(made.study, "ben")
    free = [clip for clip in clips_of(served(made.study)) if clip not in held]
    assert [slot.clip_id for slot in queueing.claim(made.study, other)] == free[:2]


def test_the_sweep_sends_a_study_whose_message_was_lost(broker: str) -> None:
    made = make_cold_study()
    housekeeping.sweep()
    assert waiting(broker) == [made.study.pk]
    housekeeping.sweep()
    housekeeping.sweep()
    assert waiting(broker) == [made.study.pk]  # the first message still lay there
    order_clips(made.study.pk)
    housekeeping.sweep()
    assert waiting(broker) == []


def test_the_sweep_finds_settings_that_were_changed(broker: str) -> None:
    made = make_cold_study(config=DYING)
    order_clips(made.study.pk)
    Study.objects.filter(pk=made.study.pk).update(acquisition={"strategy": "random", "diversity": 0.1})
    housekeeping.sweep()
    assert waiting(broker) == [made.study.pk]
    order_clips(made.study.pk)
    assert serving(made.study).policy == RankingPolicy.RANDOM
    Study.objects.filter(pk=made.study.pk).update(acquisition={"strategy": "random", "diversity": 0.9})
    housekeeping.sweep()
    assert waiting(broker) == []  # that has no say in an order without a model


def test_as_long_as_an_import_runs_its_clips_wait(broker: str, tmp_path: Path) -> None:
    made = make_cold_study()
    importing.request_import(made.study, actor=None, source=tmp_path)
    waiting(broker)
    housekeeping.sweep()
    order_clips(made.study.pk)
    assert waiting(broker) == []
    assert serving(made.study).policy == RankingPolicy.RANDOM


def test_a_study_that_is_gone_is_no_error() -> None:
    order_clips(4711)


def test_while_another_worker_is_at_a_study_nobody_else_is() -> None:
    made = make_cold_study()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [cold_start.COLD_START_LOCK, made.study.pk])
            order_clips(made.study.pk)
            assert serving(made.study).policy == RankingPolicy.RANDOM
            # a closed connection's lock goes a moment later
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [cold_start.COLD_START_LOCK, made.study.pk])
    finally:
        other.close()
    order_clips(made.study.pk)
    assert serving(made.study).policy == RankingPolicy.TYPICLUST


def test_the_first_round_replaces_it_and_a_rollback_brings_it_back() -> None:
    made = make_cold_study()
    order_clips(made.study.pk)
    typical = serving(made.study)
    round_ = Round.objects.create(study=made.study, number=1, seed=1, n_labels=0, n_clips=0, state=RoundState.PUBLISHED)
    ordered = [RankedClip(clip.pk, {"entropy": 0.5}) for clip in made.pool()]
    queueing.publish_ranking(made.study, round=round_, policy=RankingPolicy.ENTROPY, ordered=ordered)
    Study.objects.filter(pk=made.study.pk).update(promoted_round=round_)
    make_verdict(made.study, ordered[0].clip_id, SensorVerdict.BAD)
    order_clips(made.study.pk)
    assert serving(made.study).round == round_
    rounds.roll_back(Study.objects.get(pk=made.study.pk), actor=None)
    assert serving(made.study) == typical


# --- verdicts --------------------------------------------------------------------------------------------------------


def make_verdict(study: Study, clip_id: int, verdict: SensorVerdict) -> None:
    admin = study.memberships.filter(role=Role.ADMIN).first()
    by = make_member(study, "the-admin", Role.ADMIN) if admin is None else admin.user
    verdicts.judge(Clip.objects.get(pk=clip_id), verdict, actor=by)


def test_a_verdict_takes_effect_before_the_first_round(broker: str) -> None:
    made = make_cold_study(config=DYING)
    order_clips(made.study.pk)
    waiting(broker)
    dead = next(clip.pk for clip in made.pool() if clip.pk in made.dead)
    good = clips_of(served(made.study))[0]
    make_verdict(made.study, dead, SensorVerdict.FINE)
    assert waiting(broker) == [made.study.pk]
    make_verdict(made.study, good, SensorVerdict.BAD)
    order_clips(made.study.pk)
    found = {entry.clip_id: entry for entry in served(made.study)}
    assert found[dead].scores["gate"] == GateReason.SENSOR_FINE.value
    assert Slot.objects.filter(clip=dead, state=SlotState.OPEN).exists()
    assert good not in found
    order_clips(made.study.pk)
    make_verdict(made.study, dead, SensorVerdict.BAD)
    order_clips(made.study.pk)
    assert dead not in clips_of(served(made.study))


def test_a_verdict_on_a_whole_session_is_told_of(broker: str) -> None:
    made = make_cold_study(config=DYING)
    order_clips(made.study.pk)
    waiting(broker)
    session = next(clip.session for clip in made.pool() if clip.pk in made.dead)
    session.study.refresh_from_db()
    assert verdicts.judge_session(session, SensorVerdict.FINE, actor=make_member(made.study, "admin", Role.ADMIN))
    assert waiting(broker) == [made.study.pk]
    order_clips(made.study.pk)
    listed = serving(made.study).entries.filter(clip__session=session, route=Route.QUALITY)
    assert not listed.exists()


# --- what people are told --------------------------------------------------------------------------------------------


def asked_first(made: ColdStudy, user: User) -> dict[str, object]:
    answer = client_of(user).post(f"/api/v1/studies/{made.study.slug}/queue/claim", content_type="application/json")
    assert answer.status_code == 200, answer.content
    why: dict[str, object] = answer.json()["held"][0]["why"]
    return why


def test_why_this_clip_says_that_it_is_typical_and_that_no_model_has_learned() -> None:
    made = make_cold_study()
    order_clips(made.study.pk)
    why = asked_first(made, make_member(made.study, "ann"))
    assert (why["policy"], why["term"], why["rank"], why["round"]) == ("typiclust", "cold_start", 1, None)
    assert why["term_text"] == "Typical of a part of the recordings: no model has learned yet."
    shown = why["scores"]
    assert isinstance(shown, list)
    assert [score["name"] for score in shown] == ["value", "quality", "seconds"]


# --- what can't be read ----------------------------------------------------------------------------------------------


def test_shards_of_mixed_versions_keep_the_random_order_and_one_sentence_says_so(
    caplog: pytest.LogCaptureFixture, broker: str
) -> None:
    made = make_cold_study(config=DYING)
    older = Derived.objects.order_by("pk").last()
    assert older is not None
    Derived.objects.exclude(pk=older.pk).update(version=SHARD_VERSION - 1)
    before = serving(made.study), clips_of(served(made.study))
    with caplog.at_level(logging.WARNING, logger="annotator.domain.cold_start"):
        order_clips(made.study.pk)
        order_clips(made.study.pk)
    assert (serving(made.study), clips_of(served(made.study))) == before
    (said,) = [record.getMessage() for record in caplog.records]
    assert said == (
        f"Study cold keeps the order that it has: {_n_older(made)} of the study's 4 sessions were imported by an older "
        "version: run manage.py rebuild_sessions for the study, then its clips are put in order by themselves."
    )
    housekeeping.sweep()
    assert waiting(broker) == []


def _n_older(made: ColdStudy) -> int:
    return Derived.objects.filter(session__subject__is_test=False, version=SHARD_VERSION - 1).count()


def test_a_shard_that_is_gone_keeps_the_random_order(caplog: pytest.LogCaptureFixture) -> None:
    made = make_cold_study()
    session = made.pool()[0].session
    Derived.objects.filter(session=session).update(path="nowhere")
    order_clips(made.study.pk)
    assert serving(made.study).policy == RankingPolicy.RANDOM
    assert "nowhere" in caplog.text


def test_a_study_whose_clips_have_no_shards_keeps_the_random_order() -> None:
    made = make_cold_study()
    Derived.objects.all().delete()
    order_clips(made.study.pk)
    assert serving(made.study).policy == RankingPolicy.RANDOM
    assert cold_start.study_behind(made.study.pk) is None
