"""How answers are learnt and given back: classes through a softmax, traces on the scale of the training clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.compare.contract import Floats, Task
from mlcore.compare.fitting import Examples
from mlcore.evidence import trace_loss, weighted_mean
from mlcore.train.tensors import class_weights


def cross_entropy(logits: Tensor, examples: Examples) -> Tensor:
    """Weighted mean of −Σ_k y_k ln softmax(s)_k over distributions y (n, K)."""
    return weighted_mean(-(examples.y * functional.log_softmax(logits, -1)).sum(-1), examples.weights)


def trace_error(said: Tensor, examples: Examples) -> Tensor:
    """1 − CCC + MSE over the scored steps."""
    return trace_loss(said, examples.y, mse_weight=1.0)


@dataclass(frozen=True, slots=True)
class Answers:
    """One target's answers.

    Args:
        is_trace: a curve, not classes.
        centre: mean of the training traces; 0 for classes.
        scale: standard deviation of the training traces; 1 for classes.
        class_weights: (K,), see `mlcore.train.tensors.class_weights`; empty for a trace.
    """

    is_trace: bool
    centre: float = 0.0
    scale: float = 1.0
    class_weights: tuple[float, ...] = ()

    def targets(self, y: Floats) -> Tensor:
        """What a network learns; (n, K) or (n, T)."""
        return torch.from_numpy(((y - self.centre) / self.scale).astype(np.float32))

    def weights(self, y: Floats) -> Tensor:
        """Weight of each clip (n,)."""
        if self.is_trace:
            return torch.ones(len(y))
        return torch.from_numpy((y @ np.array(self.class_weights)).astype(np.float32))

    def judge(self, said: Tensor, examples: Examples) -> Tensor:
        """Loss of answers."""
        return trace_error(said, examples) if self.is_trace else cross_entropy(said, examples)

    def objective(self, net: nn.Module, examples: Examples, epoch: int) -> Tensor:
        """Loss of a network that is trained by its answers alone."""
        return self.judge(net(*examples.inputs), examples)

    def give_back(self, said: Tensor) -> Floats:
        """Probabilities, or traces on their own scale."""
        values = said.double().cpu()
        final = values * self.scale + self.centre if self.is_trace else values.softmax(-1)
        return np.asarray(final.numpy())


def answers_of(task: Task, y: Floats, *, balance: float) -> Answers:
    """Measure the answers that are learnt from (n, K) or (n, T); `balance` 0..1 evens out how classes count."""
    if not task.is_trace:
        return Answers(False, class_weights=tuple(class_weights(y, balance=balance).tolist()))
    spread = float(np.nanstd(y))
    return Answers(True, float(np.nanmean(y)), spread if spread > 0 else 1.0)
