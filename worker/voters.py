"""What a round found of the people who answered a question, kept so that later answers are weighed as its own were.

Of a question with classes that is Dawid & Skene's model: how often each class occurs, and what each annotator makes of
it. Of a scale it is how much each annotator is heard. Somebody whom the round did not know is a stranger, taken for
what the model takes people for before they have answered: the last place of each array is a stranger's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mlcore.evaluate.agreement import Votes, class_posterior, level_shares, level_weights, pooled_dawid_skene
from mlcore.store.files import read_json
from mlcore.train.checkpoint import write_atomically
from mlcore.types import Dimension, DimensionKind, JsonObject

Floats = NDArray[np.float64]
FILE_NAME = "voters.json"
#: what the least reliable annotator's answers still count: too little is known to be sure that they are worth nothing
LEAST_RELIABILITY = 0.05


@dataclass(frozen=True, slots=True)
class Voters:
    """Of one question; A people, and a stranger after them.

    Either `heard` (of a scale) or `marginals` and `confusion` (of classes) are there.
    """

    #: user ids, rising
    people: tuple[int, ...]
    #: (A + 1,) between guessing (0) and knowing (1)
    reliability: Floats
    #: the mean, over the clips of the round, of the chance that somebody behind a clip knew: such a clip weighs 1
    usual_chance: float = 1.0
    #: (A + 1,) ≥ 0
    heard: Floats | None = None
    #: (K,) and (A + 1, K, K), row = the class, column = the answer
    marginals: Floats | None = None
    confusion: Floats | None = None

    @property
    def accuracy(self) -> Floats | None:
        """(A + 1,) how often each is expected to name the class; None of a scale."""
        if self.marginals is None or self.confusion is None:
            return None
        return np.asarray(np.einsum("z,azz->a", self.marginals, self.confusion))

    def judge(self, votes: Votes, people: Sequence[int]) -> tuple[Floats, Floats]:
        """What these answers come to: (n_clips, K) targets, NaN without an answer, and (n_clips,) weights.

        Nothing is fitted: each clip's target depends on its own answers and on what is known of those who gave them.
        `people` are the user ids of the votes' annotators.
        """
        who = self._places_of(people)
        return self._targets(votes, who), chance_that_one_knew(votes, self.reliability[who]) / self.usual_chance

    def _targets(self, votes: Votes, who: NDArray[np.int64]) -> Floats:
        if self.marginals is not None and self.confusion is not None:
            return class_posterior(votes, self.marginals, self.confusion[who])
        assert self.heard is not None
        return level_shares(votes, self.heard[who])

    def _places_of(self, people: Sequence[int]) -> NDArray[np.int64]:
        known = {user_id: place for place, user_id in enumerate(self.people)}
        return np.array([known.get(user_id, len(self.people)) for user_id in people], dtype=np.int64)

    def to_json(self) -> JsonObject:
        """Plain values, as `from_json` reads them."""
        arrays = {name: getattr(self, name) for name in ("reliability", "heard", "marginals", "confusion")}
        lists = {name: None if values is None else values.tolist() for name, values in arrays.items()}
        return {"people": list(self.people), "usual_chance": self.usual_chance, **lists}

    @classmethod
    def from_json(cls, item: JsonObject) -> Self:
        reliability, *others = (
            None if item[name] is None else np.array(item[name], dtype=np.float64)
            for name in ("reliability", "heard", "marginals", "confusion")
        )
        assert reliability is not None
        return cls(tuple(item["people"]), reliability, item["usual_chance"], *others)


def fit_voters(votes: Votes, people: Sequence[int], dimension: Dimension) -> Voters:
    """Fitted to all answers of a round. `people` are the user ids of the votes' annotators."""
    with_stranger = replace(votes, n_annotators=votes.n_annotators + 1)
    found = _fit(with_stranger, tuple(people), dimension)
    answered = votes.counts().sum(axis=1) > 0
    if not answered.any():
        return found
    chance = chance_that_one_knew(votes, found.reliability)
    return replace(found, usual_chance=float(chance[answered].mean()))


def _fit(votes: Votes, people: tuple[int, ...], dimension: Dimension) -> Voters:
    if dimension.kind is DimensionKind.ORDINAL:
        heard = level_weights(votes)
        return Voters(people, np.maximum(heard, LEAST_RELIABILITY), heard=heard)
    model = pooled_dawid_skene(votes)
    reliability = _above_guessing(model.expected_accuracy(), guessing=float(model.marginals.max()))
    return Voters(people, reliability, marginals=model.marginals, confusion=model.confusion)


def _above_guessing(accuracy: Floats, *, guessing: float) -> Floats:
    """Accuracy above what naming the commonest class throughout would reach, as a share of what there is to reach."""
    reached = (accuracy - guessing) / max(1.0 - guessing, 1e-9)
    return np.asarray(np.clip(reached, LEAST_RELIABILITY, 1.0))


def chance_that_one_knew(votes: Votes, reliability: Floats) -> Floats:
    """1 − Π (1 − r_a) (n_clips,) over the people who answered a clip, each once; 0 where nobody did."""
    pairs = np.unique(votes.clip * max(votes.n_annotators, 1) + votes.annotator)
    clip, who = np.divmod(pairs, max(votes.n_annotators, 1))
    missed = np.log1p(-np.minimum(reliability, 1.0 - 1e-9))
    return np.asarray(-np.expm1(np.bincount(clip, weights=missed[who], minlength=votes.n_clips)))


# --- beside the round's model ----------------------------------------------------------------------------------------


def keep_voters(folder: Path, voters: Mapping[str, Voters]) -> None:
    """By question; none where the study counts every answer the same."""
    found = {key: one.to_json() for key, one in voters.items()}
    write_atomically(folder / FILE_NAME, json.dumps(found).encode())


def open_voters(folder: Path) -> dict[str, Voters]:
    """None where the round counted every answer the same, or is too old to have kept them."""
    path = folder / FILE_NAME
    return {key: Voters.from_json(item) for key, item in read_json(path).items()} if path.is_file() else {}
