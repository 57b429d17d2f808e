"""From the frames of a video to a face track on disk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.store.files import map_array
from mlcore.vision.detect import BgrImage, Floats, check_frame
from mlcore.vision.expression import CROP_SIZE, ExpressionNet
from mlcore.vision.eyes import EyeContours
from mlcore.vision.follow import FaceFollower, Sighting
from mlcore.vision.looks import LAYERS, MEASURES, N_CELLS
from mlcore.vision.mesh import CUES, LANDMARKS, cues
from mlcore.vision.rows import RowWriter
from mlcore.vision.subject import SubjectBook
from mlcore.vision.track import BACKBONE_NAMES, FaceTrack, write_meta
from mlcore.vision.weights import VisionError, threads

#: what is kept of each face of each frame
FIELDS: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "boxes": (np.float32, (4,)),
    "landmarks": (np.float32, (len(LANDMARKS), 2)),
    "cues": (np.float32, (len(CUES),)),
    "crops": (np.uint8, (CROP_SIZE, CROP_SIZE)),
    "cells": (np.uint8, (N_CELLS, N_CELLS, len(LAYERS))),
    "measures": (np.float32, (len(MEASURES),)),
}
ROW = np.dtype([(name, *form) for name, form in FIELDS.items()])
#: frames whose rows are in memory at a time
BLOCK = 512
#: faces that the backbone sees in one pass
BATCH_SIZE = 64
#: the coarse picture in which change from frame to frame is measured
COARSE_SIZE = (80, 60)


class FaceTracker:
    """Watches a video frame by frame and writes the track of its subject.

    Every face is followed and written down as it comes; who the subject is, is known in the end: whoever is there
    longest and largest over the whole video. Only then the backbone sees the subject's faces, once. Crops lie in a
    file from the first, so that memory does not grow with them. A frame with one face costs about 9 ms of one core.

    Args:
        folder: where the track is written; made if absent.
        feature_fps: frames a second that the backbone sees; all else is measured in every frame that is added.
        n_threads: threads that each step may use; with several workers on one machine, 1.

    Raises:
        VisionError: the models are not installed.
    """

    def __init__(self, folder: Path, *, feature_fps: float = 5.0, n_threads: int = 1) -> None:
        self._folder, self._feature_fps, self._n_threads = folder, feature_fps, n_threads
        self._follower = FaceFollower(n_threads=n_threads)
        self._eyes = EyeContours(n_threads=n_threads)
        self._book = SubjectBook()
        self._times: list[float] = []
        self._changes: list[float] = []
        self._last: NDArray[np.float32] | None = None
        #: frame and piece of each row of the file
        self._rows: list[tuple[int, int]] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / "seen.part").open("wb+")

    def add(self, video_s: float, frame_bgr: BgrImage) -> None:
        """Look at the next frame.

        Args:
            video_s: its time stamp, above the last one's.
            frame_bgr: (H, W, 3) uint8, blue first.

        Raises:
            VisionError: no picture, or a time that does not go forward.
        """
        check_frame(frame_bgr)
        elapsed_s = video_s - self._times[-1] if self._times else 0.0
        if self._times and elapsed_s <= 0:
            raise VisionError(f"frame times must rise: {video_s} s came after {self._times[-1]} s")
        self._times.append(video_s)
        self._changes.append(self._change(frame_bgr))
        with threads(self._n_threads):  # once for all steps inside
            self._look(video_s, frame_bgr, max(elapsed_s, 1e-3))

    def _look(self, video_s: float, frame_bgr: BgrImage, elapsed_s: float) -> None:
        frame = len(self._times) - 1
        for sighting in self._follower.look(video_s, frame_bgr):
            self._book.add(frame, elapsed_s, sighting)
            self._rows.append((frame, sighting.piece))
            self._file.write(_row(sighting, self._eyes.openness(frame_bgr, sighting.mesh.points)).tobytes())

    def _change(self, frame_bgr: BgrImage) -> float:
        small = cv2.resize(frame_bgr, COARSE_SIZE, interpolation=cv2.INTER_AREA)
        now = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.float32)
        last, self._last = self._last, now
        return float(np.abs(now - last).mean()) if last is not None else float("nan")

    def finish(self, *, check: Callable[[], None] = lambda: None) -> FaceTrack:
        """Choose the subject, let the backbone see it, and write the track.

        Args:
            check: called every few seconds; may raise to stop.
        """
        _write(self._folder, "times_s", np.array(self._times, dtype=np.float64))
        _write(self._folder, "changes", np.array(self._changes, dtype=np.float64))
        found = self._write_frames(check)
        _write(self._folder, "found", found)
        self._write_backbone(found, check)
        self.close()
        write_meta(self._folder, {"feature_fps": self._feature_fps})
        return FaceTrack.open(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what only the tracking needed; `with FaceTracker(…) as tracker` calls it."""
        self._file.close()
        (self._folder / "seen.part").unlink(missing_ok=True)

    # --- the subject's arrays ----------------------------------------------------------------------------------------

    def _write_frames(self, check: Callable[[], None]) -> NDArray[np.bool_]:
        """Every field with one row a frame; returns in which frames the subject is."""
        found = np.zeros(len(self._times), dtype=np.bool_)
        with contextlib.ExitStack() as stack:
            writers = {
                name: stack.enter_context(RowWriter(self._folder / f"{name}.npy", np.dtype(kind), shape))
                for name, (kind, shape) in FIELDS.items()
            }
            for first, frames, rows in self._blocks():
                check()
                found[first + frames] = True
                for name, writer in writers.items():
                    block = _nothing(name, min(BLOCK, len(found) - first))
                    block[frames] = rows[name]
                    writer.append(block)
        return found

    def _blocks(self) -> Iterator[tuple[int, NDArray[np.int64], NDArray[Any]]]:
        """First frame of each block, and of the subject's rows in it the place in the block and the rows."""
        frame, piece = np.array(self._rows, dtype=np.int64).reshape(-1, 2).T
        is_subject = np.isin(piece, list(self._book.subject()))
        self._file.flush()
        for first in range(0, len(self._times), BLOCK):
            begin, end = np.searchsorted(frame, (first, first + BLOCK))
            rows = np.fromfile(self._file.name, ROW, count=end - begin, offset=begin * ROW.itemsize)
            wanted = is_subject[begin:end]
            yield first, frame[begin:end][wanted] - first, rows[wanted]

    def _write_backbone(self, found: NDArray[np.bool_], check: Callable[[], None]) -> None:
        frames = backbone_frames(np.array(self._times), found, self._feature_fps)
        _write(self._folder, "backbone_frames", frames)
        crops, network = map_array(self._folder / "crops.npy"), ExpressionNet(n_threads=self._n_threads)
        with RowWriter(self._folder / "backbone.npy", np.dtype(np.float32), (len(BACKBONE_NAMES),)) as writer:
            for start in range(0, len(frames), BATCH_SIZE):
                check()
                writer.append(np.hstack(network(crops[frames[start : start + BATCH_SIZE]])))


def backbone_frames(times_s: Floats, found: NDArray[np.bool_], fps: float) -> NDArray[np.int64]:
    """Of each 1/fps s of a video the frame with a face that lies nearest to its middle, (m,) rising."""
    frames = np.flatnonzero(found)
    step = np.floor(times_s[frames] * fps + 1e-6)
    off = np.abs(times_s[frames] * fps - step - 0.5)
    order = np.lexsort((off, step))
    first = np.concatenate(([True], np.diff(step[order]) > 0)) if len(order) else np.zeros(0, dtype=np.bool_)
    return np.asarray(frames[order[first]], dtype=np.int64)


def _row(sighting: Sighting, openness: NDArray[np.float32]) -> NDArray[Any]:
    mesh, looks = sighting.mesh, sighting.looks
    box = mesh.box
    row = np.zeros(1, dtype=ROW)
    row["boxes"] = (box.x, box.y, box.width, box.height)
    row["landmarks"] = mesh.points[list(LANDMARKS)]
    row["cues"] = cues(mesh, openness)
    row["crops"], row["cells"], row["measures"] = looks.crop, looks.cells, looks.measures
    return row


def _nothing(name: str, n_rows: int) -> NDArray[Any]:
    kind, shape = FIELDS[name]
    return np.full((n_rows, *shape), np.nan if issubclass(kind, np.floating) else 0, dtype=kind)


def _write(folder: Path, name: str, values: NDArray[Any]) -> None:
    np.save(folder / f"{name}.npy", values, allow_pickle=False)
