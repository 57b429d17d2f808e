"""What several heads say together, and where they disagree; heads stand on the first axis."""

from __future__ import annotations

from torch import Tensor

from mlcore.evidence.dirichlet import entropy


def disagreement(p: Tensor) -> Tensor:
    """Mutual information between class and head, H[mean p] − mean H[p]; (H, B, K) -> (B,) in 0..ln min(K, H).

    0 where all heads say the same, however unsure they are of it: what the heads don't know, not what nobody can.

    Source: BALD, Houlsby et al. 2011, arXiv 1112.5745; with an ensemble, Lakshminarayanan et al. 2017,
    arXiv 1612.01474.
    """
    return (entropy(p.mean(0)) - entropy(p).mean(0)).clamp_min(0)  # rounding may fall short of 0


def mean_and_variance(said: Tensor) -> tuple[Tensor, Tensor]:
    """Answer and uncertainty of H traces: mean and (population) variance over the heads; (H, B, T) -> (B, T) twice.

    A single head gives a variance of 0: nothing disagrees with it.
    """
    return said.mean(0), said.var(0, correction=0)
