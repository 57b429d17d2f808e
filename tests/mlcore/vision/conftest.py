from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from mlcore.vision import FaceDetector, FaceTrack, FaceTracker
from mlcore.vision.detect import BgrImage

#: the middles of the portrait's eyes, read off the picture by eye
PORTRAIT_EYES = np.array([[203.0, 101.0], [246.0, 104.0]])
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def shared_file() -> Callable[[str], Path]:
    """A real recording by its path under the shared data; the test is skipped where it is not there."""
    root = Path(os.environ.get("CONCORD_SHARED_DATA", REPOSITORY / "../shared/data"))

    def find(name: str) -> Path:
        if not (root / name).is_file():
            pytest.skip(f"real recordings are not here: {root / name}")
        return root / name

    return find


@pytest.fixture(scope="session")
def portrait() -> BgrImage:
    """Eileen Collins smiling (NASA, public domain), her face at about x 170..280, y 70..180."""
    picture = skimage.data.astronaut()  # type: ignore[no-untyped-call]  # scikit-image has no types here
    return np.ascontiguousarray(picture[:, :, ::-1])


@pytest.fixture(scope="session")
def detector() -> FaceDetector:
    return FaceDetector()


def sampled(path: Path, every_s: float, *, max_height: int = 480) -> Iterator[tuple[float, BgrImage]]:
    import av

    next_s = 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time is None or frame.time < next_s:
                continue
            next_s = frame.time + every_s
            picture = np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
            share = min(max_height / picture.shape[0], 1.0)
            small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
            yield frame.time, np.asarray(small, dtype=np.uint8)


@pytest.fixture(scope="session")
def track_of(shared_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., FaceTrack]:
    """The face track of a real video between two times."""

    def follow(name: str, *, every_s: float, start_s: float = 0.0, stop_s: float = np.inf) -> FaceTrack:
        with FaceTracker(tmp_path_factory.mktemp("track")) as tracker:
            for video_s, frame in sampled(shared_file(name), every_s):
                if start_s <= video_s < stop_s:
                    tracker.add(video_s, frame)
            return tracker.finish()

    return follow
