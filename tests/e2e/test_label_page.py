"""The label page's playback: video and traces in step, whatever the person does."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.e2e.bench import ROUNDING_S, Bench
from tests.e2e.browser import People

FRAME_S = 1 / 30  # of the simulated recordings


@pytest.fixture
def bench(people: People) -> Bench:
    """A clip of the demo study; the tests here only look at it."""
    return Bench(people.sign_in("annotator2")).open()


def test_the_cursor_is_where_the_frame_on_screen_is(bench: Bench) -> None:
    for rate in ("1", "2", "0.5"):
        bench.page.get_by_test_id("rate").select_option(rate)
        bench.press("Space")
        bench.check_in_step(bench.frames_while(20), frame_s=FRAME_S)
        bench.press("Space")
        bench.click_traces(0.3)
        bench.settle()
    bench.press("Space")
    bench.frames_while(3)
    bench.click_traces(0.6)  # a seek while it plays
    bench.check_in_step(bench.frames_while(20), frame_s=FRAME_S)


def test_a_step_is_one_frame(bench: Bench) -> None:
    bench.click_traces(0.5)
    bench.settle()
    times = [bench.video_s]
    for keys in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"):
        before = bench.video_s
        bench.press(keys)
        bench.page.wait_for_function(
            "before => Number(document.getElementById('bench').dataset.videoTime) !== before", arg=before
        )
        bench.settle()
        times.append(bench.video_s)
    steps = [after - before for before, after in pairwise(times)]
    assert steps == pytest.approx([FRAME_S, FRAME_S, -FRAME_S, -FRAME_S], abs=1e-3)


def test_a_click_on_the_traces_goes_there(bench: Bench) -> None:
    task = bench.task()
    length_s = task["stop_s"] - task["start_s"]
    for share in (0.25, 0.75, 0.1):
        before = bench.video_s
        bench.click_traces(share)
        bench.page.wait_for_function(
            "before => Number(document.getElementById('bench').dataset.videoTime) !== before", arg=before
        )
        bench.settle()
        # the frame that covers the place, within the pixel that was hit
        assert bench.cursor_s == pytest.approx(task["start_s"] + share * length_s, abs=FRAME_S + length_s / 700)


def test_the_loop_stays_inside_the_clip(bench: Bench) -> None:
    task = bench.task()
    bench.click_traces(0.8)
    bench.settle()
    bench.press("Space")
    cursors = [frame["cursor_s"] for frame in bench.frames_while(60)]
    pairs = list(pairwise(cursors))
    assert any(after < before for before, after in pairs)
    assert min(cursors) >= task["start_s"] - ROUNDING_S
    # a browser short of time drops frames: the one that it shows instead of the last may begin after the end, alone
    assert not any(min(pair) > task["stop_s"] + ROUNDING_S for pair in pairs)


def test_without_the_loop_it_stops_at_the_end(bench: Bench) -> None:
    task = bench.task()
    bench.press("l")
    bench.click_traces(0.85)
    bench.settle()
    bench.press("Space")
    expect(bench.page.locator("#transport")).to_have_attribute("data-playing", "true")
    expect(bench.page.locator("#transport")).to_have_attribute("data-playing", "false")
    bench.settle()
    assert bench.cursor_s == pytest.approx(task["stop_s"], abs=2 * FRAME_S)


def test_the_gain_changes_the_traces_and_their_scale(bench: Bench) -> None:
    gain, before = bench.text("gain-value"), bench.scale_bar()
    bench.press("+")
    assert bench.text("gain-value") != gain
    assert bench.scale_bar() != before
    bench.page.get_by_test_id("gain-down").click()
    assert bench.text("gain-value") == gain
    assert bench.scale_bar() == before
