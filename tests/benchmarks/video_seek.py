"""How long a browser takes to any frame of a proxy, and how fast proxies are encoded.

    python -m tests.benchmarks.video_seek [--json] [--seconds 120] [--seeks 200]

A recording like MAHNOB-HCI's, 780 × 580 at 61 fps, its pictures numbered and full of moving grain, is encoded as an
import does it. Chromium then seeks to random frames through the site's ranged answers: milliseconds from setting
`currentTime` to `requestVideoFrameCallback`, and whether the picture on the screen is the one asked for. Encoding is
given in frames a second of wall clock and of processor time; the decoding that is part of it, alone, beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FPS, WIDTH, HEIGHT = 61, 780, 580


def grainy(width: int, height: int) -> Callable[[int], NDArray[np.uint8]]:
    """Numbered pictures under grain that moves: as hard to code as a webcam's."""
    from tests.e2e.seeking import numbered

    grain = np.random.default_rng(0).normal(0, 6, (height, width, 1)).astype(np.int16)

    def picture(index: int) -> NDArray[np.uint8]:
        moved = np.roll(grain, (3 * index % height, 7 * index % width), axis=(0, 1))
        shown = numbered(index, width=width, height=height).astype(np.int16) + moved
        return np.asarray(np.clip(shown, 0, 255), dtype=np.uint8)

    return picture


def encoded(source: Path, proxy: Path) -> dict[str, float]:
    """Makes the proxy; frames a second of that, and of decoding alone."""
    from mlcore.io.frames import decode_frames
    from mlcore.io.video import encode_proxy

    started_s = time.perf_counter()
    n_frames = sum(1 for _ in decode_frames(source))
    decode_s = time.perf_counter() - started_s
    started_s, started_cpu_s = time.perf_counter(), time.process_time()
    encode_proxy(source, proxy)
    wall_s, cpu_s = time.perf_counter() - started_s, time.process_time() - started_cpu_s
    return {
        "decode_fps": round(n_frames / decode_s),
        "proxy_fps": round(n_frames / wall_s),
        "proxy_fps_per_core": round(n_frames / cpu_s),
        "mbit_per_s": round(proxy.stat().st_size * 8e-6 / (n_frames / FPS), 2),
    }


def sought(proxy: Path, n_seeks: int) -> dict[str, float]:
    """Milliseconds of seeks to random frames, and how many showed another frame."""
    from mlcore.io.video import frame_times_s
    from tests.e2e.browser import chromium
    from tests.e2e.seeking import middles_s, playing

    middles = middles_s(frame_times_s(proxy))
    order = np.random.default_rng(1).permutation(middles.size)[:n_seeks]
    with chromium() as browser, playing(browser, proxy) as player:
        seen = [player.seek(float(middles[index])) for index in order]
    took_ms = [one.took_ms for one in seen]
    return {
        "seeks": len(seen),
        "seek_p50_ms": round(float(np.percentile(took_ms, 50)), 1),
        "seek_p95_ms": round(float(np.percentile(took_ms, 95)), 1),
        "seek_max_ms": round(max(took_ms), 1),
        "wrong_frames": sum(int(one.number != index) for one, index in zip(seen, order.tolist(), strict=True)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seeks", type=int, default=200)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    from tests.factories.videos import write_video

    with tempfile.TemporaryDirectory(prefix="concord-bench-") as folder:
        source, proxy = Path(folder) / "source.avi", Path(folder) / "proxy.mp4"
        times_s = [index / FPS for index in range(round(arguments.seconds * FPS))]
        size, picture, quality = (WIDTH, HEIGHT), grainy(WIDTH, HEIGHT), {"b": "12M"}
        write_video(source, times_s, codec="mpeg4", rate=FPS, ticks=FPS, size=size, picture=picture, options=quality)
        found = encoded(source, proxy)
        found |= sought(proxy, arguments.seeks)
    if not arguments.json:
        for name, value in found.items():
            print(f"{name:>20} {value}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
