"""One running system and one browser for all tests here; gone before other tests use the database.

Playwright runs an event loop in this thread as long as its browser is open, and Django refuses a database beside one:
so both end with this package.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import PATIENCE_MS, People, chromium, people_at
from tests.e2e.system import SMALL, System, running_demo

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("e2e")


@pytest.fixture(scope="package")
def system() -> Iterator[System]:
    with running_demo(*SMALL) as demo:
        yield demo


@pytest.fixture(scope="package")
def browser(system: System) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with chromium() as program:
        yield program


@pytest.fixture
def people(browser: Browser, system: System) -> Iterator[People]:
    with people_at(browser, system) as everybody:
        yield everybody
