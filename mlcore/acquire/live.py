"""Between rounds: what a few new answers say of every clip of the pool, without retraining.

The networks stay as the round left them. Their last layer is corrected: with zᵢ a clip's place in the latent space and
pᵢ what the round says of it,

    p'ᵢ = softmax(ln pᵢ + W·[z̃ᵢ, 1]),    z̃ᵢ = (zᵢ − z̄)/s,    W ~ N(0, σ²) entry by entry,

z̄ and s being the pool's mean and root mean square distance from it, and W the most probable one given the answers that
came since, under the likeliest σ of a few (`live_fit.likeliest_fit`): by how many nats a logit of a typical clip may be
expected to move. Seen from the answers it is a prototype update: W·z̃ᵢ = Σⱼ aⱼ·⟨z̃ⱼ, z̃ᵢ⟩, a pull to what was answered
about clips nearby. Without answers W = 0 and all is as the round said. What was learnt before stays in pᵢ and is not
fitted again.

Source: a multinomial logistic model with a Gaussian prior around known logits (Rasmussen & Williams, Gaussian Processes
for Machine Learning, 2006, §3.5); sequential updating of a last layer as in Spiegelhalter & Lauritzen (1990,
doi:10.1002/net.3230200507). Correcting a round's logits in this way between rounds is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax

from mlcore.acquire.candidates import Candidates, Embedding, Places
from mlcore.acquire.live_fit import Evidence, Floats, likeliest_fit
from mlcore.acquire.score_columns import take_rows
from mlcore.acquire.scores import PoolScores
from mlcore.errors import TrainingError

Floats32 = NDArray[np.float32]
#: rows of the embedding that are in memory at a time
CHUNK = 4096
#: how many nats a logit of a typical clip may be expected to move: the answers choose among these
PRIOR_SIGMAS = (0.1, 0.3, 1.0)
#: probabilities below it count as this much
TINY = 1e-7


@dataclass(frozen=True, slots=True)
class NewAnswers:
    """What came since the round.

    Args:
        places: (m,) rows of the candidates, without repetition.
        targets: target -> (m, K) shares of the answers; a NaN row where the clip got none to this question.
        weights: target -> (m,) ≥ 0, how many answers a row stands for: what one counts that could not be better.
    """

    places: Places
    targets: Mapping[str, Floats]
    weights: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Correction:
    """W of one target on the embedding as it is stored: shift of the logits = coefficients·z + intercept."""

    #: (K, D)
    coefficients: Floats32
    #: (K,)
    intercept: Floats32


@dataclass(frozen=True, slots=True)
class LivePool:
    """The pool as a round left it, prepared once for many updates.

    Args:
        candidates: with scores and embedding.
        centre: (D,) mean of the embedding.
        scale: root mean square distance from it; 1 where all clips lie at one place.
        log_opinion: target -> (K, n) ln(α/S), what entropy is of.
    """

    candidates: Candidates
    centre: Floats
    scale: float
    log_opinion: Mapping[str, Floats32]

    @property
    def scores(self) -> PoolScores:
        """What the round said."""
        assert self.candidates.scores is not None
        return self.candidates.scores

    @property
    def embedding(self) -> Embedding:
        """(n, D), as stored."""
        assert self.candidates.embedding is not None
        return self.candidates.embedding


@dataclass(frozen=True, slots=True)
class LiveEntropy:
    """Entropy of clips after the new answers: by target (n,) in nats, and mean of H / ln K as `PoolScores` has."""

    by_target: Mapping[str, Floats]
    mean: Floats


def prepare(candidates: Candidates) -> LivePool:
    """Reads the pool once.

    Raises:
        TrainingError: the pool has no scores or no embedding, or a place in the latent space is not finite.
    """
    scores, embedding = candidates.scores, candidates.embedding
    if scores is None or embedding is None or embedding.shape[0] != candidates.n_clips:
        raise TrainingError("pool: expected scores and an embedding of every clip")
    centre, scale = _spread(embedding)
    opinion = {name: _log_mean(alpha) for name, alpha in scores.alpha.items()}
    return LivePool(candidates, centre, scale, opinion)


def correct(pool: LivePool, answers: NewAnswers, *, sigmas: Sequence[float] = PRIOR_SIGMAS) -> dict[str, Correction]:
    """Per target the most probable correction, fitted to what is predicted of the clips that were answered.

    Returns:
        Only targets that got an answer: the others are as the round said.

    Raises:
        TrainingError: places or shapes that don't belong to this pool, or values that are not finite.
    """
    if answers.places.size and not 0 <= answers.places.min() <= answers.places.max() < pool.candidates.n_clips:
        raise TrainingError(f"places: expected 0..{pool.candidates.n_clips - 1}")
    features = _features(pool, answers.places)
    found = {}
    for name, targets in answers.targets.items():
        is_said = np.isfinite(targets).all(axis=1)
        if is_said.any():
            prior = _log(_predicted(pool.scores, name, answers.places[is_said]))
            evidence = Evidence(features[is_said], prior, targets[is_said], answers.weights[name][is_said])
            found[name] = _on_stored(pool, likeliest_fit(evidence, sigmas=sigmas))
    return found


def entropy_of(pool: LivePool, corrections: Mapping[str, Correction], places: Places | None = None) -> LiveEntropy:
    """Entropy of softmax(ln(α/S) + shift) of these clips, or of all, reading the embedding once, chunk by chunk."""
    scores = pool.scores if places is None else take_rows(pool.scores, places)
    if not corrections:
        return LiveEntropy(scores.entropy, scores.mean_entropy)
    n = pool.candidates.n_clips if places is None else len(places)
    changed = {name: np.empty(n) for name in corrections}
    for start in range(0, n, CHUNK):
        part = slice(start, start + CHUNK)
        rows = part if places is None else places[part]
        for name, shift in _shifts(_single(pool.embedding[rows]), corrections).items():
            changed[name][part] = _entropy(pool.log_opinion[name][:, rows] + shift)
    by_target = {**scores.entropy, **changed}
    return LiveEntropy(by_target, _mean_of(by_target, scores))


def corrected_candidates(pool: LivePool, corrections: Mapping[str, Correction], places: Places) -> Candidates:
    """These clips alone, with entropy and prediction as the new answers leave them.

    Evidence, vacuity, dissonance, agreement and disagreement are the round's: an answer to another clip says nothing of
    how much the networks saw in this one.
    """
    part = _taken(pool.candidates, places)
    assert part.scores is not None
    if not corrections:
        return part
    entropy, predicted = dict(part.scores.entropy), dict(part.scores.predicted)
    for name, shift in _shifts(_single(pool.embedding[places]), corrections).items():
        entropy[name] = _entropy(pool.log_opinion[name][:, places] + shift).astype(np.float64)
        predicted[name] = softmax(_log(part.scores.probabilities(name)) + shift.T, axis=1)
    mean = _mean_of(entropy, part.scores)
    return replace(part, scores=replace(part.scores, entropy=entropy, predicted=predicted, mean_entropy=mean))


# --- the latent space ------------------------------------------------------------------------------------------------


def _spread(embedding: Embedding) -> tuple[Floats, float]:
    """Mean (D,) and root mean square distance from it."""
    n = embedding.shape[0]
    total, squares = np.zeros(embedding.shape[1]), 0.0
    for _, z in _chunks(embedding):
        total += z.sum(axis=0, dtype=np.float64)
        squares += float(np.einsum("nd,nd->", z, z, dtype=np.float64))
    if not np.isfinite(squares):
        raise TrainingError("embedding: expected finite places in the latent space")
    centre = total / max(n, 1)
    variance = squares / max(n, 1) - float(centre @ centre)
    return centre, float(np.sqrt(variance)) if variance > TINY else 1.0


def _features(pool: LivePool, places: Places) -> Floats:
    """[z̃, 1] of these clips, (m, D + 1)."""
    z = np.asarray(pool.embedding[places], dtype=np.float64)
    return np.hstack([(z - pool.centre) / pool.scale, np.ones((len(places), 1))])


def _on_stored(pool: LivePool, weights: Floats) -> Correction:
    """The same correction, of z instead of [z̃, 1]."""
    coefficients = weights[:, :-1] / pool.scale  # (K, D)
    intercept = weights[:, -1] - coefficients @ pool.centre
    return Correction(coefficients.astype(np.float32), intercept.astype(np.float32))


def _chunks(embedding: Embedding) -> Iterator[tuple[slice, Floats32]]:
    for start in range(0, embedding.shape[0], CHUNK):
        rows = slice(start, start + CHUNK)
        yield rows, _single(embedding[rows])


def _single(z: Embedding) -> Floats32:
    """numpy widens half precision one number at a time, torch eight: it is what an update of a large pool waits for."""
    single: Floats32 = torch.from_numpy(np.array(z)).float().numpy()
    return single


# --- probabilities ---------------------------------------------------------------------------------------------------


def _shifts(z: Floats32, corrections: Mapping[str, Correction]) -> dict[str, Floats32]:
    """Per target (K, n): by how much the logits move. Classes lie first, so that what follows runs along the clips."""
    stacked = np.concatenate([correction.coefficients for correction in corrections.values()])
    moved = stacked @ z.T
    ends = np.cumsum([len(correction.coefficients) for correction in corrections.values()])
    parts = zip(corrections.items(), np.split(moved, ends[:-1]), strict=True)
    return {name: part + correction.intercept[:, None] for (name, correction), part in parts}


def _entropy(logits: Floats32) -> Floats32:
    """H (n,) in nats of the softmax of (K, n) logits: ln Σe^q − Σ q e^q / Σe^q with the largest q at 0."""
    q = logits - logits.max(axis=0)
    weights = np.exp(q)
    total = weights.sum(axis=0)
    return np.asarray(np.maximum(np.log(total) - (q * weights).sum(axis=0) / total, 0.0))


def _mean_of(entropy: Mapping[str, Floats], scores: PoolScores) -> Floats:
    """Mean over the targets of H / ln K."""
    relative = [entropy[name] / np.log(alpha.shape[1]) for name, alpha in scores.alpha.items()]
    return np.asarray(np.mean(relative, axis=0), dtype=np.float64)


def _log_mean(alpha: Floats) -> Floats32:
    """ln(α/S) (K, n)."""
    return np.ascontiguousarray(np.log(alpha / alpha.sum(axis=1, keepdims=True)).T, dtype=np.float32)


def _predicted(scores: PoolScores, target: str, places: Places) -> Floats:
    """`PoolScores.probabilities` of these clips (m, K), reading no others."""
    if target in scores.predicted:
        return np.asarray(scores.predicted[target][places], dtype=np.float64)
    alpha = np.asarray(scores.alpha[target][places], dtype=np.float64)
    return np.asarray(alpha / alpha.sum(axis=1, keepdims=True))


def _log(probabilities: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(probabilities, TINY)))


# --- columns of some clips -------------------------------------------------------------------------------------------


def _taken(candidates: Candidates, places: Places) -> Candidates:
    assert candidates.scores is not None
    return replace(
        candidates,
        subject=candidates.subject[places],
        session=candidates.session[places],
        start_s=candidates.start_s[places],
        stop_s=candidates.stop_s[places],
        quality={name: values[places] for name, values in candidates.quality.items()},
        seconds=candidates.seconds[places],
        crosses_change=candidates.crosses_change[places],
        scores=take_rows(candidates.scores, places),
        embedding=None if candidates.embedding is None else candidates.embedding[places],
    )
