"""Which clip to ask about next."""

from mlcore.acquire.rank import random_order, rank_by_entropy
from mlcore.acquire.scores import PoolScores

__all__ = ["PoolScores", "random_order", "rank_by_entropy"]
