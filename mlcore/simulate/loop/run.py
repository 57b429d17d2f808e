"""One strategy, one seed: ask, learn, judge, until the pool or the budget is used up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlcore.simulate.loop.asking import Question, next_batch
from mlcore.simulate.loop.labels import Asked, Labels
from mlcore.simulate.loop.model import LoopModel
from mlcore.simulate.loop.oracle import BAD_SIGNAL, CANT_TELL
from mlcore.simulate.loop.plan import Plan
from mlcore.simulate.loop.world import ASKING, World, shares
from mlcore.types import JsonObject, Route, Term


@dataclass(frozen=True, slots=True)
class Point:
    """Where a loop stands after some batch."""

    n_answers: int
    n_labels: int
    seconds: float
    score: float

    def to_json(self) -> JsonObject:
        """Plain values."""
        return {"answers": self.n_answers, "labels": self.n_labels, "seconds": self.seconds, "score": self.score}


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it.

    Args:
        strategy: its name.
        seed: of the loop.
        n_pool: clips that could be asked about.
        points: after the start and after every batch.
        batches: what each batch was made of.
    """

    strategy: str
    seed: int
    n_pool: int
    points: tuple[Point, ...]
    batches: tuple[JsonObject, ...]

    def to_json(self) -> JsonObject:
        """Plain values."""
        return {
            "strategy": self.strategy,
            "seed": self.seed,
            "n_pool": self.n_pool,
            "points": [point.to_json() for point in self.points],
            "batches": list(self.batches),
        }


def run_loop(world: World, plan: Plan) -> Run:
    """Let a strategy ask until nothing is left, or the budget is used up."""
    labels, model = world.new_labels(), world.make_model()
    for place in world.split.start.tolist():
        labels.ask(place, step=0)
    points, batches = [_learn(world, model, labels)], list[JsonObject]()
    most = world.options.budget or world.n_pool
    while labels.n_answers < most:
        step = len(batches) + 1
        # the same draws for every strategy at the same step
        rng = np.random.default_rng([world.seed, ASKING, step])
        questions = next_batch(world, plan, model, labels, rng)[: most - labels.n_answers]
        if not questions:
            break
        n_before = labels.n_answers
        for question in questions:
            labels.ask(question.place, step=step, own=question.own)
        batches.append(_made_of(world, questions, labels.asked(n_before)))
        points.append(_learn(world, model, labels))
    return Run(plan.name, world.seed, world.n_pool, tuple(points), tuple(batches))


def _learn(world: World, model: LoopModel, labels: Labels) -> Point:
    if len(labels.learnt):
        model.fit(labels.learnt, shares(labels))
    score = world.judge(model.test())
    return Point(labels.n_answers, labels.n_labels, round(labels.seconds, 3), score)


def _made_of(world: World, questions: Sequence[Question], asked: Asked) -> JsonObject:
    """Composition of one batch, in answers."""
    subjects = Counter(world.material.subject[world.split.pool[asked.place]].tolist())
    routes, terms = Counter(one.route for one in questions), Counter(one.term for one in questions)
    classes = Counter(asked.said[asked.said >= 0].tolist())
    return {
        "answers": len(asked.place),
        "bad_signal": int((asked.said == BAD_SIGNAL).sum()),
        "cant_tell": int((asked.said == CANT_TELL).sum()),
        "classes": [classes[number] for number in range(len(world.given.classes))],
        "n_subjects": len(subjects),
        "largest_subject_share": max(subjects.values()) / len(asked.place),
        "routes": {route.value: routes[route] for route in Route if routes[route]},
        "terms": {term.value: terms[term] for term in Term if terms[term]},
        "seconds": round(float(asked.seconds.sum()), 3),
    }
