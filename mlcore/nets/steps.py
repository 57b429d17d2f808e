"""Features over time: what an encoder knows before it averages over a clip."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def read_steps(out: nn.Linear, learnt: Tensor, summary: Tensor) -> Tensor:
    """Put every step through the layer that otherwise reads the whole clip: ELU(W·[learnt_t, summary] + b).

    The layer is the clip's own, so a step lies in the same feature space and a teacher's head can read it.

    Args:
        out: C + S -> feature_dim.
        learnt: (B, C, T').
        summary: (B, S), the same at every step.

    Returns:
        (B, feature_dim, T').
    """
    told = summary.unsqueeze(-1).expand(-1, -1, learnt.shape[-1])
    features = torch.cat([learnt, told], dim=1).transpose(1, 2)  # (B, T', C + S)
    return functional.elu(out(features)).transpose(1, 2)
