"""Which clips a loop asks about next, by the code that composes the product's queue."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.acquire import pick
from mlcore.acquire.answered import Answered
from mlcore.acquire.audit import audit_keys
from mlcore.acquire.batch import Composition, compose
from mlcore.acquire.candidates import Candidates, Picked
from mlcore.acquire.codes import ROUTES, TERMS
from mlcore.acquire.gate import Gated, gate
from mlcore.simulate.loop.labels import Labels
from mlcore.simulate.loop.model import LoopModel
from mlcore.simulate.loop.oracle import BAD_SIGNAL, N_ANNOTATORS
from mlcore.simulate.loop.plan import Plan
from mlcore.simulate.loop.world import World
from mlcore.types import AcquisitionConfig, Route, Term

Integers = NDArray[np.int64]
#: a batch is a day's work: what was answered in an earlier one may be asked of the same person again
BATCH_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Question:
    """One question: a place of the pool, why it was chosen, where the gate sent it, and to whom it goes."""

    place: int
    term: Term
    route: Route
    #: whether the person who answered it last is asked again
    own: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    """What is known when a batch is chosen; candidate n is the clip at `places[n]` of the pool."""

    world: World
    model: LoopModel
    labels: Labels
    config: AcquisitionConfig
    places: Integers
    candidates: Candidates
    gated: Gated

    @property
    def among(self) -> Integers:
        """Candidates that annotators may be given."""
        return np.flatnonzero(self.gated.is_served)

    def pick(self, rng: Generator) -> Picked:
        """What the strategy alone wants."""
        config = self.config
        return pick(
            config.strategy,
            self.candidates,
            config.batch_size,
            rng=rng,
            among=self.among,
            min_quality=config.min_quality,
        )


def next_batch(world: World, plan: Plan, model: LoopModel, labels: Labels, rng: Generator) -> list[Question]:
    """The next batch, best first; empty where nothing is left that may be asked."""
    places = np.flatnonzero(~labels.is_asked)
    if not len(places):
        return []
    candidates = _candidates(world, plan, model, labels, places)
    config = replace(world.options.config, strategy=plan.strategy, batch_size=world.options.batch_size)
    gated = gate(candidates, replace(config, is_gated=plan.is_gated))
    step = _Step(world, model, labels, config, places, candidates, gated)
    if not len(step.among):
        return []
    return _composed(step, rng) if plan.is_composed else _picked(step, rng)


def _candidates(world: World, plan: Plan, model: LoopModel, labels: Labels, places: Integers) -> Candidates:
    """With what the model says of them, where the strategy looks at that."""
    if not plan.needs_scores:
        return world.candidates(places, labels=labels)
    asked = np.flatnonzero(labels.is_asked)
    plain = world.candidates(places, labels=labels, scores=model.pool(places))
    return replace(plain, embedding=model.embedding(places), known=model.embedding(asked))


def _picked(step: _Step, rng: Generator) -> list[Question]:
    """By the strategy alone, among what the gate serves, each clip asked about once: second answers are the batch's."""
    routes = step.gated.route
    return [Question(int(step.places[one]), Term.POLICY, ROUTES[routes[one]]) for one in step.pick(rng).places.tolist()]


def _composed(step: _Step, rng: Generator) -> list[Question]:
    """The whole batch, with its random slice, repeats and second answers."""
    picked = step.pick(rng)
    answered, asked = _answered(step)
    composition = compose(
        step.candidates,
        picked,
        step.config,
        gated=step.gated,
        audit_order=audit_keys(step.places, seed=step.world.seed),
        n_composed=step.config.batch_size,
        rng=rng,
        answered=answered,
    )
    return _questions(composition, step.places, asked, n=step.config.batch_size)


def _questions(composition: Composition, places: Integers, asked: Integers, *, n: int) -> list[Question]:
    """The first n places of a composition that are served; who is to be asked twice is there twice."""
    found = []
    for row in range(min(n, composition.n_places)):
        term, route = TERMS[composition.term[row]], ROUTES[composition.route[row]]
        again = int(composition.answered_place[row])
        if again >= 0:
            found.append(Question(int(asked[again]), term, route, own=term is Term.REPEAT_OWN))
        elif route.is_served:
            question = Question(int(places[composition.place[row]]), term, route)
            found += [question] * (2 if route is Route.SECOND_OPINION else 1)
    return found


def _answered(step: _Step) -> tuple[Answered | None, Integers]:
    """What there is to repeat, and the places of the pool that its clips have; a clip with a bad signal is none."""
    labels = step.labels
    clips = np.flatnonzero(labels.is_asked & ~labels.is_bad)
    if not len(clips):
        return None, clips
    log = labels.asked()
    stands, now = log.said != BAD_SIGNAL, int(log.step.max()) + 1
    candidates = step.world.candidates(clips, labels=labels, scores=step.model.pool(clips))
    answered = Answered(
        clips=candidates,
        gated=gate(candidates, step.config),
        clip=np.searchsorted(clips, log.place[stands]),
        annotator=log.annotator[stands],
        pass_number=log.pass_number[stands],
        age_s=(now - log.step[stands]) * BATCH_S,
        labels={step.world.options.target: log.said[stands]},
        asked_now=np.arange(N_ANNOTATORS),
    )
    return answered, clips
