"""The label page in another language, in a real browser: under the page's policy, and before its modules run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from annotator.enums import Role
from annotator.models import Study
from tests.e2e.browser import PATIENCE_MS, SIZE, Watch, chromium
from tests.factories.languages import make_pseudo
from tests.factories.people import client_of, make_member
from tests.factories.studies import make_study
from tests.factories.web import StartWeb, WebServer, start_web

__all__ = ["start_web"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


@pytest.fixture
def study(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setenv("CONCORD_DERIVED_ROOT", str(tmp_path / "derived"))
    settings.DERIVED_ROOT = tmp_path / "derived"
    return make_study("lab", n_subjects=2, n_clips=1, with_files=True)


@pytest.fixture
def web(study: Study, tmp_path: Path, start_web: StartWeb) -> WebServer:
    make_pseudo(tmp_path / "locale")
    return start_web(CONCORD_LOCALE_ROOT=str(tmp_path / "locale"))


@pytest.fixture
def page(study: Study, web: WebServer) -> Iterator[Page]:
    """Of an annotator whose browser asks for German; nothing may go wrong on it."""
    cookies = client_of(make_member(study, "boss", Role.ADMIN)).cookies
    with chromium() as browser:
        context = browser.new_context(base_url=web.address, viewport=SIZE, locale="de-DE")  # type: ignore[arg-type]  # a plain dict
        cookie = {"name": "sessionid", "value": cookies[django_settings.SESSION_COOKIE_NAME].value, "url": web.address}
        context.add_cookies([cookie])  # type: ignore[list-item]  # a plain dict
        watch = Watch()
        watch.follow(context)
        yield context.new_page()
        context.close()
    watch.check()


def test_the_label_page_speaks_the_browsers_language(page: Page) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    page.goto("/studies/lab/label/")
    assert page.evaluate("document.documentElement.lang") == "de"
    expect(page.get_by_test_id("progress-text")).to_have_text("⟦clip 1 of today’s 2⟧")
    expect(page.get_by_test_id("net-state")).to_have_text("⟦online⟧")
    expect(page.get_by_test_id("montage").locator("option").first).to_have_text("⟦as recorded⟧")
    page.keyboard.press("?")
    expect(page.get_by_test_id("keys-dialog").locator("dd").first).to_have_text("⟦play, pause⟧")


def test_a_language_that_is_chosen_stays(page: Page) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    page.goto("/account/")
    page.get_by_test_id("language").get_by_role("combobox").select_option("en-gb")
    page.get_by_test_id("language").get_by_role("button").click()
    expect(page.get_by_role("heading", name="Language")).to_have_text("Language")
    page.goto("/studies/lab/label/")
    expect(page.get_by_test_id("net-state")).to_have_text("online")
    assert page.locator("script[src*='/words/']").count() == 0
