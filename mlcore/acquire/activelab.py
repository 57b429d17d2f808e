"""How sure is the class that answers and model together name, on one scale for clips with answers and without.

ActiveLab (Goh & Mueller 2023, arXiv:2301.11856). The weights of the people and of the model are CROWDLAB's (Goh,
Tkachenko & Mueller 2022, arXiv:2210.06812). The published probabilities are calibrated already, so nothing is done to
their temperature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mlcore.acquire.candidates import Floats, Places

#: on so many clips two people must have spoken before anybody's weight is measured; all are 1 till then
MIN_SHARED: Final = 10
#: no weight is smaller
_LEAST: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Votes:
    """First answers on one target.

    Args:
        clip: (v,) rows 0..m−1.
        annotator: (v,) 0..A−1.
        label: (v,) class indices 0..K−1.
        probabilities: (m, K) the model's; every row finite.
    """

    clip: Places
    annotator: Places
    label: Places
    probabilities: Floats

    @property
    def counts(self) -> Floats:
        """(m, K) answers by class."""
        counts = np.zeros(self.probabilities.shape)
        np.add.at(counts, (self.clip, self.label), 1.0)
        return counts

    @property
    def consensus(self) -> Places:
        """(m,) the class that most people named; the model decides between equals, and where nobody spoke."""
        return np.asarray(np.argmax(self.counts + 0.5 * self.probabilities, axis=1), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Trust:
    """How much each voice weighs.

    Args:
        people: (A,) w_j.
        model: w_M.
        accuracy: P, how probably a person names the consensus; None where too few clips were answered twice to tell.
    """

    people: Floats
    model: float
    accuracy: float | None

    @property
    def mean_person(self) -> float:
        """w̄, 1 where there is nobody."""
        return float(self.people.mean()) if len(self.people) else 1.0


def trust(votes: Votes) -> Trust:
    """CROWDLAB's weights.

    On the clips I₊ that two people and more answered: A_M is how often the model's likeliest class is the consensus,
    A_MLC how often the commonest class is, s_j the share of pairs (person j, another on the same clip) that agree,
    P the mean share of a clip's people who named the consensus.

        w_j = 1 − (1 − s_j)/(1 − A_MLC)      w_M = (1 − (1 − A_M)/(1 − A_MLC)) · √(mean people a clip)

    none below 10⁻⁶. Who shares no clip with anybody gets the mean s_j. With fewer than `MIN_SHARED` clips in I₊ every
    weight is 1 and P is not known.
    """
    n_people = int(votes.annotator.max(initial=-1)) + 1
    counts, consensus = votes.counts, votes.consensus
    n_votes = counts.sum(axis=1)
    shared = n_votes >= 2
    if shared.sum() < MIN_SHARED:
        return Trust(np.ones(n_people), 1.0, None)
    commonest = int(counts.sum(axis=0).argmax())
    error_common = float((consensus[shared] != commonest).mean())
    error_model = float((votes.probabilities[shared].argmax(axis=1) != consensus[shared]).mean())
    people = _weight(1.0 - _agreement(votes, n_people), error_common)
    model = float(_weight(np.array(error_model), error_common)) * float(np.sqrt(n_votes[n_votes > 0].mean()))
    share = counts[np.arange(len(counts)), consensus][shared] / n_votes[shared]
    return Trust(people, model, float(share.mean()))


def certainty_of_answered(votes: Votes, weights: Trust) -> Floats:
    """ActiveLab's score of clips with answers, (m,) in 0..1, low = ask again.

        s_i = (w_M p_M(Ŷ_i) + w̄/K + Σ_j w_j P_ij) / (w_M + w̄ + Σ_j w_j)

    over the people j who answered i; Ŷ is the consensus, P_ij = P where j named it, else (1 − P)/(K − 1). Where P is
    not known the model's p_M(Ŷ_i) stands for it.
    """
    m, n_classes = votes.probabilities.shape
    of_consensus = votes.probabilities[np.arange(m), votes.consensus]
    weight = weights.people[votes.annotator]
    likely = weight * _likelihood(votes, weights.accuracy, of_consensus, n_classes)
    people, spoken = (np.bincount(votes.clip, weights=column, minlength=m) for column in (weight, likely))
    top = weights.model * of_consensus + weights.mean_person / n_classes + spoken
    return np.asarray(top / (weights.model + weights.mean_person + people))


def certainty_of_new(probabilities: Floats, weights: Trust) -> Floats:
    """ActiveLab's score of clips without answers, (n,) on the same scale: (w_M max p_M + w̄/K) / (w_M + w̄)."""
    top = weights.model * probabilities.max(axis=1) + weights.mean_person / probabilities.shape[1]
    return np.asarray(top / (weights.model + weights.mean_person))


def _agreement(votes: Votes, n_people: int) -> Floats:
    """s_j (A,)."""
    counts = votes.counts
    n_others = counts.sum(axis=1)[votes.clip] - 1.0
    n_agreeing = counts[votes.clip, votes.label] - 1.0
    others, agreeing = (np.bincount(votes.annotator, weights=w, minlength=n_people) for w in (n_others, n_agreeing))
    met = others > 0
    share = np.where(met, agreeing / np.where(met, others, 1.0), np.nan)
    return np.where(met, share, share[met].mean())


def _weight(error: Floats, error_common: float) -> Floats:
    return np.maximum(1.0 - error / max(error_common, _LEAST), _LEAST)


def _likelihood(votes: Votes, accuracy: float | None, of_consensus: Floats, n_classes: int) -> Floats:
    """P_ij (v,)."""
    if accuracy is None:
        return np.asarray(of_consensus[votes.clip])
    agrees = votes.label == votes.consensus[votes.clip]
    return np.where(agrees, accuracy, (1.0 - accuracy) / (n_classes - 1))
