"""A trained model and its two files: model.safetensors (weights) and model.json (everything else)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from mlcore.errors import TrainingError
from mlcore.store import ModalityMeta
from mlcore.train.checkpoint import write_atomically
from mlcore.train.committee import Committee
from mlcore.train.config import RoundConfig
from mlcore.train.old_models import SCHEMA_OF_ONE_NETWORK, of_a_committee, upgraded
from mlcore.train.pool import Pool
from mlcore.train.scaling import Scaler
from mlcore.train.trace_pool import TracePool
from mlcore.train.trace_scale import TraceScale
from mlcore.types import JsonObject

SCHEMA = 3
WEIGHTS_NAME, JSON_NAME = "model.safetensors", "model.json"


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """All that scoring needs.

    Args:
        net: its weights are final.
        config: what it was trained with.
        classes: class names of every class target of the study.
        targets: those that were learnt; of the others the model has no opinion (α = 1).
        modalities: what each branch reads.
        scalers: by modality.
        feature_versions: of the store's arrays, e.g. {"face features": 1}.
        trust: what each modality's evidence counts in the fusion, 0..1; 1 where nothing is said.
        pools: per class target how opinions are brought together; none = the discounted fusion alone.
        traces: the trace targets that were learnt, each with the scale on which networks and experts answer.
        trace_pools: per trace target how answers are brought together; none = the mean of the networks' answers.
    """

    net: Committee
    config: RoundConfig
    classes: Mapping[str, tuple[str, ...]]
    targets: tuple[str, ...]
    modalities: Mapping[str, ModalityMeta]
    scalers: Mapping[str, Scaler]
    feature_versions: Mapping[str, int]
    trust: Mapping[str, float] = field(default_factory=dict)
    pools: Mapping[str, Pool] = field(default_factory=dict)
    traces: Mapping[str, TraceScale] = field(default_factory=dict)
    trace_pools: Mapping[str, TracePool] = field(default_factory=dict)

    def pools_json(self) -> JsonObject:
        """The coefficients of every pool, of classes and of traces."""
        return _each_to_json(self.pools) | _each_to_json(self.trace_pools)

    def to_json(self) -> JsonObject:
        """As model.json holds it."""
        return {
            "schema": SCHEMA,
            "config": self.config.to_json(),
            "classes": {name: list(names) for name, names in self.classes.items()},
            "targets": list(self.targets),
            "modalities": _each_to_json(self.modalities),
            "scalers": _each_to_json(self.scalers),
            "feature_versions": dict(self.feature_versions),
            "trust": dict(self.trust),
            "pools": _each_to_json(self.pools),
            "traces": _each_to_json(self.traces),
            "trace_pools": _each_to_json(self.trace_pools),
        }


class _Writable(Protocol):
    def to_json(self) -> JsonObject: ...


def _each_to_json(values: Mapping[str, _Writable]) -> JsonObject:
    return {name: value.to_json() for name, value in values.items()}


def build_committee(
    modalities: Mapping[str, ModalityMeta],
    classes: Mapping[str, tuple[str, ...]],
    targets: tuple[str, ...],
    config: RoundConfig,
    *,
    traces: Mapping[str, TraceScale],
) -> Committee:
    """Untrained networks in evaluation mode, which only a stage changes; their weights come from torch's generator."""
    n_classes = {name: len(classes[name]) for name in targets}
    n_values = {name: scale.n_values for name, scale in traces.items()}
    return Committee(modalities, n_classes, config, n_values=n_values).eval()


def save_model(model: TrainedModel, folder: Path) -> None:
    """Write both files, the weights first: model.json stands only beside complete weights."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.net.state_dict().items()}
    write_atomically(folder / WEIGHTS_NAME, save(weights))
    text = json.dumps(model.to_json(), indent=1, ensure_ascii=False)
    write_atomically(folder / JSON_NAME, (text + "\n").encode())


def load_model(folder: Path) -> TrainedModel:
    """Read a model that `save_model` wrote; nothing in it is executed.

    Raises:
        TrainingError: a file is missing or damaged, or they don't fit one another; the file is named.
    """
    item = _read_json(folder / JSON_NAME)
    try:
        model = _untrained(upgraded(item))
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{folder / JSON_NAME} does not describe a model of schema {SCHEMA}: {error}") from error
    try:
        weights = load_file(folder / WEIGHTS_NAME)
        model.net.load_state_dict(weights if item["schema"] == SCHEMA else of_a_committee(weights))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise TrainingError(f"{folder / WEIGHTS_NAME} does not hold the weights of this model: {error}") from error
    return model


def _read_json(path: Path) -> dict[str, Any]:
    try:
        item = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} can't be read as JSON: {error}") from error
    if not isinstance(item, dict) or item.get("schema") not in (SCHEMA, SCHEMA_OF_ONE_NETWORK):
        raise TrainingError(f"{path} is not a model of schema {SCHEMA}")
    return item


def _untrained(item: Mapping[str, Any]) -> TrainedModel:
    config = RoundConfig.from_json(item["config"])
    classes = {name: tuple(names) for name, names in item["classes"].items()}
    targets = tuple(item["targets"])
    modalities = {name: ModalityMeta.from_json(meta) for name, meta in item["modalities"].items()}
    traces = {name: TraceScale.from_json(scale) for name, scale in item["traces"].items()}
    with torch.random.fork_rng(devices=[]):  # weights that are overwritten should not move the caller's generator
        net = build_committee(modalities, classes, targets, config, traces=traces)
    return TrainedModel(
        net=net,
        config=config,
        classes=classes,
        targets=targets,
        modalities=modalities,
        scalers={name: Scaler.from_json(scaler) for name, scaler in item["scalers"].items()},
        feature_versions=item["feature_versions"],
        trust={name: float(value) for name, value in item["trust"].items()},
        pools={name: Pool.from_json(pool) for name, pool in item["pools"].items()},
        traces=traces,
        trace_pools={name: TracePool.from_json(pool) for name, pool in item["trace_pools"].items()},
    )
