"""Models that an earlier schema wrote, as today's are described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

#: the schema before committees, heads, pools and traces; still read
SCHEMA_OF_ONE_NETWORK = 2


def upgraded(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """What model.json says, a description of one network with one head as that of a committee."""
    if item["schema"] != SCHEMA_OF_ONE_NETWORK:
        return item
    config, sizes = item["config"], item["config"]["sizes"]
    one_head = {**sizes, "space": {**sizes["space"], "n_heads": 1}}
    alone = {"sizes": one_head, "n_members": 1, "linear_expert": False, "pool": "discounted"}
    return {**item, "config": {**config, **alone}, "pools": {}, "traces": {}, "trace_pools": {}}


def of_a_committee(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of one network with one head, named and shaped as those of a committee."""
    renamed = {name.replace(".projection.", ".projections.0."): tensor for name, tensor in weights.items()}
    return {
        f"members.0.{name}": tensor.unsqueeze(0) if name.endswith(".prototypes") else tensor
        for name, tensor in renamed.items()
    }
