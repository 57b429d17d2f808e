"""From simulated recordings to a ranking, with the truth file gone before anything is learned."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pytest_django.fixtures import Settings

from annotator.domain import importing, rounds, studies
from annotator.enums import RoundState
from annotator.models import Clip, Round, Study
from mlcore.simulate import SimulationConfig, simulate_recordings
from mlcore.simulate.oracle import SimulatedAnnotator
from mlcore.types import AROUSAL3, VALENCE3
from tests.factories.labels import add_label
from tests.factories.people import make_member
from worker import ingest, training

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "places")]
SMALL = SimulationConfig(n_subjects=3, n_trials=2, trial_s=20.0, baseline_s=2.0, width=240, height=180, fps=15, seed=4)
SHORT = {"teacher": {"n_epochs": 1}, "student": {"n_epochs": 1}}


@pytest.fixture
def places(settings: Settings, tmp_path: Path) -> None:
    settings.DERIVED_ROOT, settings.MODEL_ROOT = tmp_path / "derived", tmp_path / "models"
    originals = {**settings.STORAGES["originals"], "OPTIONS": {"location": tmp_path / "originals", "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "originals": originals}
    torch.set_num_threads(1)


def import_all(study: Study, source: Path) -> None:
    job = importing.request_import(study, actor=None, source=source)
    ingest.import_source(job.pk)
    for child in job.children.order_by("pk"):
        ingest.import_session(child.pk)
    ingest.import_source(job.pk)


def answers_of(study: Study, truth: Path) -> dict[int, dict[str, int]]:
    oracle = SimulatedAnnotator(truth, seed=1, abstain_rate=0.0)
    clips = Clip.objects.filter(study=study).select_related("subject", "session", "trial")
    said = {
        clip.pk: oracle.answer(clip.subject.code, clip.session.code, clip.trial.number, clip.start_s, clip.stop_s)
        for clip in clips
    }
    return {pk: values for pk, values in said.items() if values is not None}


def test_a_round_learns_with_the_truth_deleted(tmp_path: Path) -> None:
    source = tmp_path / "recordings"
    simulate_recordings(source, SMALL)
    spec = studies.StudySpec(
        slug="sim", title="Sim", dimensions=(VALENCE3, AROUSAL3), is_simulated=True, min_labels=4, seed=2
    )
    study = studies.create_study(spec, actor=None)
    import_all(study, source)
    answers = answers_of(study, source / "truth.json")
    (source / "truth.json").unlink()
    assert not list(tmp_path.rglob("*truth*")), "the import took the truth along"

    pool = study.clips.filter(subject__is_test=False)
    assert pool.filter(has_eeg=True, has_face=True, face_quality__gt=0.5).count() == pool.count() == 8
    places = [place for place in pool.values_list("face_place", flat=True) if place is not None]
    assert len(places) == 8
    for x, y, width, height in places:  # a head in the middle of the frame
        assert (x < 0.5 < x + width, y < 0.5 < y + height) == (True, True)
        assert 0.05 < width * height < 0.6
    user = make_member(study, "simulated-annotator")
    unasked = pool.order_by("-pk")[:2]
    for clip in study.clips.exclude(pk__in=unasked.values_list("pk", flat=True)):
        add_label(clip, user, answers[clip.pk])
    round_ = rounds.launch_round(study, actor=None, config=SHORT)
    training.train_round(round_.job.pk)
    round_ = Round.objects.get(pk=round_.pk)
    assert (round_.state, round_.error) == (RoundState.PUBLISHED, "")
    assert {item.clip_id for item in round_.predictions.all()} == {clip.pk for clip in unasked}
