"""Which clip to ask about next."""

from mlcore.acquire.answered import Answered
from mlcore.acquire.audit import audit_keys, audit_slice
from mlcore.acquire.batch import Composition, compose
from mlcore.acquire.candidates import Candidates, Picked
from mlcore.acquire.codes import ASKS, REASONS, ROUTES, TERMS
from mlcore.acquire.first_order import first_order
from mlcore.acquire.gate import Gated, gate
from mlcore.acquire.scores import PoolScores
from mlcore.acquire.seconds import Costs, measure_costs
from mlcore.acquire.strategies import cold_start, pick

__all__ = [
    "ASKS",
    "REASONS",
    "ROUTES",
    "TERMS",
    "Answered",
    "Candidates",
    "Composition",
    "Costs",
    "Gated",
    "Picked",
    "PoolScores",
    "audit_keys",
    "audit_slice",
    "cold_start",
    "compose",
    "first_order",
    "gate",
    "measure_costs",
    "pick",
]
