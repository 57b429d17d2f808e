"""Whose face it is: pieces of people's ways through a video put together, and the subject chosen among people."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mlcore.vision.detect import FaceBox, Floats
from mlcore.vision.follow import OTHER_LOOK, Sighting
from mlcore.vision.looks import look, look_distance

#: what a place one box width away, and a size e times another, add to the difference of two looks; each counts
#: twice that at most, for people move about while nobody sees them
PLACE_COST, SIZE_COST = 1.5, 1.5
#: so many frames that show two pieces side by side prove two people; fewer, that one face was found twice
MAX_SHARED_FRAMES = 3


@dataclass(slots=True)
class Piece:
    """A stretch of one face, or several put together: its frames, and means over them.

    Args:
        parent: number of the piece that it left by a sudden change of look; its own otherwise.
        numbers: of the pieces it is made of.
        frames: index of every frame it is seen in.
        presence: width of its box × time, pixels · seconds; what it weighs in means.
        look: mean appearance.
        place: mean centre x, y and width of its box, pixels.
    """

    parent: int
    numbers: set[int]
    frames: set[int] = field(default_factory=set)
    presence: float = 0.0
    look: Floats = field(default_factory=lambda: np.zeros(1))
    place: Floats = field(default_factory=lambda: np.zeros(3))

    def absorb(self, other: Piece) -> None:
        """Make another piece part of this one."""
        self.numbers |= other.numbers
        self.frames |= other.frames
        self._mean_in(other.presence, other.look, other.place)

    def see(self, frame: int, elapsed_s: float, box: FaceBox, appearance: Floats) -> None:
        """Add one frame."""
        self.frames.add(frame)
        self._mean_in(box.width * elapsed_s, appearance, np.array([*box.centre, box.width]))

    def _mean_in(self, presence: float, appearance: Floats, place: Floats) -> None:
        self.presence += presence
        share = presence / self.presence
        self.look = self.look + share * (appearance - self.look)
        self.place = self.place + share * (place - self.place)


def unlikeness(one: Piece, other: Piece) -> float:
    """How little two pieces speak for one person: `look_distance` plus what place and size add; ∞ if both are seen at
    once."""
    if len(one.frames & other.frames) > MAX_SHARED_FRAMES:
        return float("inf")
    width = float(max(one.place[2], other.place[2]))
    gap = float(np.hypot(*(one.place[:2] - other.place[:2]))) / width
    growth = abs(float(np.log(one.place[2] / other.place[2])))
    return float(look_distance(one.look, other.look)) + PLACE_COST * min(gap, 2.0) + SIZE_COST * min(growth, 2.0)


def people(pieces: list[Piece]) -> list[Piece]:
    """Pieces of the same person put together, the one who is there most first.

    Whole pieces come first, the longest before others, each to the person that it is most like; then those that a face
    showed for a while (a hand before it, or somebody else's face in its place): to whom they look like, else to the
    face that showed them, unless both are seen at once.
    """
    ordered = sorted(pieces, key=lambda piece: -piece.presence)
    found: list[Piece] = []
    for piece in (piece for piece in ordered if piece.parent in piece.numbers):
        same = min(found, key=lambda person: unlikeness(person, piece), default=None)
        if same is not None and unlikeness(same, piece) <= OTHER_LOOK:
            same.absorb(piece)
        else:
            found.append(piece)
    for piece in (piece for piece in ordered if piece.parent not in piece.numbers):
        _give(piece, found)
    return sorted(found, key=lambda person: -person.presence)


def _give(piece: Piece, found: list[Piece]) -> None:
    same = min(found, key=lambda person: unlikeness(person, piece))
    if unlikeness(same, piece) > OTHER_LOOK:
        same = next(person for person in found if piece.parent in person.numbers)
        if np.isinf(unlikeness(same, piece)):
            found.append(piece)
            return
    same.absorb(piece)


class SubjectBook:
    """Keeps what is needed to say who the subject is: whoever is there longest and largest over the whole video."""

    def __init__(self) -> None:
        self._pieces: dict[int, Piece] = {}

    def add(self, frame: int, elapsed_s: float, sighting: Sighting) -> None:
        """Note one face of a frame that stands for so many seconds."""
        piece = self._pieces.setdefault(sighting.piece, Piece(sighting.parent, {sighting.piece}))
        piece.see(frame, elapsed_s, sighting.mesh.box, look(sighting.looks.cells))

    def subject(self) -> set[int]:
        """Numbers of the pieces that show the subject; empty if no face was seen."""
        found = people(list(self._pieces.values()))
        return found[0].numbers if found else set()
