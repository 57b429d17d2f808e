"""What people see of the choice of clips: why this clip, by what to judge it, bad sensors, and the settings."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.bench import Bench
from tests.e2e.browser import People
from tests.e2e.scenes import LABELLER, SLUG
from tests.e2e.system import System

HOME = f"/studies/{SLUG}/"


@pytest.fixture(scope="module")
def scene(system: System) -> System:
    play(system, "make(); scenes.send_to_quality")
    return system


def play(system: System, what: str) -> None:
    system.manage("shell", "-c", f"from tests.e2e import scenes; scenes.{what}()")


def tab_to(page: Page, target: Locator) -> None:
    """By the Tab key alone, as somebody without a mouse."""
    for _ in range(80):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the Tab key does not lead there")


def api(page: Page, path: str) -> Any:
    return Bench(page, SLUG).api("GET", path)


def test_a_clip_with_a_bad_eeg_says_so_before_and_why_on_demand(scene: System, people: People) -> None:
    bench = Bench(people.sign_in(LABELLER), SLUG).open()
    page, notices, panel = bench.page, bench.page.get_by_test_id("notices"), bench.page.get_by_test_id("why-panel")
    expect(notices).to_be_empty()
    play(scene, "say_why")
    bench.open()
    expect(notices.locator("p")).to_have_text(
        ["Judge by the face only: the EEG is bad here.", re.compile("^A second opinion: ")]
    )
    expect(page.get_by_test_id("answers")).to_have_accessible_description(re.compile("Judge by the face only"))
    box = page.get_by_test_id("submit").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 720, "the answer can be given without scrolling"
    expect(panel).to_be_hidden()
    bench.press("w")
    expect(panel).to_be_visible()
    for said in (
        "Entropy of the prediction",
        "Drawn at random",
        "Judge by the face only",
        "0.812",
        "arousal 0.125, valence 0.750",
    ):
        expect(panel).to_contain_text(said)
    expect(panel).not_to_contain_text("0.7,")
    assert "probabilities" not in str(bench.task())
    bench.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.get_by_test_id("why-button")).to_be_focused()


def test_an_admin_judges_bad_sensors_by_keyboard(scene: System, people: People) -> None:
    page = people.sign_in("admin")
    page.goto(f"{HOME}sessions/")
    page.get_by_role("link", name="Quality list").click()
    rows = page.locator("tr[data-clip]")
    first = rows.first
    clip_id = first.get_attribute("data-clip")
    expect(first).to_have_attribute("data-standing", "waiting")
    expect(first).to_contain_text("flat 95 %, line noise 40 %")
    bad = page.locator(f"#bad-{clip_id}")
    tab_to(page, bad)
    page.keyboard.press("Enter")
    expect(page.locator(f"#clip-{clip_id}")).to_have_attribute("data-standing", "bad")
    expect(page.get_by_test_id("quality-said")).to_have_text(
        re.compile(r"^Clip \d+ of session .*: the sensor is bad\.$")
    )
    expect(bad).to_be_focused()
    n_waiting = rows.count() - 1
    expect(page.get_by_role("link", name=re.compile("^To judge"))).to_have_text(re.compile(rf"{n_waiting}$"))
    said = api(page, f"/studies/{SLUG}/quality?show=bad")
    assert [str(clip["id"]) for clip in said["clips"]] == [clip_id]
    assert [word["by"] for word in said["clips"][0]["verdicts"]] == ["admin"]

    page.get_by_role("button", name=re.compile("^The signal is fine in all")).click()
    expect(page.get_by_test_id("quality")).to_contain_text("Every clip here is judged")
    assert api(page, f"/studies/{SLUG}/quality")["counts"]["fine"] == n_waiting


def test_the_session_opens_at_the_clip(scene: System, people: People) -> None:
    page = people.sign_in("researcher")
    page.goto(f"{HOME}sessions/quality/?show=all")
    clip = api(page, f"/studies/{SLUG}/quality?show=all")["clips"][1]
    page.locator(f"#clip-{clip['id']}").get_by_role("link", name=re.compile("^Look at clip")).click()
    viewer = page.locator("#viewer")
    expect(viewer).to_have_attribute("data-state", "ready")
    page.wait_for_function(
        "at_s => { const { cursorS, videoTime } = document.getElementById('viewer').dataset;"
        " return Number(videoTime) > 0 && Math.abs(Number(cursorS) - at_s) < 0.1; }",
        arg=clip["start_s"],
    )


def test_the_settings_are_saved_and_a_bad_one_is_told_at_its_field(scene: System, people: People) -> None:
    page = people.sign_in("admin")
    page.goto(HOME)
    expect(page.get_by_test_id("serving")).to_contain_text("no model has learned yet")
    page.get_by_role("link", name="How clips are chosen").click()
    form = page.get_by_test_id("acquisition-form")
    form.get_by_label("Strategy").select_option(label="EEG and face disagree, both signals good")
    least = form.get_by_label("Least quality of a modality")
    least.fill("1.5")
    form.get_by_role("button", name="Save").click()
    expect(form.locator(".errorlist")).to_have_text(["Expected 0..1, got 1.5."])
    expect(least).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Strategy")).to_have_value("gated-consistency")
    least.fill("0.4")
    least.press("Enter")
    expect(page.locator("#messages")).to_contain_text("The settings are saved")
    said = api(page, f"/studies/{SLUG}/acquisition")
    assert (said["strategy"], said["min_quality"], said["is_gated"]) == ("gated-consistency", 0.4, True)
