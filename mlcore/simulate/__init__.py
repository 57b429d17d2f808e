"""Simulated subjects with known truth: recordings in the MAHNOB-HCI layout, clip stores, and annotators."""

from __future__ import annotations

from mlcore.simulate.config import Difficulty, SimulationConfig
from mlcore.simulate.recordings import simulate_recordings
from mlcore.simulate.regimes import ACQUISITION_REGIMES, REGIMES, Regime, find_acquisition_regime, find_regime
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.stores import simulate_store

__all__ = [
    "ACQUISITION_REGIMES",
    "REGIMES",
    "Difficulty",
    "Regime",
    "SimulationConfig",
    "StoreConfig",
    "find_acquisition_regime",
    "find_regime",
    "simulate_recordings",
    "simulate_store",
]
