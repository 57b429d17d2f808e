"""Strategies that set what EEG and face say against one another.

Where a clip's conflict is not known it counts as the mean of those where it is: such clips stand among themselves in
the order of their entropy, and as a group come neither first nor last.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from mlcore.acquire.candidates import Floats
from mlcore.acquire.strategies.choice import Choice, Rated, chunks
from mlcore.acquire.strategies.uncertain import entropy
from mlcore.errors import TrainingError

Mask = NDArray[np.bool_]


def consistency(choice: Choice) -> Rated:
    """Entropy · (1 − agreement): uncertain, and EEG and face lie apart in the shared space.

    High entropy with high agreement is taken for an ambiguous emotion, and comes later.

    Raises:
        TrainingError: no clip has both modalities.
    """
    discord = 1 - np.asarray(choice.scores.agreement, dtype=np.float64)
    if not np.isfinite(discord[choice.among]).any():
        raise TrainingError(f"{choice.strategy} needs clips with both EEG and face, and there are none")
    return Rated(entropy(choice).values * _known_or_mean(discord, choice))


def gated_consistency(choice: Choice) -> Rated:
    """Entropy · conflict, where two modalities of good measured quality say different things; else as entropy has it.

    A bad sensor disagrees with everything: without the gate, conflict buys noise.

    Raises:
        TrainingError: the scores don't say what each modality alone thinks.
    """
    if not choice.scores.alpha_by_modality:
        raise TrainingError(f"{choice.strategy} needs each modality's own opinion, and the model's scores hold none")
    found = conflict(choice.scores.alpha_by_modality, choice.candidates.quality, min_quality=choice.min_quality)
    return Rated(entropy(choice).values * _known_or_mean(found, choice))


def conflict(
    alpha_by_modality: Mapping[str, Mapping[str, Floats]], quality: Mapping[str, Floats], *, min_quality: float
) -> Floats:
    """How far the modalities that can be trusted contradict one another.

    Of M modalities with p_m = α_m/S_m: (H[mean p_m] − mean H[p_m]) / ln min(K, M), mean over targets; the
    Jensen–Shannon divergence in bits for two. A vacuous opinion is nearly uniform and contradicts little.

    Args:
        alpha_by_modality: per modality and target (n, K), NaN rows where the clip lacks the modality.
        quality: modality -> (n,) in 0..1, NaN where the clip lacks it.
        min_quality: from which on a modality is heard.

    Returns:
        (n,) in 0..1; NaN where fewer than two modalities are heard.

    >>> said = {"eeg": {"valence": np.array([[9.0, 1.0]])}, "face": {"valence": np.array([[1.0, 9.0]])}}
    >>> conflict(said, {"eeg": np.array([0.9]), "face": np.array([0.8])}, min_quality=0.5).round(3)
    array([0.531])
    >>> conflict(said, {"eeg": np.array([0.9]), "face": np.array([0.2])}, min_quality=0.5)
    array([nan])
    """
    names = [name for name in alpha_by_modality if name in quality]
    targets = list(next(iter(alpha_by_modality.values())))
    n = len(alpha_by_modality[next(iter(alpha_by_modality))][targets[0]]) if targets else 0
    found = np.full(n, np.nan)
    if len(names) < 2:
        return found
    for rows in chunks(n):
        heard = np.stack([np.asarray(quality[name][rows]) >= min_quality for name in names])
        each = [_divergence(np.stack([alpha_by_modality[m][name][rows] for m in names]), heard) for name in targets]
        found[rows] = np.mean(each, axis=0)
    return found


def _divergence(alpha: Floats, heard: Mask) -> Floats:
    """Of opinions (M, n, K), heard (M, n); -> (n,) in 0..1."""
    with np.errstate(invalid="ignore", divide="ignore"):
        p = alpha / alpha.sum(axis=2, keepdims=True)
        heard = heard & np.isfinite(p).all(axis=2)
        n_heard = heard.sum(axis=0)
        p = np.where(heard[:, :, None], p, 0.0)
        mean = p.sum(axis=0) / n_heard[:, None]
        information = entr(mean).sum(axis=1) - entr(p).sum(axis=(0, 2)) / n_heard
        found = information / np.log(np.minimum(n_heard, alpha.shape[2]))
    return np.where(n_heard > 1, np.clip(found, 0.0, 1.0), np.nan)


def _known_or_mean(values: Floats, choice: Choice) -> Floats:
    """Values (n,), the mean of those known among the clips that may be picked in place of NaN; 1 if none is known."""
    known = values[choice.among]
    known = known[np.isfinite(known)]
    return np.where(np.isnan(values), known.mean() if len(known) else 1.0, values)
