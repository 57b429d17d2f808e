"""What a person answers on the label page is never lost: drafts, skips, undo, and a network that goes away."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.bench import Bench
from tests.e2e.browser import People, people_at
from tests.e2e.system import System

LABELLER = "annotator2"
SLUG = "sam"
IMPORT_MS = 180_000
OFFLINE = r"ERR_INTERNET_DISCONNECTED|ERR_FAILED"


@pytest.fixture(scope="module")
def study(browser: Browser, system: System) -> str:
    """A study of its own, made on the pages by its admin: two recordings of one subject, 9-point scales."""
    folder = system.var / "import" / SLUG
    sessions = sorted((system.var / "demo" / "recordings" / "Sessions").iterdir(), key=lambda path: int(path.name))
    for session in sessions[:2]:
        shutil.copytree(session, folder / "Sessions" / session.name)
    with people_at(browser, system) as people:
        page = people.sign_in("admin")
        make_study(page)
        add_annotator(page)
        import_folder(page, str(folder))
    return SLUG


def make_study(page: Page) -> None:
    page.get_by_role("link", name="New study").click()
    page.get_by_label("Title").fill("Scales (simulated)")
    page.get_by_label("Short name").fill(SLUG)
    page.get_by_role("radio", name=re.compile("9-point SAM")).check()
    page.get_by_role("button", name="Create study").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Scales (simulated)")


def add_annotator(page: Page) -> None:
    page.goto(f"/studies/{SLUG}/people/")
    page.get_by_label("Username").fill(LABELLER)
    page.get_by_label("Role").select_option("annotator")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_test_id("people")).to_contain_text(LABELLER)


def import_folder(page: Page, folder: str) -> None:
    page.goto(f"/studies/{SLUG}/import/")
    form = page.get_by_test_id("server-form")
    form.get_by_label("Folder, manifest or S3 prefix").fill(folder)
    form.get_by_role("button", name="Import").click()
    ready = page.get_by_test_id("sessions").locator(".badge.ok")
    expect(ready).to_have_text(["ready", "ready"], timeout=IMPORT_MS)


@pytest.fixture
def bench(people: People, study: str) -> Bench:
    return Bench(people.sign_in(LABELLER), study).open()


def n_labelled(bench: Bench) -> int:
    return int(bench.claim()["progress"]["labelled_total"])


def test_scales_are_answered_by_keyboard(bench: Bench) -> None:
    clip_id, n_before = bench.clip_id, n_labelled(bench)
    assert bench.page.get_by_test_id("answer-valence").get_by_role("radio").count() == 9
    bench.press("9", "4", "2")
    assert [bench.is_checked(name) for name in ("valence-9", "arousal-4", "confidence-2")] == [True, True, True]
    bench.press("Enter")
    bench.wait_for_another_clip(clip_id)
    bench.wait_sent()
    assert n_labelled(bench) == n_before + 1
    label = bench.api("GET", f"/clips/{clip_id}")["label"]
    assert (label["values"], label["confidence"]) == ({"valence": 9, "arousal": 4}, 2)


def test_a_draft_outlives_a_reload(bench: Bench) -> None:
    page, clip_id = bench.page, bench.clip_id
    bench.press("7", "n")
    page.keyboard.type("looks away")
    bench.press("Escape")
    expect(page.get_by_test_id("saved-state")).to_have_attribute("data-saved", "saved")
    assert bench.task()["draft"]["values"] == {"valence": 7}
    page.reload()
    bench.wait_for_clip(clip_id)
    assert bench.is_checked("valence-7")
    expect(page.get_by_test_id("note")).to_have_value("looks away")
    page.get_by_test_id("valence-2").click()
    page.reload()  # at once: without the time to reach the server
    bench.wait_for_clip(clip_id)
    assert bench.is_checked("valence-2")


def test_what_is_missing_is_said(bench: Bench) -> None:
    clip_id, n_before = bench.clip_id, n_labelled(bench)
    bench.page.get_by_test_id("valence-3").click()
    bench.press("Enter")
    expect(bench.page.get_by_test_id("bench-message")).to_contain_text("Still open: Arousal")
    assert (bench.clip_id, n_labelled(bench)) == (clip_id, n_before)


def test_undo_brings_the_clip_back_with_its_answer(bench: Bench) -> None:
    clip_id, n_before = bench.clip_id, n_labelled(bench)
    bench.page.get_by_test_id("valence-8").click()
    bench.press("1", "3", "Enter")
    bench.wait_for_another_clip(clip_id)
    bench.wait_sent()
    assert n_labelled(bench) == n_before + 1
    bench.press("u")
    bench.wait_for_clip(clip_id)
    assert [bench.is_checked(name) for name in ("valence-8", "arousal-1", "confidence-3")] == [True, True, True]
    assert n_labelled(bench) == n_before


def test_a_skipped_clip_does_not_come_back(bench: Bench) -> None:
    clip_id = bench.clip_id
    bench.press("s")
    dialog = bench.page.get_by_test_id("skip-dialog")
    expect(dialog).to_be_visible()
    bench.press("2", "Enter")
    expect(dialog).to_be_hidden()
    bench.wait_for_another_clip(clip_id)
    bench.wait_sent()
    bench.page.reload()
    bench.wait_ready()
    assert clip_id not in [task["clip_id"] for task in bench.claim()["held"]]


def test_an_answer_outlives_the_network(bench: Bench, people: People) -> None:
    page, clip_id, n_before = bench.page, bench.clip_id, n_labelled(bench)
    people.watch.allow(OFFLINE)
    page.context.set_offline(True)
    bench.press("5", "5", "2", "Enter")
    expect(page.get_by_test_id("net-state")).to_have_text("offline, 1 label kept here")
    bench.wait_for_another_clip(clip_id)  # the reserve goes on
    page.context.set_offline(False)
    bench.wait_sent()
    assert n_labelled(bench) == n_before + 1
    assert len(people.watch.sent("POST", f"/clips/{clip_id}/submit")) == 1


def test_an_answer_whose_receipt_was_lost_is_stored_once(bench: Bench, people: People) -> None:
    page, clip_id, n_before = bench.page, bench.clip_id, n_labelled(bench)
    people.watch.allow(OFFLINE)
    answered: list[int] = []

    def lose_the_first(route: Route) -> None:
        answer = route.fetch()
        answered.append(answer.status)
        if len(answered) == 1:
            route.abort()
        else:
            route.fulfill(response=answer)

    page.route(f"**/clips/{clip_id}/submit", lose_the_first)
    bench.press("6", "4", "1", "Enter")
    bench.wait_for_another_clip(clip_id)
    expect(page.get_by_test_id("previous")).to_have_attribute("data-sent", "true")
    bench.wait_sent()
    assert answered == [200, 200]
    assert n_labelled(bench) == n_before + 1
