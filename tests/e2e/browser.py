"""Chromium as a person's browser, and a watch that notes whatever a page does wrong."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, WebError, sync_playwright

from tests.e2e.system import System

#: for what waits on a training, a server or a machine that has other work
PATIENCE_MS = 60_000
SIZE = {"width": 1280, "height": 720}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "the browser tests need Chromium: make chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass  # without slots: Playwright keeps its wrapper of a bound handler on the object
class Watch:
    """Console errors (a refused script or style is one), page errors, and answers that nobody expected."""

    wrongs: list[str] = field(default_factory=list)
    allowed: list[re.Pattern[str]] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", self._page_error)
        context.on("response", self._response)

    def allow(self, pattern: str) -> None:
        """From here on a wrong that reads like this is meant by the test."""
        self.allowed.append(re.compile(pattern))

    def check(self) -> None:
        assert not self.wrongs, "\n".join(self.wrongs)

    def sent(self, method: str, ending: str) -> list[Response]:
        """The answers to what the page sent to such an address."""
        return [one for one in self.responses if one.request.method == method and one.url.endswith(ending)]

    def _note(self, wrong: str) -> None:
        if not any(pattern.search(wrong) for pattern in self.allowed):
            self.wrongs.append(wrong)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location.get('url', '')})")

    def _page_error(self, error: WebError) -> None:
        self._note(f"page error: {error.error}")

    def _response(self, response: Response) -> None:
        self.responses.append(response)
        if response.status >= 400:
            self._note(f"HTTP {response.status}: {response.request.method} {response.url}")


@dataclass(slots=True)
class People:
    """Each person has a browser of their own, that remembers nothing of the others."""

    browser: Browser
    system: System
    watch: Watch
    contexts: list[BrowserContext] = field(default_factory=list)

    def sign_in(self, name: str) -> Page:
        """Through the form, as everybody; in a further browser as somebody who is signed in there from before."""
        context = self.browser.new_context(viewport=SIZE, base_url=self.system.address, accept_downloads=True)  # type: ignore[arg-type]  # a TypedDict of Playwright's
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        self.watch.follow(context)
        page = context.new_page()
        if name in self.system.cookies:
            context.add_cookies(self.system.cookies[name])
            page.goto("/")
            return page
        page.goto("/login/")
        page.fill("#id_username", name)
        page.fill("#id_password", self.system.passwords[name])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.system.address}/")
        self.system.cookies[name] = context.cookies()
        return page

    def leave(self) -> None:
        for context in self.contexts:
            context.close()


@contextmanager
def people_at(browser: Browser, system: System) -> Iterator[People]:
    """Whoever signs in inside this block; it fails for whatever went wrong in one of their browsers."""
    people = People(browser, system, Watch())
    try:
        yield people
    finally:
        people.leave()
    people.watch.check()
