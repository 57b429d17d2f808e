"""A small simulated store whose EEG channels have names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.mlcore.compare.tasks import Simulated, make_small_store


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Bit equality is promised for a fixed number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """6 subjects with 16 clips each; 4 in 10 clips lack a modality."""
    return make_small_store(tmp_path_factory.mktemp("compare"))
