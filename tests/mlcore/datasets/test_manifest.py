from __future__ import annotations

from pathlib import Path

import pytest

from mlcore.datasets import Recording, find_recordings, read_recording
from mlcore.errors import LayoutError, RecordingError
from mlcore.types import RecordingSpec
from tests.factories.eeg import pulses, sines_uv, write_bdf, write_edf_plus
from tests.factories.shared import shared_file
from tests.factories.videos import write_video

HEADER = "subject,session,eeg_file,video_file,video_offset_s,notes\n"


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """EEG and video in two folders beside the one of the manifest."""
    for name in ("eeg", "video", "lists"):
        (tmp_path / "lab" / name).mkdir(parents=True)
    root = tmp_path / "lab"
    write_bdf(root / "eeg/a.bdf", ["Fp1"], sines_uv(1, 1280, 128), sfreq=128, status=pulses(1280, [300, 600]))
    write_edf_plus(root / "eeg/b.edf", ["Cz"], sines_uv(1, 640, 128), sfreq=128, marks=[(1.0, "x")])
    write_video(root / "video/v.mp4", [index / 25 for index in range(200)])
    return root


def _manifest(lab: Path, *lines: str, header: str = HEADER) -> Path:
    path = lab / "lists" / "manifest.csv"
    path.write_text(header + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _specs(lab: Path, *lines: str, header: str = HEADER) -> tuple[RecordingSpec, ...]:
    return find_recordings(_manifest(lab, *lines, header=header)).recordings


def test_paths_are_relative_to_the_folder_that_holds_all(lab: Path) -> None:
    found = find_recordings(_manifest(lab, "S1,1,../eeg/a.bdf,../video/v.mp4,2.5,first"))
    (spec,) = found.recordings
    assert (found.root, found.layout) == (lab, "manifest")
    assert (spec.eeg_path, spec.video_path, spec.sync_hints) == ("eeg/a.bdf", "video/v.mp4", {"video_offset_s": 2.5})
    assert found.why.startswith("Read as manifest: manifest.csv has the columns subject, session, eeg_file")


def test_a_folder_with_a_manifest_is_a_source(lab: Path) -> None:
    _manifest(lab, "S1,1,../eeg/a.bdf,,,")
    assert find_recordings(lab / "lists").recordings[0].subject == "S1"


@pytest.mark.parametrize(
    ("offset_s", "span", "duration_s"),
    [(2.5, (2.5, 10.5), 10.5), (-1.5, (-1.5, 6.5), 10.0), (0.0, (0.0, 8.0), 10.0)],
)
def test_offset_is_the_eeg_time_of_the_first_frame(
    lab: Path, offset_s: float, span: tuple[float, float], duration_s: float
) -> None:
    found = find_recordings(_manifest(lab, f"S1,1,../eeg/a.bdf,../video/v.mp4,{offset_s},"))
    recording = read_recording(found.recordings[0], found.root)
    assert recording.video_span == pytest.approx(span)
    assert recording.duration_s == pytest.approx(duration_s)
    (trial,) = recording.trials
    assert (trial.number, trial.start_s, trial.stop_s) == (1, 0.0, recording.duration_s)
    assert (recording.clock.method, recording.clock.residual_ms) == ("given offset", None)


def test_one_stream_alone(lab: Path) -> None:
    found = find_recordings(_manifest(lab, "S1,1,../eeg/b.edf,,,", "S2,1,,../video/v.mp4,,"))
    eeg, video = (read_recording(spec, found.root) for spec in found.recordings)
    assert (eeg.duration_s, eeg.video_info, eeg.clock.offset_s) == (5.0, None, 0.0)
    assert video.duration_s == pytest.approx(8.0)
    assert (video.eeg_info, video.clock.offset_s) == (None, 0.0)


def test_without_offset_it_says_what_it_assumed(lab: Path) -> None:
    found = find_recordings(_manifest(lab, "S1,1,../eeg/a.bdf,../video/v.mp4,,"))
    recording = read_recording(found.recordings[0], found.root)
    assert recording.clock.method == "same start"
    assert "no video_offset_s" in recording.warnings[0]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("S1,2,../eeg/none.bdf,,,", "../eeg/none.bdf does not exist"),
        ("S1,2,,,,", "neither an EEG file nor a video file"),
        (",2,../eeg/a.bdf,,,", "subject or session is empty"),
        ("S1,2,../eeg/a.bdf,../video/v.mp4,soon,", "video_offset_s is 'soon'"),
        ("S1,2,../eeg/a.bdf,../video/v.mp4,nan,", "video_offset_s is 'nan'"),
        ("S1,2,/etc/passwd,,,", "absolute path"),
        ("S1,2,../../../../../../../../etc/passwd,,,", "leads more than 2 folders above"),
        ("S1,1,../eeg/b.edf,,,", "session 1 of subject S1 is listed twice"),
    ],
)
def test_a_bad_line_fails_alone(lab: Path, line: str, reason: str) -> None:
    good, bad = _specs(lab, "S1,1,../eeg/a.bdf,,,", line)
    assert good.error == ""
    assert bad.error.startswith("Line 3 of the manifest: ")
    assert reason in bad.error
    with pytest.raises(RecordingError, match="Line 3"):
        read_recording(bad, lab)


def test_links_that_lead_out_are_refused(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.bdf").write_bytes(b"x")
    (lab / "eeg" / "link.bdf").symlink_to(tmp_path / "secret.bdf")
    (spec,) = _specs(lab, "S1,1,../eeg/link.bdf,,,")
    assert "a link that leads out" in spec.error


def test_paths_of_a_spec_can_not_leave_the_root(lab: Path) -> None:
    spec = RecordingSpec("S1", "1", "manifest", eeg_path="../lab/eeg/a.bdf", video_path=None)
    with pytest.raises(RecordingError, match="leads out of the folder"):
        read_recording(spec, lab)


@pytest.mark.parametrize(
    ("columns", "cells", "points"),
    [
        ("video_s_1,eeg_s_1,video_s_2,eeg_s_2", "1,3,7,9.01", ((1.0, 3.0), (7.0, 9.01))),
        ("video_s_2,eeg_s_2,video_s_1,eeg_s_1", "7,9.01,,", ((7.0, 9.01),)),
        ("video_offset_s,sync_video_s,sync_eeg_s", "2,7,9.01", ((0.0, 2.0), (7.0, 9.01))),
        ("video_offset_s,sync_video_s,sync_eeg_s", "2,,", ()),
    ],
)
def test_moments_on_both_clocks(lab: Path, columns: str, cells: str, points: tuple[tuple[float, float], ...]) -> None:
    header = f"subject,session,eeg_file,video_file,{columns}\n"
    (spec,) = _specs(lab, f"S1,1,../eeg/a.bdf,../video/v.mp4,{cells}", header=header)
    assert (spec.error, spec.sync_points) == ("", points)


def test_two_moments_fit_offset_and_drift(lab: Path) -> None:
    write_video(lab / "video/long.mp4", [index / 5 for index in range(100)], rate=5)
    header = "subject,session,eeg_file,video_file,video_s_1,eeg_s_1,video_s_2,eeg_s_2\n"
    (spec,) = _specs(lab, "S1,1,../eeg/a.bdf,../video/long.mp4,1,3.0,19,21.018", header=header)
    recording = read_recording(spec, lab)
    assert recording.clock.offset_s == pytest.approx(1.999)
    assert recording.clock.drift == pytest.approx(0.001)
    assert (recording.clock.method, recording.warnings) == ("hand-set points", ())


def test_moments_that_contradict_each_other(lab: Path) -> None:
    write_video(lab / "video/long.mp4", [index / 5 for index in range(100)], rate=5)
    header = "subject,session,eeg_file,video_file,video_s_1,eeg_s_1,video_s_2,eeg_s_2\n"
    (spec,) = _specs(lab, "S1,1,../eeg/a.bdf,../video/long.mp4,1,3,19,29", header=header)
    with pytest.raises(RecordingError, match="session 1 of subject S1: points: they contradict each other"):
        read_recording(spec, lab)


@pytest.mark.parametrize(
    ("columns", "cells", "reason"),
    [
        ("video_s_1,eeg_s_1", "1,", "eeg_s_1 is '', not a number of seconds"),
        ("video_s_1,eeg_s_1", "now,2", "video_s_1 is 'now', not a number of seconds"),
        ("video_s_1", "1", "eeg_s_1 is '', not a number of seconds"),
        ("sync_video_s,sync_eeg_s", "1,inf", "sync_eeg_s is 'inf', not a number of seconds"),
        ("eeg_sfreq", "-1", "eeg_sfreq is '-1', not a number of samples a second"),
        ("eeg_sfreq", "fast", "eeg_sfreq is 'fast', not a number of samples a second"),
        ("trials_file", "../../../../../etc/passwd.csv", "leads more than 2 folders above"),
        ("trials_file", "../eeg/a.bdf", "../eeg/a.bdf is no table"),
        ("trials_file", "gone.csv", "gone.csv does not exist"),
    ],
)
def test_a_cell_that_makes_no_sense(lab: Path, columns: str, cells: str, reason: str) -> None:
    header = f"subject,session,eeg_file,video_file,{columns}\n"
    (spec,) = _specs(lab, f"S1,1,../eeg/a.bdf,../video/v.mp4,{cells}", header=header)
    assert reason in spec.error


def test_rate_of_a_file_that_has_none(lab: Path) -> None:
    table = "Fp1,Fp2\n" + "".join(f"{n % 7},{n % 5}\n" for n in range(512))
    (lab / "eeg" / "table.csv").write_text(table)
    (spec,) = _specs(lab, "S1,1,../eeg/table.csv,256", header="subject,session,eeg_file,eeg_sfreq\n")
    assert spec.eeg_sfreq == 256.0
    recording = read_recording(spec, lab)
    assert recording.eeg_info is not None
    assert (recording.eeg_info.sfreq, recording.eeg_info.channels, recording.duration_s) == (256.0, ("Fp1", "Fp2"), 2.0)


class TestTrials:
    HEADER = "subject,session,eeg_file,trials_file\n"

    def _read(self, lab: Path, table: str) -> Recording:
        (lab / "lists" / "t.tsv").write_text(table)
        (spec,) = _specs(lab, "S1,1,../eeg/a.bdf,t.tsv", header=self.HEADER)
        return read_recording(spec, lab)

    def test_lines_are_trials(self, lab: Path) -> None:
        trials = self._read(
            lab, "number\tstart_s\tstop_s\tstimulus\tvalence\n3\t1\t2.5\tjoy\t7\n5\t4\t99\tfear\tn/a\n"
        ).trials
        assert [(t.number, t.start_s, t.stop_s, t.stimulus, t.self_reports) for t in trials] == [
            (3, 1.0, 2.5, "joy", {"valence": 7.0}),
            (5, 4.0, 10.0, "fear", {}),
        ]

    @pytest.mark.parametrize(
        ("table", "reason"),
        [
            ("a\tb\n1\t2\n", "expected the columns start_s and stop_s"),
            ("start_s\tstop_s\n4\t2\n", "line 2 is no trial"),
            ("start_s\tstop_s\nnan\t2\n", "line 2 is no trial"),
            ("number\tstart_s\tstop_s\n1\t1\t2\n1\t3\t4\n", "two of its trials have one number"),
        ],
    )
    def test_a_table_that_makes_no_sense(self, lab: Path, table: str, reason: str) -> None:
        with pytest.raises(RecordingError, match=f"t.tsv: .*{reason}"):
            self._read(lab, table)


def test_names_in_any_script(lab: Path) -> None:
    name = "日本 ö 🙂.bdf"
    (lab / "eeg/a.bdf").rename(lab / "eeg" / name)
    (spec,) = _specs(lab, f"Zoe\u0308,séance 1,../eeg/{name},,,")
    assert (spec.subject, spec.session, spec.eeg_path) == ("Zo\u00eb", "séance 1", f"eeg/{name}")
    assert read_recording(spec, lab).duration_s == 10.0


def test_accents_may_be_spelled_otherwise_than_on_disk(lab: Path) -> None:
    (lab / "eeg/a.bdf").rename(lab / "eeg" / "Zoe\u0308.bdf")
    (spec,) = _specs(lab, "S1,1,../eeg/Zo\u00eb.bdf,,,")
    assert (spec.eeg_path, spec.error) == ("eeg/Zoe\u0308.bdf", "")
    assert read_recording(spec, lab).duration_s == 10.0


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_byte_order_mark(lab: Path, delimiter: str) -> None:
    header = "\ufeff" + HEADER.replace(",", delimiter)
    (spec,) = _specs(lab, delimiter.join(["S1", "1", " ../eeg/a.bdf ", "", "", ""]), header=header)
    assert (spec.eeg_path, spec.error) == ("eeg/a.bdf", "")


@pytest.mark.parametrize(
    ("header", "reason"),
    [("who,what\n", "expected the columns"), ("", "found none"), ("subject,session\n", "expected the columns")],
)
def test_wrong_columns(lab: Path, header: str, reason: str) -> None:
    with pytest.raises(LayoutError, match=reason):
        find_recordings(_manifest(lab, header=header), "manifest")


def test_no_text_at_all(lab: Path) -> None:
    path = _manifest(lab)
    path.write_bytes(b"\xff\xfe\x00\x01" * 20)
    with pytest.raises(LayoutError, match="can't be read as CSV"):
        find_recordings(path, "manifest")


def test_companions_of_split_formats() -> None:
    found = find_recordings(shared_file("sessions", "manifest.csv"))
    assert found.recordings[1].companion_paths == ("eeg/eeglab/eeglab_data.fdt",)


def test_brainvision_header_names_its_files(lab: Path) -> None:
    header = (
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nDataFile=other.eeg\nMarkerFile=../x.vmrk\n"
    )
    (lab / "eeg" / "c.vhdr").write_text(header)
    for name in ("other.eeg", "c.vmrk"):
        (lab / "eeg" / name).write_bytes(b"x")
    (spec,) = _specs(lab, "S1,1,../eeg/c.vhdr,,,")
    assert spec.companion_paths == ("eeg/c.vmrk", "eeg/other.eeg")


def test_real_manifest() -> None:
    found = find_recordings(shared_file("sessions", "manifest.csv"))
    recordings = [read_recording(spec, found.root) for spec in found.recordings]
    assert [spec.subject for spec in found.recordings] == ["S01", "S02", "S03", "S04", "S05", "S06"]
    assert [(r.eeg is not None, r.video_info is not None) for r in recordings] == [(True, True)] * 4 + [
        (True, False),
        (False, True),
    ]
    assert [round(r.duration_s) for r in recordings] == [60, 238, 573, 60, 698, 20]
    assert recordings[2].video_span == pytest.approx((-1.5, 18.19), abs=0.01)
    assert [r.video_info.codec for r in recordings if r.video_info] == ["h264", "vp8", "h264", "hevc", "h264"]
