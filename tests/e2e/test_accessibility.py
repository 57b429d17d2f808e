"""For everyone: WCAG 2.2 AA by axe on every page in both themes, by keyboard alone, on a tablet, without motion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.bench import Bench
from tests.e2e.browser import People
from tests.e2e.pictures import PAGES

AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
#: as a tablet is held, and the other way
TABLETS = ({"width": 820, "height": 1180}, {"width": 1180, "height": 820})
#: what has the keyboard's focus, and whether anything drawn around it says so
FOCUS = """
() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const isMarked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== "none";
  const name = element.dataset.testid || element.id || element.getAttribute("aria-label") || element.textContent.trim();
  return { name, isMarked, isBody: element === document.body };
}
"""
#: more than the page has
MOST_STOPS = 200
#: elements that move by themselves
MOVING = "() => document.getAnimations().filter(({ playState }) => playState === 'running').length"


def violations(page: Page) -> list[str]:
    """What axe finds wrong, a line an element."""
    found = Axe().run(page, options=AXE).response["violations"]
    return [f"{one['id']}: {' '.join(map(str, node['target']))}" for one in found for node in one["nodes"]]


@contextmanager
def scheme(page: Page, name: str) -> Iterator[None]:
    page.emulate_media(color_scheme=name)  # type: ignore[arg-type]  # a Literal of Playwright's
    yield
    page.emulate_media(color_scheme=None)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_meets_the_guidelines(people: People, theme: str) -> None:
    page = people.sign_in("admin")
    addresses = {name: address for name, address in PAGES.items() if "{" not in address}
    page.goto(addresses["sessions"])
    session = page.locator("a[href*='/sessions/']").filter(has_not_text="Import").last.get_attribute("href")
    assert session is not None
    found = {}
    with scheme(page, theme):
        for name, address in {**addresses, "session": session}.items():
            page.goto(address)
            page.wait_for_load_state("networkidle")
            found[name] = violations(page)
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_sign_in_page_meets_the_guidelines(people: People, theme: str) -> None:
    page = people.sign_in("admin")
    page.context.clear_cookies()
    page.goto("/login/")
    with scheme(page, theme):
        assert violations(page) == []


LABEL_STATES: dict[str, Callable[[Bench], None]] = {
    "ready": lambda bench: None,
    "why": lambda bench: bench.press("w"),
    "keys": lambda bench: bench.press("?"),
    "skip": lambda bench: bench.press("s"),
    "channels": lambda bench: bench.page.get_by_test_id("channels-button").click(),
    "open question": lambda bench: bench.press("Enter"),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", LABEL_STATES)
def test_the_label_page_meets_the_guidelines(people: People, state: str, theme: str) -> None:
    page = people.sign_in("annotator2")
    with scheme(page, theme):
        bench = Bench(page).open()
        LABEL_STATES[state](bench)
        assert violations(page) == []


def test_the_keyboard_reaches_everything_and_is_seen_there(people: People) -> None:
    page = people.sign_in("annotator2")
    Bench(page).open()
    page.evaluate("() => document.activeElement.blur()")
    wanted = set(
        page.locator("#bench-work button:visible:not(:disabled), #bench-work select:visible").evaluate_all(
            "all => all.filter((one) => one.tabIndex >= 0).map((one) => one.dataset.testid || one.id).filter(Boolean)"
        )
    )
    reached, unmarked = set(), []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if at["isBody"]:  # past the last one; the next is the first
            continue
        reached.add(at["name"])
        if not at["isMarked"]:
            unmarked.append(at["name"])
        if not wanted - reached:
            break
    assert wanted - reached == set()
    assert unmarked == []


#: how many lines each answer's words take, and the tools above the traces
LINES_OF_WORDS = """() => [...document.querySelectorAll(".row-words .answer .word")]
    .map((word) => Math.round(word.getBoundingClientRect().height / parseFloat(getComputedStyle(word).lineHeight)))"""
LINES_OF_TOOLS = """() => new Set([...document.getElementById("trace-tools").children]
    .filter((tool) => tool.offsetHeight)
    .map((tool) => Math.round((tool.offsetTop + tool.offsetHeight / 2) / 10))).size"""


@pytest.mark.parametrize("size", TABLETS, ids=["upright", "across"])
def test_the_label_page_can_be_used_on_a_tablet(people: People, size: dict[str, int]) -> None:
    page = people.sign_in("annotator2")
    page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of Playwright's
    bench = Bench(page).open()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    for test_id in ("video", "submit", "skip", "cant-tell", "bad-signal", "overlay"):
        shown = page.get_by_test_id(test_id).first
        shown.scroll_into_view_if_needed()
        expect(shown).to_be_in_viewport(ratio=0.5)
    assert bench.text("progress-text")
    assert page.evaluate(LINES_OF_WORDS) == [1] * 9, "an answer of one word is broken"


def test_at_1280_by_720_nothing_on_the_label_page_scrolls(people: People) -> None:
    page = people.sign_in("annotator2")
    Bench(page).open()
    assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    for test_id in ("submit", "skip", "undo", "overlay"):
        expect(page.get_by_test_id(test_id)).to_be_in_viewport(ratio=1)
    assert page.evaluate(LINES_OF_TOOLS) == 1


def test_nothing_moves_for_who_wants_no_motion(people: People) -> None:
    page = people.sign_in("annotator2")
    page.emulate_media(reduced_motion="reduce")
    bench = Bench(page).open()
    assert page.evaluate(MOVING) == 0
    assert bench.video.evaluate("video => video.paused")
    page.goto("/studies/demo/")
    assert page.evaluate(MOVING) == 0
