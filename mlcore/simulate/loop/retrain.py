"""The real method as the model of a loop: slow, and what a study would do between rounds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from mlcore.acquire.scores import PoolScores
from mlcore.errors import TrainingError
from mlcore.simulate.loop.features import prepare
from mlcore.simulate.loop.given import Given
from mlcore.simulate.loop.material import Material
from mlcore.simulate.loop.model import LoopModel
from mlcore.simulate.loop.split import Split
from mlcore.store import Store
from mlcore.train.config import RoundConfig
from mlcore.train.data import Hooks, RoundData
from mlcore.train.fit import fit_model
from mlcore.train.model import TrainedModel
from mlcore.train.score import score

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class RetrainedModel:
    """A round's training on whatever has been answered; before there are two classes it says all alike."""

    def __init__(
        self,
        store: Store,
        target: str,
        given: Given,
        split: Split,
        *,
        seed: int,
        embedding: Floats,
        config: RoundConfig,
    ) -> None:
        """Args: the clips, the target, its classes, which rows are whose, what decides the training, and (n, D)."""
        self._store, self._target, self._split, self._seed = store, target, split, seed
        self._classes, self._embedding, self._config = given.classes, embedding, config
        self._model: TrainedModel | None = None

    def fit(self, learnt: Integers, y: Floats) -> None:
        """Train from places of the pool (n,) and their distributions (n, K)."""
        data = self._data(self._split.pool[learnt], y)
        hooks = Hooks(lambda progress: None, lambda: False)
        with TemporaryDirectory() as folder:
            try:
                self._model = fit_model(data, self._config, seed=self._seed, folder=Path(folder), hooks=hooks).model
            except TrainingError:
                # too few classes to learn from yet, which is how a study starts
                self._model = None

    def test(self) -> Floats:
        """What is said of the test clips, (m, K)."""
        if self._model is None:
            return np.full((len(self._split.test), len(self._classes)), 1.0 / len(self._classes))
        return score(self._model, self._store, self._split.test).probabilities(self._target)

    def pool(self, places: Integers) -> PoolScores:
        """Scores of places of the pool; α = 1 throughout before anything was learnt."""
        rows = self._split.pool[places]
        if self._model is None:
            return _ignorant(rows, self._target, len(self._classes))
        return score(self._model, self._store, rows)

    def embedding(self, places: Integers) -> NDArray[np.floating] | None:
        """Principal components of the clips' summaries: they lie still while the model moves."""
        return self._embedding[places]

    def _data(self, rows: Integers, y: Floats) -> RoundData:
        nothing = np.zeros((0, len(self._classes)))
        return RoundData(
            store=self._store,
            classes={self._target: self._classes},
            labelled_rows=rows,
            targets={self._target: y},
            test_rows=np.zeros(0, dtype=np.int64),
            test_targets={self._target: nothing},
            pool_rows=self._split.pool,
        )


def _ignorant(rows: Integers, target: str, n_classes: int) -> PoolScores:
    n_clips = len(rows)
    ones, full = np.ones(n_clips), np.full(n_clips, np.log(n_classes))
    return PoolScores(
        rows=rows,
        alpha={target: np.ones((n_clips, n_classes))},
        entropy={target: full},
        mean_entropy=ones,
        vacuity={target: ones},
        agreement=np.full(n_clips, np.nan),
        dissonance={target: np.zeros(n_clips)},
        disagreement={target: np.zeros(n_clips)},
        bald={target: np.zeros(n_clips)},
    )


def retrain_maker(
    store: Store, target: str, *, config: RoundConfig | None = None
) -> Callable[[Material, Given, Split, int], Callable[[], LoopModel]]:
    """A model that is trained anew at every step, by a round's configuration (the default if None)."""
    used = config or RoundConfig()

    def maker(material: Material, given: Given, split: Split, seed: int) -> Callable[[], LoopModel]:
        embedding = prepare(material, split).embedding
        return lambda: RetrainedModel(store, target, given, split, seed=seed, embedding=embedding, config=used)

    return maker
