"""A folder goes to the server in a real browser: the line breaks, the page is reloaded, and it is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.fixtures import Settings

from annotator.enums import Role
from annotator.models import Study
from tests.e2e.browser import PATIENCE_MS, SIZE, Watch, chromium
from tests.factories.people import client_of, make_member
from tests.factories.recordings import Line, write_manifest
from tests.factories.studies import make_study
from tests.factories.web import StartWeb, WebServer, start_web
from tests.factories.workers import StartWorker, start_worker

__all__ = ["start_web", "start_worker"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
#: slow enough to be interrupted, fast enough to wait for
BYTES_S = 6_000_000
BIG = 24_000_000


@pytest.fixture
def places(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for this process, the web server and the worker."""
    for name in ("UPLOAD_ROOT", "DERIVED_ROOT", "ORIGINALS_ROOT", "SCRATCH_ROOT"):
        monkeypatch.setenv(f"CONCORD_{name}", str(tmp_path / name.lower()))
        setattr(settings, name, tmp_path / name.lower())


@pytest.fixture
def study() -> Study:
    return make_study("lab", n_subjects=2, n_clips=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sessions in a manifest, a file that Finder left, and one that takes its time."""
    source = write_manifest(tmp_path / "séance", [Line("X1"), Line("X2", video_s=None)]).parent
    (source / ".DS_Store").write_bytes(b"hidden")
    (source / "big.dat").write_bytes(os.urandom(BIG))
    return source


@pytest.fixture
def web(places: None, start_web: StartWeb) -> WebServer:
    return start_web()


@pytest.fixture
def signed_in(study: Study, web: WebServer) -> Iterator[tuple[BrowserContext, Watch]]:
    cookies = client_of(make_member(study, "boss", Role.ADMIN)).cookies
    with chromium() as browser:
        context = browser.new_context(base_url=web.address, viewport=SIZE)  # type: ignore[arg-type]  # a plain dict
        cookie = {"name": "sessionid", "value": cookies[django_settings.SESSION_COOKIE_NAME].value, "url": web.address}
        context.add_cookies([cookie])  # type: ignore[list-item]  # a plain dict
        watch = Watch()
        watch.follow(context)
        yield context, watch
        context.close()


def slowly(context: BrowserContext, page: Page) -> None:
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": BYTES_S}
    context.new_cdp_session(page).send("Network.emulateNetworkConditions", limits)


def uploads_of(page: Page) -> list[dict[str, Any]]:
    """As the API says; Django's models are out of reach beside Playwright's event loop."""
    found: list[dict[str, Any]] = page.request.get("/api/v1/studies/lab/uploads").json()
    return found


def reached(page: Page, share: float) -> None:
    page.wait_for_function(
        "share => document.querySelector('[data-testid=total]').value >= share", arg=share, timeout=PATIENCE_MS
    )


def test_a_folder_comes_in_over_a_line_that_breaks_and_a_page_that_is_reloaded(
    signed_in: tuple[BrowserContext, Watch],
    study: Study,
    folder: Path,
    web: WebServer,
    start_web: StartWeb,
    start_worker: StartWorker,
    tmp_path: Path,
) -> None:
    context, watch = signed_in
    watch.allow("ERR_CONNECTION|ERR_SOCKET|ERR_EMPTY_RESPONSE")
    page = context.new_page()
    page.goto("/studies/lab/import/")
    expect(page.locator("#upload[data-ready]")).to_be_attached()
    page.locator("#folder").set_input_files(folder)
    expect(page.get_by_test_id("list").locator("li")).to_have_count(5)
    expect(page.locator("#problem")).to_contain_text("1 hidden file was left out.")
    slowly(context, page)
    page.get_by_test_id("start").click()
    reached(page, 0.2)
    web.kill()
    expect(page.get_by_test_id("list")).to_contain_text("waiting for the network", timeout=PATIENCE_MS)
    start_web(port=urlsplit(web.address).port)
    reached(page, 0.5)
    page.get_by_test_id("pause").click()
    expect(page.get_by_test_id("doing")).to_contain_text("Paused.")
    page.screenshot(path=tmp_path / "paused.png")
    (begun,) = uploads_of(page)
    (big,) = (file for file in begun["files"] if file["path"] == "séance/big.dat")
    assert 0 < big["offset_bytes"] < BIG
    page.reload()
    expect(page.locator("#unfinished")).to_contain_text("An upload of 5 files is unfinished")
    page.locator("#folder").set_input_files(folder)
    expect(page.get_by_test_id("list").locator("li[data-state=done]")).to_have_count(4)
    assert page.get_by_test_id("total").evaluate("bar => bar.value") > 0.3
    expect(page.get_by_test_id("doing")).to_contain_text("Goes on: 4 of 5 files")
    expect(page.locator("#unfinished")).to_be_hidden()
    page.screenshot(path=tmp_path / "chosen-again.png")
    start_worker("io")
    page.get_by_test_id("start").click()
    page.wait_for_url("**/studies/lab/sessions/", timeout=PATIENCE_MS)
    rows = page.get_by_test_id("sessions").locator("tr", has_text="X")
    expect(rows.locator(".badge.ok")).to_have_count(2, timeout=PATIENCE_MS)
    assert uploads_of(page) == []
    assert not any(path.is_file() for path in (tmp_path / "upload_root").rglob("*"))
    watch.check()


def test_what_was_begun_may_be_discarded(signed_in: tuple[BrowserContext, Watch], folder: Path, tmp_path: Path) -> None:
    context, watch = signed_in
    page = context.new_page()
    page.goto("/studies/lab/import/")
    expect(page.locator("#upload[data-ready]")).to_be_attached()
    page.locator("#files").set_input_files([folder / "manifest.csv", folder / "big.dat"])
    slowly(context, page)
    page.get_by_test_id("start").click()
    reached(page, 0.1)
    page.get_by_test_id("discard").click()
    expect(page.locator("#plan")).to_be_hidden()
    assert uploads_of(page) == []
    assert not any(path.is_file() for path in (tmp_path / "upload_root").rglob("*"))
    watch.check()
