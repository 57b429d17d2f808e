"""A seek shows just the frame that the time belongs to, in whatever file the recording came."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from mlcore.io.video import encode_proxy, frame_times_s
from tests.e2e.seeking import middles_s, numbered, playing
from tests.factories.videos import write_video

RNG = np.random.default_rng(5)
#: source -> when its frames are shown
TIMES_S = {
    "steady-61.avi": np.arange(300) / 61,
    "uneven.mkv": np.cumsum(RNG.choice([0.016, 0.033, 0.05, 0.2], 150)),
    "b-frames.mp4": np.arange(120) / 25,
}


@pytest.mark.parametrize("name", TIMES_S)
def test_a_seek_shows_that_frame(browser: Browser, tmp_path: Path, name: str) -> None:
    source = write_video(
        tmp_path / name,
        TIMES_S[name].tolist(),
        codec="mpeg4" if name.endswith("avi") else "libx264",
        rate=61 if name.endswith("avi") else 25,
        ticks={"avi": 61, "mkv": 1000}.get(name.rsplit(".", 1)[1]),
        b_frames=2 if name == "b-frames.mp4" else 0,
        size=(320, 240),
        picture=partial(numbered, width=320, height=240),
    )
    encode_proxy(source, tmp_path / "proxy.mp4")
    times_s = frame_times_s(source)
    assert times_s.size == TIMES_S[name].size
    middles = middles_s(times_s)
    with playing(browser, tmp_path / "proxy.mp4") as player:
        for index in np.random.default_rng(6).permutation(times_s.size)[:40]:
            seen = player.seek(float(middles[index]))
            assert seen.number == index
            assert seen.media_s == pytest.approx(times_s[index], abs=2e-5)
