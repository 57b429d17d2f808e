"""Simulated subjects with known truth: recordings in the MAHNOB-HCI layout, and annotators who label them."""

from __future__ import annotations

from mlcore.simulate.config import Difficulty, SimulationConfig
from mlcore.simulate.recordings import simulate_recordings

__all__ = ["Difficulty", "SimulationConfig", "simulate_recordings"]
