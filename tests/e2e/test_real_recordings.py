"""Real recordings of many formats, imported by the command, on the label page."""

from __future__ import annotations

import json

import pytest

from mlcore.types import JsonObject
from tests.e2e.bench import Bench
from tests.e2e.browser import People
from tests.e2e.system import System
from tests.factories.shared import shared_file

BOTH = ("eeg", "face")
EXPECTED = {"S01": BOTH, "S02": BOTH, "S03": BOTH, "S04": BOTH, "S05": ("eeg",), "S06": ("face",)}


@pytest.fixture(scope="module")
def sessions(system: System) -> dict[str, JsonObject]:
    """What the import reports, by subject."""
    manifest = shared_file("sessions", "manifest.csv")
    said = system.manage("import_sessions", str(manifest), "--study", "real", "--layout", "manifest", "--json")
    return {item["subject"]: item for item in json.loads(said.splitlines()[-1])["sessions"]}


def test_six_sessions_come_in(sessions: dict[str, JsonObject]) -> None:
    assert {subject: item["status"] for subject, item in sessions.items()} == dict.fromkeys(EXPECTED, "ready")
    assert {subject: tuple(item["modalities"]) for subject, item in sessions.items()} == EXPECTED
    assert all(item["clips"] > 0 for item in sessions.values())


@pytest.mark.parametrize("subject", EXPECTED)
def test_its_clips_look_right(people: People, sessions: dict[str, JsonObject], subject: str) -> None:
    bench = clip_of(people, subject)
    assert bench.text("session-name").startswith(subject)
    if "face" in EXPECTED[subject]:
        picture = bench.picture()
        assert picture["error"] == ""
        assert min(picture["width"], picture["height"]) >= 100
        assert picture["spread"] > 40
    else:
        assert "no video" in bench.text("stage")
    if "eeg" in EXPECTED[subject]:
        assert bench.ink()["share"] > 0.01
    else:
        assert "no EEG" in bench.text("pane-note")


def test_the_cursor_follows_frames_of_any_spacing(people: People, sessions: dict[str, JsonObject]) -> None:
    """S02: frames are missing, so that counting them would end 0.84 s wrong."""
    bench = clip_of(people, "S02")
    bench.press("Space")
    bench.check_in_step(bench.frames_while(30), frame_s=0.001)


def test_without_video_the_traces_play_by_their_own_clock(people: People, sessions: dict[str, JsonObject]) -> None:
    bench = clip_of(people, "S05")
    start_s = bench.cursor_s
    bench.press("Space")
    bench.page.wait_for_function(
        "start_s => Number(document.getElementById('bench').dataset.cursorS) > start_s + 1", arg=start_s
    )
    bench.press("Space", "ArrowLeft")
    assert start_s + 0.9 < bench.cursor_s < bench.task()["stop_s"]


def clip_of(people: People, subject: str) -> Bench:
    """The label page on a clip that has every stream of its session."""
    bench = Bench(people.sign_in("admin"), "real")
    listed = bench.api("GET", "/studies/real/sessions")
    (session_id,) = [item["id"] for item in listed if item["subject"] == subject]
    clips = bench.api("GET", f"/studies/real/sessions/{session_id}")["clips"]
    best = max(clips, key=lambda clip: clip["has_eeg"] + clip["has_face"])
    return bench.open_clip(int(best["id"]))
