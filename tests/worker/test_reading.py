"""What a round makes of answers that are neither class nor level, and a round that learns from all of them."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from pytest_django.fixtures import Settings

from annotator.domain import labelling, queueing, rounds
from annotator.domain.rounds import Vote, frozen_votes_by_annotator
from annotator.enums import AnswerKind, RoundState, TraceDevice, VoteModel
from annotator.exceptions import DomainError
from annotator.models import Clip, Label, ReactionLag, Round, RoundLabel, Study, User
from annotator.queries.round_page import how_answers_were_read
from mlcore.types import (
    AFFECT_GRID,
    EKMAN6,
    SAM_DOMINANCE9,
    TRACE_VALENCE,
    UNBOUNDED_AROUSAL,
    Dimension,
    DimensionKind,
    JsonObject,
)
from tests.factories.learnable import Learnable, make_learnable
from tests.factories.people import make_member
from tests.factories.studies import make_study
from tests.factories.traces import recording
from worker import training
from worker.reading import Reading, likeliest, shares_of
from worker.scoring import folder_of
from worker.votes import clip_targets, plain_shares, round_targets

TENSION = Dimension("tension", "Tension", DimensionKind.VAS, ("none", "much"), levels=4)
EVERY_KIND = (SAM_DOMINANCE9, EKMAN6, AFFECT_GRID, TENSION, TRACE_VALENCE, UNBOUNDED_AROUSAL)


@pytest.fixture
def places(settings: Settings, tmp_path: Path) -> None:
    settings.DERIVED_ROOT = tmp_path / "derived"
    settings.MODEL_ROOT = tmp_path / "models"


PLAIN: JsonObject = {"dominance": 3, "emotion": {}, "affect": [1, 9], "tension": 0}


def answer(clip: Clip, user: User, **values: Any) -> Label:
    queueing.claim_clip(clip, user)
    whole = PLAIN | {"valence": recording(clip), "arousal": recording(clip, values=(0, 4, 8))} | values
    return labelling.submit(clip, user, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, whole))


def frozen_round(study: Study, **reading: Any) -> Round:
    labels = list(Label.objects.filter(study=study).order_by("pk"))
    kept = {"trace_sfreq": 4.0, "applies_lag": False, "lags_ms": {}} | reading
    row = Round.objects.create(
        study=study, number=1, seed=1, code_version="x", data_hash="x", n_labels=len(labels), n_clips=1, reading=kept
    )
    RoundLabel.objects.bulk_create(RoundLabel(round=row, label=label) for label in labels)
    return row


def read_one(vote: JsonObject) -> JsonObject:
    return Reading(EVERY_KIND, 4.0).read({1: [Vote(7, 0, vote)]})[1][0].values


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"dominance": 3}, {"dominance": 3}),
        ({"emotion": {}}, {"emotion": [0, 0, 0, 0, 0, 0, 1]}),
        ({"emotion": {"joy": 3, "surprise": 1}}, {"emotion": [0, 0, 0, 0.75, 0, 0.25, 0]}),
        ({"affect": [2, 9]}, {"affect_valence": 2, "affect_arousal": 9}),
        ({"tension": 0}, {"tension": 0}),
        ({"tension": 49.9}, {"tension": 1}),
        ({"tension": 50}, {"tension": 2}),
        ({"tension": 100}, {"tension": 3}),
        ({}, {}),
    ],
)
def test_each_kind_as_a_round_reads_it(given: JsonObject, read: JsonObject) -> None:
    assert read_one(given) == read


def test_one_class_and_a_distribution_of_either_form() -> None:
    emotion, dominance = EKMAN6.questions[0], SAM_DOMINANCE9
    assert likeliest(emotion, [0, 0, 0, 0.75, 0, 0.25, 0]) == 3
    assert likeliest(dominance, 9) == 8
    assert shares_of(dominance, 2).tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert shares_of(emotion, [0, 0.5, 0.5, 0, 0, 0, 0]).tolist() == [0, 0.5, 0.5, 0, 0, 0, 0]


def test_distributions_are_averaged_and_count_as_their_likeliest_class_elsewhere() -> None:
    question = EKMAN6.questions[0]
    votes = [
        [Vote(1, 0, {"emotion": [0.75, 0.25, 0, 0, 0, 0, 0]}), Vote(2, 0, {"emotion": [0, 0, 0, 0, 0, 0, 1.0]})],
        [Vote(1, 0, {})],
    ]
    shares, n_answers = plain_shares(votes, question)
    assert shares[0].tolist() == [0.375, 0.125, 0, 0, 0, 0, 0.5]
    assert np.isnan(shares[1]).all()
    assert n_answers.tolist() == [2, 0]
    assert clip_targets(votes, question, VoteModel.SHARES).targets[0].tolist() == shares[0].tolist()
    counted = clip_targets(votes, question, VoteModel.DAWID_SKENE).targets[0]
    assert set(np.flatnonzero(counted > 0.2)) == {0, 6}
    assert round_targets({1: votes[0]}, [1], (question,), VoteModel.SHARES).agreement["emotion"] is not None


@pytest.mark.django_db
def test_a_trace_becomes_itself_and_shares_of_its_range() -> None:
    study = make_study(dimensions=EVERY_KIND)
    ann = make_member(study, "ann")
    clip = study.clips.order_by("pk")[1]
    answer(clip, ann, valence=recording(clip, values=(-1, -1, 0, 1, 1)), arousal=recording(clip, values=(0, 30, 60)))
    row = frozen_round(study)
    votes = frozen_votes_by_annotator(row)
    curves = Reading.of(row).curves(votes)
    reading = Reading.of(row).settled(votes, curves)
    assert reading.trace_targets(votes, [clip.pk], curves)["valence_trace"].tolist() == [
        pytest.approx([-1.0] * 8 + [0.0] * 4 + [1.0] * 8)
    ]
    read = reading.read(votes)[clip.pk][0].values
    assert read["valence"] == pytest.approx([0.4, 0.2, 0.4])
    # 20 values: a third at 0, at 30 and at 60, one at each change in between
    assert sum(read["arousal"]) == pytest.approx(1.0)
    assert min(read["arousal"]) > 0.2
    assert reading.notes == ("Arousal: a trace without ends has no scale of its own, so it is learnt as classes only.",)
    row.reading = reading.to_json()
    assert Reading.of(row) == reading
    assert Reading.of(row).settled(votes, {}).thresholds == reading.thresholds


@pytest.mark.django_db
def test_the_lag_moves_a_trace_earlier_where_the_round_says_so() -> None:
    study = make_study(dimensions=(TRACE_VALENCE,))
    ann = make_member(study, "ann")
    clip = study.clips.order_by("pk")[1]
    queueing.claim_clip(clip, ann)
    given = {"valence": recording(clip, values=(0, 0, 1, 1, 1), device="kkkkk")}  # a step at 2 s
    labelling.submit(clip, ann, labelling.Submission(uuid.uuid4(), AnswerKind.LABEL, given))
    lags = {str(ann.pk): {"keys": 500.0, "pointer": 2000.0}}
    votes = frozen_votes_by_annotator(row := frozen_round(study, applies_lag=True, lags_ms=lags))
    moved = followed(row, votes)
    assert moved[:18].tolist() == pytest.approx([0.0] * 6 + [1.0] * 12, abs=1e-6)
    assert np.isnan(moved[18:]).all()  # what the hand would have said half a second after the clip
    row.reading |= {"applies_lag": False}
    still = followed(row, votes)
    assert still.tolist() == pytest.approx([0.0] * 8 + [1.0] * 12, abs=1e-6)
    row.reading |= {"applies_lag": True, "lags_ms": {}}
    assert Reading.of(row).settled(votes, Reading.of(row).curves(votes)).notes == (
        "No reaction lag was measured for 1 of the annotators' devices: their traces were not moved.",
    )


def followed(row: Round, votes: dict[int, list[Vote]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The trace of the only clip."""
    reading = Reading.of(row)
    target: np.ndarray[tuple[int], np.dtype[np.float64]] = reading.trace_targets(
        votes, list(votes), reading.curves(votes)
    )["valence_trace"][0]
    return target


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("broker", "places")
def test_a_round_learns_from_every_kind_and_says_how_it_read_them() -> None:
    learnable = make_learnable()
    study = learnable.study
    study.scheme = [dimension.to_json() for dimension in EVERY_KIND]
    study.save()
    ann = make_member(study, "simulated-annotator")
    for clip in study.clips.filter(number__lt=5).order_by("pk"):
        answer(clip, ann, **truthful(learnable, clip))
    ReactionLag.objects.create(
        study=study, annotator=ann, device=TraceDevice.POINTER, seed=1, events={}, lag_ms=250.0, correlation=0.9
    )
    config = {"n_members": 1, "teacher": {"n_epochs": 1}, "student": {"n_epochs": 1}, "applies_lag": True}
    row = rounds.launch_round(study, actor=None, config=config)
    assert row.reading == {"trace_sfreq": 4.0, "applies_lag": True, "lags_ms": {str(ann.pk): {"pointer": 250.0}}}
    training.train_round(row.job.pk)
    row.refresh_from_db()
    assert row.state == RoundState.PUBLISHED, row.error
    learnt = {"dominance", "emotion", "affect_valence", "affect_arousal", "tension", "valence", "arousal"}
    assert set(row.metrics["by_target"]) <= learnt
    assert {"emotion", "affect_valence", "valence"} <= set(row.metrics["by_target"])
    folder = folder_of(row)
    assert set(pq.read_table(folder / "targets.parquet").column_names) == learnt | {"clip"}
    assert np.load(folder / "valence_trace.npy").shape == (25, 20)
    sentences = how_answers_were_read(row, study)
    assert "Affect: learnt as two scales of 9 levels." in sentences
    assert "Traces were resampled to 4 Hz, moved by each annotator's reaction lag." in sentences
    assert sentences[-1].startswith("Arousal: a trace without ends has no scale of its own")
    assert row.reading["thresholds"]["arousal"][0] < row.reading["thresholds"]["arousal"][1]


def truthful(learnable: Learnable, clip: Clip) -> JsonObject:
    """Answers of every kind that follow the clip's class 0..2."""
    truth = learnable.truth[clip.pk]["valence"]
    height = truth - 1.0
    return {
        "dominance": 1 + 4 * truth,
        "emotion": ({}, {"joy": 1, "fear": 3}, {"joy": 3})[truth],
        "affect": [1 + 4 * truth, 9 - 4 * truth],
        "tension": 45 * truth,
        "valence": recording(clip, values=(0.0, height, height)),
        "arousal": recording(clip, values=(0.0, 5.0 * truth, 10.0 * truth)),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("config", "sentence"),
    [({"trace_sfreq": 0}, "The rate of traces lies above 0"), ({"applies_lag": 1}, "applies_lag is true or false")],
)
def test_a_rounds_own_wish_is_checked(config: JsonObject, sentence: str) -> None:
    study = make_study()
    with pytest.raises(DomainError, match=sentence):
        rounds._reading(study, config)
