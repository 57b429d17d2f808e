"""A video whose pictures carry their number, a page that shows it, and eyes that read the number from the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import numpy as np
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from annotator.views.ranges import ranged

N_BITS = 16
PAGE = b'<!doctype html><video muted playsinline preload="auto" src="/video.mp4"></video>'
#: seeks, waits for the frame that is then presented, and reads its number: each bit stands above its opposite
SEEK = """
async (video, video_s) => {
  const started_ms = performance.now();
  const presented = new Promise((resolve) => video.requestVideoFrameCallback((_now, { mediaTime }) => {
    resolve({ took_ms: performance.now() - started_ms, media_s: mediaTime });
  }));
  video.currentTime = video_s;
  const frame = await presented;
  const canvas = new OffscreenCanvas(16, 2), context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, 16, 2);
  const { data } = context.getImageData(0, 0, 16, 2);
  const bright = (x, y) => data[4 * (16 * y + x)] > 128;
  let number = 0, isClear = true;
  for (let bit = 0; bit < 16; bit += 1) {
    if (bright(bit, 0)) number += 2 ** bit;
    isClear = isClear && bright(bit, 0) !== bright(bit, 1);
  }
  return { ...frame, number: isClear ? number : -1 };
}
"""


def numbered(index: int, *, width: int, height: int) -> NDArray[np.uint8]:
    """(H, W, 3): the number's bits as bright and dark columns, the lowest at the left; their opposites below."""
    bits = np.array([index >> bit & 1 for bit in range(N_BITS)])
    columns = np.where(bits[np.arange(width) * N_BITS // width], 225, 30)
    image = np.repeat(columns[None, :, None], height, axis=0).astype(np.uint8)
    image[height // 2 :] = 255 - image[height // 2 :]
    return np.repeat(image, 3, axis=2)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was on the screen after a seek."""

    number: int
    media_s: float
    took_ms: float


@dataclass(frozen=True, slots=True)
class Player:
    page: Page

    def seek(self, video_s: float) -> Seen:
        found: dict[str, Any] = self.page.locator("video").evaluate(SEEK, video_s)
        return Seen(int(found["number"]), float(found["media_s"]), float(found["took_ms"]))


@contextmanager
def playing(browser: Browser, video: Path) -> Iterator[Player]:
    """The video on a page of its own, served in ranges as the site serves it."""
    with _served(video) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_function("document.querySelector('video').readyState >= 2")
        yield Player(page)
        page.close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *_said: object) -> None:
        """Nobody reads it."""


@contextmanager
def _served(video: Path) -> Iterator[str]:
    def site(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = WSGIRequest(environ)
        is_video = request.path == "/video.mp4"
        response = ranged(request, video, content_type="video/mp4") if is_video else HttpResponse(PAGE)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return response

    with make_server("127.0.0.1", 0, site, server_class=_Server, handler_class=_Silent) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def middles_s(times_s: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """The middle of the time that each frame is shown; the last as long as the one before it."""
    times = np.asarray(times_s)
    steps = np.diff(times, append=2 * times[-1] - times[-2])
    return np.asarray(times + steps / 2)
