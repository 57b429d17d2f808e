"""The networks of a model, and the linear experts that speak beside them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mlcore.nets import ConcordNet, summary_width
from mlcore.store import ModalityMeta
from mlcore.train.config import RoundConfig
from mlcore.train.linear import LinearModel
from mlcore.train.trace_features import trace_width


class Committee(nn.Module):
    """M networks, each trained with another validation fold, and a linear expert a modality and target.

    Args:
        modalities: what each branch and expert reads.
        n_classes: K of each class target.
        config: sizes, number of members, whether there are experts.
        n_values: values of each trace target; None where there are no traces.
    """

    def __init__(
        self,
        modalities: Mapping[str, ModalityMeta],
        n_classes: Mapping[str, int],
        config: RoundConfig,
        *,
        n_values: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(
            [ConcordNet(modalities, n_classes, config.sizes, n_values=n_values) for _ in range(config.n_members)]
        )
        self.trace_values = dict(n_values or {})
        self.experts = nn.ModuleDict()
        if config.linear_expert:
            for modality, meta in modalities.items():
                for target, k in n_classes.items():
                    self.experts[_key(modality, target)] = _silent(summary_width(meta), k)
                for target in self.trace_values:
                    self.experts[_key(modality, target)] = _silent(trace_width(meta), 1)

    def member(self, number: int) -> ConcordNet:
        """A network, from 0."""
        member = self.members[number]
        assert isinstance(member, ConcordNet)
        return member

    def set_expert(self, modality: str, target: str, model: LinearModel) -> None:
        """Let a fitted linear model speak for a modality."""
        expert = self._expert(modality, target)
        with torch.no_grad():
            expert.weight.copy_(torch.from_numpy(model.weight.T))
            expert.bias.copy_(torch.from_numpy(model.bias))

    def ask_expert(self, modality: str, target: str, summary: Tensor) -> Tensor:
        """Logits of the linear expert; summaries (B, S) -> (B, K)."""
        logits: Tensor = self._expert(modality, target)(summary)
        return logits

    def follow_expert(self, modality: str, target: str, features: Tensor) -> Tensor:
        """Trace of the linear expert; features by the step (B, T, S) -> (B, T)."""
        said: Tensor = self._expert(modality, target)(features)
        return said.squeeze(-1)

    def has_experts(self) -> bool:
        """Whether linear experts were asked for."""
        return len(self.experts) > 0

    def _expert(self, modality: str, target: str) -> nn.Linear:
        expert = self.experts[_key(modality, target)]
        assert isinstance(expert, nn.Linear)
        return expert


def _silent(n_features: int, n_classes: int) -> nn.Linear:
    """A linear map that says nothing yet; it takes nothing from torch's generator."""
    expert = nn.Linear(n_features, n_classes, device="meta").to_empty(device="cpu")
    nn.init.zeros_(expert.weight)
    nn.init.zeros_(expert.bias)
    return expert


def _key(modality: str, target: str) -> str:
    """Names of modalities and targets hold no double underscore."""
    return f"{modality}__{target}"
