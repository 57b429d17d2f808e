"""The video of the label page: close to the face, veiled, with what lies around the clip, fast and slow."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.bench import Bench
from tests.e2e.browser import People

#: how far apart neighbouring points of the picture are in brightness, as it is on screen: what a veil takes away
SHARPNESS = """
async (video) => {
  const canvas = new OffscreenCanvas(160, 120), context = canvas.getContext("2d");
  context.filter = getComputedStyle(video).filter;
  context.drawImage(video, 0, 0, 160, 120);
  const { data } = context.getImageData(0, 0, 160, 120);
  let most = 0;
  for (let i = 4; i < data.length; i += 4) if ((i / 4) % 160) most = Math.max(most, Math.abs(data[i] - data[i - 4]));
  return most;
}
"""
#: where the middle of the face is on screen, in shares of the stage
FACE_ON_STAGE = """
([x, y, width, height]) => {
  const stage = document.getElementById("stage").getBoundingClientRect();
  const video = document.querySelector("video.is-shown"), box = video.getBoundingClientRect();
  const scale = Math.min(box.width / video.videoWidth, box.height / video.videoHeight);
  const wide = video.videoWidth * scale, high = video.videoHeight * scale;
  const left = box.x + (box.width - wide) / 2 + x * wide - stage.x;
  const top = box.y + (box.height - high) / 2 + y * high - stage.y;
  return { left: left / stage.width, top: top / stage.height,
    right: (left + width * wide) / stage.width, bottom: (top + height * high) / stage.height };
}
"""


@pytest.fixture
def bench(people: People) -> Bench:
    return Bench(people.sign_in("annotator2")).open()


def is_pressed(page: Page, name: str) -> bool:
    return page.get_by_test_id(name).get_attribute("aria-pressed") == "true"


def test_the_face_is_brought_near_and_stays_so_for_the_next_clip(bench: Bench) -> None:
    place = bench.task()["video"]["face_place"]
    before = bench.page.evaluate(FACE_ON_STAGE, place)
    bench.press("p")
    expect(bench.page.locator("#stage")).not_to_have_attribute("data-zoom", "1")
    now = bench.page.evaluate(FACE_ON_STAGE, place)
    assert max(now["bottom"] - now["top"], now["right"] - now["left"]) == pytest.approx(0.72, abs=0.02)
    assert now["bottom"] - now["top"] > before["bottom"] - before["top"]
    assert now["left"] >= 0
    assert now["top"] >= 0
    assert now["right"] <= 1
    assert now["bottom"] <= 1
    bench.page.reload()
    bench.wait_ready()
    assert is_pressed(bench.page, "face-zoom")
    bench.page.get_by_test_id("face-zoom").click()
    expect(bench.page.locator("#stage")).to_have_attribute("data-zoom", "1")
    assert bench.page.evaluate(FACE_ON_STAGE, place) == pytest.approx(before, abs=1e-3)


def test_a_veiled_face_cannot_be_made_out(bench: Bench) -> None:
    sharp = bench.video.evaluate(SHARPNESS)
    bench.press("h")
    assert is_pressed(bench.page, "face-hide")
    assert bench.video.evaluate(SHARPNESS) < sharp / 4
    bench.page.reload()
    bench.wait_ready()
    assert bench.video.evaluate(SHARPNESS) < sharp / 4
    bench.press("h")
    assert bench.video.evaluate(SHARPNESS) == sharp


def test_context_is_played_on_demand_and_not_for_the_next_clip(bench: Bench) -> None:
    task = bench.task()
    bench.press("e")
    assert is_pressed(bench.page, "context")
    bench.press("Home")
    bench.settle()
    assert bench.cursor_s < task["start_s"] - 1 or task["context_start_s"] > task["start_s"] - 1
    bench.press("e")
    bench.settle()
    assert task["start_s"] <= bench.cursor_s <= task["stop_s"]


def test_rates_go_from_a_quarter_to_fourfold(bench: Bench) -> None:
    rate = bench.page.get_by_test_id("rate")
    assert [option.strip() for option in rate.locator("option").all_inner_texts()] == [
        "0.25×",
        "0.5×",
        "1×",
        "1.5×",
        "2×",
        "4×",
    ]
    for value in ("4", "0.25"):
        rate.select_option(value)
        assert bench.video.evaluate("video => video.playbackRate") == float(value)
    bench.press("?")
    expect(bench.page.get_by_test_id("keys-dialog")).to_contain_text(re.compile("veil the face"))
