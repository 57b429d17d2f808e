"""Small simulated stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from mlcore.store import Store
from tests.factories.stores import Classes, make_store

Simulated = tuple[Store, Classes]


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
    folder = tmp_path_factory.mktemp("compare")
    return make_store(folder, n_subjects=6, clips_per_subject=16, missing_share=0.4, seed=1)
