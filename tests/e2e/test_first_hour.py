"""A newcomer's first hour, set up by the study's admin on the pages and gone through in a browser of one's own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.bench import Bench
from tests.e2e.browser import People, people_at
from tests.e2e.system import System

SLUG, NEWCOMER = "first", "newcomer"
IMPORT_MS = 180_000
INSTRUCTIONS = """# Look first

Play the clip **twice**, then say

- how pleasant it is,
- how activated.

<script>document.title = "broken"</script>
"""
#: as the digits of the page: pleasant, activated
RIGHT, WRONG = ("3", "3"), ("1", "3")


@dataclass(frozen=True, slots=True)
class Taught:
    example: int
    practice: tuple[int, int]


@pytest.fixture(scope="module")
def taught(browser: Browser, system: System) -> Iterator[Taught]:
    """A study of its own with an example and two practice clips, whose newcomer has just been given an account."""
    folder = system.var / "import" / SLUG
    sessions = sorted((system.var / "demo" / "recordings" / "Sessions").iterdir(), key=lambda path: int(path.name))
    for session in sessions[:2]:
        shutil.copytree(session, folder / "Sessions" / session.name)
    system.passwords[NEWCOMER] = "seven quiet mornings"
    with people_at(browser, system) as people:
        page = people.sign_in("admin")
        make_study(page, str(folder))
        follow_the_next_step(page)
        clips = clips_of_a_session(page)
        add_clip(page, clips[0], "Example", "The corners of the mouth go up.")
        add_clip(page, clips[1], "Practice clip", "A broad smile, wide eyes.")
        add_clip(page, clips[2], "Practice clip", "The same smile, later.")
        set_up(page)
        add_newcomer(page, system.passwords[NEWCOMER])
    yield Taught(clips[0], (clips[1], clips[2]))
    del system.passwords[NEWCOMER]


def make_study(page: Page, folder: str) -> None:
    page.get_by_role("link", name="New study").click()
    page.get_by_label("Title").fill("First hour (simulated)")
    page.get_by_label("Short name").fill(SLUG)
    page.get_by_text("Onboarding of new annotators").click()
    page.get_by_label("Practice clips planned").fill("2")
    page.get_by_role("button", name="Create study").click()
    page.goto(f"/studies/{SLUG}/import/")
    form = page.get_by_test_id("server-form")
    form.get_by_label("Folder, manifest or S3 prefix").fill(folder)
    form.get_by_role("button", name="Import").click()
    expect(page.get_by_test_id("sessions").locator(".badge.ok")).to_have_text(["ready", "ready"], timeout=IMPORT_MS)


def follow_the_next_step(page: Page) -> None:
    """The study says what is to be chosen, and leads there; the page says where the clips are."""
    page.goto(f"/studies/{SLUG}/")
    expect(page.locator(".message.info")).to_contain_text("still to be chosen: practice clips 0 of 2")
    page.get_by_role("link", name="Choose example and gold clips").click()
    expect(page.get_by_test_id("choosing")).to_contain_text("practice clips 0 of 2")
    page.get_by_role("link", name="session’s page").click()


def clips_of_a_session(page: Page) -> list[int]:
    """As the links of the session's page name them."""
    page.get_by_test_id("sessions").get_by_role("link").first.click()
    links = page.get_by_test_id("clips").get_by_role("link", name=re.compile("in the onboarding"))
    found = [link.get_attribute("href") or "" for link in links.all()]
    assert len(found) >= 4
    return [int(address.rsplit("=", 1)[1]) for address in found]


def add_clip(page: Page, clip_id: int, kind: str, explanation: str) -> None:
    page.goto(f"/studies/{SLUG}/onboarding/clips/new/?clip={clip_id}")
    page.get_by_role("radio", name=kind).check()
    page.get_by_label("Explanation").fill(explanation)
    page.get_by_role("checkbox", name="pleasant", exact=True).check()
    page.get_by_role("checkbox", name="activated").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_test_id("teaching-clips")).to_contain_text(explanation)


def set_up(page: Page) -> None:
    expect(page.get_by_test_id("choosing")).to_have_count(0)
    form = page.get_by_test_id("onboarding-form")
    form.get_by_label("Instructions").fill(INSTRUCTIONS)
    form.get_by_label("Share of practice clips").fill("1")
    form.get_by_label("Lead new annotators").check()
    form.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("Saved")


def add_newcomer(page: Page, password: str) -> None:
    page.goto(f"/studies/{SLUG}/people/")
    page.get_by_label("Username").fill(NEWCOMER)
    page.get_by_label("Role").select_option("annotator")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Add").click()
    row = page.get_by_test_id("people").get_by_role("row", name=re.compile(NEWCOMER))
    expect(row).to_contain_text("not begun")


def test_instructions_examples_practice_and_then_the_queue(people: People, taught: Taught) -> None:
    page = people.sign_in(NEWCOMER)
    page.get_by_role("link", name="First hour (simulated)").click()
    page.get_by_role("link", name="Label").first.click()
    reads_the_instructions(page)
    looks_at_the_example(page, taught)
    bench = Bench(page, SLUG).wait_ready()
    answers_one_wrong(bench, taught)
    repeats_and_passes(bench, taught)
    the_queue_is_like_any_queue(bench, taught)


def reads_the_instructions(page: Page) -> None:
    expect(page).to_have_url(re.compile(f"/studies/{SLUG}/first-hour/$"))
    text = page.get_by_test_id("instructions")
    expect(text.get_by_role("heading", name="Look first")).to_be_visible()
    expect(text.get_by_role("listitem")).to_have_text(["how pleasant it is,", "how activated."])
    expect(text).to_contain_text("<script>")
    expect(page).not_to_have_title("broken")
    page.get_by_test_id("next-step").click()


def looks_at_the_example(page: Page, taught: Taught) -> None:
    bench = Bench(page, SLUG)
    bench.wait_for_clip(taught.example)
    expect(page.get_by_test_id("example")).to_contain_text("Example 1 of 1")
    expect(page.get_by_test_id("explanation")).to_have_text("The corners of the mouth go up.")
    assert [bench.is_checked(name) for name in ("valence-2", "arousal-2")] == [True, True]
    expect(page.get_by_test_id("valence-0")).to_be_disabled()
    expect(page.get_by_test_id("submit")).to_be_disabled()
    bench.press("1", "Enter")  # nothing to answer here
    assert bench.is_checked("valence-2")
    page.get_by_test_id("next-example").click()


def answer(bench: Bench, digits: tuple[str, str]) -> None:
    bench.wait_ready()
    bench.page.get_by_test_id("answer-valence").get_by_role("radio").first.focus()
    bench.press(*digits, "2", "Enter")


def answers_one_wrong(bench: Bench, taught: Taught) -> None:
    page = bench.page
    feedback, explanation = page.get_by_test_id("feedback"), page.get_by_test_id("feedback-explanation")
    bench.wait_for_clip(taught.practice[0])
    expect(page.get_by_test_id("first-hour")).to_contain_text("Practice clip 1 of 2")
    expect(page.get_by_test_id("skip")).to_be_hidden()
    answer(bench, WRONG)
    expect(feedback).to_be_visible()
    expect(feedback).to_contain_text("Not as accepted")
    expect(feedback).to_contain_text("Answered otherwise: Valence.")
    expect(explanation).to_have_text("A broad smile, wide eyes.")
    bench.press("Enter")
    expect(feedback).to_be_hidden()
    expect(page.get_by_test_id("undo")).to_be_disabled()
    bench.wait_for_clip(taught.practice[1])
    answer(bench, RIGHT)
    expect(feedback).to_contain_text("As accepted")
    expect(page.get_by_test_id("feedback-end")).to_contain_text("You answered 1 of 2 practice clips as accepted; 2 are")
    bench.press("Enter")
    expect(page.get_by_test_id("bench-state")).to_contain_text("Talk to admin, or repeat them")


def repeats_and_passes(bench: Bench, taught: Taught) -> None:
    page = bench.page
    page.get_by_test_id("state-first-hour").click()
    expect(page.get_by_test_id("not-passed")).to_contain_text("You answered 1 of 2 practice clips as accepted")
    page.get_by_test_id("next-step").click()
    bench.wait_for_clip(taught.practice[0])
    answer(bench, RIGHT)
    bench.wait_for_clip(taught.practice[1])
    expect(page.get_by_test_id("feedback")).to_be_hidden()  # only the first time
    answer(bench, RIGHT)
    expect(page.get_by_test_id("feedback-end")).to_have_text("You are through: your queue is open.")
    bench.press("Enter")


def the_queue_is_like_any_queue(bench: Bench, taught: Taught) -> None:
    page = bench.page
    bench.wait_ready()
    expect(page.get_by_test_id("first-hour")).to_be_hidden()
    expect(page.get_by_test_id("skip")).to_be_visible()
    expect(page.get_by_test_id("progress-text")).to_contain_text("clip 1 of today’s")
    assert not {task["clip_id"] for task in bench.claim()["held"]} & {taught.example, *taught.practice}
    clip_id = bench.clip_id
    answer(bench, WRONG)
    bench.wait_for_another_clip(clip_id)
    bench.wait_sent()
    expect(page.get_by_test_id("feedback")).to_be_hidden()
    bench.press("u")
    bench.wait_for_clip(clip_id)


def test_the_admin_sees_how_the_newcomer_did(people: People, taught: Taught) -> None:
    page = people.sign_in("admin")
    page.goto(f"/studies/{SLUG}/people/")
    row = page.get_by_test_id("people").get_by_role("row", name=re.compile(NEWCOMER))
    expect(row).to_contain_text("passed, time 2")
    expect(row).to_contain_text("2 of 2")
    page.get_by_role("link", name="Onboarding").click()
    practised = page.get_by_test_id("teaching-clips").get_by_role("row", name=f"{taught.practice[0]} Practice clip")
    expect(practised).to_contain_text("1 of 2")


def test_a_draft_goes_on_on_a_second_device_and_the_newer_one_wins(people: People, taught: Taught) -> None:
    first, second = Bench(people.sign_in(NEWCOMER), SLUG), Bench(people.sign_in(NEWCOMER), SLUG)
    first.open()
    clip_id = first.clip_id
    first.page.get_by_test_id("valence-0").click()
    first.press("n")
    first.page.keyboard.type("seen on the first device")
    expect(first.page.get_by_test_id("saved-state")).to_have_attribute("data-saved", "saved")
    second.open()
    assert second.clip_id == clip_id
    expect(second.page.get_by_test_id("note")).to_have_value("seen on the first device")
    assert second.is_checked("valence-0")
    second.page.get_by_test_id("valence-1").click()
    expect(second.page.get_by_test_id("saved-state")).to_have_attribute("data-saved", "saved")
    first.page.reload()
    first.wait_for_clip(clip_id)
    assert first.is_checked("valence-1")  # the first device's own copy is older


def test_a_break_is_offered_quietly_and_never_over_a_playing_clip(people: People, taught: Taught) -> None:
    bench = Bench(people.sign_in(NEWCOMER), SLUG).open()
    page, note = bench.page, bench.page.get_by_test_id("break-note")
    expect(note).to_be_hidden()
    page.evaluate(
        """() => {
          const { user_id } = JSON.parse(document.getElementById("bench-config").textContent), now = Date.now();
          localStorage.setItem(`concord:breaks:${user_id}`, JSON.stringify({ since: now - 46 * 60_000, last: now }));
        }"""
    )
    expect(note).to_contain_text("46 minutes without a pause")
    bench.press("Space")
    expect(page.get_by_test_id("play")).to_have_attribute("aria-label", "Pause")
    expect(note).to_be_hidden()
    bench.press("Space")
    expect(note).to_be_visible()
    bench.press("2")  # in nobody's way
    page.get_by_test_id("break-close").click()
    expect(note).to_be_hidden()
    page.reload()
    bench.wait_ready()
    expect(note).to_be_hidden()
