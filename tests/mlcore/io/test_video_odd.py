"""Videos as they come: codecs, pixel formats, clocks and shapes of every sort, each frame known by its brightness."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.video import encode_proxy, frame_times_s, iter_frames, probe_video
from tests.factories.videos import N_LEVELS, number_of, write_sound, write_two_videos, write_video

STEADY = [index / 25 for index in range(30)]
QUIET_X265 = {"x265-params": "log-level=error"}

WRITTEN: dict[str, dict[str, Any]] = {
    "b-frames.mp4": {"b_frames": 3},
    "b-frames.mkv": {"b_frames": 3, "ticks": 1000},
    "b-frames.avi": {"b_frames": 2, "ticks": 25},
    "no-b-frames.avi": {"ticks": 25},
    "ten-bit-hevc.mkv": {"codec": "libx265", "pix_fmt": "yuv420p10le", "options": QUIET_X265, "ticks": 1000},
    "ten-bit-h264.mp4": {"pix_fmt": "yuv422p10le"},
    "odd-size.mkv": {"codec": "ffv1", "pix_fmt": "yuv444p", "size": (63, 47), "ticks": 1000},
    "grey.avi": {"codec": "ffv1", "pix_fmt": "gray", "ticks": 25},
    "alpha.mov": {"codec": "png", "pix_fmt": "rgba"},
    "raw.avi": {"codec": "rawvideo", "pix_fmt": "bgr24", "ticks": 25},
    "full-range.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p", "ticks": 25},
    "interlaced.mp4": {"options": {"flags": "+ildct+ilme", "x264-params": "tff=1"}},
    "vp9.webm": {"codec": "libvpx-vp9", "ticks": 1000},
    "mpeg2.mpg": {"codec": "mpeg2video", "b_frames": 2, "ticks": 25},
    "transport.ts": {"b_frames": 2},
    "windows.wmv": {"codec": "wmv2", "ticks": 25},
    "flash.flv": {"codec": "flv", "ticks": 25},
    "fragments.mp4": {"container_options": {"movflags": "frag_keyframe+empty_moov"}, "options": {"g": "10"}},
    "long-sound.mp4": {"sound_s": 4.0},
    "Aufnahme Müller 録画.mp4": {},
}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_frame_and_its_time(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, STEADY, **{"rate": 25, **WRITTEN[name]})
    notes: list[str] = []
    info = probe_video(path, notes)
    frames = list(iter_frames(path))
    assert (info.n_frames, notes) == (30, [])
    np.testing.assert_allclose(frame_times_s(path), STEADY, atol=1e-3)
    np.testing.assert_allclose([video_s for video_s, _image in frames], STEADY, atol=1e-3)
    for index, (_video_s, image) in enumerate(frames):
        assert abs(number_of(image) - index % N_LEVELS) <= 1, index


@pytest.mark.parametrize(
    "name", ["b-frames.avi", "ten-bit-hevc.mkv", "odd-size.mkv", "alpha.mov", "full-range.avi", "long-sound.mp4"]
)
def test_the_proxy_shows_the_same(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, STEADY, **{"rate": 25, **WRITTEN[name]})
    info = encode_proxy(path, tmp_path / "proxy.mp4")
    frames = list(iter_frames(tmp_path / "proxy.mp4"))
    assert (info.codec, info.width % 2, info.height % 2) == ("h264", 0, 0)
    np.testing.assert_allclose([video_s for video_s, _image in frames], STEADY, atol=1e-4)
    for index, (_video_s, image) in enumerate(frames):
        assert abs(number_of(image) - index % N_LEVELS) <= 1, index


@pytest.mark.parametrize(("name", "start_s"), [("a.mkv", -0.4), ("a.mkv", 7.0), ("a.ts", -0.4), ("a.mp4", 7.0)])
def test_the_first_frame_is_zero_whatever_the_stamps(tmp_path: Path, name: str, start_s: float) -> None:
    path = write_video(tmp_path / name, [start_s + time_s for time_s in STEADY], b_frames=2)
    frames = list(iter_frames(path))
    np.testing.assert_allclose([video_s for video_s, _image in frames], STEADY, atol=1.1e-3)
    assert [number_of(image) for _video_s, image in frames[:5]] == [0, 1, 2, 3, 4]


def test_an_edit_list_cuts_off_what_lies_before_zero(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [time_s - 0.4 for time_s in STEADY], b_frames=2)
    frames = list(iter_frames(path))
    np.testing.assert_allclose(frame_times_s(path), STEADY[:20], atol=1e-4)
    np.testing.assert_allclose([video_s for video_s, _image in frames], STEADY[:20], atol=1e-4)
    assert number_of(frames[0][1]) == 10


def test_of_frames_with_the_same_stamp_one_is_shown(tmp_path: Path) -> None:
    path = _remuxed(write_video(tmp_path / "a.mkv", STEADY, ticks=1000), tmp_path / "b.mkv", lambda pts: pts // 80 * 80)
    expected = np.arange(15) * 0.08
    np.testing.assert_allclose(frame_times_s(path), expected, atol=1e-3)
    np.testing.assert_allclose([video_s for video_s, _image in iter_frames(path)], expected, atol=1e-3)


def _remuxed(source: Path, target: Path, stamp: Callable[[int], int]) -> Path:
    """The same packets under other stamps."""
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.pts is not None:
                packet.pts = packet.dts = stamp(packet.pts)
                packet.stream = stream
                written.mux(packet)
    return target


def _corner(_index: int) -> NDArray[np.uint8]:
    """Dark, but for the quarter at the top left."""
    image = np.full((48, 64, 3), 20, dtype=np.uint8)
    image[:24, :32] = 230
    return image


@pytest.mark.parametrize(("rotation", "lit"), [(0, (0, 0)), (90, (1, 0)), (180, (1, 1)), (270, (0, 1))])
def test_pictures_stand_upright(tmp_path: Path, rotation: int, lit: tuple[int, int]) -> None:
    """Turned counter-clockwise by so much, as a player shows it; the proxy needs no turning any more."""
    path = write_video(tmp_path / "a.mp4", STEADY[:3], picture=_corner, rotation=rotation)
    encode_proxy(path, tmp_path / "proxy.mp4")
    for file in (path, tmp_path / "proxy.mp4"):
        info, image = probe_video(file), next(iter_frames(file))[1]
        assert image.shape[:2] == (info.height, info.width) == ((64, 48) if rotation % 180 else (48, 64))
        rows, columns = (size // 2 for size in image.shape[:2])
        quarters = {(y, x): image[y * rows :, x * columns :][:rows, :columns].mean() for y in (0, 1) for x in (0, 1)}
        assert max(quarters, key=lambda place: quarters[place]) == lit


def test_the_proxys_pixels_are_square(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", STEADY, aspect=Fraction(2, 1))
    info = encode_proxy(path, tmp_path / "proxy.mp4")
    assert (probe_video(path).width, info.width, info.height) == (64, 128, 48)


def test_of_two_videos_the_first_is_read_and_that_is_said(tmp_path: Path) -> None:
    path, notes = write_two_videos(tmp_path / "a.mkv", 20), list[str]()
    assert (probe_video(path, notes).width, notes) == (64, ["a.mkv: the file holds 2 videos; the first was read."])
    assert [number_of(image) for _video_s, image in iter_frames(path)] == list(range(20))


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"^a\.mp4: the file holds no video stream, only a picture\.$"):
        probe_video(write_sound(tmp_path / "a.mp4", cover=True))


def test_a_picture_that_changes_its_size(tmp_path: Path) -> None:
    """Two takes of different size in one transport stream: the proxy keeps the size it began with."""
    first = write_video(tmp_path / "a.ts", STEADY)
    second = write_video(tmp_path / "b.ts", [time_s + 1.2 for time_s in STEADY], size=(96, 80))
    (tmp_path / "both.ts").write_bytes(first.read_bytes() + second.read_bytes())
    info = encode_proxy(tmp_path / "both.ts", tmp_path / "proxy.mp4")
    assert (info.width, info.height) == (64, 48)
    assert info.n_frames >= 58
