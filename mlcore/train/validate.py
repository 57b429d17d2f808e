"""The loss on the validation fold, which chooses the epoch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mlcore.evidence import probabilities, trace_loss
from mlcore.nets import ConcordNet, evidence_of
from mlcore.train.objective import read_all
from mlcore.train.tensors import Clips
from mlcore.train.traces import follow_all


def validator(net: ConcordNet, modality: str, clips: Clips) -> Callable[[], float | None]:
    """The loss of a modality's branch on clips held back, asked for after each epoch.

    Cross-entropy of the Dirichlet's mean, mean over the class targets that the clips label, plus 1 − CCC + MSE of each
    trace target that they score, pooled over the clips, of the mean of the heads, on the standardised scale.
    """
    rows = torch.nonzero(clips.present[modality]).flatten()
    classes = [name for name, weights in clips.weights.items() if bool(weights[rows].sum() > 0)]
    traces = [name for name, values in clips.traces.items() if not bool(values[rows].isnan().all())]
    x = clips.inputs[modality][rows]

    def validate() -> float | None:
        losses = []
        if classes:
            logits = read_all(net, modality, x).logits
            losses.append(sum(_cross_entropy(logits[name], clips, name, rows) for name in classes) / len(classes))
        if traces:
            said = follow_all(net, modality, x)
            losses += [_lost(said[name], clips.traces[name][rows]) for name in traces]
        return sum(losses) if losses else None

    return validate


def _cross_entropy(logits: Tensor, clips: Clips, target: str, rows: Tensor) -> float:
    p = probabilities(1 + evidence_of(logits).mean(0))
    y, w = clips.targets[target][rows], clips.weights[target][rows]
    return float((w * -(y * p.log()).sum(-1)).sum() / w.sum())


def _lost(said: Tensor, truth: Tensor) -> float:
    return float(trace_loss(said.mean(0), truth, mse_weight=1.0))
