"""The real method in a loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from mlcore.simulate.loop import Given, Material, Plan, make_world, retrain_maker, run_loop
from mlcore.store import open_store
from mlcore.train import RoundConfig, StageConfig
from tests.mlcore.simulate.loop.conftest import OPTIONS

SHORT = replace(RoundConfig(), n_members=1, teacher=StageConfig(n_epochs=1), student=StageConfig(n_epochs=1))


def test_it_is_trained_at_every_step_and_asks_by_its_own_scores(
    looped_store: Path, material: Material, given: Given
) -> None:
    options = replace(OPTIONS, budget=20)
    maker = retrain_maker(open_store(looped_store), "valence3", config=SHORT)
    world = make_world(material, given, options, maker, seed=3)
    run = run_loop(world, Plan.parse("gated-entropy"))
    assert [point.n_answers for point in run.points] == [10, 20]
    assert all(0.0 <= point.score <= 1.0 for point in run.points)
    model = world.make_model()
    places = np.arange(5)
    before = model.pool(places)
    assert (before.alpha["valence3"] == 1.0).all()
    labels = world.new_labels()
    for place in world.split.start.tolist():
        labels.ask(place, step=0)
    counts = labels.counts[labels.learnt]
    model.fit(labels.learnt, counts / counts.sum(axis=1, keepdims=True))
    assert (model.pool(places).alpha["valence3"] > 1.0).any()
    assert np.allclose(model.test().sum(axis=1), 1.0)


def test_before_two_classes_were_named_it_says_all_alike(looped_store: Path, material: Material, given: Given) -> None:
    maker = retrain_maker(open_store(looped_store), "valence3", config=SHORT)
    world = make_world(material, given, OPTIONS, maker, seed=3)
    model = world.make_model()
    model.fit(world.split.start[:3], np.tile([1.0, 0.0, 0.0], (3, 1)))
    assert np.allclose(model.test(), 1 / 3)
