"""Makes the README's two pictures from the demo: `python -m tests.e2e.pictures`.

Starts a demo of the default size, or takes one that runs (`--address`, `--logins`); labels as a simulated annotator
would, trains two rounds, and writes the label page and the rounds page as they then look. `--all FOLDER` keeps a
picture of every main page there.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from mlcore.simulate.oracle import SimulatedAnnotator
from mlcore.types import JsonObject
from tests.e2e.bench import Bench
from tests.e2e.browser import PATIENCE_MS, People, chromium, people_at
from tests.e2e.system import REPOSITORY, System, running_demo

FOLDER = REPOSITORY / "annotator" / "static" / "annotator" / "img"
MOST_BYTES = 400_000
N_ROUNDS, N_LABELS = 2, 16
ROUND_MS = 900_000
#: two cores import the recordings of a whole demo in about ten minutes
WHOLE_DEMO_S = 2400.0
PAGES = {
    "studies": "/",
    "study": "/studies/demo/",
    "sessions": "/studies/demo/sessions/",
    "quality": "/studies/demo/sessions/quality/",
    "acquisition": "/studies/demo/acquisition/",
    "scheme": "/studies/demo/scheme/",
    "onboarding": "/studies/demo/onboarding/",
    "import": "/studies/demo/import/",
    "rounds": "/studies/demo/rounds/",
    "round": "/studies/demo/rounds/{round}/",
    "exports": "/studies/demo/exports/",
    "people": "/studies/demo/people/",
    "new-study": "/studies/new/",
    "account": "/account/",
}


def main() -> None:
    given = arguments()
    expect.set_options(timeout=PATIENCE_MS)
    with system_of(given) as system, chromium() as browser:
        make_pictures(browser, system, given.all)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", help="a demo that runs, for example http://127.0.0.1:8000")
    parser.add_argument("--logins", type=Path, help="its demo-logins.json")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="a picture of every main page, light and dark")
    given = parser.parse_args()
    if bool(given.address) != bool(given.logins):
        parser.error("--address and --logins go together")
    return given


@contextmanager
def system_of(given: argparse.Namespace) -> Iterator[System]:
    if given.address:
        yield System(given.address.rstrip("/"), json.loads(given.logins.read_text()), given.logins.parent)
    else:
        with running_demo(start_s=WHOLE_DEMO_S) as demo:
            yield demo


def make_pictures(browser: Browser, system: System, others: Path | None) -> None:
    with people_at(browser, system) as people:
        bench, admin = Bench(people.sign_in("annotator")).open(), people.sign_in("admin")
        knows = SimulatedAnnotator(system.var / "demo" / "recordings" / "truth.json", seed=7)
        rounds = [a_round_more(bench, admin, knows) for _ in range(N_ROUNDS)]
        keep(admin, FOLDER / "rounds-page.png")
        in_the_middle_of_a_clip(bench)
        keep(bench.page, FOLDER / "label-page.png")
        if others:
            every_page(people, others, rounds[-1])


def a_round_more(bench: Bench, admin: Page, knows: SimulatedAnnotator) -> int:
    """Some labels, then a round on them; its number. Ends on the rounds page with its curve drawn."""
    for _ in range(N_LABELS):
        clip_id = bench.clip_id
        bench.press(*keys_for(bench.task(), knows))
        bench.wait_for_another_clip(clip_id)
        bench.wait_sent()
    admin.goto("/studies/demo/rounds/")
    admin.get_by_test_id("start-round").click()
    heading = admin.get_by_test_id("live-round").get_by_role("heading").inner_text()
    number = int(heading.split()[-1])
    row = admin.get_by_test_id("rounds").locator(f"tr[data-round='{number}']")
    expect(row).to_have_attribute("data-state", "published", timeout=ROUND_MS)
    expect(admin.locator("figure[data-drawn='true'] svg.main-svg").first).to_be_visible()
    return number


def keys_for(task: JsonObject, knows: SimulatedAnnotator) -> tuple[str, ...]:
    subject, session = task["session"].split(" · ")
    said = knows.respond(subject, session, 1, task["start_s"], task["stop_s"])
    if not said.values:
        return ("x",)
    return (*(str(said.values[row] + 1) for row in ("valence", "arousal")), "2", "Enter")


def in_the_middle_of_a_clip(bench: Bench) -> None:
    """Half way through, the first row answered, nothing said yet of the second."""
    bench.click_traces(0.46)
    bench.settle()
    bench.press("3")
    bench.page.mouse.move(0, 0)
    expect(bench.page.get_by_test_id("saved-state")).to_have_attribute("data-saved", "saved")


def every_page(people: People, folder: Path, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    page = people.sign_in("admin")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for name, address in PAGES.items():
            page.goto(address.format(round=number))
            for figure in page.locator("[data-figure]").all():
                expect(figure).to_have_attribute("data-drawn", "true")
            page.screenshot(path=folder / f"{name}-{scheme}.png", full_page=True)
        Bench(page).open()
        page.screenshot(path=folder / f"label-{scheme}.png")


def keep(page: Page, path: Path) -> None:
    """As it is if it is small enough, else in fewer colours."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True)
    for n_colours in (256, 64):
        if path.stat().st_size <= MOST_BYTES:
            return
        palette = picture.quantize(n_colours)
        picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    assert path.stat().st_size <= MOST_BYTES, f"{path} has {path.stat().st_size} bytes"


if __name__ == "__main__":
    main()
