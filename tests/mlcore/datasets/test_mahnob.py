"""Miniature MAHNOB-HCI folders with known clocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlcore.datasets import Recording, find_recordings, read_recording
from mlcore.errors import LayoutError, RecordingError
from mlcore.types import RecordingSpec
from tests.factories.mahnob import BODY_CHANNELS, EEG_CHANNELS, FPS, MiniSession, session_xml, write_mahnob

PLAIN = MiniSession()
MS = 1e-3


def _read(root: Path, *sessions: MiniSession) -> Recording:
    found = find_recordings(write_mahnob(root, *sessions), "mahnob")
    return read_recording(found.recordings[0], found.root)


def _only_error(root: Path) -> str:
    (spec,) = find_recordings(root, "mahnob").recordings
    with pytest.raises(RecordingError, match=r".+") as caught:
        read_recording(spec, root)
    assert str(caught.value) == spec.error
    return spec.error


class TestFinding:
    def test_sessions_by_number(self, tmp_path: Path) -> None:
        sessions = [MiniSession(subject=2, section=4), MiniSession(section=10), PLAIN]
        found = find_recordings(write_mahnob(tmp_path, *sessions))
        assert [(spec.subject, spec.session) for spec in found.recordings] == [("1", "2"), ("1", "10"), ("2", "134")]
        assert found.layout == "mahnob"
        assert found.why == "Read as mahnob: it holds 3 numbered session folders with session.xml."

    def test_files_of_a_session(self, tmp_path: Path) -> None:
        (spec,) = find_recordings(write_mahnob(tmp_path, PLAIN)).recordings
        assert spec.eeg_path == "Sessions/2/Part_1_S_Trial1_emotion.bdf"
        assert spec.video_path == f"Sessions/2/{PLAIN.video_name}"
        assert spec.companion_paths == ("Sessions/2/session.xml", "Sessions/2/P1-Rec1-All-Data-New_Section_2.tsv")
        assert RecordingSpec.from_json(spec.to_json()) == spec

    def test_the_sessions_folder_itself_is_a_source_too(self, tmp_path: Path) -> None:
        write_mahnob(tmp_path, PLAIN)
        found = find_recordings(tmp_path / "Sessions")
        assert found.recordings[0].eeg_path == "2/Part_1_S_Trial1_emotion.bdf"
        assert read_recording(found.recordings[0], found.root).duration_s == 12.0

    def test_neutral_sessions_are_left_out_and_counted(self, tmp_path: Path) -> None:
        neutral = MiniSession(section=1, attributes={"isStim": "0", "feltArsl": "absent"})
        found = find_recordings(write_mahnob(tmp_path, PLAIN, neutral))
        assert [spec.session for spec in found.recordings] == ["2"]
        assert "1 sessions without a stimulus" in found.why

    def test_greyscale_cameras_are_not_taken(self, tmp_path: Path) -> None:
        write_mahnob(tmp_path, PLAIN)
        other = tmp_path / "Sessions" / "2" / "P1-Rec1-2009.07.09.17.53.46_BW1 trigger_Section_2.avi"
        other.write_bytes(b"grey")
        (spec,) = find_recordings(tmp_path).recordings
        assert spec.video_path == f"Sessions/2/{PLAIN.video_name}"


class TestBadFolders:
    def test_one_bad_folder_stops_no_other(self, tmp_path: Path) -> None:
        write_mahnob(tmp_path, PLAIN, MiniSession(section=4))
        (tmp_path / "Sessions" / "4" / "session.xml").write_text("<session")
        good, bad = find_recordings(tmp_path).recordings
        assert (good.error, bad.subject, bad.session) == ("", "1", "4")
        assert bad.error.startswith("4/session.xml: can't be read as XML")

    def test_without_description(self, tmp_path: Path) -> None:
        (tmp_path / "Sessions" / "134").mkdir(parents=True)
        assert "134/session.xml: the session folder has no session.xml" in _only_error(tmp_path)

    def test_without_recordings(self, tmp_path: Path) -> None:
        write_mahnob(tmp_path, replace(PLAIN, has_eeg=False, has_video=False))
        assert "neither a BDF file nor a colour video" in _only_error(tmp_path)

    def test_entities_are_refused(self, tmp_path: Path) -> None:
        write_mahnob(tmp_path, PLAIN)
        bomb = '<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
        text = session_xml(PLAIN).replace("<session", f"{bomb}<session", 1)
        (tmp_path / "Sessions" / "2" / "session.xml").write_text(text)
        assert "declares entities or a document type" in _only_error(tmp_path)

    def test_links_out_of_the_source_are_refused(self, tmp_path: Path) -> None:
        root = write_mahnob(tmp_path / "data", PLAIN)
        bdf = root / "Sessions" / "2" / "Part_1_S_Trial1_emotion.bdf"
        bdf.rename(tmp_path / "elsewhere.bdf")
        bdf.symlink_to(tmp_path / "elsewhere.bdf")
        assert "the link leads out" in _only_error(root)

    def test_damaged_eeg_is_named(self, tmp_path: Path) -> None:
        write_mahnob(tmp_path, PLAIN)
        bdf = tmp_path / "Sessions" / "2" / "Part_1_S_Trial1_emotion.bdf"
        bdf.write_bytes(bdf.read_bytes()[:-5000])
        (spec,) = find_recordings(tmp_path).recordings
        with pytest.raises(RecordingError, match=r"^Part_1_S_Trial1_emotion\.bdf: the file was cut short"):
            read_recording(spec, tmp_path)

    def test_folder_of_something_else(self, tmp_path: Path) -> None:
        with pytest.raises(LayoutError, match="expected numbered folders"):
            find_recordings(tmp_path, "mahnob")


class TestClock:
    @pytest.mark.parametrize("offset_s", [1.25, -0.5, 0.0])
    def test_audio_counter_places_the_video(self, tmp_path: Path, offset_s: float) -> None:
        recording = _read(tmp_path, replace(PLAIN, video_offset_s=offset_s))
        assert recording.clock.offset_s == pytest.approx(offset_s, abs=0.1 * MS)
        assert (recording.clock.drift, recording.clock.method) == (0.0, "audio counter")
        assert recording.clock.residual_ms == pytest.approx(0.0, abs=1.0)
        assert recording.warnings == ()

    def test_a_video_longer_than_the_film_is_not_stretched(self, tmp_path: Path) -> None:
        recording = _read(tmp_path, replace(PLAIN, video_s=25.0))
        assert recording.clock.drift == 0.0
        assert recording.video_span == pytest.approx((1.25, 26.25), abs=2 * MS)
        assert recording.duration_s == pytest.approx(26.25, abs=2 * MS)

    def test_frames_lie_where_the_camera_took_them(self, tmp_path: Path) -> None:
        recording = _read(tmp_path, replace(PLAIN, vid_rate_hz=FPS * 1.002))
        last_frame_s = recording.clock.to_session(199 / FPS)
        assert last_frame_s == pytest.approx(1.25 + 199 / (FPS * 1.002), abs=0.2 * MS)

    def test_a_rate_that_can_not_be_is_not_believed(self, tmp_path: Path) -> None:
        recording = _read(tmp_path, replace(PLAIN, vid_rate_hz=61.0))
        assert recording.clock.drift == 0.0
        assert any("61 frames a second" in warning for warning in recording.warnings)

    def test_disagreement_about_the_end_is_told(self, tmp_path: Path) -> None:
        root = write_mahnob(tmp_path, PLAIN)
        table = next((root / "Sessions" / "2").glob("*.tsv"))
        late = table.read_text().replace("109000.000", "109800.000")
        table.write_text(late)
        (spec,) = find_recordings(root).recordings
        recording = read_recording(spec, root)
        assert recording.clock.residual_ms == pytest.approx(800.0, abs=1.0)
        assert any("disagree by 800 ms" in warning for warning in recording.warnings)

    @pytest.mark.parametrize(
        "session",
        [
            replace(PLAIN, has_gaze=False),
            replace(PLAIN, has_movie_events=False),
            replace(PLAIN, attributes={"audBeginSmp": "absent"}),
        ],
    )
    def test_without_counter_it_says_so(self, tmp_path: Path, session: MiniSession) -> None:
        recording = _read(tmp_path, session)
        assert (recording.clock.offset_s, recording.clock.method) == (0.0, "same start")
        assert any("could not be related" in warning for warning in recording.warnings)


class TestTrial:
    def test_from_first_to_second_event(self, tmp_path: Path) -> None:
        (trial,) = _read(tmp_path, replace(PLAIN, section=14)).trials
        assert (trial.number, trial.start_s, trial.stop_s, trial.stimulus) == (7, 3.0, 9.0, "90.avi")

    def test_self_reports(self, tmp_path: Path) -> None:
        (trial,) = _read(tmp_path, PLAIN).trials
        assert trial.self_reports == {"feltEmo": 4, "feltArsl": 5, "feltVlnc": 7, "feltCtrl": 3, "feltPred": 6}

    def test_video_alone_runs_on_the_video_clock(self, tmp_path: Path) -> None:
        recording = _read(tmp_path, replace(PLAIN, has_eeg=False))
        (trial,) = recording.trials
        assert (recording.clock.offset_s, recording.eeg_info) == (0.0, None)
        assert trial.start_s == pytest.approx(3.0 - 1.25, abs=MS)
        assert trial.stop_s == pytest.approx(9.0 - 1.25, abs=MS)

    def test_eeg_alone(self, tmp_path: Path) -> None:
        recording = _read(tmp_path, replace(PLAIN, has_video=False))
        assert (recording.video_path, recording.video_span, recording.duration_s) == (None, None, 12.0)
        assert (recording.trials[0].start_s, recording.trials[0].stop_s) == (3.0, 9.0)

    def test_channels(self, tmp_path: Path) -> None:
        info = _read(tmp_path, PLAIN).eeg_info
        assert info is not None
        eeg = [name for name, kind in zip(info.channels, info.kinds, strict=True) if kind == "eeg"]
        assert eeg == EEG_CHANNELS
        assert info.channels == (*EEG_CHANNELS, *BODY_CHANNELS, "Status")
