"""How fast and how exact the label page is, in a real browser: 32 and 64 channels, clips of a minute, two hours.

    python -m tests.benchmarks.workbench [--channels 32 64] [--minutes 5] [--repeats 5] [--json]

Simulated EEG at 256 Hz beside a 640 × 480 video at 30 fps whose pictures carry their number (proxy made as an import
makes it), on the product's own web server and Postgres, in headless Chromium at 1280 × 720 without a graphics card, all
on one machine. Median of the repeats:

- `first_trace_cold_ms`, `first_trace_warm_ms`: from the request for the label page to its traces drawn, with an empty
  cache and with a full one; `video_ready_ms`: to the clip's first frame on screen, cold;
- `submit_next_ms`: from the Enter key to the next clip's traces drawn and its first frame on screen, answering every
  two seconds, quicker than anybody does; `submit_next_max_ms`: the slowest of them;
- `app_kb`: scripts, styles and the page itself, as sent; the figures' library, loaded where a figure is, is
  `figures_kb`;
- `fps_play`: frames that the browser draws a second while a clip plays; `fps_video`: of them, new frames of the video;
- `fps_scroll`: redraws of the traces a second while they are scrolled, a minute on screen; `fps_scroll_2h`: in the
  recording of two hours, ten minutes on screen;
- `longest_task_ms`: what kept the page's own thread longest while it played;
- `sync_error_p99_ms`, `sync_error_max_ms`: of every frame in so many minutes of playing, how far the cursor stood from
  the time that the frame's burnt-in number has; every few seconds somebody seeks, changes the rate, the page's thread
  is blocked, the network goes, or the tab is hidden and comes back; `sync_off_frames` of `sync_frames` were off by
  more than one frame, and are told on stderr with what the browser said of them.

The last line, with `--json` the only one, sums it up: each figure by the number of channels.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlcore.types import JsonObject
from tests.benchmarks.servers import own_servers, web_server
from tests.benchmarks.workbench_page import BUSY, COUNT_FRAMES, NEXT_CLIP, SCROLL, SIGNS, START_SYNC, WATCH
from tests.benchmarks.workbench_study import frame_session_s, long_session, make_workbench

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PATIENCE_MS = 120_000
SIZE = {"width": 1280, "height": 720}
MEASURED_S = 8.0
BETWEEN_DISTURBANCES_MS = 4000
BETWEEN_ANSWERS_MS = 2000
MOST_OFF_MS = 1000 / 30 + 1


@dataclass(frozen=True, slots=True)
class Bench:
    """A study, and who works in it."""

    slug: str
    #: of two hours
    session: int
    arrives: str
    answers: str
    watches: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody signed in, on a browser of their own."""

    context: BrowserContext
    page: Page
    bench: Bench

    def open_label_page(self) -> JsonObject:
        """When its signs came, ms since the page was asked for."""
        self.page.goto(f"/studies/{self.bench.slug}/label/")
        return self.signs()

    def reload(self) -> JsonObject:
        self.page.wait_for_timeout(BETWEEN_ANSWERS_MS)  # as of somebody who has worked a while
        self.page.reload()
        return self.signs()

    def signs(self) -> JsonObject:
        self.page.wait_for_function(SIGNS)
        found: JsonObject = self.page.evaluate("() => ({ ...window.watched.signs })")
        return found


@contextmanager
def desk(browser: Browser, bench: Bench, name: str, address: str) -> Iterator[Desk]:
    from tests.factories.people import PASSWORD

    context = browser.new_context(viewport=SIZE, base_url=address)  # type: ignore[arg-type]  # a TypedDict of Playwright's
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/login/")
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")
    context.add_init_script(WATCH)
    yield Desk(context, page, bench)
    context.close()


def arriving(browser: Browser, bench: Bench, address: str, repeats: int) -> JsonObject:
    """The label page with an empty cache, each time in a browser that has seen nothing; then again with a full one."""
    cold, warm, sizes = [], [], {}
    for _ in range(repeats):
        with desk(browser, bench, bench.arrives, address) as one:
            one.context.new_cdp_session(one.page).send("Network.clearBrowserCache")
            cold.append(one.open_label_page())
            sizes = one.page.evaluate("() => window.watched.sizes()")
            warm += [one.reload() for _ in range(2)][1:]
    return {
        "first_trace_cold_ms": _median(sign["trace_ms"] for sign in cold),
        "first_trace_warm_ms": _median(sign["trace_ms"] for sign in warm),
        "video_ready_ms": _median(sign["frame_ms"] for sign in cold),
        **sizes,
    }


def submitting(one: Desk, repeats: int) -> JsonObject:
    """Answers by keys; each time the clip after it must stand there."""
    took = []
    one.open_label_page()
    for _ in range(repeats):
        one.page.wait_for_timeout(BETWEEN_ANSWERS_MS)
        one.page.keyboard.press("2")
        one.page.keyboard.press("2")
        one.page.keyboard.press("2")
        one.page.evaluate(NEXT_CLIP)
        one.page.keyboard.press("Enter")
        took.append(one.page.evaluate("() => window.watched.next"))
    return {"submit_next_ms": _median(took), "submit_next_max_ms": round(max(took), 1)}


def playing(one: Desk) -> JsonObject:
    one.open_label_page()
    one.page.keyboard.press(" ")
    counted = one.page.evaluate(COUNT_FRAMES, MEASURED_S * 1000)
    return {name: round(value, 1) for name, value in counted.items()}


def scrolling(one: Desk) -> JsonObject:
    """A minute of traces on the label page, and the long recording on its page."""
    one.open_label_page()
    fps = one.page.evaluate(SCROLL, MEASURED_S * 1000)
    one.page.goto(f"/studies/{one.bench.slug}/sessions/{one.bench.session}/")
    one.page.wait_for_function("() => Number(document.getElementById('pane').dataset.rows) > 0")
    for _ in range(6):  # from ten seconds to ten minutes
        one.page.keyboard.press(",")
    fps_long = one.page.evaluate(SCROLL, MEASURED_S * 1000)
    return {"fps_scroll": round(fps, 1), "fps_scroll_2h": round(fps_long, 1)}


def in_step(one: Desk, minutes: float) -> JsonObject:
    """How far the cursor stood from each frame's own number, through everything that disturbs playing."""
    one.open_label_page()
    one.page.keyboard.press(" ")
    one.page.evaluate(START_SYNC)
    disturbances = cycle(_disturbances(one))
    for _ in range(round(minutes * 60_000 / BETWEEN_DISTURBANCES_MS)):
        one.page.wait_for_timeout(BETWEEN_DISTURBANCES_MS)
        next(disturbances)()
    seen: list[dict[str, Any]] = one.page.evaluate("() => window.watched.frames")
    errors = [1000 * abs(frame["cursor_s"] - frame_session_s(int(frame["number"]))) for frame in seen]
    off = [at for at, error in enumerate(errors) if error > MOST_OFF_MS]
    for at in off:
        print(f"off by {errors[at]:.0f} ms: {seen[max(0, at - 1) : at + 2]}", file=sys.stderr)
    return {
        "sync_error_p99_ms": round(float(np.percentile(errors, 99)), 2),
        "sync_error_max_ms": round(max(errors), 2),
        "sync_off_frames": len(off),
        "sync_frames": len(errors),
    }


def _disturbances(one: Desk) -> Sequence[Callable[[], Any]]:
    def seek(share: float) -> None:
        box = one.page.get_by_test_id("overlay").bounding_box()
        assert box is not None
        one.page.mouse.click(box["x"] + 80 + share * (box["width"] - 90), box["y"] + box["height"] / 2)

    def hide() -> None:
        other = one.context.new_page()
        other.bring_to_front()
        other.wait_for_timeout(500)
        other.close()
        one.page.bring_to_front()

    def lose_network() -> None:
        one.context.set_offline(True)
        seek(0.9)
        one.page.wait_for_timeout(1000)
        one.context.set_offline(False)

    rate = one.page.get_by_test_id("rate")
    return (
        lambda: seek(0.2),
        lambda: rate.select_option("2"),
        lambda: one.page.evaluate(BUSY, 400),
        lambda: seek(0.7),
        lambda: rate.select_option("0.5"),
        hide,
        lambda: rate.select_option("1"),
        lose_network,
    )


def _median(values: Any) -> float:
    return round(float(statistics.median(values)), 1)


def prepared(n_channels: int) -> Bench:
    """Before there is a browser: Playwright's event loop and Django's database don't go together in one thread."""
    from annotator.enums import Role
    from tests.factories.people import make_member

    study = make_workbench(n_channels)
    names = [f"{name}-{n_channels}" for name in ("arrives", "answers", "watches")]
    for name in names:
        make_member(study, name, Role.ADMIN if name.startswith("watches") else Role.ANNOTATOR)
    return Bench(study.slug, long_session(study).pk, *names)


def measured(browser: Browser, bench: Bench, address: str, asked: argparse.Namespace) -> JsonObject:
    print(f"{bench.slug} …", file=sys.stderr, flush=True)
    found = arriving(browser, bench, address, asked.repeats)
    with desk(browser, bench, bench.answers, address) as one:
        found |= submitting(one, asked.repeats)
    with desk(browser, bench, bench.watches, address) as one:
        found |= playing(one) | scrolling(one) | in_step(one, asked.minutes)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, nargs="+", default=[32, 64])
    parser.add_argument("--minutes", type=float, default=5.0, help="of playing, for the error of the cursor")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with own_servers(is_durable=True) as var:
        by_channels = _all(var, asked)
    names = dict.fromkeys(name for row in by_channels.values() for name in row)
    summary = {name: {n: row.get(name) for n, row in by_channels.items()} for name in names}
    if not asked.json:
        for name, row in summary.items():
            print(f"{name:>22} " + "  ".join(f"{n}: {value}" for n, value in row.items()))
    print(json.dumps(summary))


def _all(var: Path, asked: argparse.Namespace) -> dict[str, JsonObject]:
    from tests.e2e.browser import chromium

    benches = {str(n): prepared(n) for n in asked.channels}
    with web_server(var) as port, chromium() as browser:
        address = f"http://127.0.0.1:{port}"
        return {n: measured(browser, bench, address, asked) for n, bench in benches.items()}


if __name__ == "__main__":
    main()
