"""A conversion that was stopped goes on, and comes out the same to the byte."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlcore.commands import main
from mlcore.convert.folder import StoreFolder, shard_name
from mlcore.convert.layouts import questions_of
from mlcore.convert.settings import ClipSettings
from mlcore.convert.source import convert_source
from mlcore.datasets import Discovery, find_recordings
from mlcore.errors import LayoutError, StoreError
from mlcore.store import open_store
from mlcore.types import JsonObject
from tests.factories.mahnob import MiniSession, write_mahnob

SETTINGS = ClipSettings(window_s=2.0, hop_s=1.0, sfreq=64.0, modalities=("eeg",))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sessions = [MiniSession(section=2 * n, has_video=False, has_gaze=False) for n in range(1, 6)]
    return write_mahnob(tmp_path_factory.mktemp("source"), *sessions)


@pytest.fixture(scope="module")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    store = tmp_path_factory.mktemp("whole") / "store"
    convert(find_recordings(source), store)
    return contents(store)


def convert(found: Discovery, store: Path, *, stop_at: int | None = None, part: tuple[int, int] = (1, 1)) -> JsonObject:
    def on_session(n_done: int, n_sessions: int, what: str) -> None:
        if n_done == stop_at:
            raise InterruptedError

    questions = questions_of("mahnob", window_s=SETTINGS.window_s)
    return convert_source(found, store, SETTINGS, questions, part=part, on_session=on_session)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("stop_at", [0, 1, 3])
def test_stopped_between_shards(tmp_path: Path, source: Path, whole: dict[str, bytes], stop_at: int) -> None:
    found, store = find_recordings(source), tmp_path / "store"
    with pytest.raises(InterruptedError):
        convert(found, store, stop_at=stop_at)
    assert len([path for path in store.iterdir() if (path / "meta.json").exists()]) == stop_at
    assert convert(found, store)["already_there"] == stop_at
    assert contents(store) == whole


def test_a_half_written_shard_does_not_count(tmp_path: Path, source: Path, whole: dict[str, bytes]) -> None:
    found, store = find_recordings(source), tmp_path / "store"
    convert(found, store)
    shard = store / shard_name("1", "4")
    # as a process leaves it that was killed while it wrote: a hidden folder, and a note without its shard
    shutil.move(shard, store / f".{shard.name}.0123abcd.part")
    assert convert(found, store)["already_there"] == 4
    assert {name: data for name, data in contents(store).items() if ".part/" not in name} == whole
    assert open_store(store).n_clips == 25


def test_killed_by_the_system(tmp_path: Path, source: Path, whole: dict[str, bytes]) -> None:
    store = tmp_path / "store"
    command = ["convert", "mahnob", str(source), str(store), "--modalities", "eeg"]
    command += ["--window-s", "2", "--hop-s", "1", "--sfreq", "64"]
    process = subprocess.Popen([sys.executable, "-m", "mlcore", *command], stdout=subprocess.DEVNULL)
    deadline_s = time.monotonic() + 60
    while not list(store.glob("*/meta.json")) and process.poll() is None and time.monotonic() < deadline_s:
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert main(command) == 0
    kept = {name: data for name, data in contents(store).items() if "/." not in f"/{name}"}
    assert kept == whole


def test_processes_share_the_work(tmp_path: Path, source: Path, whole: dict[str, bytes]) -> None:
    found, store = find_recordings(source), tmp_path / "store"
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda place: convert(found, store, part=(place, 2)), (1, 2)))
    assert [(one["sessions"], one["already_there"]) for one in parts] == [(3, 0), (2, 0)]
    assert contents(store) == whole
    assert convert(found, store)["already_there"] == 5
    with pytest.raises(LayoutError, match="part: expected 1/2 to 2/2, got 3/2"):
        convert(found, store, part=(3, 2))
    with pytest.raises(LayoutError, match="the source has 5 sessions, too few for part 6/6"):
        convert(found, store, part=(6, 6))


def test_other_settings_are_refused(tmp_path: Path, source: Path) -> None:
    found, store = find_recordings(source), tmp_path / "store"
    convert(found, store)
    with pytest.raises(StoreError, match=r"was begun with window_s 2\.0, not 4\.0: go on with the same settings"):
        convert_source(
            found, store, ClipSettings(window_s=4.0, modalities=("eeg",)), questions_of("mahnob", window_s=4.0)
        )


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, source: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(StoreError, match="was not made by this command"):
        convert(find_recordings(source), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_sessions_that_cannot_be_read_are_left_out_and_tried_again(tmp_path: Path) -> None:
    sessions = [MiniSession(section=2 * n, has_video=False, has_gaze=False) for n in (1, 2)]
    source = write_mahnob(tmp_path / "source", *sessions)
    bad = next((source / "Sessions" / "4").glob("*.bdf"))
    good = bad.read_bytes()
    bad.write_bytes(b"nothing that is EEG")
    found, store = find_recordings(source), tmp_path / "store"
    summary = convert(found, store)
    assert [(one["session"], bad.name in one["why"]) for one in summary["left_out"]] == [("4", True)]
    assert summary["shards"] == 1
    bad.write_bytes(good)
    summary = convert(found, store)
    assert (summary["left_out"], summary["shards"], summary["already_there"]) == ([], 2, 1)


def test_a_source_of_which_nothing_can_be_converted_is_an_error(tmp_path: Path) -> None:
    source = write_mahnob(tmp_path / "source", MiniSession(has_video=False, has_gaze=False))
    with pytest.raises(
        LayoutError, match="none of the 1 sessions could be converted; the first, 2 of subject 1: it is"
    ):
        convert_source(
            find_recordings(source), tmp_path / "store", ClipSettings(window_s=60.0), questions_of("", window_s=60.0)
        )


def test_names_of_shards_are_plain_and_different() -> None:
    names = [shard_name(*pair) for pair in [("a", "b c"), ("a", "b-c"), ("a", "b/c"), ("..", "x"), ("ä", "ö")]]
    assert len(set(names)) == len(names)
    assert all(name.isascii() and "/" not in name and not name.startswith(".") for name in names)
    assert StoreFolder(Path("store")).shard(names[2]).parent == Path("store")
