"""The whole network: one branch a modality into the shared space, one prototype bank a target, one head a trace.

Everything after the encoder comes H times (`SpaceSizes.n_heads`): each head has a projection and prototypes of its own,
starts from other weights and learns from another draw of the labels. Heads that agree know; heads that don't, guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets.inputs import ClipInput
from mlcore.nets.projection import build_projection
from mlcore.nets.prototypes import PrototypeBank
from mlcore.nets.registry import build_encoder
from mlcore.nets.sizes import NetSizes
from mlcore.nets.traces import TraceHead
from mlcore.store import ModalityMeta


@dataclass(frozen=True, slots=True)
class Reading:
    """What one modality says of a batch.

    Args:
        feature: (B, feature_dim), before the projection.
        z: (H, B, d), unit length.
        logits: per target (H, B, K).
    """

    feature: Tensor
    z: Tensor
    logits: dict[str, Tensor]


class Branch(nn.Module):
    """Encoder of one modality, its H projections into the shared space, and its heads on features over time.

    Args:
        meta: what is read.
        sizes: all sizes.
        n_values: values of each trace target; None where there are no traces.
    """

    def __init__(self, meta: ModalityMeta, sizes: NetSizes, *, n_values: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self.encoder = build_encoder(meta, sizes)
        self.projections = nn.ModuleList(
            [build_projection(sizes.space.feature_dim, sizes.space.space_dim) for _ in range(sizes.space.n_heads)]
        )
        self.traces = nn.ModuleDict(
            {
                name: TraceHead(sizes.space.feature_dim, n, n_heads=sizes.space.n_heads)
                for name, n in (n_values or {}).items()
            }
        )

    def forward(self, x: ClipInput) -> Tensor:
        """Feature of a batch; -> (B, feature_dim), always float32."""
        feature: Tensor = self.encoder(x.signal, x.summary)
        return feature.float()

    def steps(self, x: ClipInput) -> Tensor:
        """Features over time; -> (B, feature_dim, T'), always float32."""
        return self.encoder.steps(x.signal, x.summary).float()

    def project(self, feature: Tensor) -> Tensor:
        """Unit projections; (B, feature_dim) -> (H, B, d)."""
        return functional.normalize(torch.stack([head(feature) for head in self.projections]), dim=-1)

    def follow(self, steps: Tensor) -> dict[str, Tensor]:
        """Every trace target from features over time; (B, feature_dim, T') -> (H, B, n_values) each.

        The features need not be this branch's own (CrossKD).
        """
        return {name: head(steps) for name, head in self.traces.items()}


class ConcordNet(nn.Module):
    """Branches by modality and prototype banks by target; a clip is read by whichever modalities it has.

    Args:
        modalities: what each branch reads.
        n_classes: K of each class target; may be empty.
        sizes: all sizes.
        n_values: values of each trace target; None where there are no traces.
    """

    def __init__(
        self,
        modalities: Mapping[str, ModalityMeta],
        n_classes: Mapping[str, int],
        sizes: NetSizes,
        *,
        n_values: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__()
        self.trace_targets = tuple(n_values or {})
        self.branches = nn.ModuleDict(
            {name: Branch(meta, sizes, n_values=n_values) for name, meta in modalities.items()}
        )
        self.banks = nn.ModuleDict({name: PrototypeBank(k, sizes.space) for name, k in n_classes.items()})

    def branch(self, modality: str) -> Branch:
        """The branch of a modality."""
        branch = self.branches[modality]
        assert isinstance(branch, Branch)
        return branch

    def bank(self, target: str) -> PrototypeBank:
        """The prototypes of a target."""
        bank = self.banks[target]
        assert isinstance(bank, PrototypeBank)
        return bank

    def forward(self, modality: str, x: ClipInput) -> Reading:
        """Read a batch of one modality."""
        return self.head(modality, self.branch(modality)(x))

    def head(self, modality: str, feature: Tensor) -> Reading:
        """Read features with the head of `modality`, which need not be where they come from (CrossKD)."""
        z = self.branch(modality).project(feature)
        return Reading(feature, z, {target: self.bank(target)(z) for target in self.banks})
