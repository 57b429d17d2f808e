"""Somebody measures their reaction lag: a hand that follows the dot a quarter of a second late is found to do so."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.browser import People

LAG_MS, TOLERANCE_MS = 250, 40
#: what the server answers to a minute that measured nothing, and what the browser makes of it
REFUSED = r"HTTP 422: POST .*/calibrations$|Failed to load resource: .* 422 .*/calibrations\)"
#: the minute and its countdown, by the page's clock
WHOLE_MS = 64_500
#: a hand that goes where the dot was so long before
FOLLOW = """
(lag_ms) => {
  const part = (name) => document.querySelector(`#calibration [data-part=${name}]`);
  const go = (share) => {
    const box = part("rail").getBoundingClientRect();
    const at = { clientX: box.left + box.width / 2, clientY: box.bottom - share * box.height };
    part("field").dispatchEvent(new PointerEvent("pointermove", { ...at, pointerType: "mouse", bubbles: true }));
  };
  setInterval(() => {
    const share = parseFloat(part("dot").style.bottom || "50") / 100;
    setTimeout(() => go(share), lag_ms);
  }, 20);
}
"""


def opened(people: People, name: str) -> Page:
    """The page, on a clock that runs when it is told to."""
    page = people.sign_in(name)
    page.clock.install()
    page.goto("/studies/demo/calibration/")
    return page


def test_a_hand_is_measured_by_how_late_it_follows(people: People) -> None:
    page = opened(people, "annotator2")
    page.evaluate(FOLLOW, LAG_MS)
    page.get_by_test_id("calibration-start").click()
    page.clock.run_for(WHOLE_MS)
    expect(page.get_by_test_id("calibration")).to_have_attribute("data-state", "measured")
    page.reload()
    newest = page.get_by_test_id("lags").get_by_role("row").nth(1).get_by_role("cell").all_inner_texts()
    assert newest[1] == "Mouse or finger"
    assert abs(float(newest[2]) - LAG_MS) <= TOLERANCE_MS
    assert float(newest[3]) > 0.9


def test_a_hand_that_rests_is_refused_in_a_sentence(people: People) -> None:
    people.watch.allow(REFUSED)
    page = opened(people, "annotator2")
    page.get_by_test_id("calibration-start").click()
    page.clock.run_for(WHOLE_MS)
    expect(page.get_by_test_id("calibration")).to_have_attribute("data-state", "refused")
    expect(page.get_by_test_id("calibration-said")).to_have_text(re.compile(r"\w+.*\."))


def test_a_minute_that_is_interrupted_is_begun_anew(people: People) -> None:
    page = opened(people, "annotator2")
    page.get_by_test_id("calibration-start").click()
    page.clock.run_for(10_000)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("calibration")).to_have_attribute("data-state", "interrupted")
    expect(page.get_by_test_id("calibration-start")).to_be_enabled()
