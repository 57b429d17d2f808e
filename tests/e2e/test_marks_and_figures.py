"""Marks and figures in a real browser: channels and intervals marked by hand, seen by others; the whole session in one
bar; the figures' numbers against what was recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect
from scipy import signal

from mlcore.nets.summary import BANDS_HZ
from mlcore.types import JsonObject
from tests.e2e.bench import MARGIN, Bench
from tests.e2e.browser import People
from tests.e2e.test_session_page import SessionPage
from tests.factories.tiles import read_answer

#: a click lands on a whole pixel, a seek on a whole frame
CLOSE_S = 0.1
#: beside what has a time axis among the figures, and between two of its windows
STRIP_LEFT_PX, STRIP_RIGHT_PX, STEP_S = 42, 92, 0.25


@dataclass(frozen=True, slots=True)
class Marks:
    """What is beside the traces, as a person finds it."""

    bench: Bench

    @property
    def page(self) -> Page:
        return self.bench.page

    def by_id(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def session_id(self, admin: Page) -> int:
        code = self.bench.task()["session"].split(" · ")
        listed = Bench(admin).api("GET", "/studies/demo/sessions")
        return int(next(one["id"] for one in listed if [one["subject"], one["code"]] == code))

    def said(self) -> JsonObject:
        found: JsonObject = self.bench.api("GET", f"/clips/{self.bench.clip_id}/marks")
        return found

    def open_channels(self) -> None:
        self.by_id("channels-button").click()
        expect(self.by_id("channels-panel")).to_be_visible()

    def row(self, channel: str) -> Locator:
        return self.page.locator(f"[data-channel='{channel}']")

    def toggle(self, channel: str) -> Locator:
        return self.row(channel).locator("button")

    def to(self, share: float) -> float:
        """The cursor at this share of the clip; where that is, from its start."""
        self.bench.click_traces(share * (1 - 2 * MARGIN) + MARGIN)
        self.bench.settle()
        return self.bench.cursor_s - float(self.bench.task()["start_s"])

    def chips(self) -> list[str]:
        return self.by_id("mark-list").get_by_role("button").all_inner_texts()


@pytest.fixture
def marks(people: People) -> Iterator[Marks]:
    """Leaves nothing marked."""
    found = Marks(Bench(people.sign_in("annotator")).open())
    yield found
    said, path, sent = found.said(), f"/api/v1/clips/{found.bench.clip_id}", found.page.request
    for one in said["intervals"]:
        sent.delete(f"{path}/interval-marks/{one['uuid']}", headers=headers(found.page))
    for one in said["bad_channels"]:
        if one["is_own"]:
            word = {"channel": one["name"], "is_bad": False}
            sent.post(f"{path}/channel-marks", data=word, headers=headers(found.page))


def headers(page: Page) -> dict[str, str]:
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie.get("name") == "csrftoken")
    return {"X-CSRFToken": token, "Referer": page.url}


def test_a_channel_marked_by_key_is_bad_for_everybody_until_it_is_taken_back(people: People, marks: Marks) -> None:
    eeg = marks.bench.task()["eeg"]
    channel = next(
        one["name"] for one in eeg["channels"][9:] if one["kind"] == "eeg" and one["name"] not in eeg["bad_channels"]
    )
    clean = marks.bench.ink()["share"]
    marks.open_channels()
    marks.row(channel).get_by_role("checkbox").focus()
    marks.bench.press("m")
    expect(marks.toggle(channel)).to_have_attribute("aria-pressed", "true")
    marks.by_id("bad-reason").fill("loose")
    marks.bench.press("Enter")
    expect(marks.by_id("bad-list")).to_contain_text(f"✕ {channel} marked as bad by you: loose")
    assert marks.bench.ink()["colours"] > 0
    assert marks.bench.ink()["share"] <= clean  # dimmed, not louder

    marks.page.reload()
    marks.bench.wait_ready()
    assert marks.bench.task()["eeg"]["bad_channels"][channel][0] == "hand"
    marks.open_channels()
    expect(marks.by_id("bad-list")).to_contain_text(f"✕ {channel} marked as bad by you: loose")

    admin = people.sign_in("admin")
    session = SessionPage(admin, marks.session_id(admin)).open()
    admin.get_by_test_id("channels-button").click()
    expect(admin.get_by_test_id("bad-list")).to_contain_text(f"✕ {channel} marked as bad by annotator: loose")
    expect(admin.get_by_test_id("waiting-channels")).to_contain_text(
        re.compile(rf"\b{channel}\b.*: marked or taken back since")
    )
    expect(admin.get_by_test_id("channel-words")).to_contain_text("by annotator")
    assert channel in session.said()["bad_channels"]

    marks.toggle(channel).click()
    expect(marks.toggle(channel)).to_have_attribute("aria-pressed", "false")
    admin.reload()
    expect(admin.get_by_test_id("channels")).to_be_visible()
    expect(admin.get_by_test_id("channel-words").filter(has_text=channel)).to_have_count(0)


def test_an_interval_is_made_by_keys_changed_and_deleted(people: People, marks: Marks) -> None:
    start = marks.to(0.3)
    marks.bench.press("i")
    expect(marks.by_id("mark-note")).to_contain_text(f"Interval from {start:.2f} s")
    stop = marks.to(0.6)
    size = marks.by_id("pane").bounding_box()
    marks.by_id("press-interval").click()  # where there are no keys
    expect(marks.by_id("mark-form")).to_be_visible()
    form, pane = marks.by_id("mark-form").bounding_box(), marks.by_id("pane").bounding_box()
    assert size is not None
    assert form is not None
    assert pane is not None
    assert form["y"] >= pane["y"] + pane["height"]  # it never covers the traces
    expect(marks.by_id("mark-kind")).to_be_focused()
    marks.bench.press("Tab", "Tab", "Tab", "Tab")
    marks.page.keyboard.type("blink xs 12")  # letters and digits are letters here
    marks.bench.press("Enter")
    expect(marks.by_id("mark-form")).to_be_hidden()
    (made,) = marks.said()["intervals"]
    task = marks.bench.task()
    assert (made["kind"], made["text"]) == ("artefact", "blink xs 12")
    assert made["start_s"] - task["start_s"] == pytest.approx(start, abs=CLOSE_S)
    assert made["stop_s"] - task["start_s"] == pytest.approx(stop, abs=CLOSE_S)
    assert marks.bench.clip_id == task["clip_id"]  # nothing typed here answered the clip

    marks.page.reload()
    marks.bench.wait_ready()
    marks.by_id("mark-list").get_by_role("button").click()
    marks.by_id("mark-kind").select_option("event")
    marks.by_id("mark-stop").fill(f"{start + 0.5:.2f}")
    marks.by_id("mark-save").click()
    expect(marks.by_id("mark-list")).to_contain_text("event")
    (edited,) = marks.said()["intervals"]
    assert (edited["kind"], edited["start_s"], edited["text"]) == ("event", made["start_s"], "blink xs 12")
    assert edited["stop_s"] - task["start_s"] == pytest.approx(start + 0.5, abs=0.006)

    admin = people.sign_in("admin")
    SessionPage(admin, marks.session_id(admin)).open()
    expect(admin.get_by_test_id("intervals").locator("tbody tr")).to_have_count(1)
    expect(admin.get_by_test_id("intervals")).to_contain_text("blink xs 12")
    other = Bench(people.sign_in("annotator2")).open()
    expect(other.page.get_by_test_id("mark-list").get_by_role("button")).to_have_count(0)

    marks.by_id("mark-list").get_by_role("button").click()
    marks.by_id("mark-delete").click()
    expect(marks.by_id("marks")).to_be_hidden()
    assert marks.said()["intervals"] == []


def test_an_interval_that_was_begun_can_be_dropped(marks: Marks) -> None:
    marks.bench.press("i")
    expect(marks.by_id("mark-note")).not_to_be_empty()
    marks.bench.press("Escape")
    expect(marks.by_id("marks")).to_be_hidden()
    marks.bench.press("i", "i")
    expect(marks.by_id("mark-note")).to_contain_text("one moment")
    marks.bench.press("Escape")


def test_an_interval_that_meets_no_network_is_sent_again_and_stored_once(people: People, marks: Marks) -> None:
    people.watch.allow(r"ERR_INTERNET_DISCONNECTED|Failed to load resource")
    marks.to(0.2)
    marks.bench.press("i")
    marks.to(0.5)
    marks.bench.press("i")
    marks.page.context.set_offline(True)
    marks.by_id("mark-save").click()
    expect(marks.by_id("mark-note")).to_contain_text("Not stored")
    expect(marks.by_id("mark-text")).to_be_disabled()
    marks.page.context.set_offline(False)
    marks.by_id("mark-save").click()
    expect(marks.by_id("mark-form")).to_be_hidden()
    assert len(marks.said()["intervals"]) == 1


def test_the_overview_shows_the_session_and_goes_where_one_may_look(people: People, marks: Marks) -> None:
    overview, task = marks.by_id("overview"), marks.bench.task()
    expect(overview).to_have_attribute("data-session", task["session"])
    assert overview.locator("canvas").evaluate(
        "canvas => new Set(new Uint32Array(canvas.getContext('2d')"
        ".getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"
    ) > 3  # fmt: skip
    box = overview.bounding_box()
    assert box is not None
    first_s, last_s = (float(overview.get_attribute(f"aria-value{end}") or "nan") for end in ("min", "max"))

    def click(session_s: float) -> None:
        share = (session_s - first_s) / (last_s - first_s)
        overview.click(position={"x": 72 + share * (box["width"] - 73), "y": 12})
        marks.bench.settle()

    wanted_s = task["start_s"] + 0.75 * (task["stop_s"] - task["start_s"])
    click(wanted_s)
    assert marks.bench.cursor_s == pytest.approx(wanted_s, abs=CLOSE_S)
    expect(marks.by_id("overview-said")).to_contain_text(re.compile(r"clip \d+ · EEG .*face"))
    expect(marks.by_id("overview-said")).not_to_contain_text("label")
    far_s = first_s if task["start_s"] - first_s > last_s - task["stop_s"] else last_s
    click(far_s)
    assert task["context_start_s"] - CLOSE_S <= marks.bench.cursor_s <= task["context_stop_s"] + CLOSE_S
    admin = Bench(people.sign_in("admin"))
    admin.open_clip(marks.bench.clip_id)
    admin.page.get_by_role("button", name="Close the message").click()
    admin.page.get_by_test_id("overview").hover()
    expect(admin.page.get_by_test_id("overview-said")).to_contain_text("label")


# --- figures ---------------------------------------------------------------------------------------------------------


def recorded(marks: Marks) -> tuple[JsonObject, NDArray[np.float64]]:
    """What the server has of the clip and its context."""
    task = marks.bench.task()
    url = f"{task['eeg']['url']}&start_s={task['context_start_s']}&stop_s={task['context_stop_s']}"
    header, values = read_answer(marks.page.request.get(url).body())
    return header, values[:, 0]


def open_figures(marks: Marks) -> None:
    marks.by_id("figures-toggle").click()
    wait_drawn(marks)


def wait_drawn(marks: Marks) -> None:
    expect(marks.by_id("figures")).to_have_attribute("data-state", "drawn")


def words(marks: Marks, name: str) -> str:
    return marks.by_id(f"figure-{name}").get_attribute("aria-label") or ""


def numbers(text: str) -> list[float]:
    return [float(one.replace("−", "-")) for one in re.findall(r"[−]?\d+(?:\.\d+)?(?= (?:%|µV²?|dB|Hz))", text)]


def on_screen(task: JsonObject, header: JsonObject, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The clip with its margins, as the traces show it."""
    margin_s = MARGIN * (task["stop_s"] - task["start_s"])
    first, last = (
        min(max(round((at - header["start_s"]) * header["sfreq"]), 0), values.shape[1])
        for at in (task["start_s"] - margin_s, task["stop_s"] + margin_s)
    )
    return values[:, first:last]


def used(marks: Marks, header: JsonObject) -> list[int]:
    bad = {one["name"] for one in marks.said()["bad_channels"]}
    return [row for row, one in enumerate(header["channels"]) if one["kind"] == "eeg" and one["name"] not in bad]


def bands_of(samples: NDArray[np.float64], sfreq: float) -> NDArray[np.float64]:
    segment = min(2 ** round(np.log2(2 * sfreq)), 2 ** int(np.log2(samples.shape[-1])))
    freqs_hz, psd = signal.welch(samples, sfreq, nperseg=segment)
    inside = [(freqs_hz >= low) & (freqs_hz < high) for low, high in BANDS_HZ]
    return np.stack([psd[..., one].sum(axis=-1) * freqs_hz[1] for one in inside], axis=-1)


def test_nothing_of_the_figures_is_loaded_before_they_are_opened(people: People, marks: Marks) -> None:
    loaded = "() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('plotly')).length"
    assert marks.page.evaluate(loaded) == 0
    open_figures(marks)
    assert marks.page.evaluate(loaded) == 1
    marks.page.reload()
    marks.bench.wait_ready()
    wait_drawn(marks)  # the browser remembers that it was open
    marks.by_id("figures-toggle").click()
    marks.page.reload()
    marks.bench.wait_ready()
    assert marks.page.evaluate(loaded) == 0


def test_the_figures_say_what_was_recorded(marks: Marks) -> None:
    task, (header, values) = marks.bench.task(), recorded(marks)
    rows, sfreq = used(marks, header), header["sfreq"]
    open_figures(marks)
    powers = bands_of(on_screen(task, header, values)[rows], sfreq)
    shares = 100 * np.mean(powers / powers.sum(axis=1, keepdims=True), axis=0)
    assert f"mean of {len(rows)} channels" in words(marks, "bands")
    *said_shares, strongest = numbers(words(marks, "bands"))
    assert said_shares == pytest.approx(shares.tolist(), abs=0.3)
    assert 0 < strongest <= 100

    name = header["channels"][rows[3]]["name"]
    marks.by_id("figure-channel").select_option(name)
    expect(marks.by_id("figure-spectrogram")).to_have_attribute("aria-label", re.compile(f"Spectrogram of {name}: "))
    one = on_screen(task, header, values)[rows[3]]
    segment = 2 ** round(np.log2(sfreq))
    step = max(segment // 8, int(np.ceil((len(one) - segment) / 120)))
    freqs_hz, _, power = signal.spectrogram(one, sfreq, window="hann", nperseg=segment, noverlap=segment - step)
    mean = np.where((freqs_hz > 0) & (freqs_hz <= 45), power.mean(axis=1), 0)
    peak_hz, peak_db = numbers(words(marks, "spectrogram"))
    assert peak_hz == pytest.approx(freqs_hz[mean.argmax()], abs=0.06)
    assert peak_db == pytest.approx(10 * np.log10(mean.max()), abs=0.2)

    marks.by_id("figure-topic").select_option("amplitude")
    marks.to(0.4)
    expect(marks.by_id("figures")).to_have_attribute("data-cursor-s", f"{marks.bench.cursor_s:.4f}")
    wait_drawn(marks)
    at = round((marks.bench.cursor_s - header["start_s"]) * sfreq)
    amplitudes = values[rows, at] - on_screen(task, header, values)[rows].mean(axis=1)
    said = words(marks, "map")
    assert said.startswith("Map of amplitude at the cursor")
    assert numbers(said) == pytest.approx([amplitudes.max(), amplitudes.min()], abs=0.6)
    assert f"highest at {header['channels'][rows[amplitudes.argmax()]]['name']} " in said


def test_bands_run_along_the_clip_a_click_on_them_seeks_and_their_cursor_follows(marks: Marks) -> None:
    open_figures(marks)
    task, strip = marks.bench.task(), marks.by_id("figure-bands")
    box = strip.bounding_box()
    assert box is not None
    margin_s = MARGIN * (task["stop_s"] - task["start_s"])
    first_s, last_s = task["start_s"] - margin_s, task["stop_s"] + margin_s
    left, width = box["x"] + STRIP_LEFT_PX, box["width"] - STRIP_LEFT_PX - STRIP_RIGHT_PX
    marks.page.mouse.move(left + 0.55 * width, box["y"] + 30)
    marks.page.mouse.click(left + 0.6 * width, box["y"] + 30)
    wanted_s = first_s + 0.6 * (last_s - first_s)
    close_s = 0.01 * (last_s - first_s) + STEP_S
    marks.page.wait_for_function(
        "([at_s, close_s]) => Math.abs(Number(document.getElementById('bench').dataset.cursorS) - at_s) < close_s",
        arg=[wanted_s, close_s],
    )
    line = strip.locator("i").bounding_box()
    assert line is not None
    share = (marks.bench.cursor_s - first_s) / (last_s - first_s)
    assert line["x"] + 1 == pytest.approx(left + share * width, abs=2)


def test_the_figures_are_of_the_rows_on_screen_and_say_so(marks: Marks) -> None:
    open_figures(marks)
    task, (header, values) = marks.bench.task(), recorded(marks)
    rows, sfreq = used(marks, header), header["sfreq"]
    expect(marks.by_id("figures-of")).to_have_text("as recorded")
    marks.by_id("montage").select_option("average")
    expect(marks.by_id("figures-of")).to_have_text("average")
    wait_drawn(marks)
    seen = on_screen(task, header, values)[rows]
    powers = bands_of(seen - seen.mean(axis=0), sfreq)
    shares = 100 * np.mean(powers / powers.sum(axis=1, keepdims=True), axis=0)
    assert numbers(words(marks, "bands"))[:-1] == pytest.approx(shares.tolist(), abs=0.3)
    marks.by_id("high-pass").select_option("1")
    expect(marks.by_id("figures-of")).to_have_text("average · HP 1 Hz")


def test_the_figures_wait_while_the_clip_plays_and_follow_theme_and_cursor(people: People, marks: Marks) -> None:
    open_figures(marks)
    drawn_s = marks.by_id("figures").get_attribute("data-cursor-s")
    marks.bench.press("Space")
    expect(marks.page.locator("#transport")).to_have_attribute("data-playing", "true")
    expect(marks.by_id("figures")).to_have_attribute("data-state", "waiting")
    assert marks.by_id("figures").get_attribute("data-cursor-s") == drawn_s
    marks.bench.press("Space")
    wait_drawn(marks)
    ink = "element => getComputedStyle(element.querySelector('.ytick text')).fill"
    light = marks.by_id("figure-bands").evaluate(ink)
    marks.page.emulate_media(color_scheme="dark")
    expect(marks.page.locator("html")).to_have_attribute("data-theme", "dark")
    marks.page.wait_for_function(
        f"light => ({ink})(document.querySelector('[data-testid=figure-bands]')) !== light", arg=light
    )
    json.loads(marks.page.evaluate("() => localStorage.getItem('concord:figures')"))
