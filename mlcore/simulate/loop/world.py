"""One seed of a loop: who is tested, what everybody would answer, and what learns. The same for every strategy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.candidates import Candidates
from mlcore.acquire.scores import PoolScores
from mlcore.acquire.seconds import measure_costs
from mlcore.evaluate import SplitBy, balanced_accuracy, confusion
from mlcore.simulate.loop.given import Given
from mlcore.simulate.loop.labels import Labels
from mlcore.simulate.loop.material import Material
from mlcore.simulate.loop.model import LoopModel
from mlcore.simulate.loop.oracle import Answers, Oracle, draw_answers
from mlcore.simulate.loop.split import Split, draw_split
from mlcore.types import AcquisitionConfig

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: random streams of a seed
_SPLIT, _ANSWERS, ASKING = range(3)


@dataclass(frozen=True, slots=True)
class LoopOptions:
    """How a loop goes.

    Args:
        target: what is asked about.
        oracle: how simulated annotators err.
        n_start: random clips that are answered at the start.
        batch_size: answers between two fits.
        budget: most answers; 0 = until the pool is used up.
        test_share: share of the subjects (trials) that are tested.
        split: what test and pool never share.
        config: gate and make-up of a composed batch.
    """

    target: str
    oracle: Oracle
    n_start: int = 30
    batch_size: int = 30
    budget: int = 0
    test_share: float = 0.3
    split: SplitBy = SplitBy.SUBJECT
    config: AcquisitionConfig = field(default_factory=AcquisitionConfig)


@dataclass(frozen=True, slots=True)
class World:
    """What is fixed before the first question.

    Args:
        material: the store's clips.
        given: what the store's annotators said; read by the oracle and the judge, never by what asks or learns.
        split: rows.
        answers: about the pool's clips.
        options: of the loop.
        seed: decides all.
        make_model: a model that has learnt nothing.
    """

    material: Material
    given: Given
    split: Split
    answers: Answers
    options: LoopOptions
    seed: int
    make_model: Callable[[], LoopModel]

    @property
    def n_pool(self) -> int:
        """Clips that may be asked about."""
        return len(self.split.pool)

    def new_labels(self) -> Labels:
        """Nothing asked yet."""
        return Labels(self.answers, len(self.given.classes))

    def judge(self, said: Floats) -> float:
        """Balanced accuracy of probabilities (m, K) on the test clips."""
        truth = self.given.said[self.split.test]
        return balanced_accuracy(confusion(truth, said.argmax(axis=1), n_classes=len(self.given.classes)))

    def full_score(self) -> float:
        """The score when every clip of the pool has been asked about once."""
        labels = self.new_labels()
        for place in range(self.n_pool):
            labels.ask(place, step=0)
        model = self.make_model()
        model.fit(labels.learnt, shares(labels))
        return self.judge(model.test())

    def candidates(self, places: Integers, *, labels: Labels, scores: PoolScores | None = None) -> Candidates:
        """Clips of the pool as strategies see them."""
        rows, material = self.split.pool[places], self.material
        return Candidates(
            subject=material.subject[rows],
            session=material.session[rows],
            start_s=material.start_s[rows],
            stop_s=material.stop_s[rows],
            quality={name: values[rows] for name, values in material.quality.items()},
            seconds=expected_seconds(material, rows, labels, self.split.pool),
            crosses_change=np.zeros(len(rows), dtype=np.bool_),
            scores=scores,
        )


def make_world(
    material: Material,
    given: Given,
    options: LoopOptions,
    make_model: Callable[[Material, Given, Split, int], Callable[[], LoopModel]],
    *,
    seed: int,
) -> World:
    """Draw a seed's split and answers."""
    split = draw_split(
        material,
        given,
        np.random.default_rng([seed, _SPLIT]),
        by=options.split,
        test_share=options.test_share,
        n_start=options.n_start,
    )
    rng = np.random.default_rng([seed, _ANSWERS])
    answers = draw_answers(options.oracle, given, material.stop_s - material.start_s, rng)
    of_pool = Answers(answers.said[..., split.pool], answers.seconds[..., split.pool], answers.first[split.pool])
    return World(material, given, split, of_pool, options, seed, make_model(material, given, split, seed))


def shares(labels: Labels) -> Floats:
    """What is learnt: of each clip that has a class, the shares of its answers (n, K)."""
    counts = labels.counts[labels.learnt]
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def expected_seconds(material: Material, rows: Integers, labels: Labels, pool: Integers) -> Floats:
    """What an answer about clips (n,) will cost, by what answers have cost so far; everything is asked from both."""
    asked, length_s = labels.asked(), material.stop_s - material.start_s
    of_asked = pool[asked.place]
    both = np.zeros(max(len(rows), len(of_asked)), dtype=np.uint8)
    costs = measure_costs(material.subject[of_asked], both[: len(of_asked)], length_s[of_asked], asked.seconds)
    return costs.of(material.subject[rows], both[: len(rows)], length_s[rows])
