"""A small simulated store and a configuration that trains in a second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mlcore.store import Store
from mlcore.train import RoundConfig, RoundData
from tests.factories.stores import Classes, make_store
from tests.mlcore.train.rounds import SMALL, data_of
from tests.mlcore.train.trace_rounds import EASY, simulated


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Bit equality is promised for a fixed number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def learnable(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Classes]:
    """6 subjects with 16 clips each; 4 in 10 clips lack a modality."""
    return make_store(
        tmp_path_factory.mktemp("learnable"), n_subjects=6, clips_per_subject=16, missing_share=0.4, seed=1
    )


@pytest.fixture(scope="session")
def easy(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """6 subjects, 4 trials, 2 clips; every clip has both modalities."""
    return simulated(tmp_path_factory.mktemp("easy") / "store", EASY)


@pytest.fixture(scope="session")
def gappy(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The same, but a quarter of the clips lack the EEG, and a quarter the face."""
    lacking = replace(EASY, missing_eeg_share=0.25, missing_face_share=0.25)
    return simulated(tmp_path_factory.mktemp("gappy") / "store", lacking)


@pytest.fixture
def data(learnable: tuple[Store, Classes]) -> RoundData:
    return data_of(*learnable, test_subjects=2, rng=np.random.default_rng(0))


@pytest.fixture
def config() -> RoundConfig:
    return SMALL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "round"
