"""Videos of two people, composed of real recordings of one each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mlcore.vision import FaceTrack, FaceTracker
from mlcore.vision.detect import BgrImage, Floats
from tests.mlcore.vision.conftest import sampled

STEP_S = 0.08
SIZE = (360, 800)

#: where the middle of somebody's head is at a time, and how large it is; None: not there
Path2 = Callable[[float], tuple[float, float, float] | None]


@dataclass(frozen=True, slots=True)
class Actor:
    """Pictures of a head, square, shown one after another, and where."""

    heads: Sequence[BgrImage]
    path: Path2

    def head(self, frame: int) -> BgrImage:
        """The pictures forth and back, so that there is no jump."""
        there_and_back = [*range(len(self.heads)), *range(len(self.heads) - 2, 0, -1)]
        head: BgrImage = self.heads[there_and_back[frame % len(there_and_back)]]
        return head


def heads(path: Path, square: tuple[int, int, int], *, start_s: float, stop_s: float) -> list[BgrImage]:
    """A square (x, y, side) of a video between two times."""
    x, y, side = square
    frames = sampled(path, STEP_S, max_height=10_000)
    return [frame[y : y + side, x : x + side] for time_s, frame in frames if start_s <= time_s < stop_s]


def scene(actors: Sequence[Actor], *, seconds: float) -> Iterator[tuple[float, BgrImage]]:
    """Frames with everybody in place; later actors stand before earlier ones."""
    for number in range(round(seconds / STEP_S)):
        time_s = number * STEP_S
        frame = np.full((*SIZE, 3), 90, dtype=np.uint8)
        for actor in actors:
            place = actor.path(time_s)
            if place is not None:
                paste(frame, actor.head(number), *place)
        yield time_s, frame


def paste(frame: BgrImage, head: BgrImage, x: float, y: float, scale: float) -> None:
    """A head into a frame, its middle at x, y; what lies past the edges is cut off."""
    small = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    side = small.shape[0]
    left, top = round(x) - side // 2, round(y) - side // 2
    rows = slice(max(top, 0), min(top + side, frame.shape[0]))
    columns = slice(max(left, 0), min(left + side, frame.shape[1]))
    if rows.start < rows.stop and columns.start < columns.stop:
        frame[rows, columns] = small[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]


def follow(folder: Path, frames: Iterator[tuple[float, BgrImage]]) -> FaceTrack:
    with FaceTracker(folder) as tracker:
        for time_s, frame in frames:
            tracker.add(time_s, frame)
        return tracker.finish()


def gaps_px(track: FaceTrack, actor: Actor) -> Floats:
    """Distance of the box's middle to an actor's head in every frame; NaN where either is not there."""
    middle = track.boxes[:, :2] + track.boxes[:, 2:] / 2
    places = [actor.path(float(time_s)) or (np.nan, np.nan, 1.0) for time_s in track.times_s]
    return np.asarray(np.hypot(*(middle - np.array(places)[:, :2]).T))
