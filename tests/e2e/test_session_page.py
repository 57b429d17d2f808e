"""A session in a real browser: looked at, its clocks and channels set right by keyboard, told on every page."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from mlcore.types import ClockMap, JsonObject
from tests.e2e.bench import Bench
from tests.e2e.browser import People

#: a rebuild finds faces in 20 s of video
REBUILD_MS = 240_000
#: by how much the points move the EEG against the face, s: the third does not fit the others
SHIFT_S = 0.1
POINTS_S = ((2.0, SHIFT_S), (9.0, SHIFT_S + 0.03), (16.0, SHIFT_S))
#: what those leave: 10, 20 and 10 ms off the best line; times are typed to 0.1 ms
RESIDUAL_MS = 14.14
#: true once the frame that was asked for is on screen
SETTLED = "() => { const v = document.querySelector('video.is-shown'); return v && !v.seeking && v.readyState >= 2; }"
DRAWN = "() => Number(document.getElementById('pane').dataset.rows) > 0"


@dataclass(frozen=True, slots=True)
class SessionPage:
    page: Page
    session_id: int

    def open(self, end: str = "") -> SessionPage:
        self.page.goto(f"/studies/demo/sessions/{self.session_id}/{end}")
        expect(self.viewer).to_have_attribute("data-state", "ready")
        self.page.wait_for_function(DRAWN)
        self.settle()
        return self

    def settle(self) -> None:
        self.page.wait_for_function(SETTLED)

    @property
    def viewer(self) -> Locator:
        return self.page.locator("#viewer")

    def number(self, name: str) -> float:
        return float(self.viewer.get_attribute(f"data-{name}") or "nan")

    def wait_number(self, name: str, expected: float, tolerance: float) -> None:
        self.page.wait_for_function(
            "([name, expected, tolerance]) =>"
            " Math.abs(Number(document.getElementById('viewer').getAttribute(name)) - expected) <= tolerance",
            arg=[f"data-{name}", expected, tolerance],
        )

    def wait_on_frame(self, clock: ClockMap) -> None:
        """The cursor stands where the frame on screen says: the video comes after what a key asked for."""
        self.page.wait_for_function(
            "([offset_s, drift]) => { const d = document.getElementById('viewer').dataset;"
            " return Math.abs(offset_s + (1 + drift) * Number(d.videoTime) - Number(d.cursorS)) < 0.001; }",
            arg=[clock.offset_s, clock.drift],
        )

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, target: Locator) -> None:
        """By the Tab key alone, as somebody without a mouse."""
        for _ in range(80):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError("the Tab key does not lead there")

    def said(self) -> JsonObject:
        found: JsonObject = Bench(self.page).api("GET", f"/studies/demo/sessions/{self.session_id}")
        return found

    def clock(self) -> ClockMap:
        said = self.said()
        return ClockMap(said["video_offset_s"], said["video_drift"], said["sync_residual_ms"], said["sync_method"])

    def wait_rebuilt(self) -> None:
        """The page follows the rebuild and shows the new session by itself."""
        expect(self.page.get_by_test_id("work")).not_to_have_attribute(
            "hx-trigger", re.compile("."), timeout=REBUILD_MS
        )
        expect(self.viewer).to_have_attribute("data-state", "ready")


@pytest.fixture
def shown(people: People) -> SessionPage:
    """The first session of the demo that has both streams and clips."""
    page = people.sign_in("admin")
    listed = Bench(page).api("GET", "/studies/demo/sessions")
    first = next(item for item in listed if item["has_eeg"] and item["has_video"] and item["n_clips"])
    return SessionPage(page, int(first["id"]))


def test_the_list_leads_to_the_session(shown: SessionPage) -> None:
    page = shown.page
    page.goto("/studies/demo/sessions/")
    row = page.locator(f"tr[data-session='{shown.session_id}']")
    expect(row.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile(r"EEG quality, lowest \d+ %; face quality")
    )
    row.get_by_role("link").click()
    expect(shown.viewer).to_have_attribute("data-state", "ready")


def test_one_cursor_moves_through_video_traces_and_overview(shown: SessionPage) -> None:
    shown.open()
    clock, clips = shown.clock(), shown.said()["clips"]
    shown.tab_to(shown.page.get_by_test_id("overview"))
    shown.press("ArrowRight", "ArrowRight")
    shown.wait_number("cursor-s", clips[1]["start_s"], 0.05)
    shown.wait_on_frame(clock)
    expect(shown.page.get_by_test_id("overview-said")).to_contain_text(
        re.compile(r"clip [01] · EEG \d+ %.* · face \d+ %")
    )
    expect(shown.page.get_by_test_id("overview")).to_have_attribute("aria-valuetext", re.compile("label"))
    shown.page.get_by_test_id("overlay").click(position={"x": 500, "y": 60})
    shown.settle()
    shown.press("ArrowRight")
    shown.settle()
    shown.wait_on_frame(clock)


def test_it_zooms_from_a_second_to_the_whole_and_pans(shown: SessionPage) -> None:
    shown.open()
    length = shown.page.get_by_test_id("timebase")
    for _ in range(5):
        shown.press(".")
    expect(length).to_have_value("1")
    start_s = shown.number("start-s")
    shown.press("]")
    shown.wait_number("start-s", start_s + 0.9, 1e-3)
    shown.press("a")
    said = shown.said()
    assert shown.number("stop-s") - shown.number("start-s") >= said["duration_s"] - 1e-3
    shown.page.wait_for_function(DRAWN)
    shown.page.get_by_test_id("overlay").hover()
    shown.page.keyboard.down("Control")
    shown.page.mouse.wheel(0, -300)
    shown.page.keyboard.up("Control")
    shown.page.wait_for_function(
        "whole_s => { const d = document.getElementById('viewer').dataset;"
        " return Number(d.stopS) - Number(d.startS) < whole_s - 1; }",
        arg=said["duration_s"],
    )


def test_playing_carries_the_view_along(shown: SessionPage) -> None:
    shown.open()
    for _ in range(5):
        shown.press(".")
    stop_s = shown.number("stop-s")
    shown.press("Space")
    shown.page.wait_for_function(
        "stop_s => Number(document.getElementById('viewer').dataset.startS) >= stop_s - 0.2", arg=stop_s
    )
    shown.press("Space")
    assert shown.number("start-s") <= shown.number("cursor-s") <= shown.number("stop-s")


def set_point(shown: SessionPage, *, video_s: float, shift_s: float, clock: ClockMap) -> None:
    """By keyboard: near the frame by its number, then on it frame by frame; the same in the EEG."""
    page = shown.page
    shown.tab_to(page.get_by_test_id("video-s"))
    page.keyboard.press("Control+a")
    page.keyboard.type(f"{video_s - 0.05:.3f}")
    page.keyboard.press("Enter")
    shown.wait_number("video-s", video_s - 0.05, 0.06)
    shown.settle()
    before_s = shown.number("video-s")
    page.get_by_test_id("stage").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before_s => Number(document.getElementById('viewer').dataset.videoS) > before_s + 0.01", arg=before_s
    )
    shown.settle()
    shown.tab_to(page.get_by_test_id("eeg-s"))
    page.keyboard.press("Control+a")
    page.keyboard.type(f"{clock.to_session(shown.number('video-s')) + shift_s:.4f}")
    page.keyboard.press("Enter")
    page.get_by_test_id("pane").focus()
    page.keyboard.press("Enter")


def test_points_set_by_keyboard_become_the_clocks(shown: SessionPage) -> None:
    """Three points by keyboard, a contradictory one refused; saved, rebuilt, and told on every page."""
    before = shown.open().clock()
    shown.open("sync/")
    page = shown.page
    for number, (video_s, shift_s) in enumerate(POINTS_S, 1):
        set_point(shown, video_s=video_s, shift_s=shift_s, clock=before)
        expect(page.get_by_test_id("points").locator("tbody tr")).to_have_count(number)
    expect(page.get_by_test_id("new-residual")).to_have_text(re.compile(r"^±14\.[0-3] ms$"))
    said = page.get_by_test_id("sync-said")
    expect(said).to_have_text(re.compile(r"Against the EEG the face moves by \+1[01]\d ms at the start"))
    set_point(shown, video_s=12.0, shift_s=-3.0, clock=before)
    expect(said).to_have_text(re.compile("contradict each other"))
    expect(page.get_by_test_id("save")).to_be_disabled()
    shown.tab_to(page.get_by_role("button", name="Remove point 3"))
    shown.press("Enter")
    expect(page.get_by_test_id("save")).to_be_enabled()
    shown.tab_to(page.get_by_test_id("save"))
    shown.press("Enter")
    expect(page.get_by_text("This session is being rebuilt")).to_be_visible()
    shown.wait_rebuilt()
    expect(page.get_by_test_id("residual")).to_have_text("±14 ms")
    after = shown.clock()
    assert after.method == "hand-set points"
    assert after.residual_ms == pytest.approx(RESIDUAL_MS, abs=0.3)
    assert after.to_session(9.0) == pytest.approx(before.to_session(9.0) + SHIFT_S + 0.01, abs=0.002)
    the_label_page_tells(shown)


def the_label_page_tells(shown: SessionPage) -> None:
    bench = Bench(shown.page).open_clip(int(shown.said()["clips"][0]["id"]))
    sign = bench.page.get_by_test_id("sync-state")
    expect(sign).to_have_text("sync ±14 ms")
    expect(sign).to_have_attribute("title", re.compile(r"related by: hand-set points\. .* within ±14\.\d ms"))


def test_what_was_set_is_taken_back(shown: SessionPage) -> None:
    shown.open()
    by_hand = shown.clock()
    assert by_hand.method == "hand-set points"  # by the test before
    shown.tab_to(shown.page.get_by_test_id("sync-clear"))
    shown.press("Enter")
    expect(shown.page.get_by_text("the clocks go back to what the files say")).to_be_visible()
    shown.wait_rebuilt()
    by_files = shown.clock()
    assert by_files.method != "hand-set points"
    assert by_hand.to_session(9.0) - by_files.to_session(9.0) == pytest.approx(SHIFT_S + 0.01, abs=0.002)


def test_a_channel_is_marked_as_bad(shown: SessionPage) -> None:
    shown.open()
    name = shown.said()["eeg_info"]["channels"][1]
    box = shown.page.get_by_test_id("channels").get_by_role("checkbox", name=re.compile(rf"^{name}\b"))
    shown.tab_to(box)
    shown.press("Space")
    shown.tab_to(shown.page.get_by_test_id("save-channels"))
    shown.press("Enter")
    expect(shown.page.get_by_text("1 channel is marked as bad.")).to_be_visible()
    shown.wait_rebuilt()
    expect(box).to_be_checked()
    expect(shown.page.get_by_test_id("channels")).to_contain_text("by hand")
    assert shown.said()["bad_channels"] == [name]


def test_a_researcher_looks_and_changes_nothing(people: People, shown: SessionPage) -> None:
    theirs = SessionPage(people.sign_in("researcher"), shown.session_id).open()
    expect(theirs.page.get_by_test_id("fix-sync")).to_have_count(0)
    expect(theirs.page.get_by_test_id("save-channels")).to_have_count(0)
    expect(theirs.page.get_by_test_id("channels").get_by_role("checkbox").first).to_be_disabled()
