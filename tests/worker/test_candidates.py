"""From rows of the database to candidates, verdicts, answers and costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from annotator.domain import rounds
from annotator.enums import AnswerKind, SensorVerdict
from annotator.models import Clip, ClipVerdict, Label, Round, Trial
from mlcore.acquire.gate import gate
from mlcore.types import AcquisitionConfig, Modality
from tests.factories.labels import add_label
from tests.factories.learnable import Learnable, label_some, make_learnable
from tests.factories.people import make_member
from worker import answers
from worker.candidates import candidates_of, crosses_change, is_readable, measured_quality
from worker.round_input import RoundInput, round_input

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


@pytest.fixture
def learnable(settings: Settings, tmp_path: Path) -> Learnable:
    settings.DERIVED_ROOT, settings.MODEL_ROOT = tmp_path / "derived", tmp_path / "models"
    made = make_learnable(n_clips=6)
    label_some(made, per_subject=3)
    return made


def launch(learnable: Learnable) -> tuple[Round, RoundInput]:
    round_ = rounds.launch_round(learnable.study, actor=None)
    return round_, round_input(round_, round_.job.payload["max_clip"])


def test_the_columns_of_a_round_are_its_clips_in_the_order_of_the_store(learnable: Learnable) -> None:
    _, prepared = launch(learnable)
    rows = learnable.study.clips.order_by("session", "shard_row").values_list("pk", "session", "subject", "start_s")
    clips = prepared.clips
    assert list(zip(*(clips[name].tolist() for name in ("clip", "session", "subject", "start_s")), strict=True)) == [
        *rows
    ]
    assert clips["row"].tolist() == list(range(len(clips)))
    assert np.isnan(clips["eeg_quality"]).all()  # nobody measured
    pool = set(learnable.study.clips.filter(subject__is_test=False, labels=None).values_list("pk", flat=True))
    assert set(clips["clip"][prepared.pool].tolist()) == pool
    assert clips["row"][prepared.pool].tolist() == prepared.data.pool_rows.tolist()
    assert not clips["is_test"][prepared.labelled].any()
    assert clips["is_test"][prepared.test].all()


def test_quality_is_the_clips_own_else_the_stores_and_nan_without_the_modality(learnable: Learnable) -> None:
    first, second, third = learnable.study.clips.order_by("session", "shard_row")[:3]
    Clip.objects.filter(pk=first.pk).update(eeg_quality=0.25)
    Clip.objects.filter(pk=second.pk).update(has_eeg=False, eeg_quality=None)
    _, prepared = launch(learnable)
    store = prepared.data.store
    eeg = measured_quality(prepared.clips, store, Modality.EEG)
    assert eeg[0] == 0.25
    assert np.isnan(eeg[1])
    assert (eeg[2:] == store.quality("eeg")[2:]).all()
    assert (measured_quality(prepared.clips, store, Modality.FACE) == store.quality("face")).all()
    assert is_readable(prepared.clips, store).all()
    assert third.pk == prepared.clips["clip"][2]


def test_a_clip_crosses_a_change_where_a_trial_begins_or_ends_inside_it(learnable: Learnable) -> None:
    session = learnable.study.sessions.order_by("pk")[0]
    Trial.objects.filter(session=session).update(stop_s=12.0)  # inside the clip 10..15 s
    Trial.objects.create(session=session, number=2, start_s=20.0, stop_s=30.0)  # where clips meet
    _, prepared = launch(learnable)
    crossing = prepared.clips[crosses_change(prepared.clips)]
    assert [(int(one["session"]), float(one["start_s"])) for one in crossing] == [(session.pk, 10.0)]


def test_a_clip_crosses_a_change_where_the_eeg_was_stopped_or_went_on(learnable: Learnable) -> None:
    session = learnable.study.sessions.order_by("pk")[0]
    # within the clip 0..5 s and into the next; where clips meet, then cut inside 20..25 s
    session.eeg_info["breaks"] = [[4.0, 6.0], [15.0, 15.0], [21.0, 21.0]]
    session.save()
    _, prepared = launch(learnable)
    crossing = prepared.clips[crosses_change(prepared.clips)]
    assert [(int(one["session"]), float(one["start_s"])) for one in crossing] == [
        (session.pk, start_s) for start_s in (0.0, 5.0, 20.0)
    ]


def test_the_last_word_on_a_sensor_counts(learnable: Learnable) -> None:
    one, other, stranger = learnable.study.clips.order_by("pk")[:3]
    admin = make_member(learnable.study, "the-admin")
    for clip, word in ((one, SensorVerdict.FINE), (one, SensorVerdict.BAD), (other, SensorVerdict.FINE)):
        ClipVerdict.objects.create(clip=clip, study=learnable.study, verdict=word, by=admin)
    ClipVerdict.objects.create(clip=stranger, study=learnable.study, verdict=SensorVerdict.BAD, by=admin)
    clip_ids = np.array([other.pk, 0, one.pk])
    assert answers.verdicts_on(learnable.study, clip_ids) == {0: False, 2: True}
    assert answers.verdicts_on(learnable.study, np.zeros(0, dtype=np.int64)) == {}


def test_answers_keep_who_gave_them_when_and_of_which_class(learnable: Learnable) -> None:
    study = learnable.study
    other = make_member(study, "another")
    pool = list(study.clips.filter(subject__is_test=False, labels=None).order_by("pk")[:2])
    add_label(pool[0], other, answer=AnswerKind.CANT_TELL)
    add_label(pool[1], other, answer=AnswerKind.BAD_SIGNAL)
    round_, prepared = launch(learnable)
    clips = prepared.clips[~prepared.clips["is_test"]]
    candidates = candidates_of(clips, prepared.data.store, scores=None, known=None)
    gated = gate(candidates, AcquisitionConfig())
    found = answers.answered(round_, candidates, gated, clip_ids=clips["clip"])
    said = {
        int(clips["clip"][place]): (int(who), int(valence))
        for place, who, valence in zip(found.clip, found.annotator, found.labels["valence"], strict=True)
    }
    labels = Label.objects.filter(study=study, clip__subject__is_test=False).exclude(answer=AnswerKind.BAD_SIGNAL)
    assert said == {one.clip_id: (one.annotator_id, one.values.get("valence", -1)) for one in labels}
    ages_s = [(timezone.now() - one.created_at).total_seconds() for one in labels.order_by("pk")]
    assert found.age_s == pytest.approx(ages_s, abs=60)
    assert found.asked_now.tolist() == sorted(set(labels.values_list("annotator", flat=True)))


def test_costs_are_learnt_from_the_seconds_that_answers_took(learnable: Learnable) -> None:
    _, prepared = launch(learnable)
    clips = prepared.clips
    durations_s = clips["stop_s"] - clips["start_s"]
    costs = answers.costs_of(learnable.study)
    found = costs.of(clips["subject"], np.zeros(len(clips), dtype=np.uint8), durations_s)
    spent = list(learnable.study.labels.values_list("seconds_spent", flat=True))
    assert set(spent) == {4.5}
    # half of the 9 s that are expected before anything is known, and still drawn towards them
    assert (found >= 4.5).all()
    assert (found < 9.0).all()
