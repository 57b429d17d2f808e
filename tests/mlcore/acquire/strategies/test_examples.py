from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

from mlcore.acquire import strategies

MODULES = [f"{strategies.__name__}.{module.name}" for module in pkgutil.iter_modules(strategies.__path__)]


def test_some_docstring_has_an_example() -> None:
    found = [doctest.DocTestFinder().find(import_module(name)) for name in MODULES]
    assert sum(len(test.examples) for tests in found for test in tests) >= 4


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0
