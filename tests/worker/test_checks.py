"""A check in the queue is like any clip that was drawn at random: it has an opinion, numbers of its own, and no say."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from django.test import Client
from pytest_django.fixtures import Settings

from annotator.domain import rounds, teaching
from annotator.enums import DerivedKind, OpinionPolicy, TeachingKind
from annotator.models import Clip, Prediction, Round, Study, TeachingClip
from mlcore.types import JsonObject
from tests.annotator.api.test_queue import claim, post
from tests.factories.learnable import label_some, make_learnable
from tests.factories.newcomers import pool_clips
from tests.factories.people import client_of, make_member
from worker import training
from worker.round_input import checks_in_store
from worker.scoring import Plan, folder_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
ONE: JsonObject = {"n_members": 1, "teacher": {"n_epochs": 1}, "student": {"n_epochs": 1}}
#: as many as may be are drawn at random
ACQUISITION: JsonObject = {"audit_share": 0.9, "repeat_share": 0.0, "second_opinion_share": 0.0, "relabel_share": 0.0}
ACCEPTED = {"valence": {"any_of": [1]}}


@pytest.fixture
def study(settings: Settings, tmp_path: Path) -> Study:
    """A round is published; of its clips two are checks: one since before it, one since after it."""
    settings.DERIVED_ROOT, settings.MODEL_ROOT = tmp_path / "derived", tmp_path / "models"
    torch.set_num_threads(1)
    made = make_learnable()
    label_some(made, per_subject=6)
    Study.objects.filter(pk=made.study.pk).update(acquisition=ACQUISITION, overlap=1)
    made.study.refresh_from_db()
    take(made.study)
    round_ = rounds.launch_round(made.study, actor=None, config=ONE)
    training.train_round(round_.job.pk)
    round_.refresh_from_db()
    assert round_.state == "published", round_.error
    made.study.refresh_from_db()
    take(made.study)
    teaching.set_onboarding(made.study, teaching.OnboardingSettings(check_rate=1.0), actor=None)
    return Study.objects.get(pk=made.study.pk)


def take(study: Study) -> TeachingClip:
    """The last clip that nobody has answered becomes a check."""
    clip = [one for one in pool_clips(study) if not one.labels.exists()][-1]
    return teaching.add_clip(study, clip, TeachingKind.CHECK, ACCEPTED, actor=None)


def checks_of(study: Study) -> set[int]:
    return set(TeachingClip.objects.filter(study=study).values_list("clip", flat=True))


def test_a_round_says_what_it_thinks_of_checks_and_learns_and_ranks_none(study: Study, tmp_path: Path) -> None:
    round_ = Round.objects.get()
    before, _ = TeachingClip.objects.order_by("pk")
    assert Prediction.objects.filter(round=round_, clip__in=checks_of(study)).count() == 2
    assert not round_.ranking.entries.filter(clip=before.clip).exists()
    table = pq.read_table(tmp_path / "models" / round_.model_path / "clips.parquet").to_pylist()
    assert before.clip_id not in {row["clip"] for row in table if row["role"]}
    an_entry = round_.ranking.entries.filter(term="audit")[0]
    assert an_entry.scores["value"] is None
    for one in TeachingClip.objects.all():
        said = one.told[str(round_.pk)]
        assert (said["ask"], said["scores"].keys()) == (an_entry.ask, an_entry.scores.keys())


def shape(thing: Any) -> Any:
    """Names all the way down, and of what kind each value is."""
    if isinstance(thing, dict):
        return {name: shape(value) for name, value in thing.items()}
    if isinstance(thing, list):
        return [shape(value) for value in thing]
    return type(thing).__name__


def work_through(client: Client, study: Study) -> list[tuple[JsonObject, JsonObject]]:
    """(task, what its submit brought) of everything that the queue gives."""
    met, held = [], claim(client, study)["held"]
    while held:
        task = held[0]
        # of a test subject or not, served by a round: opened again it is the same task
        assert shape(client.get(f"/api/v1/clips/{task['clip_id']}").json()) == shape(task)
        body = {"uuid": str(uuid.uuid4()), "values": {"valence": 1, "arousal": 1}, "confidence": 2}
        after = post(client, f"/clips/{task['clip_id']}/submit", body)
        met.append((task, after))
        held = after["held"]
    return met


def test_its_task_and_what_follows_its_answer_look_like_those_of_a_clip_drawn_at_random(study: Study) -> None:
    client, checks = client_of(make_member(study, "ben")), checks_of(study)
    met = work_through(client, study)
    others = [pair for pair in met if pair[0]["clip_id"] not in checks and pair[0]["why"]["term"] == "audit"]
    mine = [pair for pair in met if pair[0]["clip_id"] in checks]
    assert (len(mine), len(others) > 3) == (2, True)
    shapes = [shape({**task, "why": {**task["why"], "scores": names_of(task)}}) for task, _ in others]
    for task, after in mine:
        assert shape({**task, "why": {**task["why"], "scores": names_of(task)}}) in shapes
        assert names_of(task) in [names_of(other) for other, _ in others]
        assert after["has_opinion"] is True
        assert after.keys() == others[0][1].keys()
        opinion = post(client, f"/labels/{after['label']['uuid']}/opinion")
        assert opinion["probabilities"].keys() == {"valence", "arousal"}
    assert {after["has_opinion"] for _, after in others} == {True}


def test_its_page_is_any_clips_page(study: Study) -> None:
    """But for numbers, names and signatures, nothing on the page is another."""
    client, checks = client_of(make_member(study, "ben")), checks_of(study)
    pages: dict[bool, set[str]] = {True: set(), False: set()}
    held = claim(client, study)["held"]
    while held:
        html = client.get(f"/studies/{study.slug}/label/").content.decode()
        pages[held[0]["clip_id"] in checks].add(without_what_differs(html))
        body = {"uuid": str(uuid.uuid4()), "values": {"valence": 1, "arousal": 1}, "confidence": 2}
        held = post(client, f"/clips/{held[0]['clip_id']}/submit", body)["held"]
    assert len(pages[True]) == 1
    assert pages[True] <= pages[False]


def without_what_differs(html: str) -> str:
    """The page without its configuration, which is the tasks, and without tokens."""
    bare = re.sub(r'<script id="bench-config".*?</script>', "", html, flags=re.DOTALL)
    return re.sub(r'(csrf="|value="|nonce="|X-CSRFToken": ")[A-Za-z0-9+/=_-]{20,}"', "", bare)


def names_of(task: JsonObject) -> list[str]:
    return [score["name"] for score in task["why"]["scores"]]


def test_where_opinions_are_off_nothing_has_one(study: Study) -> None:
    settings = teaching.OnboardingSettings(check_rate=1.0, opinion=OpinionPolicy.OFF)
    teaching.set_onboarding(study, settings, actor=None)
    client = client_of(make_member(study, "ben"))
    held = claim(client, study)["held"]
    said = set()
    for _ in range(4):
        body = {"uuid": str(uuid.uuid4()), "values": {"valence": 1, "arousal": 1}, "confidence": 2}
        after = post(client, f"/clips/{held[0]['clip_id']}/submit", body)
        said.add((after["has_opinion"], held[0]["clip_id"] in checks_of(study)))
        held = after["held"]
    assert said == {(False, True), (False, False)}


def test_an_answer_to_a_check_is_no_vote_whatever_was_looked_at(study: Study) -> None:
    client = client_of(make_member(study, "ben"))
    before = rounds.frozen_candidates(study).count()
    met = work_through(client, study)
    own = [after["label"]["uuid"] for task, after in met if task["clip_id"] in checks_of(study)]
    post(client, f"/labels/{own[0]}/opinion")
    counted = rounds.frozen_candidates(study)
    assert counted.count() == before + len(met) - len(own)
    assert not counted.filter(clip__in=checks_of(study)).exists()


def test_of_a_recording_that_came_in_anew_meanwhile_nothing_is_said(study: Study) -> None:
    plan = Plan.read(folder_of(Round.objects.get()))
    store, first = plan.open_store(), TeachingClip.objects.order_by("pk")[0].clip
    assert set(checks_in_store(study.pk, plan.shards, store)["clip"].tolist()) == checks_of(study)
    first.session.derived.filter(kind=DerivedKind.SHARD).update(path="elsewhere/s00")
    kept = checks_in_store(study.pk, plan.shards, store)["clip"].tolist()
    others = Clip.objects.filter(teaching__study=study).exclude(session=first.session)
    assert set(kept) == set(others.values_list("pk", flat=True))
