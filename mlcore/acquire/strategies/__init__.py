"""Strategies: by what the next clips are chosen."""

from mlcore.acquire.strategies.asking import STRATEGIES, cold_start, pick

__all__ = ["STRATEGIES", "cold_start", "pick"]
