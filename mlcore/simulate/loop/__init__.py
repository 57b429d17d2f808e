"""Closed loops: a strategy asks, simulated annotators answer, a model learns, strangers judge it."""

from __future__ import annotations

from mlcore.simulate.loop.given import Given, read_given
from mlcore.simulate.loop.many import Setting, fast_maker, run_seed, run_seeds
from mlcore.simulate.loop.material import Material, read_material
from mlcore.simulate.loop.oracle import Oracle, OracleKind
from mlcore.simulate.loop.plan import Plan, with_random
from mlcore.simulate.loop.retrain import retrain_maker
from mlcore.simulate.loop.run import Run, run_loop
from mlcore.simulate.loop.summary import summarise
from mlcore.simulate.loop.table import table_of
from mlcore.simulate.loop.world import LoopOptions, World, make_world

__all__ = [
    "Given",
    "LoopOptions",
    "Material",
    "Oracle",
    "OracleKind",
    "Plan",
    "Run",
    "Setting",
    "World",
    "fast_maker",
    "make_world",
    "read_given",
    "read_material",
    "retrain_maker",
    "run_loop",
    "run_seed",
    "run_seeds",
    "summarise",
    "table_of",
    "with_random",
]
