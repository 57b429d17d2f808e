"""Where training stands, in one file that is replaced in one step: safetensors whose header carries the JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from mlcore.types import JsonObject

NAME = "checkpoint.safetensors"


@dataclass(slots=True)
class StageState:
    """Where one stage stands. `epoch` counts the finished ones; the best loss is None until there is one.

    `best` holds the weights of the modules that learn; the others are as they were.
    """

    stage: str
    epoch: int = 0
    best_epoch: int = 0
    best_loss: float | None = None
    best: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All that a resumed round needs.

    Args:
        signature: hash of data, configuration and seed; another one's checkpoint is not taken up.
        state: of the stage that runs.
        history: of every epoch so far.
        net: all weights.
        optimizer: its tensors, by "parameter number/name".
        rng: states of the random generators.
    """

    signature: str
    state: StageState
    history: list[JsonObject]
    net: dict[str, Tensor]
    optimizer: dict[str, Tensor]
    rng: dict[str, Tensor]


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint of a folder; after a crash at any moment the old or the new one stands there."""
    state = checkpoint.state
    head = {name: value for name, value in _plain(state).items() if name != "best"}
    text = json.dumps({"signature": checkpoint.signature, "state": head, "history": checkpoint.history})
    groups = {"net": checkpoint.net, "best": state.best, "optimizer": checkpoint.optimizer, "rng": checkpoint.rng}
    write_atomically(folder / NAME, save(_flatten(groups), metadata={"checkpoint": text}))


def _plain(state: StageState) -> JsonObject:
    return {name: getattr(state, name) for name in ("stage", "epoch", "best_epoch", "best_loss")}


def read_checkpoint(folder: Path, *, signature: str) -> Checkpoint | None:
    """The checkpoint of a folder; None where there is none, a damaged one, or another round's."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            head = json.loads(file.metadata()["checkpoint"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError):
        return None
    if head.get("signature") != signature:
        return None
    groups = _unflatten(tensors)
    state = StageState(**head["state"], best=groups["best"])
    return Checkpoint(signature, state, head["history"], groups["net"], groups["optimizer"], groups["rng"])


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """State of an optimizer as named tensors; its settings come from the configuration."""
    return {
        f"{number}/{name}": torch.as_tensor(value)
        for number, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
    }


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimizer back what `optimizer_tensors` took."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split("/")
        state.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def random_state() -> dict[str, Tensor]:
    """States of torch's generators."""
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def restore_random_state(state: Mapping[str, Tensor]) -> None:
    """Put torch's generators back to where `random_state` found them."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the file, flush to the disk, then rename over it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def copy_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies that later training does not touch."""
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def _flatten(groups: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {
        f"{group}:{name}": tensor.detach().cpu().contiguous()
        for group, tensors in groups.items()
        for name, tensor in tensors.items()
    }


def _unflatten(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    groups: dict[str, dict[str, Tensor]] = {"net": {}, "best": {}, "optimizer": {}, "rng": {}}
    for key, tensor in tensors.items():
        group, name = key.split(":", 1)
        groups[group][name] = tensor
    return groups
