"""CAFNet."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class CafReading:
    """What CAFNet makes of B clips.

    Args:
        logits: (B, K), of both modalities together.
        alone: two of (B, K), each modality's own.
        confidence: two of (B, 1), how probable each modality holds its own class for to be true.
    """

    logits: Tensor
    alone: tuple[Tensor, Tensor]
    confidence: tuple[Tensor, Tensor]


class CAFNet(nn.Module):
    """Two sequences, each read by an LSTM and self-attention, weighted by its confidence and fused.

    Known from the paper and its published code: linear layer, LSTM and dropout; self-attention without biases, summed
    over time and normalised; a feed-forward layer; one confidence head and one classifier that both modalities share;
    features times their confidence, joined, through a feed-forward layer and a classifier; the widths. Not theirs:
    sequences of the two modalities may differ in length, and any two sequences are taken. The paper reads powers of
    5 bands in 32 channels (160) and 29 features of a face.

    Args:
        n_features: of the two sequences.
        n_outputs: K.
        hidden: width of a modality's feature.
        wide: width of the feed-forward layer inside a modality.
        dropout: share dropped after the LSTM and in each feed-forward layer.

    Source: Zhu, Zheng, Zhang, Shao and Zhang 2023, doi 10.1109/TAFFC.2023.3340924.
    """

    def __init__(
        self,
        n_features: tuple[int, int],
        n_outputs: int,
        *,
        hidden: int = 256,
        wide: int = 512,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(_Branch(width, hidden, wide=wide, dropout=dropout) for width in n_features)
        self.confidence = nn.Linear(hidden, 1)
        self.own_classifier = nn.Linear(hidden, n_outputs)
        self.mix = _FeedForward(2 * hidden, hidden, dropout=dropout)
        self.classifier = nn.Linear(2 * hidden, n_outputs)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Logits; (B, T1, F1) and (B, T2, F2) -> (B, K)."""
        return self.read(first, second).logits

    def read(self, first: Tensor, second: Tensor) -> CafReading:
        """Logits with what each modality says by itself; (B, T1, F1) and (B, T2, F2)."""
        one, other = (branch(x) for branch, x in zip(self.branches, (first, second), strict=True))  # (B, H) each
        confidence = self.confidence(one), self.confidence(other)
        weighted = torch.cat([one * confidence[0], other * confidence[1]], dim=1)  # (B, 2H)
        alone = self.own_classifier(one), self.own_classifier(other)
        return CafReading(self.classifier(self.mix(weighted)), alone, confidence)


class _Branch(nn.Module):
    """One modality; (B, T, F) -> (B, H)."""

    def __init__(self, n_features: int, hidden: int, *, wide: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Linear(n_features, hidden)
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.attention = SummedAttention(hidden)
        self.feed_forward = _FeedForward(hidden, wide, dropout=dropout)

    def forward(self, x: Tensor) -> Tensor:
        track, _ = self.lstm(self.enter(x))  # (B, T, H)
        feature: Tensor = self.feed_forward(self.attention(self.dropout(track)))
        return feature


class SummedAttention(nn.Module):
    """softmax(Q Kᵀ / √H) V, summed over time and normalised; (B, T, H) -> (B, H)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Read a batch."""
        scores = self.query(x) @ self.key(x).transpose(1, 2) / math.sqrt(x.shape[-1])  # (B, T, T)
        summed: Tensor = self.norm((scores.softmax(-1) @ self.value(x)).sum(1))
        return summed


class _FeedForward(nn.Sequential):
    """Linear, ReLU, dropout, linear, layer norm; (B, H) -> (B, H)."""

    def __init__(self, width: int, inside: int, *, dropout: float) -> None:
        super().__init__(
            nn.Linear(width, inside),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(inside, width),
            nn.LayerNorm(width),
        )
