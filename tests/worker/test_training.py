"""A round as a worker process runs it, in this process."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import pyarrow.parquet as pq
import pytest
import torch
from django.db.models import QuerySet
from pytest_django.fixtures import Settings

from annotator.domain import rounds
from annotator.enums import DerivedKind, JobState, RoundState, SensorVerdict, VoteModel
from annotator.models import ClipVerdict, Derived, Prediction, RankEntry, Round
from mlcore.train import Progress, RoundConfig
from mlcore.types import SAM_VALENCE9, AcquisitionConfig, JsonObject
from tests.factories.learnable import Learnable, label_some, make_learnable
from tests.factories.people import make_member
from worker import bridge, training
from worker.live_pool import open_round
from worker.round_input import round_input
from worker.run import RunningJob

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "places")]
SHORT: JsonObject = {"teacher": {"n_epochs": 2}, "student": {"n_epochs": 2}}
ONE: JsonObject = {"n_members": 1, "teacher": {"n_epochs": 1}, "student": {"n_epochs": 1}}
#: by score alone
PLAIN: JsonObject = {
    "audit_share": 0.0,
    "repeat_share": 0.0,
    "second_opinion_share": 0.0,
    "diversity": 0.0,
    "min_gap_s": 0.0,
    "max_subject_share": 1.0,
}
#: in full, as rounds wrote it down when they had one network with one head
BEFORE: JsonObject = {
    "sizes": {
        "waveform": {
            "n_filters": 8,
            "depth": 2,
            "n_separable": 16,
            "kernel_s": 0.5,
            "pool_s": 0.25,
            "dropout": 0.5,
            "summary_dropout": 0.5,
        },
        "sequence": {"width": 64, "n_blocks": 2, "kernel": 3, "dropout": 0.7, "summary_dropout": 0.5},
        "space": {"feature_dim": 64, "space_dim": 128, "n_prototypes": 2, "tau": 0.12, "bias": 2.3},
    },
    "weights": {
        "task": 1.0,
        "task_kl": 0.1,
        "similarity": 1.0,
        "uncertainty": 0.1,
        "distillation": 0.5,
        "alignment": 0.1,
        "diversity": 0.1,
    },
    "teacher": {"n_epochs": 60, "patience": 15, "learning_rate": 0.003, "weight_decay": 1.0},
    "student": {"n_epochs": 60, "patience": 15, "learning_rate": 0.002, "weight_decay": 1.0},
    "teacher_modality": "face",
    "student_modality": "eeg",
    "batch_size": 32,
    "validation_share": 0.2,
    "kl_ramp_epochs": 10,
    "distillation_temperature": 2.0,
    "alignment_temperature": 0.2,
    "prototypes_learn_in_stage_2": False,
    "use_unlabelled": True,
    "max_unlabelled_clips": 128,
    "class_balance": 0.5,
    "eeg_noise": 0.2,
    "eeg_channel_dropout": 0.05,
    "clip_limit": 6.0,
    "conflict_power": 1.0,
    "device": "auto",
}


@pytest.fixture
def places(settings: Settings, tmp_path: Path) -> None:
    settings.DERIVED_ROOT, settings.MODEL_ROOT = tmp_path / "derived", tmp_path / "models"
    torch.set_num_threads(1)


@pytest.fixture
def learnable(places: None) -> Learnable:
    made = make_learnable()
    label_some(made, per_subject=6)
    return made


def train(learnable: Learnable, config: JsonObject = SHORT) -> Round:
    round_ = rounds.launch_round(learnable.study, actor=None, config=config)
    training.train_round(round_.job.pk)
    learnable.study.refresh_from_db()
    return Round.objects.select_related("job").get(pk=round_.pk)


def scored_entries(round_: Round) -> QuerySet[RankEntry]:
    """Without the clips that have all their answers: they stand behind the others, unscored."""
    return round_.ranking.entries.exclude(scores={})


def test_a_round_publishes_scores_predictions_ranking_and_model(learnable: Learnable, tmp_path: Path) -> None:
    type(learnable.study).objects.filter(pk=learnable.study.pk).update(acquisition=PLAIN)
    round_ = train(learnable)
    study = learnable.study
    assert (round_.state, round_.job.state, round_.error) == (RoundState.PUBLISHED, JobState.SUCCEEDED, "")
    assert round_.metrics["n_subjects"] == study.subjects.filter(is_test=True).count()
    assert set(round_.metrics["by_target"]) == {"valence", "arousal"}
    assert round_.metrics["interval"] is None
    assert (tmp_path / "models" / round_.model_path / "model.safetensors").is_file()
    assert round_.config["teacher"]["n_epochs"] == 2
    unlabelled = set(study.clips.filter(subject__is_test=False, labels=None).values_list("pk", flat=True))
    assert {item.clip_id for item in Prediction.objects.filter(round=round_)} == unlabelled
    entropies = [
        entry.scores["entropy"] for entry in round_.ranking.entries.order_by("rank") if "entropy" in entry.scores
    ]
    assert len(entropies) == len(unlabelled)
    assert entropies == sorted(entropies, reverse=True)
    assert study.active_ranking == round_.ranking
    assert (round_.ranking.policy, round_.ranking.n_labels) == ("entropy", round_.n_labels)
    assert round_.ranking.config == AcquisitionConfig.from_json(PLAIN).to_json()
    assert {tuple(row) for row in scored_entries(round_).values_list("term", "route", "ask")} == {
        ("policy", "main", "both")
    }
    assert round_.reliability


def test_a_prediction_is_a_distribution_of_its_own_evidence(learnable: Learnable) -> None:
    round_ = train(learnable)
    for item in Prediction.objects.filter(round=round_):
        for name, alpha in item.alpha.items():
            assert sum(item.probabilities[name]) == pytest.approx(1.0)
            # the opinion points where the prediction does
            assert item.probabilities[name][0] == pytest.approx((alpha[0] - 1) / (sum(alpha) - len(alpha)))


def test_the_history_tells_every_epoch_and_who_trained_it(learnable: Learnable) -> None:
    round_ = train(learnable)
    epochs = [(row["stage"], row["epoch"], row["attempt"]) for row in round_.history]
    stages = ("teacher", "student", "teacher 2", "student 2", "teacher 3", "student 3")
    assert epochs == [(stage, epoch, 1) for stage in stages for epoch in (1, 2)]
    assert set(round_.metrics["stages"]) == set(stages)
    assert len(round_.metrics["validation"]["folds"]) == 3


def test_a_ranked_clip_is_stored_with_the_committees_disagreement_and_each_modalitys_evidence(
    learnable: Learnable,
) -> None:
    round_ = train(learnable)
    assert all(
        (scores["quality"], scores["gate"]) == ({"eeg": 1.0, "face": 1.0}, "good") and scores["seconds"] > 0
        for scores in scored_entries(round_).values_list("scores", flat=True)
    )
    entries = [entry.scores for entry in round_.ranking.entries.all() if "entropy" in entry.scores]
    assert entries
    for scores in entries:
        # mutual information of 3 classes and 9 heads: at most ln 3
        assert set(scores["disagreement"]) == {"valence", "arousal"}
        assert all(0 <= value <= math.log(3) for value in scores["disagreement"].values())
        assert set(scores["evidence"]) == {"eeg", "face"}
        assert all(value > 0 for value in scores["evidence"].values())
    assert any(value > 0 for scores in entries for value in scores["disagreement"].values())


def test_a_configuration_of_the_version_before_still_trains(learnable: Learnable) -> None:
    round_ = train(learnable, {**BEFORE, **SHORT})
    assert (round_.state, round_.error) == (RoundState.PUBLISHED, "")
    assert RoundConfig.from_json(round_.config) == RoundConfig.from_json({**BEFORE, **SHORT})
    augmentation = round_.config["augmentation"]
    assert (augmentation["eeg_noise"], augmentation["eeg_channel_dropout"]) == (0.2, 0.05)
    assert not {"eeg_noise", "eeg_channel_dropout"} & set(round_.config)
    assert (round_.config["max_unlabelled_clips"], round_.config["n_members"]) == (128, 3)


@pytest.mark.parametrize(
    ("stage", "n_networks", "said"),
    [
        ("teacher", 1, "Teacher: epoch 2 of 60, loss 0.500"),
        ("student", 3, "Network 1 of 3, student: epoch 2 of 60, loss 0.500"),
        ("teacher 3", 3, "Network 3 of 3, teacher: epoch 2 of 60, loss 0.500"),
        ("scoring", 3, "Scoring: 2 of 60 clips"),
    ],
)
def test_progress_says_which_network_is_at_work(stage: str, n_networks: int, said: str) -> None:
    assert training.describe(Progress(stage, 2, 60, 0.5, None, 0.1, None), n_networks) == said


def test_test_subjects_are_never_trained_on_nor_ranked(learnable: Learnable, tmp_path: Path) -> None:
    round_ = train(learnable)
    test_clips = set(learnable.study.clips.filter(subject__is_test=True).values_list("pk", flat=True))
    table = pq.read_table(tmp_path / "models" / f"round-{round_.pk}" / "clips.parquet").to_pylist()
    trained = {row["clip"] for row in table if row["role"] in ("train", "pool")}
    assert trained
    assert not trained & test_clips
    assert not set(round_.ranking.entries.values_list("clip_id", flat=True)) & test_clips


def test_rows_of_the_store_are_the_clips_they_are_said_to_be(learnable: Learnable) -> None:
    round_ = rounds.launch_round(learnable.study, actor=None)
    prepared = round_input(round_, round_.job.payload["max_clip"])
    clips = {clip.pk: clip for clip in learnable.study.clips.select_related("session")}
    for row, pk in enumerate(prepared.clip_ids):
        assert prepared.data.store.start_s[row] == clips[pk].start_s
    for row, target in zip(prepared.data.labelled_rows, prepared.data.targets["valence"], strict=True):
        assert target.argmax() == learnable.truth[int(prepared.clip_ids[row])]["valence"]


def test_a_round_asked_to_stop_before_it_began_is_cancelled(learnable: Learnable) -> None:
    round_ = rounds.launch_round(learnable.study, actor=None)
    rounds.cancel_round(round_, actor=None)
    training.train_round(round_.job.pk)
    assert Round.objects.get(pk=round_.pk).state == RoundState.CANCELLED


def test_a_setting_that_does_not_exist_fails_the_round_with_its_name(learnable: Learnable) -> None:
    round_ = rounds.launch_round(learnable.study, actor=None, config={"wings": 2})
    training.train_round(round_.job.pk)
    round_ = Round.objects.select_related("job").get(pk=round_.pk)
    assert (round_.state, round_.job.state) == (RoundState.FAILED, JobState.FAILED)
    assert "wings" in round_.error
    assert "Traceback" in round_.job.traceback


@pytest.mark.parametrize("vote_model", VoteModel)
def test_a_round_keeps_what_later_answers_are_weighed_by(learnable: Learnable, vote_model: VoteModel) -> None:
    type(learnable.study).objects.filter(pk=learnable.study.pk).update(vote_model=vote_model)
    learnable.study.refresh_from_db()
    round_ = train(learnable, ONE)
    opened = open_round(round_.ranking)
    assert opened is not None
    people = set(round_.frozen_labels.values_list("label__annotator", flat=True))
    weighed = {key: set(voters.people) for key, voters in opened.voters.items()}
    assert weighed == ({} if vote_model == VoteModel.SHARES else {"valence": people, "arousal": people})


def test_each_level_of_a_scale_is_a_class() -> None:
    assert bridge.class_names(SAM_VALENCE9) == tuple("123456789")


def test_an_epoch_whose_note_was_lost_counts_to_the_attempt_before_it() -> None:
    noted = {("student", 1): {"attempt": 1}, ("student", 3): {"attempt": 2}}
    watcher = training.Watcher(cast(RunningJob, None), noted)
    history: list[JsonObject] = [{"stage": "student", "epoch": epoch} for epoch in (1, 2, 3, 4)]
    assert [row["attempt"] for row in watcher.merged(history)] == [1, 1, 2, 2]


def test_clips_of_an_older_version_are_not_mixed_with_new_ones(learnable: Learnable) -> None:
    older = Derived.objects.filter(kind=DerivedKind.SHARD).order_by("pk").first()
    assert older is not None
    Derived.objects.filter(pk=older.pk).update(version=bridge.SHARD_VERSION - 1)
    round_ = train(learnable)
    assert round_.state == RoundState.FAILED
    n_sessions = learnable.study.sessions.count()
    assert round_.error == (
        f"1 of the study's {n_sessions} sessions were imported by an older version: run manage.py rebuild_sessions "
        "for the study, then start the round again."
    )


def test_bad_sensors_are_kept_from_people_and_what_is_good_of_a_clip_is_asked_about(learnable: Learnable) -> None:
    study = learnable.study
    pool = list(study.clips.filter(subject__is_test=False, labels=None).order_by("pk"))
    dead, faceless, marked = pool[0::3], pool[1::3], pool[2]
    ids = [[clip.pk for clip in clips] for clips in (dead, faceless)]
    study.clips.filter(pk__in=ids[0]).update(eeg_quality=0.05, face_quality=0.1)
    study.clips.filter(pk__in=ids[1]).update(eeg_quality=0.9, face_quality=0.1)
    admin = make_member(study, "the-admin")
    ClipVerdict.objects.create(clip=marked, study=study, verdict=SensorVerdict.BAD, by=admin)
    entries = scored_entries(train(learnable))
    told = {entry.clip_id: (entry.route, entry.ask, entry.scores["gate"]) for entry in entries.order_by("rank")}
    assert {told[pk] for pk in ids[0]} == {("quality", "both", "all_bad")}
    assert {told[pk] for pk in ids[1]} == {("main", "eeg", "face_bad")}
    assert told[marked.pk] == ("nowhere", "both", "sensor_bad")
    routes = [entry.route for entry in entries.order_by("rank")]
    assert routes == sorted(routes, key=["main", "quality", "nowhere"].index)


def test_bald_is_scored_with_the_pool_and_ranks_it(learnable: Learnable) -> None:
    acquisition = {**PLAIN, "strategy": "bald"}
    type(learnable.study).objects.filter(pk=learnable.study.pk).update(acquisition=acquisition)
    round_ = train(learnable, ONE)
    assert (round_.state, round_.ranking.policy, round_.metrics["notes"]) == (RoundState.PUBLISHED, "bald", [])
    scores = list(scored_entries(round_).order_by("rank").values_list("scores", flat=True))
    values = [one["value"] for one in scores]
    assert values == sorted(values, reverse=True)
    assert all(set(one["bald"]) == {"valence", "arousal"} and min(one["bald"].values()) >= 0 for one in scores)


def test_a_strategy_that_lacks_what_it_needs_gives_way_to_entropy_and_the_round_says_so(learnable: Learnable) -> None:
    acquisition = {**PLAIN, "strategy": "consistency"}
    type(learnable.study).objects.filter(pk=learnable.study.pk).update(acquisition=acquisition)
    round_ = train(learnable, {**ONE, "teacher_modality": "nobody"})  # a network for the EEG alone
    assert (round_.state, round_.ranking.policy) == (RoundState.PUBLISHED, "entropy")
    assert any("ranked by entropy, not by consistency" in note for note in round_.metrics["notes"])
