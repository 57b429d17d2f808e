"""What is asked of every published network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlcore.nets.baselines import project_max_norm


def n_parameters(net: nn.Module) -> int:
    return sum(weight.numel() for weight in net.parameters())


def unreached(net: nn.Module, *inputs: Tensor) -> list[str]:
    """Weights that get no gradient; in evaluation mode, where no norm hides the scale of the one before it."""
    net.eval().zero_grad()
    said = net(*inputs)
    torch.autograd.backward((said * torch.randn_like(said)).sum())
    return [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()]


def overfit(net: nn.Module, *inputs: Tensor, n_classes: int, steps: int, learning_rate: float) -> tuple[float, float]:
    """Cross-entropy of random classes before and after training on the same few clips."""
    wanted = torch.arange(len(inputs[0])) % n_classes
    optimizer = torch.optim.Adam(net.parameters(), lr=learning_rate)
    first = loss_of(net, *inputs, wanted=wanted)
    for _ in range(steps):
        net.train()
        optimizer.zero_grad()
        torch.autograd.backward(functional.cross_entropy(net(*inputs), wanted))
        optimizer.step()
        project_max_norm(net)
    return first, loss_of(net, *inputs, wanted=wanted)


def loss_of(net: nn.Module, *inputs: Tensor, wanted: Tensor) -> float:
    net.eval()
    with torch.no_grad():
        return float(functional.cross_entropy(net(*inputs), wanted))
