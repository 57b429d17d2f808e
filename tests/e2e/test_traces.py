"""The traces in a real browser: looked at as somebody reads EEG, by keys, wheel, mouse and fingers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from statistics import fmean

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.bench import AXIS_PX, GUTTER_PX, Bench
from tests.e2e.browser import SIZE, People

#: a read-out tells a tenth of a µV
ROUNDING_UV = 0.06
#: one pixel of the view, as a share of its width
PIXEL = 1 / 600

#: a pane of its own on a page of the system, with 64 channels of a minute and nothing else
OWN_PANE = """
async () => {
  const { EegPane } = await import("/static/annotator/js/label/eegpane.js");
  document.body.replaceChildren();
  const root = document.createElement("div");
  const canvases = ["signals", "overlay"].map(() => document.createElement("canvas"));
  Object.assign(root.style, { position: "relative", width: "800px", height: "600px" });
  for (const canvas of canvases) Object.assign(canvas.style, { position: "absolute", inset: "0" });
  root.id = "own";
  root.append(...canvases);
  document.body.append(root);
  const wave = (k) => Int16Array.from({ length: 256 * 60 }, (_, i) => 200 * Math.sin(i / (5 + k)));
  const channels = Array.from({ length: 64 }, (_, k) =>
    ({ name: `E${k}`, kind: "eeg", samples: wave(k), scale_uv: 0.25, offset_uv: 0 }));
  const [signals, overlay] = canvases;
  const pane = new EegPane({ root, signals, overlay, onScrub: (session_s) => { window.sought = session_s; } });
  pane.setClip({ start_s: 0, stop_s: 60 }, { kind: "samples", sfreq: 256, start_s: 0, nSamples: 256 * 60, channels });
  pane.showSpan({ start_s: 0, stop_s: 60 });
  window.pane = pane;
}
"""
FRAMES = "(n) => new Promise((done) => { const next = () => (n-- ? requestAnimationFrame(next) : done()); next(); })"


@dataclass(frozen=True, slots=True)
class Traces:
    """The pane of the label page and the tools above it."""

    page: Page

    @property
    def pane(self) -> Locator:
        return self.page.get_by_test_id("pane")

    def tool(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    def expect(self, **signs: str | re.Pattern[str]) -> None:
        for name, value in signs.items():
            expect(self.pane).to_have_attribute(f"data-{name.replace('_', '-')}", value)

    def data(self, name: str) -> str:
        return self.pane.get_attribute(f"data-{name}") or ""

    def number(self, name: str) -> float:
        return float(self.data(name))

    @property
    def names(self) -> list[str]:
        return self.data("names").split()

    @property
    def span_s(self) -> tuple[float, float]:
        return self.number("start-s"), self.number("stop-s")

    @property
    def length_s(self) -> float:
        return self.span_s[1] - self.span_s[0]

    def wait_span(self, start_s: float, stop_s: float, tolerance_s: float = 2e-3) -> None:
        self.page.wait_for_function(
            "([start_s, stop_s, tolerance_s]) => { const d = document.getElementById('pane').dataset;"
            " return Math.abs(d.startS - start_s) < tolerance_s && Math.abs(d.stopS - stop_s) < tolerance_s; }",
            arg=[start_s, stop_s, tolerance_s],
        )

    def wait_length(self, length_s: float) -> None:
        self.page.wait_for_function(
            "length_s => { const d = document.getElementById('pane').dataset;"
            " return Math.abs(d.stopS - d.startS - length_s) < 2e-3; }",
            arg=length_s,
        )

    def wait_changed(self, name: str, before: str) -> None:
        self.page.wait_for_function(
            "([name, before]) => document.getElementById('pane').dataset[name] !== before", arg=[name, before]
        )

    def picture(self) -> str:
        """What is drawn where the traces are, once the frame that is under way is through."""
        self.page.evaluate(FRAMES, 2)
        return str(self.page.get_by_test_id("signals").evaluate("canvas => canvas.toDataURL()"))

    def place(self, share: float, row: float = 0.5) -> tuple[float, float]:
        """On the page: so far along the view, in so many rows from the top."""
        box = self.pane.bounding_box()
        assert box is not None
        row_px = (int(box["height"]) - AXIS_PX) / max(1.0, self.number("rows"))
        return box["x"] + GUTTER_PX + share * (int(box["width"]) - GUTTER_PX), box["y"] + row * row_px

    def axis(self, share: float) -> tuple[float, float]:
        box = self.pane.bounding_box()
        assert box is not None
        return self.place(share)[0], box["y"] + box["height"] - AXIS_PX / 2

    def drag(self, start: tuple[float, float], end: tuple[float, float], key: str = "") -> None:
        mouse, keyboard = self.page.mouse, self.page.keyboard
        mouse.move(*start)
        if key:
            keyboard.down(key)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        mouse.move(*end)
        mouse.up()
        if key:
            keyboard.up(key)

    def wheel(self, share: float, dy: float, key: str = "", row: float = 0.5) -> None:
        self.page.mouse.move(*self.place(share, row))
        if key:
            self.page.keyboard.down(key)
        self.page.mouse.wheel(0, dy)
        if key:
            self.page.keyboard.up(key)

    def value_uv(self, share: float, row: int) -> float:
        """What the read-out says under the pointer."""
        self.page.mouse.move(*self.place(share, row + 0.5))
        hover = self.page.get_by_test_id("pane-hover")
        expect(hover).to_contain_text("µV")
        found = re.search(r"([−\d.]+) µV$", hover.inner_text())
        assert found, hover.inner_text()
        return float(found[1].replace("−", "-"))


@pytest.fixture
def bench(people: People) -> Bench:
    """A clip of the demo study; the tests here only look at it."""
    return Bench(people.sign_in("annotator2")).open()


@pytest.fixture
def traces(bench: Bench) -> Traces:
    found = Traces(bench.page)
    found.expect(montage="recorded", filters="0 0 0", glance="false")
    expect(found.pane).not_to_have_attribute("data-marks", "0")  # its trial: the last that a page loads
    return found


# --- montages --------------------------------------------------------------------------------------------------------


def test_a_custom_montage_is_refused_in_a_sentence_then_shown_in_microvolts_and_kept(
    bench: Bench, traces: Traces
) -> None:
    traces.tool("montage").select_option("custom")
    text = traces.tool("custom-text")
    expect(text).to_be_focused()
    bench.page.keyboard.type("Fp1-Fp99")
    bench.press("Enter")
    expect(traces.tool("custom-error")).to_have_text(re.compile("“Fp99” in “Fp1-Fp99” is no EEG channel"))
    traces.expect(montage="recorded")
    text.fill("Fp1, F7, Fp1-F7")
    bench.press("Enter")
    traces.expect(montage="custom", rows="3", names="FP1 F7 FP1-F7")
    expect(traces.tool("custom-panel")).to_be_hidden()
    for share in (0.31, 0.62):
        high, low, both = (traces.value_uv(share, row) for row in range(3))
        assert both == pytest.approx(high - low, abs=3 * ROUNDING_UV)
    bench.page.reload()
    bench.wait_ready()
    traces.expect(montage="custom", names="FP1 F7 FP1-F7")


def test_montages_by_key_and_by_menu(bench: Bench, traces: Traces) -> None:
    recorded, names = traces.picture(), traces.names
    bench.press("m")
    traces.expect(montage="average")
    expect(traces.tool("montage")).to_have_value("average")
    assert traces.names == names
    assert traces.picture() != recorded
    bench.press("Shift+M")
    traces.expect(montage="recorded")
    assert traces.picture() == recorded
    traces.tool("montage").select_option("banana")
    traces.expect(montage="banana", names=re.compile("^FP1-F7 F7-T7 T7-P7 P7-O1 FP1-F3"))
    # the demo's recordings have no mastoids
    assert "mastoids" not in traces.tool("montage").locator("option").all_inner_texts()


# --- filters ---------------------------------------------------------------------------------------------------------


def test_filters_run_on_what_is_shown_and_are_kept(bench: Bench, traces: Traces) -> None:
    raw = traces.picture()
    traces.tool("high-pass").select_option("1")
    traces.expect(filters="1 0 0")
    traces.tool("low-pass").select_option("15")
    traces.tool("notch").select_option("50")
    traces.expect(filters="1 15 50")
    filtered = traces.picture()
    assert filtered != raw
    bench.press("f")
    traces.expect(filters="0 0 0", note="filters are off (F)")
    bench.press("f")
    traces.expect(filters="1 15 50", note="")
    assert traces.picture() == filtered
    bench.page.reload()
    bench.wait_ready()
    traces.expect(filters="1 15 50")
    expect(traces.tool("low-pass")).to_have_value("15")


def test_a_high_pass_takes_the_level_away(bench: Bench, traces: Traces) -> None:
    """What is slower than half a second, as read off the view."""
    shares = [0.05 + 0.009 * k for k in range(100)]
    before = slow_rms([traces.value_uv(share, 0) for share in shares])
    traces.tool("high-pass").select_option("4")
    traces.expect(filters="4 0 0")
    assert slow_rms([traces.value_uv(share, 0) for share in shares]) < 0.5 * before


def slow_rms(values: list[float]) -> float:
    means = [fmean(values[at : at + 10]) for at in range(0, len(values), 10)]
    return math.sqrt(fmean(mean * mean for mean in means))


# --- the stretch on screen -------------------------------------------------------------------------------------------


def test_zoom_and_scroll_by_keys_as_far_as_the_annotator_may_see(bench: Bench, traces: Traces) -> None:
    task = bench.task()
    home, clip_s = traces.span_s, task["stop_s"] - task["start_s"]
    margin_s = 0.03 * clip_s
    traces.wait_span(task["start_s"] - margin_s, task["stop_s"] + margin_s)
    bench.press(".")
    traces.wait_length((home[1] - home[0]) / 2)
    for _ in range(5):
        bench.press(".")
    traces.wait_length(1.0)
    expect(traces.tool("timebase")).to_have_value("1")
    start_s = traces.span_s[0]
    bench.press("]")
    traces.wait_span(start_s + 0.9, start_s + 1.9)
    bench.press("[")
    traces.wait_span(start_s, start_s + 1)
    bench.press("a")
    traces.wait_span(task["context_start_s"] - margin_s, task["context_stop_s"] + margin_s)
    bench.press("c")
    traces.wait_span(*home)
    expect(traces.tool("timebase")).to_have_value("clip")


def test_the_time_base_is_kept_for_the_next_clip(bench: Bench, traces: Traces) -> None:
    traces.tool("timebase").select_option("2")
    traces.wait_length(2.0)
    bench.page.reload()
    bench.wait_ready()
    traces.wait_length(2.0)
    expect(traces.tool("timebase")).to_have_value("2")


def test_the_wheel_zooms_where_the_pointer_is_and_scrolls_with_shift(bench: Bench, traces: Traces) -> None:
    share, (start_s, stop_s) = 0.25, traces.span_s
    under_s = start_s + share * (stop_s - start_s)
    traces.wheel(share, -120, "Control")
    traces.wait_changed("startS", f"{start_s:.4f}")
    assert traces.length_s < 0.8 * (stop_s - start_s)
    assert traces.span_s[0] + share * traces.length_s == pytest.approx(under_s, abs=2 * PIXEL * (stop_s - start_s))
    before_s = traces.span_s
    traces.wheel(share, 100, "Shift")
    traces.wait_changed("startS", f"{before_s[0]:.4f}")
    assert traces.span_s[0] > before_s[0]
    assert traces.length_s == pytest.approx(before_s[1] - before_s[0], abs=1e-3)


def test_dragging_the_axis_scrolls_and_zooms(bench: Bench, traces: Traces) -> None:
    bench.press(".", ".")
    length_s, start_s = traces.length_s, traces.span_s[0]
    traces.drag(traces.axis(0.75), traces.axis(0.25))
    traces.wait_span(start_s + length_s / 2, start_s + 1.5 * length_s, 3 * PIXEL * length_s)
    x, y = traces.axis(0.5)
    traces.drag((x, y), (x, y - 160))
    traces.wait_length(2 * length_s)


def test_playing_carries_a_narrow_view_along_and_back_to_the_start_of_the_loop(bench: Bench, traces: Traces) -> None:
    for _ in range(6):
        bench.press(".")
    traces.wait_length(1.0)
    bench.press("Space")
    for _ in range(30):
        start_s, stop_s, cursor_s = bench.page.evaluate(
            "() => { const d = document.getElementById('pane').dataset;"
            " return [d.startS, d.stopS, d.cursorS].map(Number); }"
        )
        bench.page.evaluate(FRAMES, 3)
        assert start_s - 0.1 <= cursor_s <= stop_s + 0.1
    bench.press("Space")


def test_whoever_may_read_the_session_sees_all_of_it(people: People, traces: Traces) -> None:
    clip_id = Bench(traces.page).clip_id
    admins = Bench(people.sign_in("admin")).open_clip(clip_id)
    theirs, task = Traces(admins.page), admins.task()
    admins.press("a")
    theirs.page.wait_for_function(
        "([start_s, stop_s]) => { const d = document.getElementById('pane').dataset;"
        " return Number(d.startS) <= start_s && Number(d.stopS) >= stop_s; }",
        arg=[task["session_start_s"], task["session_stop_s"]],
    )
    assert task["session_stop_s"] - task["session_start_s"] > task["context_stop_s"] - task["context_start_s"] - 1e-6
    theirs.expect(kind="samples")


# --- rows ------------------------------------------------------------------------------------------------------------


def test_a_click_on_a_name_hides_its_row_and_the_menu_brings_it_back(bench: Bench, traces: Traces) -> None:
    first, second, *rest = traces.names
    box = traces.pane.bounding_box()
    assert box is not None
    bench.page.mouse.click(box["x"] + 50, traces.place(0, 0.5)[1])
    traces.expect(names=" ".join([second, *rest]))
    traces.tool("channels-button").click()
    again = traces.tool("channels-panel").get_by_role("checkbox", name=first, exact=True)
    expect(again).not_to_be_checked()
    again.check()
    traces.expect(names=" ".join([first, second, *rest]))


def test_rows_are_chosen_hidden_and_scrolled_by_keyboard(bench: Bench, traces: Traces) -> None:
    names = traces.names
    traces.pane.focus()
    bench.press("ArrowDown", "ArrowDown")
    traces.expect(focus_row=names[1])
    expect(traces.page.get_by_test_id("pane-hover")).to_contain_text(f"{names[1]} · 0.0")
    bench.press("h")
    traces.expect(names=" ".join([names[0], *names[2:]]))
    traces.tool("more-button").click()
    traces.tool("rows").select_option("8")
    bench.press("Escape")
    traces.expect(rows="8", first_row="0")
    traces.pane.focus()
    bench.press("PageDown")
    traces.expect(first_row="8")
    traces.wheel(0.5, -120)
    traces.expect(first_row="6")


def test_where_all_rows_fit_a_plain_wheel_changes_nothing(bench: Bench, traces: Traces) -> None:
    before = traces.picture()
    traces.wheel(0.5, 300)
    bench.page.mouse.move(2, 2)
    traces.expect(first_row="0")
    assert traces.picture() == before


def test_the_order_of_the_rows(bench: Bench, traces: Traces) -> None:
    by_region = traces.names
    traces.tool("more-button").click()
    traces.tool("order").select_option("sides")
    traces.expect(order="sides")
    by_side = traces.names
    assert sorted(by_side) == sorted(by_region)
    digits = [re.search(r"\d+$", name) for name in by_side]
    sides = ["mid" if found is None else "left" if int(found[0]) % 2 else "right" for found in digits]
    assert sides == sorted(sides, key=["left", "mid", "right"].index)
    traces.tool("order").select_option("recorded")
    traces.expect(order="recorded")
    recorded = [one["name"] for one in bench.task()["eeg"]["channels"] if one["kind"] == "eeg"]
    assert traces.names == recorded


def test_each_row_by_its_own_deviation_and_cut_at_its_band(bench: Bench, traces: Traces) -> None:
    plain = traces.picture()
    bench.press("z")
    traces.expect(unit="SD", gain="6 SD")
    expect(traces.tool("gain-value")).to_have_text("6 SD")
    assert traces.picture() != plain
    bench.press("+")
    traces.expect(gain="4 SD")
    bench.press("z")
    traces.expect(unit="µV", gain="50 µV")
    assert traces.picture() == plain
    for _ in range(4):
        bench.press("+")
    wild = traces.picture()
    bench.press("k")
    traces.expect(clipped="true")
    assert traces.picture() != wild
    traces.tool("more-button").click()
    expect(traces.tool("cut")).to_be_checked()


# --- measuring -------------------------------------------------------------------------------------------------------


def test_alt_and_drag_measures_between_two_moments(bench: Bench, traces: Traces) -> None:
    (start_s, stop_s), name = traces.span_s, traces.names[4]
    before = bench.cursor_s
    from_uv, to_uv = traces.value_uv(0.2, 4), traces.value_uv(0.6, 4)
    traces.drag(traces.place(0.2, 4.5), traces.place(0.6, 4.5), "Alt")
    said = traces.tool("pane-measure")
    expect(said).to_contain_text(name)
    numbers = [float(found.replace("−", "-")) for found in re.findall(r"(?<=[ →])−?\d+\.?\d*(?= )", said.inner_text())]
    length_s, hz, first_uv, last_uv, step_uv, peak_uv = numbers
    assert length_s == pytest.approx(0.4 * (stop_s - start_s), abs=4 * PIXEL * (stop_s - start_s))
    assert hz == pytest.approx(1 / length_s, rel=0.01)
    assert (first_uv, last_uv) == pytest.approx((from_uv, to_uv), abs=1.0)
    assert step_uv == pytest.approx(last_uv - first_uv, abs=3 * max(ROUNDING_UV, 0.5))
    assert peak_uv >= abs(step_uv) - 1
    assert bench.cursor_s == before  # measuring moves nothing else
    x, y = traces.place(0.4, 4.5)
    traces.drag((x, y), (x, y), "Alt")
    expect(said).to_be_hidden()


def test_measuring_by_keyboard(bench: Bench, traces: Traces) -> None:
    said = traces.tool("pane-measure")
    bench.press("r")
    expect(said).to_contain_text("Δt 0.000 s")
    bench.press("Shift+ArrowRight")
    expect(said).to_contain_text(re.compile(r"Δt (1\.0\d\d|0\.9\d\d) s · 1/Δt [01]\.\d\d Hz"))
    bench.settle()
    bench.press("r")
    held = said.inner_text()
    bench.press("ArrowRight", "ArrowRight")
    bench.settle()
    assert said.inner_text() == held
    bench.press("r")
    expect(said).to_be_hidden()


# --- by hand on a screen ---------------------------------------------------------------------------------------------


@pytest.fixture
def touched(people: People, bench: Bench) -> Traces:
    """The same annotator on a tablet."""
    context = people.browser.new_context(
        viewport=SIZE,  # type: ignore[arg-type]  # a TypedDict of Playwright's
        base_url=people.system.address,
        has_touch=True,
        storage_state=bench.page.context.storage_state(),
    )
    people.contexts.append(context)
    people.watch.follow(context)
    page = context.new_page()
    page.goto(f"/studies/demo/clips/{bench.clip_id}/")
    return Traces(Bench(page).wait_ready().page)


def test_fingers_scroll_zoom_and_seek(touched: Traces) -> None:
    bench, page = Bench(touched.page), touched.page
    hand = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        where = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

    start_s, stop_s = touched.span_s
    length_s = stop_s - start_s
    # two fingers apart, as far again: half as much in view
    touch("touchStart", touched.place(0.4, 8), touched.place(0.6, 8))
    for share in (0.35, 0.3):
        touch("touchMove", touched.place(share, 8), touched.place(1 - share, 8))
    touch("touchEnd")
    touched.wait_length(length_s / 2)
    middle_s = sum(touched.span_s) / 2
    assert middle_s == pytest.approx((start_s + stop_s) / 2, abs=4 * PIXEL * length_s)
    # one finger to the left: later
    before_s = touched.span_s[0]
    touch("touchStart", touched.place(0.7, 8))
    for share in (0.6, 0.5):
        touch("touchMove", touched.place(share, 8))
    touch("touchEnd")
    touched.wait_changed("startS", f"{before_s:.4f}")
    assert touched.span_s[0] == pytest.approx(before_s + 0.2 * touched.length_s, abs=8 * PIXEL * length_s)
    # a tap goes there
    wanted_s = touched.span_s[0] + 0.5 * touched.length_s
    page.touchscreen.tap(*touched.place(0.5, 8))
    page.wait_for_function(
        "wanted_s => Math.abs(Number(document.getElementById('bench').dataset.cursorS) - wanted_s) < 0.1", arg=wanted_s
    )
    bench.settle()


def test_a_finger_measures_once_the_ruler_is_armed(touched: Traces) -> None:
    hand = touched.page.context.new_cdp_session(touched.page)
    bench = Bench(touched.page)
    bench.settle()
    before_s, span_s = bench.cursor_s, touched.span_s

    def drag(*shares: float) -> None:
        for number, share in enumerate(shares):
            x, y = touched.place(share, 4.5)
            kind = "touchMove" if number else "touchStart"
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    touched.tool("measure").tap()
    expect(touched.tool("measure")).to_have_attribute("aria-pressed", "true")
    drag(0.2, 0.4, 0.6)
    said = touched.tool("pane-measure")
    expect(said).to_contain_text(re.compile(rf"Δt \d+\.\d+ s .* {re.escape(touched.names[4])} .*peak to peak"))
    assert (bench.cursor_s, touched.span_s) == (before_s, span_s)  # measuring moves nothing else
    touched.tool("measure").tap()
    expect(said).to_be_hidden()


# --- the pane by itself ----------------------------------------------------------------------------------------------


@pytest.fixture
def own(people: People) -> Page:
    page = people.sign_in("annotator2")
    page.evaluate(OWN_PANE)
    page.wait_for_function("() => document.getElementById('own').dataset.rows === '64'")
    return page


def test_while_only_the_cursor_moves_the_signals_are_not_drawn_again(own: Page) -> None:
    own.evaluate(FRAMES, 2)
    before = own.locator("#own").get_attribute("data-draws")
    own.evaluate(
        """async () => {
          for (let k = 0; k < 40; k += 1) {
            pane.setCursor(k / 30);
            await new Promise(requestAnimationFrame);
          }
        }"""
    )
    expect(own.locator("#own")).to_have_attribute("data-cursor-s", f"{39 / 30:.4f}")
    assert own.locator("#own").get_attribute("data-draws") == before


def test_scrolling_draws_at_most_once_a_frame(own: Page) -> None:
    own.evaluate(FRAMES, 2)
    before = int(own.locator("#own").get_attribute("data-draws") or 0)
    own.evaluate("() => { for (let k = 0; k < 50; k += 1) pane.showSpan({ start_s: k / 10, stop_s: k / 10 + 10 }); }")
    own.evaluate(FRAMES, 3)
    assert int(own.locator("#own").get_attribute("data-draws") or 0) == before + 1


def test_three_thousand_marks_are_in_view_and_a_stretch_is_chosen_over_them(own: Page) -> None:
    own.evaluate(
        """() => {
          pane.setMarks(Array.from({ length: 4000 }, (_, k) => ({ start_s: k / 50, kind: "event", text: `S${k}` })));
          pane.onMarkRange = (start_s, stop_s) => { window.chosen = [start_s, stop_s]; };
        }"""
    )
    expect(own.locator("#own")).to_have_attribute("data-marks", "3001")
    own.evaluate("() => pane.showSpan({ start_s: 10, stop_s: 20 })")
    expect(own.locator("#own")).to_have_attribute("data-marks", "501")
    box = own.locator("#own").bounding_box()
    assert box is not None
    x = [box["x"] + GUTTER_PX + share * (800 - GUTTER_PX) for share in (0.25, 0.75)]
    own.mouse.move(x[0], box["y"] + 100)
    own.keyboard.down("Shift")
    own.mouse.down()
    own.mouse.move(x[1], box["y"] + 120)
    own.mouse.up()
    own.keyboard.up("Shift")
    chosen = own.evaluate("() => window.chosen")
    assert chosen == pytest.approx([12.5, 17.5], abs=0.02)
    assert own.evaluate("() => window.sought ?? null") is None
