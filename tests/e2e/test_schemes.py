"""A study that asks in every way: set up by the form, answered by keys, traces recorded while the clip plays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.bench import Bench
from tests.e2e.browser import People, people_at
from tests.e2e.scenes import LABELLER
from tests.e2e.system import System

SLUG, CHANGING = "kinds", "changing"
#: the trace runs for the clip's five seconds, after each countdown of three
PLAYED_MS = 40_000
QUESTIONS = ["Posed", "Emotion", "Affect", "Tension", "Valence", "Arousal"]


@pytest.fixture(scope="module")
def study(browser: Browser, system: System) -> str:
    with people_at(browser, system) as people:
        set_up(people.sign_in("admin"))
    system.manage("shell", "-c", f"from tests.e2e import scenes; scenes.fill({SLUG!r})")
    return SLUG


def set_up(page: Page) -> None:
    """Rows come from presets and by hand, are moved and taken out; what was typed before stays."""
    page.goto("/studies/new/")
    page.get_by_label("Title").fill("Every kind (simulated)")
    page.get_by_label("Short name").fill(SLUG)
    for preset in ("ekman6", "grid", "trace"):
        add_preset(page, preset)
    press(page, "Remove question 3", n_rows=3)  # of the two traces arousal stays, without ends
    write(page, 2, kind="unbounded_trace", words="calmer, more activated")
    add_preset(page, "trace")
    press(page, "Remove question 5", n_rows=4)
    add_row(page, title="Tension", kind="vas", words="none, much", levels="4")
    add_row(page, title="Posed", kind="class", words="yes")
    for number in (6, 5, 4, 3, 2):
        press(page, f"Up with question {number}", n_rows=6)
    page.get_by_role("button", name="Create study").click()
    expect(question(page, 0).locator(".errorlist")).to_have_text("Expected at least 2 classes, got 1.")
    expect(page.get_by_label("Title")).to_have_value("Every kind (simulated)")
    write(page, 0, words="yes, no")
    arrange(page)
    page.get_by_role("button", name="Create study").click()
    expect(page.get_by_test_id("scheme-facts").get_by_role("listitem")).to_have_count(len(QUESTIONS))


def arrange(page: Page) -> None:
    """Into the order of `QUESTIONS`, by the buttons."""
    for place, title in enumerate(QUESTIONS):
        at = titles(page).index(title)
        for number in range(at, place, -1):
            press(page, f"Up with question {number + 1}", n_rows=len(QUESTIONS))
    assert titles(page) == QUESTIONS


def titles(page: Page) -> list[str]:
    found: list[str] = page.locator(".question input[name$='-title']").evaluate_all(
        "all => all.map((one) => one.value)"
    )
    return found


def question(page: Page, number: int) -> Locator:
    return page.get_by_test_id(f"question-{number}")


def press(page: Page, name: str, *, n_rows: int) -> None:
    """A button of the editor, and the rows it leaves. The rows are new once they are here: the old ones are marked."""
    page.locator("#scheme-editor").evaluate("editor => { editor.dataset.old = 'yes' }")
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#scheme-editor[data-old]")).to_have_count(0)
    expect(page.locator(".question")).to_have_count(n_rows)


def add_preset(page: Page, preset: str) -> None:
    n_more = {"ekman6": 1, "grid": 1, "trace": 2}[preset]
    page.locator("#scheme_preset").select_option(preset)
    press(page, "Add these", n_rows=page.locator(".question").count() + n_more)


def add_row(page: Page, **fields: str) -> None:
    number = page.locator(".question").count()
    press(page, "Add a question", n_rows=number + 1)
    write(page, number, **fields)


def write(page: Page, number: int, **fields: str) -> None:
    row = question(page, number)
    for name, value in fields.items():
        field = row.locator(f"[name$='-{name}']")
        if name == "kind":
            field.select_option(value)
        else:
            field.fill(value)


@pytest.fixture
def bench(people: People, study: str) -> Bench:
    return Bench(people.sign_in(LABELLER), study).open()


def stage(bench: Bench) -> Locator:
    return bench.page.get_by_test_id("trace-stage")


def answer_all_but_traces(bench: Bench) -> None:
    """By keys: digits move on from the class; a digit for the emotion, one for how strong; arrows on grid and line."""
    bench.press("2", "4", "3", "6", "1", "Tab")
    bench.press("ArrowRight", "ArrowRight", "ArrowUp", "Tab")
    bench.press("ArrowRight", "PageUp", "ArrowLeft", "Tab")
    expect(bench.page.get_by_test_id("valence-record")).to_be_focused()


PLAIN = {"posed": 1, "emotion": {"joy": 3, "surprise": 1}, "affect": [6, 6], "tension": 59}


def wait_recording(bench: Bench, state: str = "recording") -> None:
    expect(stage(bench)).to_have_attribute("data-state", state, timeout=PLAYED_MS)


def wait_over(bench: Bench) -> None:
    expect(stage(bench)).to_have_count(0, timeout=PLAYED_MS)


def video_reaches(bench: Bench, share: float) -> None:
    """The clip has played so far, as its cursor says."""
    task = bench.task()
    at_s = task["start_s"] + share * (task["stop_s"] - task["start_s"])
    bench.page.wait_for_function("s => Number(document.getElementById('bench').dataset.cursorS) >= s", arg=at_s)


def record_by_keys(bench: Bench) -> None:
    page = bench.page
    bench.press("Enter")
    expect(page.get_by_test_id("trace-count")).to_contain_text("Valence in 3")
    wait_recording(bench)
    page.keyboard.down("ArrowUp")
    video_reaches(bench, 0.3)
    page.keyboard.up("ArrowUp")
    page.evaluate("() => window.dispatchEvent(new Event('blur'))")
    wait_recording(bench, "interrupted")
    expect(page.get_by_test_id("trace-state")).to_contain_text("lost the focus")
    assert bench.video.evaluate("video => video.paused")
    page.evaluate("() => window.dispatchEvent(new Event('focus'))")
    wait_recording(bench, "countdown")
    wait_recording(bench)
    page.keyboard.down("ArrowDown")
    wait_over(bench)
    page.keyboard.up("ArrowDown")


def test_a_clip_is_answered_in_every_way(bench: Bench, system: System) -> None:
    page, clip_id = bench.page, bench.clip_id
    answer_all_but_traces(bench)
    record_by_keys(bench)
    expect(page.get_by_test_id("valence-status")).to_contain_text("of the clip")
    record_by_wheel(bench)
    page.get_by_test_id("confidence-3").click()
    bench.press("Enter")
    bench.wait_for_another_clip(clip_id)
    bench.wait_sent()
    label = bench.api("GET", f"/clips/{clip_id}")["label"]
    traces = {row["dimension"]: row for row in traces_of(system) if row["label__clip_id"] == clip_id}
    assert {key: label["values"][key] for key in PLAIN} == PLAIN
    assert set(traces) == {"valence", "arousal"}
    for key, row in traces.items():
        assert label["values"][key] == row["label__values"][key]
        assert row["coverage"] >= 0.95
        assert row["clock"] == "video"
        check_events(row["events"])
    valence, arousal = traces["valence"]["events"], traces["arousal"]["events"]
    assert valence["device"].count("b") == valence["device"].count("e") == 2  # the window was left once
    assert set(valence["device"]) == set("bke")
    assert max(valence["value"]) > 0.2 > min(valence["value"])
    assert -1 <= min(valence["value"]) <= max(valence["value"]) <= 1
    assert set(arousal["device"]) == set("bwe")
    assert arousal["value"][-1] == pytest.approx(arousal["value"][0] + 3)


def record_by_wheel(bench: Bench) -> None:
    page = bench.page
    page.get_by_test_id("arousal-record").click()
    stage(bench).hover()
    wait_recording(bench)
    for _ in range(3):
        page.mouse.wheel(0, -100)
    wait_over(bench)
    expect(page.get_by_test_id("arousal-status")).to_contain_text("of the clip")


def check_events(events: dict[str, Any]) -> None:
    columns = [events[name] for name in ("video_s", "wall_ms", "value")]
    assert {len(column) for column in columns} == {len(events["device"])}
    for name in ("video_s", "wall_ms"):
        assert events[name] == sorted(events[name])


def traces_of(system: System) -> list[dict[str, Any]]:
    said = system.manage("shell", "-c", f"from tests.e2e import scenes; scenes.say_traces({SLUG!r})")
    found: list[dict[str, Any]] = json.loads(said.strip().splitlines()[-1])
    return found


def test_a_trace_with_gaps_needs_a_word_and_can_be_recorded_again_from_a_moment(bench: Bench, system: System) -> None:
    page, clip_id = bench.page, bench.clip_id
    answer_all_but_traces(bench)
    page.get_by_test_id("valence-record").click()
    wait_recording(bench)
    lead_by_mouse(bench, 0.1)
    video_reaches(bench, 0.5)
    page.get_by_test_id("trace-stop").click()
    wait_over(bench)
    page.get_by_test_id("confidence-2").click()
    bench.press("Enter")
    expect(page.get_by_test_id("bench-message")).to_contain_text("Still open: Valence")
    expect(page.get_by_test_id("valence-status")).to_contain_text("record the rest, or tick that it may have gaps")
    bench.click_traces(0.2)
    page.get_by_test_id("valence-again").click()
    wait_recording(bench)
    lead_by_mouse(bench, 0.9)
    video_reaches(bench, 0.6)
    bench.press("Escape")
    wait_over(bench)
    page.get_by_test_id("valence-gaps").check()
    expect(page.get_by_test_id("saved-state")).to_have_attribute("data-saved", "saved")
    page.reload()
    bench.wait_for_clip(clip_id)
    expect(page.get_by_test_id("valence-gaps")).to_be_checked()
    record_by_wheel(bench)
    page.get_by_test_id("submit").click()
    bench.wait_for_another_clip(clip_id)
    bench.wait_sent()
    row = next(row for row in traces_of(system) if (row["label__clip_id"], row["dimension"]) == (clip_id, "valence"))
    assert 0.4 < row["coverage"] < 0.95
    assert len(row["superseded"]) == 1
    check_events(row["events"])
    check_events(row["superseded"][0])
    assert "m" in row["events"]["device"]
    assert row["events"]["value"][-1] < 0 < max(row["superseded"][0]["value"])


def lead_by_mouse(bench: Bench, share: float) -> None:
    """To so far down the stage."""
    box = stage(bench).bounding_box()
    assert box is not None
    bench.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.5)
    bench.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * share, steps=4)


def test_undo_brings_everything_back(bench: Bench) -> None:
    page, clip_id = bench.page, bench.clip_id
    answer_all_but_traces(bench)
    page.get_by_test_id("valence-record").click()
    wait_over_after(bench)
    record_by_wheel(bench)
    page.get_by_test_id("confidence-1").click()
    bench.press("Enter")
    bench.wait_for_another_clip(clip_id)
    bench.wait_sent()
    bench.press("u")
    bench.wait_for_clip(clip_id)
    assert bench.is_checked("posed-1")
    assert page.get_by_test_id("affect-6-6").get_attribute("aria-selected") == "true"
    assert page.get_by_test_id("tension-line").get_attribute("aria-valuenow") == "59"
    expect(page.get_by_test_id("valence-status")).to_contain_text("of the clip")
    bench.press("Enter")
    expect(bench.root).not_to_have_attribute("data-clip-id", str(clip_id))
    bench.wait_sent()
    assert {key: bench.api("GET", f"/clips/{clip_id}")["label"]["values"][key] for key in PLAIN} == PLAIN


def wait_over_after(bench: Bench) -> None:
    wait_recording(bench)
    wait_over(bench)


def test_the_page_never_scrolls_and_each_target_is_large_enough(bench: Bench) -> None:
    page = bench.page
    heights = page.evaluate("() => [document.documentElement.scrollHeight, window.innerHeight]")
    assert heights[0] <= heights[1]
    small = (
        page.get_by_test_id("answers")
        .locator("button:visible, .cell, [role=slider]")
        .evaluate_all(
            "all => all.map((one) => [one.dataset.testid, one.getBoundingClientRect()])"
            ".filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name)"
        )
    )
    assert small == []


def test_questions_that_change_under_an_open_page_take_no_answer_and_lose_none(people: People, system: System) -> None:
    admin = people.sign_in("admin")
    make_changing_study(admin)
    system.manage("shell", "-c", f"from tests.e2e import scenes; scenes.fill({CHANGING!r})")
    bench = Bench(people.sign_in(LABELLER), CHANGING).open()
    page, clip_id, message = bench.page, bench.clip_id, bench.page.get_by_test_id("bench-message")
    for answer in ("valence-2", "arousal-1", "confidence-2"):
        page.get_by_test_id(answer).click()
    change_the_second_question(admin)
    people.watch.allow(r"409.*/submit")
    page.get_by_test_id("submit").click()
    expect(message).to_contain_text("The study's questions have changed since this form was opened")
    expect(message).to_contain_text("It is kept here as a draft of its clip.")
    page.get_by_test_id("reload-form").click()
    bench.wait_for_clip(clip_id)
    expect(message).to_be_hidden()
    assert bench.is_checked("valence-2")  # asked as before
    expect(page.get_by_test_id("answer-arousal").get_by_role("radio", checked=True)).to_have_count(0)
    expect(page.get_by_test_id("arousal-3")).to_contain_text("mixed")
    page.get_by_test_id("arousal-3").click()
    page.get_by_test_id("submit").click()
    bench.wait_for_another_clip(clip_id)
    bench.wait_sent()
    assert bench.api("GET", f"/clips/{clip_id}")["label"]["values"] == {"valence": 2, "arousal": 3}


def make_changing_study(page: Page) -> None:
    page.goto("/studies/new/")
    page.get_by_label("Title").fill("Changing (simulated)")
    page.get_by_label("Short name").fill(CHANGING)
    page.get_by_role("button", name="Create study").click()
    expect(page.get_by_test_id("scheme-facts").get_by_role("listitem")).to_have_count(2)


def change_the_second_question(page: Page) -> None:
    page.get_by_role("link", name="Change the questions").click()
    write(page, 1, words="calm, medium, activated, mixed")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("The scheme is saved.")


def test_rate_and_lag_of_traces_are_changed_after_the_questions_are_fixed(people: People, study: str) -> None:
    page = people.sign_in("admin")
    page.goto(f"/studies/{study}/")
    page.get_by_test_id("trace-reading").get_by_role("link", name="Change").click()
    form = page.get_by_test_id("traces-form")
    form.get_by_label("Rate of traces in a round").fill("10")
    form.get_by_label("Move traces by each annotator").check()
    form.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("Saved; the next round reads traces so.")
    page.goto(f"/studies/{study}/rounds/")
    expect(page.get_by_test_id("trace-reading")).to_contain_text("10 Hz, reaction lags applied")
