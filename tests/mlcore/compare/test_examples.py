from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from mlcore.compare import ablation, time_left


@pytest.mark.parametrize("module", [ablation, time_left])
def test_the_examples_in_docstrings_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
