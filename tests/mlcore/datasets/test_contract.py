"""What every layout keeps to, each on a miniature of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

from mlcore.datasets import LAYOUTS, Discovery, Recording, find_recordings, open_recording_eeg, read_recording
from mlcore.errors import RecordingError
from mlcore.types import RecordingSpec, SyncMethod
from tests.factories.miniatures import MINIATURES, Known, Miniature

NAMES = [layout.NAME for layout in LAYOUTS]


Names = tuple[str, str]


class Written:
    """A miniature on disk, found and read once for all tests: none of them changes it."""

    def __init__(self, miniature: Miniature, root: Path) -> None:
        root.mkdir()
        self.miniature = miniature
        self.root = miniature.write(root)

    @cached_property
    def found(self) -> Discovery:
        return find_recordings(self.root)

    @cached_property
    def read(self) -> dict[Names, Recording]:
        return {(s.subject, s.session): read_recording(s, self.found.root) for s in self.found.recordings}

    def known(self) -> list[tuple[Known, Recording]]:
        return [(self.miniature.sessions[names], recording) for names, recording in self.read.items()]


@pytest.fixture(scope="module", params=MINIATURES)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    root = tmp_path_factory.mktemp("miniature")
    yield Written(MINIATURES[request.param], root / "data")
    shutil.rmtree(root)


def _paths(spec: RecordingSpec) -> list[str]:
    named = (spec.eeg_path, spec.video_path, *spec.companion_paths, *spec.track_paths.values())
    return [path for path in named if path]


def test_every_layout_has_a_miniature() -> None:
    assert {miniature.layout for miniature in MINIATURES.values()} == set(NAMES)


def test_auto_takes_it_for_what_it_is_and_says_why(written: Written) -> None:
    miniature, found = written.miniature, written.found
    assert (found.layout, found.why.split(": ")[0]) == (miniature.layout, f"Read as {miniature.layout}")
    assert found.why.endswith(".")


def test_no_other_layout_knows_it_but_by_the_order(written: Written) -> None:
    miniature, root = written.miniature, written.root
    known = {layout.NAME for layout in LAYOUTS if layout.recognise(root) is not None}
    assert known == {miniature.layout} | miniature.also
    assert all(NAMES.index(other) > NAMES.index(miniature.layout) for other in miniature.also)


def test_every_session_is_found_once_in_the_same_order(written: Written) -> None:
    found = written.found
    assert {(spec.subject, spec.session) for spec in found.recordings} == set(written.miniature.sessions)
    assert len(found.recordings) == len(written.miniature.sessions)
    assert find_recordings(written.root) == found
    assert find_recordings(written.root, written.miniature.layout).recordings == found.recordings


def test_specs_survive_json_and_name_files_inside(written: Written) -> None:
    found = written.found
    for spec in found.recordings:
        assert RecordingSpec.from_json(spec.to_json()) == spec
        assert (spec.layout, spec.error) == (written.miniature.layout, "")
        for path in _paths(spec):
            assert "\\" not in path
            assert (found.root / path).resolve().is_file()
            assert (found.root / path).resolve().is_relative_to(found.root.resolve())


def test_a_recording_needs_no_other_files_than_it_names(written: Written, tmp_path: Path) -> None:
    found = written.found
    for spec in found.recordings:
        for path in _paths(spec):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            if not (tmp_path / path).exists():
                (tmp_path / path).hardlink_to(found.root / path)
    for spec in found.recordings:
        here, there = read_recording(spec, tmp_path), written.read[spec.subject, spec.session]
        assert (here.clock, here.trials, here.duration_s) == (there.clock, there.trials, there.duration_s)


def test_streams_clocks_and_stimuli(written: Written) -> None:
    for known, recording in written.known():
        assert (recording.video_info is not None) == (known.offset_s is not None)
        assert recording.clock.method == known.method
        assert recording.clock.offset_s == pytest.approx(known.offset_s or 0.0, abs=1e-3)
        assert tuple(trial.stimulus for trial in recording.trials) == known.stimuli


def test_trials_lie_within_what_was_recorded(written: Written) -> None:
    for _known, recording in written.known():
        numbers = [trial.number for trial in recording.trials]
        assert numbers
        assert sorted(set(numbers)) == numbers
        for trial in recording.trials:
            assert trial.stop_s is not None
            assert 0.0 <= trial.start_s <= trial.stop_s <= recording.duration_s


def test_eeg_is_in_volts(written: Written) -> None:
    for known, recording in written.known():
        assert (recording.eeg is not None) == (known.channel is not None)
        if recording.eeg is not None and known.channel is not None:
            name, amplitude_uv = known.channel
            samples = recording.eeg.read([name], 0.0, 4.0)
            assert 1e6 * float(np.std(samples)) * np.sqrt(2) == pytest.approx(amplitude_uv, rel=0.02)


def test_eeg_can_be_opened_alone(written: Written) -> None:
    found = written.found
    for spec in found.recordings:
        eeg = open_recording_eeg(spec, found.root)
        assert (eeg is not None) == (spec.eeg_path is not None)
        assert eeg is None or eeg.info == written.read[spec.subject, spec.session].eeg_info


def test_points_set_by_hand_overrule_and_keep_the_drift(written: Written) -> None:
    found = written.found
    both = [spec for spec in found.recordings if spec.eeg_path and spec.video_path]
    for spec in both[:1]:
        before = written.read[spec.subject, spec.session].clock
        moved = read_recording(replace(spec, sync_points=((1.0, 4.5),)), found.root).clock
        assert (moved.method, moved.drift) == (SyncMethod.HAND, before.drift)
        assert moved.to_session(1.0) == pytest.approx(4.5)


def test_bad_channels_are_those_of_the_file(written: Written) -> None:
    found = written.found
    spec = next(spec for spec in found.recordings if spec.eeg_path)
    eeg = open_recording_eeg(spec, found.root)
    assert eeg is not None
    name = eeg.info.channels[0]
    recording = read_recording(replace(spec, bad_channels=(name, "Nz9")), found.root)
    assert recording.bad_channels == (name,)
    assert any("not in the file: Nz9" in warning for warning in recording.warnings)


def test_links_out_of_the_source_are_refused(written: Written, tmp_path: Path) -> None:
    root = Path(shutil.copytree(written.root, tmp_path / "data", copy_function=os.link))
    path = next(spec.eeg_path for spec in written.found.recordings if spec.eeg_path)
    away = (root / path).rename(tmp_path / "elsewhere")
    (root / path).symlink_to(away)
    found = find_recordings(root, written.miniature.layout)
    refused = [spec for spec in found.recordings if "link" in spec.error]
    assert refused
    assert all("leads out of the folder of the recordings" in spec.error for spec in refused)
    assert not [spec for spec in found.recordings if spec.eeg_path == path]


def test_links_inside_the_source_are_followed(written: Written, tmp_path: Path) -> None:
    root = Path(shutil.copytree(written.root, tmp_path / "data", copy_function=os.link))
    path = next(spec.eeg_path for spec in written.found.recordings if spec.eeg_path)
    (root / "kept").mkdir()
    (root / path).symlink_to((root / path).rename(root / "kept" / "elsewhere"))
    assert find_recordings(root).recordings == written.found.recordings


@pytest.mark.parametrize("fault", ["gone", "empty", "cut", "nonsense"])
def test_damaged_files_are_named_in_one_sentence(written: Written, tmp_path: Path, fault: str) -> None:
    found = written.found
    spec = next(spec for spec in found.recordings if spec.eeg_path)
    for path in _paths(spec):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(found.root / path, tmp_path / path)
    eeg = tmp_path / str(spec.eeg_path)
    content = eeg.read_bytes()
    eeg.write_bytes(
        {"empty": b"", "cut": content[: len(content) // 3], "nonsense": bytes(range(256)) * 40}.get(fault, b"")
    )
    if fault == "gone":
        eeg.unlink()
    with pytest.raises(RecordingError, match=eeg.stem) as caught:
        read_recording(spec, tmp_path).eeg.read(None, 0.0, 1e9)  # type: ignore[union-attr]
    message = str(caught.value)
    assert message.endswith(".")
    assert str(tmp_path) not in message
    assert "\n" not in message
