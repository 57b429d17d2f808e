"""Bad video files: container × fault. Each is read as far as it goes, or refused in a sentence."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.factories.bounded import BoundedReader, Read
from tests.factories.videos import write_sound, write_video

N_FRAMES = 40
STEADY = [index / 25 for index in range(N_FRAMES)]
#: container -> how it is written
CONTAINERS: dict[str, dict[str, Any]] = {
    "behind.mp4": {},
    "front.mp4": {"container_options": {"movflags": "+faststart"}},
    "fragments.mp4": {"container_options": {"movflags": "frag_keyframe+empty_moov"}, "options": {"g": "10"}},
    "a.mkv": {"ticks": 1000, "options": {"g": "10"}},
    "a.avi": {"codec": "mpeg4", "ticks": 25},
    "a.ts": {"options": {"g": "10"}},
    "a.mpg": {"codec": "mpeg2video", "ticks": 25},
    "a.wmv": {"codec": "wmv2", "ticks": 25},
    "a.flv": {"codec": "flv", "ticks": 25},
}
#: whose headers promise a number of frames, so that it shows when some are missing
PROMISING = ("front.mp4", "a.avi")


@pytest.fixture(scope="module")
def reader() -> Iterator[BoundedReader]:
    with BoundedReader() as program:
        yield program


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Uniform pictures of a few bytes, so that most of a file is its headers."""
    return written(tmp_path_factory.mktemp("whole"), None)


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Pictures of noise, each of about as many bytes as the next, so that half a file is half a video."""
    return written(tmp_path_factory.mktemp("noisy"), noise)


def written(folder: Path, picture: Callable[[int], NDArray[np.uint8]] | None) -> dict[str, bytes]:
    return {
        name: write_video(folder / name, STEADY, rate=25, picture=picture, **how).read_bytes()
        for name, how in CONTAINERS.items()
    }


def noise(index: int) -> NDArray[np.uint8]:
    return np.random.default_rng(index).integers(0, 255, (48, 64, 3), dtype=np.uint8)


def check_cut(found: Read, name: str, length: int) -> None:
    """Read as far as it goes, its frames where they were; or refused by name."""
    if found.error:
        assert found.error.startswith(f"{name}: "), (length, found)
        return
    assert 0 < len(found.times_s) <= N_FRAMES + 1, (length, found)
    assert np.all(np.isclose(np.array(found.times_s)[:, None], STEADY, atol=2e-3).any(axis=1)), (length, found)


# --- cut short -------------------------------------------------------------------------------------------------------


def mp4_bounds(content: bytes, start: int = 0, end: int | None = None) -> Iterator[int]:
    """Where boxes begin, where their heads end, those inside them too."""
    end = len(content) if end is None else end
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", content, start)
        yield from (start, start + 4, start + 8)
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts", b"dinf"):
            yield from mp4_bounds(content, start + 8, start + length)
        start += max(length, 8)


def avi_bounds(content: bytes, start: int = 0, end: int | None = None) -> Iterator[int]:
    end = len(content) if end is None else end
    while start + 8 <= end:
        kind, length = struct.unpack_from("<4sI", content, start)
        yield from (start, start + 4, start + 8)
        if kind in (b"RIFF", b"LIST"):
            yield from avi_bounds(content, start + 12, min(start + 8 + length, end))
        start += 8 + length + length % 2


def mkv_bounds(content: bytes, start: int = 0, end: int | None = None) -> Iterator[int]:
    end = len(content) if end is None else end
    while start + 2 <= end:
        id_length = 9 - content[start].bit_length()
        size_at = start + id_length
        size_length = 9 - content[size_at].bit_length()
        length = int.from_bytes(content[size_at : size_at + size_length], "big") & ((1 << (7 * size_length)) - 1)
        body = size_at + size_length
        yield from (start, size_at, body)
        # Segment, Tracks, TrackEntry, Cluster, Cues
        if content[start:size_at].hex() in ("18538067", "1654ae6b", "ae", "1f43b675", "1c53bb6b"):
            yield from mkv_bounds(content, body, min(body + length, end))
        start = body + length


BOUNDS: dict[str, Callable[[bytes], Iterator[int]]] = {
    "behind.mp4": mp4_bounds,
    "front.mp4": mp4_bounds,
    "fragments.mp4": mp4_bounds,
    "a.avi": avi_bounds,
    "a.mkv": mkv_bounds,
}


@pytest.mark.parametrize("name", BOUNDS)
def test_cut_at_every_bound_of_its_headers(
    reader: BoundedReader, whole: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    content = whole[name]
    cuts = sorted({cut for cut in BOUNDS[name](content) if 0 < cut < len(content)})
    assert len(cuts) > 40
    for cut in cuts:
        (tmp_path / name).write_bytes(content[:cut])
        check_cut(reader.read(tmp_path / name), name, cut)


@pytest.mark.parametrize("name", CONTAINERS)
def test_cut_anywhere(reader: BoundedReader, noisy: dict[str, bytes], tmp_path: Path, name: str) -> None:
    content, counts = noisy[name], list[int]()
    for share in (0.003, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0):
        (tmp_path / name).write_bytes(content[: round(share * len(content))])
        found = reader.read(tmp_path / name)
        check_cut(found, name, round(share * len(content)))
        if name in PROMISING and 0 < found.n_frames < 0.8 * N_FRAMES:
            assert found.is_cut_short, (share, found)
        counts.append(len(found.times_s))
    assert counts == sorted(counts), "more of the file is never less of the video"
    # a program stream stamps groups of frames: two of them may come out with the same time, of which one is shown
    assert counts[0] == 0
    assert counts[-1] == (N_FRAMES - 1 if name == "a.mpg" else N_FRAMES)
    if name != "behind.mp4":
        assert 0 < counts[4] < N_FRAMES, "half a file is half a video"


def test_the_sentence_about_a_file_that_was_cut(reader: BoundedReader, noisy: dict[str, bytes], tmp_path: Path) -> None:
    content = noisy["front.mp4"]
    (tmp_path / "front.mp4").write_bytes(content[: round(0.6 * len(content))])
    found = reader.read(tmp_path / "front.mp4")
    assert found.notes == (
        f"front.mp4: the file was cut short: its header promises 40 frames, {found.n_frames} are there and were read; "
        "copy it again.",
    )


def test_a_length_in_seconds_is_a_promise_too(reader: BoundedReader, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", [index / 5 for index in range(50)], picture=noise, ticks=1000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "its header promises 9.8 s, " in " ".join(reader.read(path).notes)


def test_sound_that_goes_on_is_no_cut(reader: BoundedReader, tmp_path: Path) -> None:
    for name in ("a.mkv", "a.mp4"):
        found = reader.read(write_video(tmp_path / name, STEADY, sound_s=9.0))
        assert (found.error, found.notes, len(found.times_s)) == ("", (), N_FRAMES)


# --- wrong from the beginning ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONTAINERS)
class TestEveryContainer:
    def test_empty(self, reader: BoundedReader, tmp_path: Path, name: str) -> None:
        (tmp_path / name).touch()
        assert reader.refusal(tmp_path / name) == f"{name}: the file is empty."

    def test_wrong_magic(self, reader: BoundedReader, whole: dict[str, bytes], tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"\0" * 64 + bytes(255 - byte for byte in whole[name]))
        reader.refusal(tmp_path / name)

    def test_text(self, reader: BoundedReader, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"no video at all " * 4000)
        reader.refusal(tmp_path / name)

    def test_zeros_in_place_of_pictures(
        self, reader: BoundedReader, whole: dict[str, bytes], tmp_path: Path, name: str
    ) -> None:
        content = whole[name]
        (tmp_path / name).write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
        check_cut(reader.read(tmp_path / name), name, 0)


def test_no_video_stream(reader: BoundedReader, tmp_path: Path) -> None:
    assert "holds no video stream." in reader.refusal(write_sound(tmp_path / "a.mp4"))
    assert "holds no video stream." in reader.refusal(write_sound(tmp_path / "a.mkv"))


def test_one_picture(reader: BoundedReader, tmp_path: Path) -> None:
    assert "a single frame; that is no video" in reader.refusal(write_video(tmp_path / "a.mkv", [0.0]))


def test_no_time_stamps(reader: BoundedReader, tmp_path: Path) -> None:
    assert "no frame with a time stamp" in reader.refusal(write_video(tmp_path / "a.h264", STEADY))


PLAYLISTS = {
    "a.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n",
    "a.ffconcat": "ffconcat version 1.0\nfile {other}\n",
    "a.mp4": "ffconcat version 1.0\nfile {other}\n",
    "a.mpd": '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>{other}</BaseURL></Period></MPD>',
    "a.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    "a.txt": "{other}\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_playlists_open_no_other_file(reader: BoundedReader, tmp_path: Path, name: str) -> None:
    write_video(tmp_path / "other.ts", STEADY)
    (tmp_path / name).write_text(PLAYLISTS[name].format(other="other.ts"))
    reader.refusal(tmp_path / name)


@pytest.mark.parametrize("name", ["concat:a.ts|b.ts", "http:a.ts", "Proband Ä ☃ 被験者.mp4", "a%03d.ts", "-i.ts"])
def test_names_are_names_and_no_orders(
    reader: BoundedReader, whole: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(whole["front.mp4" if name.endswith("mp4") else "a.ts"])
    assert len(reader.read(tmp_path / name).times_s) == N_FRAMES


# --- headers that lie ------------------------------------------------------------------------------------------------


def patched(content: bytes, kind: bytes, offset: int, value: bytes) -> bytes:
    """Bytes set so far behind the first name of a box."""
    at = content.index(kind) + 4 + offset
    return content[:at] + value + content[at + len(value) :]


HUGE = struct.pack(">I", 1_000_000_000)
CLUSTER = b"\x1f\x43\xb6\x75"
ONE = struct.pack(">I", 1)
Change = Callable[[bytes], bytes]
LIES: dict[str, tuple[str, Change]] = {
    "a billion frames of a byte": ("front.mp4", lambda c: patched(patched(c, b"stsz", 4, ONE), b"stsz", 8, HUGE)),
    "a billion frames in the size table": ("front.mp4", lambda c: patched(c, b"stsz", 8, HUGE)),
    "a billion frames in a fragment": ("fragments.mp4", lambda c: patched(c, b"trun", 4, HUGE)),
    "a billion frames of equal length": ("front.mp4", lambda c: patched(c, b"stts", 8, HUGE)),
    "a billion ticks a frame": ("front.mp4", lambda c: patched(c, b"stts", 12, HUGE)),
    "a billion chunks": ("front.mp4", lambda c: patched(c, b"stsc", 4, HUGE)),
    "a billion chunk places": ("front.mp4", lambda c: patched(c, b"stco", 4, HUGE)),
    "a billion key frames": ("front.mp4", lambda c: patched(c, b"stss", 4, HUGE)),
    "a billion edits": ("front.mp4", lambda c: patched(c, b"elst", 4, HUGE)),
    "a clock of no ticks": ("front.mp4", lambda c: patched(c, b"mdhd", 12, bytes(4))),
    "a box longer than the file": ("front.mp4", lambda c: patched(c, b"moov", -8, b"\x7f\xff\xff\xff")),
    "a box shorter than its head": ("front.mp4", lambda c: patched(c, b"trak", -8, b"\0\0\0\4")),
    "a box of 2^63 bytes": ("front.mp4", lambda c: patched(patched(c, b"mdat", -8, ONE), b"mdat", 0, b"\x7f" * 8)),
    "pictures of 65,535 × 65,535": ("front.mp4", lambda c: patched(c, b"avc1", 24, b"\xff\xff\xff\xff")),
    "a billion frames in AVI": ("a.avi", lambda c: patched(c, b"strh", 36, struct.pack("<I", 10**9))),
    "AVI pictures of 65,535 × 65,535": ("a.avi", lambda c: patched(c, b"strf", 8, struct.pack("<ii", 65_535, 65_535))),
    "an AVI chunk of 4 GB": ("a.avi", lambda c: patched(c, b"movi", 4, b"\xff\xff\xff\xff")),
    "an AVI header of 2 GB": ("a.avi", lambda c: patched(c, b"strf", 0, b"\xff\xff\xff\x7f")),
    "a Matroska block of 2^56 bytes": ("a.mkv", lambda c: c.replace(CLUSTER, CLUSTER + b"\x01\x7f" + b"\xff" * 6, 1)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_lies(reader: BoundedReader, whole: dict[str, bytes], tmp_path: Path, lie: str) -> None:
    name, change = LIES[lie]
    content = change(whole[name])
    assert content != whole[name]
    (tmp_path / name).write_bytes(content)
    found = reader.read(tmp_path / name)
    if found.error:
        assert found.error.startswith(f"{name}: ")
    else:
        assert 0 < len(found.times_s) <= N_FRAMES + 1


@pytest.mark.parametrize(
    "lie", ["a billion frames of a byte", "a billion frames in the size table", "a billion frames in a fragment"]
)
def test_a_billion_frames_are_refused_before_they_fill_the_memory(
    reader: BoundedReader, whole: dict[str, bytes], tmp_path: Path, lie: str
) -> None:
    name, change = LIES[lie]
    (tmp_path / name).write_bytes(change(whole[name]))
    assert "its header claims 1,000,000,000 frames, in" in reader.refusal(tmp_path / name)


# --- anything at all -------------------------------------------------------------------------------------------------

FLIPS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=12)


@pytest.mark.parametrize("name", ["front.mp4", "fragments.mp4", "a.mkv", "a.avi", "a.ts"])
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(flips=FLIPS)
def test_flipped_bytes(
    reader: BoundedReader, whole: dict[str, bytes], tmp_path: Path, name: str, flips: list[tuple[float, int]]
) -> None:
    content = bytearray(whole[name])
    for place, mask in flips:
        content[int(place * len(content))] ^= mask
    (tmp_path / name).write_bytes(content)
    found = reader.read(tmp_path / name)
    if found.error:
        assert found.error.startswith(f"{name}: ")
    else:
        assert np.all(np.isfinite(found.times_s))
        assert np.all(np.diff(found.times_s) > 0)
