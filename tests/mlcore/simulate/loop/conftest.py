from __future__ import annotations

from pathlib import Path

import pytest

from mlcore.simulate.loop import Given, LoopOptions, Material, Oracle, read_given, read_material
from mlcore.simulate.store_config import StoreConfig
from mlcore.simulate.stores import simulate_store
from mlcore.store import open_store

CONFIG = StoreConfig(
    n_subjects=6, n_trials=5, clips_per_trial=4, n_channels=4, dead_both_share=0.4, dead_eeg_share=0.1, seed=910
)
OPTIONS = LoopOptions("valence3", Oracle.parse("clean"), n_start=10, batch_size=10)


@pytest.fixture(scope="session")
def looped_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 clips of 6 people, 48 of them with every sensor dead."""
    return simulate_store(tmp_path_factory.mktemp("looped") / "store", CONFIG)


@pytest.fixture(scope="session")
def material(looped_store: Path) -> Material:
    return read_material(open_store(looped_store))


@pytest.fixture(scope="session")
def given(looped_store: Path) -> Given:
    return read_given(open_store(looped_store), "valence3")
