"""What several heads say together, and where they disagree; heads stand on the first axis."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from mlcore.evidence.dirichlet import entropy


def mean_alpha(alphas: Tensor) -> Tensor:
    """One opinion from H: the mean evidence, plus 1; (H, B, K), every entry ≥ 1 -> (B, K)."""
    return (alphas - 1).mean(0) + 1


def disagreement(p: Tensor) -> Tensor:
    """Mutual information between class and head, H[mean p] − mean H[p]; (H, B, K) -> (B,) in 0..ln min(K, H).

    0 where all heads say the same, however unsure they are of it: what the heads don't know, not what nobody can.

    Source: BALD, Houlsby et al. 2011, arXiv 1112.5745; with an ensemble, Lakshminarayanan et al. 2017,
    arXiv 1612.01474.
    """
    return (entropy(p.mean(0)) - entropy(p).mean(0)).clamp_min(0)  # rounding may fall short of 0


def vote_entropy(p: Tensor) -> Tensor:
    """Entropy of the heads' votes, each for its likeliest class; (H, B, K) -> (B,) in 0..ln min(K, H).

    Source: Dagan and Engelson 1995, doi 10.1016/B978-1-55860-377-6.50027-X.
    """
    votes = functional.one_hot(p.argmax(-1), p.shape[-1]).to(p.dtype)
    return entropy(votes.mean(0))


def mean_and_variance(said: Tensor) -> tuple[Tensor, Tensor]:
    """Answer and uncertainty of H traces: mean and (population) variance over the heads; (H, B, T) -> (B, T) twice.

    A single head gives a variance of 0: nothing disagrees with it.
    """
    return said.mean(0), said.var(0, correction=0)
