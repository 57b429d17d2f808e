"""Tests run on a real Postgres and a real broker: embedded ones of their own, in a temporary folder of this run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

HERE = Path(__file__).parent
#: each starts a demo, whose imports take all that two cores have; those of the browser share one
WHOLE_SYSTEM = (HERE / "e2e", HERE / "annotator" / "demo")

# what a property claims does not depend on how busy the machine is
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

#: named by the process, so that those who test at the same time don't meet: other people, and this run's own processes
_VAR = Path(tempfile.mkdtemp(prefix=f"concord-tests-{os.getpid()}-"))

# before Django reads its settings: pytest-django does so only after the first conftest was imported
for _name in ("DATABASE_URL", "REDIS_URL"):
    os.environ.pop(_name, None)
for _name in [name for name in os.environ if name.startswith("CONCORD_") and name != "CONCORD_SHARED_DATA"]:
    del os.environ[_name]
os.environ["CONCORD_VAR"] = str(_VAR)
(_VAR / "static").mkdir()  # WhiteNoise warns of a folder that is missing
os.environ["DJANGO_SETTINGS_MODULE"] = "annotator.settings"


def pytest_configure() -> None:
    from django.conf import settings

    if "PYTEST_XDIST_WORKER" not in os.environ:
        _end_leftovers()

    if settings.configured and settings.VAR != _VAR:
        raise pytest.UsageError("Django was set up before tests/conftest.py: unset DJANGO_SETTINGS_MODULE.")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow on purpose


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """A parallel run keeps the tests of a file together, and in one process those that run the whole system."""

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.split("::", 1)[0]
            is_system = any(folder in (config.rootpath / path).parents for folder in WHOLE_SYSTEM)
            return "system" if is_system else path

    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those come first: they take longest, and the other files fill the time of the other processes."""
    items.sort(key=lambda item: [folder not in item.path.parents for folder in WHOLE_SYSTEM])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Each process of a parallel run names a folder of its own before Django reads its settings; it inherits none."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


def _end_leftovers() -> None:
    """Servers of a test run that was killed go on; the next one ends them."""
    from annotator import services

    for folder in Path(tempfile.gettempdir()).glob("concord-tests-*"):
        pid = int(folder.name.split("-")[2])
        if folder.stat().st_uid == os.geteuid() and not _lives(pid):
            services.stop(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def pytest_unconfigure() -> None:
    from annotator import services

    services.stop(_VAR)
    shutil.rmtree(_VAR, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Path:
    """The folder of this run's Postgres and broker; they start with the first test that asks."""
    from annotator import services

    services.start(_VAR, services.Wanted(durable=False))
    return _VAR


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: Path) -> None:
    """pytest-django makes its test database after this."""


@pytest.fixture
def broker(servers: Path) -> Iterator[str]:
    """The address of the broker, empty before and after the test."""
    from django.conf import settings
    from redis import Redis

    from annotator import services

    client = Redis(unix_socket_path=str(services.socket_folder(servers) / "valkey.sock"))
    client.flushall()
    yield settings.REDIS_URL
    client.flushall()
    client.close()
