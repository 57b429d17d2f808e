"""Every face of a video from frame to frame: the mesh of the last frame places the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.vision.detect import BgrImage, FaceBox, FaceDetector, Floats, whole_frame
from mlcore.vision.looks import FaceLooks, face_looks, look, look_distance
from mlcore.vision.mesh import FaceMesh, MeshFace

#: below this the mesh network says that there is no face
MIN_MESH_SCORE = 0.5
#: seconds between looks at the whole frame while every followed face is seen, and while one is missing
DETECT_EVERY_S, SEARCH_EVERY_S = 0.5, 0.15
#: seconds between searches for small faces in tiles, a dozen passes
TILES_EVERY_S = 1.0
#: a face that was lost so long ago at most can be found again in its place
LOST_S = 1.0
#: two boxes that share more than this lie on one face
SAME_PLACE_IOU = 0.4
#: so many faces are followed at most, the largest
MAX_FACES = 4
#: a face whose look differs more than this from its own has something in front of it, or is another's
OTHER_LOOK = 16.0
#: seconds over which a face's own look is averaged
LOOK_MEMORY_S = 10.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """One face in one frame.

    Args:
        piece: the piece of one person's way through the video that it belongs to; another number begins wherever it
            could be somebody else.
        parent: `piece`, or of a piece that begins where a followed face changed its look of a sudden, the piece that
            it left.
        mesh: where it is.
        looks: what was measured of it.
    """

    piece: int
    parent: int
    mesh: MeshFace
    looks: FaceLooks


@dataclass(slots=True)
class _Followed:
    piece: int
    parent: int
    box: FaceBox
    look: Floats
    seen_s: float


class FaceFollower:
    """Follows up to four faces; who of them is the subject is decided when the whole video is known.

    Args:
        n_threads: threads that each network may use.

    Raises:
        VisionError: the models are not installed.
    """

    def __init__(self, *, n_threads: int = 1) -> None:
        self._detector = FaceDetector(n_threads=n_threads)
        self._mesh = FaceMesh(n_threads=n_threads)
        self._followed: list[_Followed] = []
        self._n_pieces = 0
        self._detected_s = -np.inf
        self._tiled_s = -np.inf

    def look(self, video_s: float, frame_bgr: BgrImage) -> list[Sighting]:
        """The faces of the next frame, the longest followed first."""
        self._followed = [face for face in self._followed if video_s - face.seen_s <= LOST_S]
        seen = self._again(video_s, frame_bgr)
        if self._is_due(video_s, len(seen)):
            seen += self._new(video_s, frame_bgr, [sighting.mesh.box for sighting in seen])
        return seen

    # --- faces that are followed -------------------------------------------------------------------------------------

    def _again(self, video_s: float, frame_bgr: BgrImage) -> list[Sighting]:
        found: list[tuple[_Followed, MeshFace, FaceLooks]] = []
        for face in self._followed:
            mesh = self._mesh(frame_bgr, face.box)
            if _is_face(mesh) and _could_be(mesh.box, face.box):
                found.append((face, mesh, face_looks(frame_bgr, mesh.box)))
        kept = _one_each(found)
        return [self._update(face, video_s, mesh, looks) for face, mesh, looks in kept]

    def _update(self, face: _Followed, video_s: float, mesh: MeshFace, looks: FaceLooks) -> Sighting:
        now = look(looks.cells)
        elapsed_s, face.seen_s, face.box = video_s - face.seen_s, video_s, mesh.box
        if look_distance(now, face.look) > OTHER_LOOK:
            # kept apart: the end decides whether this was a hand before the face or somebody else's face
            if face.piece == face.parent:
                face.piece = self._next_piece()
        else:
            face.piece = face.parent
            face.look += min(elapsed_s / LOOK_MEMORY_S, 1.0) * (now - face.look)
        return Sighting(face.piece, face.parent, mesh, looks)

    # --- faces that come in ------------------------------------------------------------------------------------------

    def _is_due(self, video_s: float, n_seen: int) -> bool:
        is_missing = n_seen < max(len(self._followed), 1)
        every_s = SEARCH_EVERY_S if is_missing else DETECT_EVERY_S
        return video_s - self._detected_s >= every_s

    def _new(self, video_s: float, frame_bgr: BgrImage, taken: list[FaceBox]) -> list[Sighting]:
        self._detected_s = video_s
        fresh = []
        for place in self._detect(video_s, frame_bgr, is_empty=not taken):
            if len(taken) == MAX_FACES or any(_overlaps(place, box) for box in taken):
                continue
            # twice: the first mesh places the second as it will be placed from now on
            mesh = self._mesh(frame_bgr, self._mesh(frame_bgr, place).box)
            if _is_face(mesh) and not any(_overlaps(mesh.box, box) for box in taken):
                taken.append(mesh.box)
                fresh.append(self._welcome(video_s, mesh, face_looks(frame_bgr, mesh.box)))
        return fresh

    def _detect(self, video_s: float, frame_bgr: BgrImage, *, is_empty: bool) -> list[FaceBox]:
        faces = self._detector.detect_in(frame_bgr, whole_frame(frame_bgr))
        if not faces and is_empty and video_s - self._tiled_s >= TILES_EVERY_S:
            self._tiled_s = video_s
            faces = self._detector.detect_in_tiles(frame_bgr)
        return sorted(faces, key=lambda face: -face.area)

    def _welcome(self, video_s: float, mesh: MeshFace, looks: FaceLooks) -> Sighting:
        now = look(looks.cells)
        for face in self._followed:
            is_alike = _is_near(mesh.box, face.box) and look_distance(now, face.look) <= OTHER_LOOK
            if face.seen_s < video_s and (is_alike or mesh.box.iou(face.box) > SAME_PLACE_IOU):
                return self._update(face, video_s, mesh, looks)
        piece = self._next_piece()
        self._followed.append(_Followed(piece, piece, mesh.box, now, video_s))
        return Sighting(piece, piece, mesh, looks)

    def _next_piece(self) -> int:
        self._n_pieces += 1
        return self._n_pieces - 1


def _is_face(mesh: MeshFace) -> bool:
    return mesh.score >= MIN_MESH_SCORE and mesh.box.width >= 1.0


def _could_be(now: FaceBox, before: FaceBox) -> bool:
    """Faces move and grow little from one frame to the next."""
    return now.iou(before) > 0.2


def _is_near(now: FaceBox, before: FaceBox) -> bool:
    gap = float(np.hypot(now.centre[0] - before.centre[0], now.centre[1] - before.centre[1]))
    return gap < 1.5 * max(now.width, before.width) and 0.3 < now.area / before.area < 3.0


def _overlaps(one: FaceBox, other: FaceBox) -> bool:
    return one.iou(other) > SAME_PLACE_IOU or _holds(one, other.centre) or _holds(other, one.centre)


def _holds(box: FaceBox, point: tuple[float, float]) -> bool:
    return abs(point[0] - box.centre[0]) < box.width / 4 and abs(point[1] - box.centre[1]) < box.height / 4


def _one_each(
    found: list[tuple[_Followed, MeshFace, FaceLooks]],
) -> list[tuple[_Followed, MeshFace, FaceLooks]]:
    """Where two followed faces came to lie on one, as when people cross, it stays with whom it looks like."""
    by_likeness = sorted(found, key=lambda one: look_distance(look(one[2].cells), one[0].look))
    kept: list[tuple[_Followed, MeshFace, FaceLooks]] = []
    for one in by_likeness:
        if not any(_overlaps(one[1].box, other[1].box) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one[0].parent)
