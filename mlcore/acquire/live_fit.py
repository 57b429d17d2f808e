"""The convex problem behind a live update: a linear correction of known log probabilities, by its few answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from mlcore.errors import TrainingError

Floats = NDArray[np.float64]

#: of the gradient, by which the minimum is told; steps at most
TOLERANCE, MAX_STEPS = 1e-6, 200


@dataclass(frozen=True, slots=True)
class Evidence:
    """m answers to one question.

    Args:
        features: (m, F).
        log_prior: (m, K) log probabilities before the answers.
        targets: (m, K) what was answered: shares ≥ 0 that add up to 1.
        weights: (m,) ≥ 0, how many answers a row stands for.

    Raises:
        TrainingError: shapes that don't belong together, a value that is not finite, shares that don't add up to 1.
    """

    features: Floats
    log_prior: Floats
    targets: Floats
    weights: Floats

    def __post_init__(self) -> None:
        shapes = (self.log_prior.shape, self.targets.shape, self.weights.shape)
        m, n_classes = self.log_prior.shape
        if self.features.shape[:1] != (m,) or shapes != ((m, n_classes), (m, n_classes), (m,)):
            raise TrainingError(f"answers: expected (m, F), (m, K), (m, K), (m,), got {self.features.shape}, {shapes}")
        if not all(np.isfinite(part).all() for part in (self.features, self.log_prior, self.targets, self.weights)):
            raise TrainingError("answers: expected finite features, log probabilities, targets and weights")
        if (self.targets < 0).any() or (self.weights < 0).any() or not np.allclose(self.targets.sum(axis=1), 1.0):
            raise TrainingError("targets: expected shares ≥ 0 that add up to 1, and weights ≥ 0")


def loss_and_gradient(correction: Floats, evidence: Evidence, *, precision: float) -> tuple[float, Floats]:
    """−Σᵢ wᵢ Σₖ yᵢₖ ln softmax(ln pᵢ + W xᵢ)ₖ + precision/2 · ‖W‖², and its gradient by W.

    Args:
        correction: W, (K, F).
        evidence: x, ln p, y and w.
        precision: 1/σ² of the Gaussian prior on each entry of W, > 0.

    Returns:
        The loss in nats, and (K, F).
    """
    logs = log_softmax(evidence.log_prior + evidence.features @ correction.T, axis=1)  # (m, K)
    loss = -float(evidence.weights @ (evidence.targets * logs).sum(axis=1))
    missed = evidence.weights[:, None] * (np.exp(logs) - evidence.targets)
    gradient = missed.T @ evidence.features + precision * correction
    return loss + 0.5 * precision * float((correction**2).sum()), np.asarray(gradient)


def fit_correction(evidence: Evidence, *, precision: float) -> Floats:
    """The W (K, F) at which `loss_and_gradient` is least; 0 where there is no answer.

    The problem is strongly convex, so there is one. Rows of W lie in the span of the features (the representer
    theorem), so with fewer answers than features it is solved in m coordinates instead of F.

    Source: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), §3.5: MAP of a multinomial logistic
    model with a Gaussian prior; here the mean of the prior is the logits known before. Solved by L-BFGS (Liu & Nocedal
    1989, doi:10.1007/BF01589116).
    """
    m, n_features = evidence.features.shape
    if m == 0:
        return np.zeros((evidence.log_prior.shape[1], n_features))
    if m >= n_features:
        return _minimum(evidence, precision)
    basis, coordinates = np.linalg.qr(evidence.features.T)  # (F, m), (m, m)
    inside = Evidence(coordinates.T, evidence.log_prior, evidence.targets, evidence.weights)
    return np.asarray(_minimum(inside, precision) @ basis.T)


def likeliest_fit(evidence: Evidence, *, sigmas: Sequence[float]) -> Floats:
    """`fit_correction` under that σ of the prior, among some, under which the answers are likeliest.

    ln p(y | σ) is bounded from below by Laplace's approximation with Böhning's bound on the Hessian:

        −loss(W) − (K − 1)/2 · Σⱼ ln(1 + σ² λⱼ/2),    λⱼ the eigenvalues of Σᵢ wᵢ xᵢ xᵢᵀ.

    A few answers thus move the model little, however loud they are, and many as much as they agree to.

    Source: MacKay 1992 (doi:10.1162/neco.1992.4.3.415); Böhning 1992 (doi:10.1007/BF00048682).
    """
    fits = [fit_correction(evidence, precision=1.0 / sigma**2) for sigma in sigmas]
    bounds = [evidence_bound(fit, evidence, sigma=sigma) for fit, sigma in zip(fits, sigmas, strict=True)]
    return fits[int(np.argmax(bounds))]


def evidence_bound(fit: Floats, evidence: Evidence, *, sigma: float) -> float:
    """The bound of `likeliest_fit` at the most probable W, in nats."""
    loss, _ = loss_and_gradient(fit, evidence, precision=1.0 / sigma**2)
    spread = np.linalg.svd(np.sqrt(evidence.weights)[:, None] * evidence.features, compute_uv=False) ** 2
    n_free = int(evidence.log_prior.shape[1]) - 1
    return -loss - 0.5 * n_free * float(np.log1p(0.5 * sigma**2 * spread).sum())


def _minimum(evidence: Evidence, precision: float) -> Floats:
    shape = (evidence.log_prior.shape[1], evidence.features.shape[1])

    def flat(point: Floats) -> tuple[float, Floats]:
        loss, gradient = loss_and_gradient(point.reshape(shape), evidence, precision=precision)
        return loss, gradient.ravel()

    start = np.zeros(shape[0] * shape[1])
    found = minimize(
        flat, start, jac=True, method="L-BFGS-B", options={"maxiter": MAX_STEPS, "gtol": TOLERANCE, "ftol": 0.0}
    )
    return np.asarray(found.x, dtype=np.float64).reshape(shape)
