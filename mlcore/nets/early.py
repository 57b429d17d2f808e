"""Early fusion: the features of all modalities side by side, then one layer."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mlcore.nets.registry import build_encoder
from mlcore.nets.sizes import NetSizes
from mlcore.nets.summary import summary_width
from mlcore.store import ModalityMeta


class EarlyFusionNet(nn.Module):
    """One encoder a modality, as our method has them, their features concatenated, dropout, a linear layer.

    Args:
        modalities: what is read, in this order.
        n_outputs: K, or values of a trace.
        sizes: of the encoders.
        dropout: share of the concatenated features dropped in training.
    """

    def __init__(
        self,
        modalities: Mapping[str, ModalityMeta],
        n_outputs: int,
        *,
        sizes: NetSizes | None = None,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        sizes = sizes or NetSizes()
        self.shapes = [meta.shape for meta in modalities.values()]
        self.splits = [[math.prod(meta.shape), summary_width(meta)] for meta in modalities.values()]
        self.encoders = nn.ModuleList([build_encoder(meta, sizes) for meta in modalities.values()])
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(len(self.encoders) * sizes.space.feature_dim, n_outputs)

    def forward(self, *clips: Tensor) -> Tensor:
        """Logits (B, n_outputs); each modality as (B, signal + summary), flattened, zeros where it is absent."""
        features = [self._encode(number, flat) for number, flat in enumerate(clips)]
        logits: Tensor = self.out(self.dropout(torch.cat(features, dim=1)))
        return logits

    def _encode(self, number: int, flat: Tensor) -> Tensor:
        signal, summary = torch.split(flat, self.splits[number], dim=1)
        feature: Tensor = self.encoders[number](signal.reshape(-1, *self.shapes[number]), summary)
        return feature.float()
