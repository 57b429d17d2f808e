"""The label page as a test sees it: its hands are keys and clicks, its eyes are the page's own signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as WaitedInVainError

from mlcore.types import JsonObject

#: the traces begin this many px right of the pane's edge; the clip fills them but for this share of it on either side
GUTTER_PX, MARGIN = 72, 0.03
AXIS_PX = 22
#: the page writes times with 4 decimals
ROUNDING_S = 2e-4

#: our own ear beside the page's: the time stamp of every frame that was on screen, and where the cursor then was
LISTEN = """
() => {
  const video = document.querySelector("video.is-shown"), bench = document.getElementById("bench");
  window.frames_seen = [];
  const seen = (_now, { mediaTime }) => {
    const { videoTime, cursorS } = bench.dataset;
    window.frames_seen.push({ video_s: mediaTime, said_s: Number(videoTime), cursor_s: Number(cursorS) });
    video.requestVideoFrameCallback(seen);
  };
  video.requestVideoFrameCallback(seen);
}
"""
#: true once no seek is under way and the page tells the time of the frame that is on screen
SETTLED = """
() => {
  const video = document.querySelector("video.is-shown"), bench = document.getElementById("bench");
  return video && !video.seeking && video.readyState >= 2 && bench.dataset.videoTime !== ""
    && Math.abs(Number(bench.dataset.videoTime) - video.currentTime) < 0.07;
}
"""
#: what the video is at, for a test that waited in vain
STATE = """
() => {
  const video = document.querySelector("video.is-shown"), bench = document.getElementById("bench");
  if (!video) return { video: null, bench: { ...bench.dataset } };
  const { readyState, networkState, seeking, paused, currentTime, duration } = video;
  const others = Array.from(document.querySelectorAll("video:not(.is-shown)"), (v) => [v.readyState, v.networkState]);
  return { readyState, networkState, seeking, paused, currentTime, duration, others,
    error: video.error?.message ?? null, seen: document.visibilityState, bench: { ...bench.dataset } };
}
"""
#: true once the traces are drawn, their samples in place of the first glance, or a note says why there are none
DRAWN = """
() => {
  const pane = document.getElementById("pane"), note = document.getElementById("pane-note");
  const isDrawn = Number(pane.dataset.rows) > 0 && pane.dataset.glance === "false";
  return isDrawn || !note.hidden && !note.textContent.startsWith("Loading");
}
"""
#: how many pixels of a canvas have how many different colours, in a part of it
INK = """
(canvas, box) => {
  const { data } = canvas.getContext("2d").getImageData(box.x, box.y, box.width, box.height);
  const words = new Uint32Array(data.buffer);
  let n = 0;
  for (const word of words) if (word >>> 24 > 60) n += 1;
  return { share: n / words.length, colours: new Set(words).size };
}
"""
PIXELS = """
(canvas, box) => Array.from(canvas.getContext("2d").getImageData(box.x, box.y, box.width, box.height).data).join()
"""
#: what the video shows: its size, and how far its brightness spreads
PICTURE = """
(video) => {
  const canvas = new OffscreenCanvas(64, 48), context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 64, 48);
  const { data } = context.getImageData(0, 0, 64, 48);
  let low = 255, high = 0;
  for (let i = 0; i < data.length; i += 4) { low = Math.min(low, data[i]); high = Math.max(high, data[i]); }
  return { width: video.videoWidth, height: video.videoHeight, spread: high - low, error: video.error?.message ?? "" };
}
"""


@dataclass(frozen=True, slots=True)
class Bench:
    page: Page
    slug: str = "demo"

    # ---- coming here

    def open(self) -> Bench:
        self.page.goto(f"/studies/{self.slug}/label/")
        return self.wait_ready()

    def open_clip(self, clip_id: int) -> Bench:
        self.page.goto(f"/studies/{self.slug}/clips/{clip_id}/")
        return self.wait_ready()

    def wait_ready(self) -> Bench:
        """A clip is there with its traces drawn and its first frame shown, as far as it has them."""
        expect(self.root).to_have_attribute("data-state", "ready")
        expect(self.page.get_by_test_id("session-name")).not_to_be_empty()
        if self.video.count():
            self.settle()
        self.page.wait_for_function(DRAWN)
        return self

    def settle(self) -> None:
        try:
            self.page.wait_for_function(SETTLED)
        except WaitedInVainError as error:
            error.add_note(f"what the page has: {self.page.evaluate(STATE)}")
            raise

    # ---- what is there

    @property
    def root(self) -> Locator:
        return self.page.locator("#bench")

    @property
    def video(self) -> Locator:
        return self.page.locator("video.is-shown")

    @property
    def clip_id(self) -> int:
        return int(self.root.get_attribute("data-clip-id") or 0)

    @property
    def cursor_s(self) -> float:
        return float(self.root.get_attribute("data-cursor-s") or "nan")

    @property
    def video_s(self) -> float:
        return float(self.root.get_attribute("data-video-time") or "nan")

    def text(self, test_id: str) -> str:
        return self.page.get_by_test_id(test_id).inner_text()

    def task(self) -> JsonObject:
        """What the server says of the clip on the page."""
        found: JsonObject = self.api("GET", f"/clips/{self.clip_id}")
        return found

    def claim(self) -> JsonObject:
        found: JsonObject = self.api("POST", f"/studies/{self.slug}/queue/claim")
        return found

    def api(self, method: str, path: str) -> Any:
        token = next(cookie["value"] for cookie in self.page.context.cookies() if cookie.get("name") == "csrftoken")
        headers = {"X-CSRFToken": token, "Referer": self.page.url}
        answer = self.page.request.fetch(f"/api/v1{path}", method=method, headers=headers)
        assert answer.ok, f"{method} {path}: {answer.status} {answer.text()}"
        return answer.json()

    def picture(self) -> dict[str, Any]:
        found: dict[str, Any] = self.video.evaluate(PICTURE)
        return found

    def ink(self, canvas: str = "signals") -> dict[str, Any]:
        """Of the part of a canvas where the traces are."""
        found: dict[str, Any] = self.page.get_by_test_id(canvas).evaluate(INK, self._plot())
        return found

    def scale_bar(self) -> str:
        """The pixels of the corner that says how high so many µV are."""
        plot = self._plot()
        box = {"x": plot["x"] + plot["width"] - 110, "y": plot["height"] - 70, "width": 108, "height": 68}
        return str(self.page.get_by_test_id("signals").evaluate(PIXELS, box))

    def _plot(self) -> dict[str, float]:
        size = self.page.get_by_test_id("signals").bounding_box()
        assert size is not None
        return {
            "x": GUTTER_PX,
            "y": 0,
            "width": int(size["width"]) - GUTTER_PX,
            "height": int(size["height"]) - AXIS_PX,
        }

    # ---- hands

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def wait_for_another_clip(self, clip_id: int) -> None:
        expect(self.root).not_to_have_attribute("data-clip-id", str(clip_id))
        self.wait_ready()

    def wait_for_clip(self, clip_id: int) -> None:
        expect(self.root).to_have_attribute("data-clip-id", str(clip_id))
        self.wait_ready()

    def wait_sent(self) -> None:
        """Nothing is kept here that the server does not have."""
        sign = self.page.get_by_test_id("net-state")
        expect(sign).to_have_attribute("data-pending", "0")
        expect(sign).to_have_attribute("data-net", "online")

    def click_traces(self, share: float) -> None:
        """On the traces, so far along the clip."""
        box = self.page.get_by_test_id("overlay").bounding_box()
        assert box is not None
        x = GUTTER_PX + (MARGIN + share) / (1 + 2 * MARGIN) * (int(box["width"]) - GUTTER_PX)
        self.page.mouse.click(box["x"] + x, box["y"] + box["height"] / 2)

    def frames_while(self, n_frames: int) -> list[dict[str, float]]:
        """The next frames that are presented."""
        self.page.evaluate(LISTEN)
        self.page.wait_for_function("n => window.frames_seen.length >= n", arg=n_frames)
        found: list[dict[str, float]] = self.page.evaluate("() => window.frames_seen")
        return found

    def check_in_step(self, frames: list[dict[str, float]], *, frame_s: float) -> None:
        """Each frame's own time stamp, brought to the session's clock by the server's map: there the cursor stood."""
        clock = self.task()["video"]
        for frame in frames:
            session_s = clock["offset_s"] + (1 + clock["drift"]) * frame["video_s"]
            assert abs(frame["said_s"] - frame["video_s"]) <= ROUNDING_S, frame
            assert abs(frame["cursor_s"] - session_s) <= frame_s, (frame, session_s)

    def is_checked(self, test_id: str) -> bool:
        return self.page.get_by_test_id(test_id).get_attribute("aria-checked") == "true"
