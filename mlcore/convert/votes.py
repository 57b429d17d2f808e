"""CREMA-D: what people heard, saw, or both, in 7,442 clips of 91 actors: votes, not recordings.

The file `tabulatedVotes.csv` has three rows a clip. Whose votes a row holds is told by the leading digit of its id, the
first column, which has no name: 1 of people who heard the voice, 2 who saw the face, 3 who heard and saw; the rest is
the clip's number, the same in all three. Nothing beside the file says so, but it follows from it: 40.0 %, 57.4 % and
63.1 % of the votes of the three groups are for the intended emotion, and the paper gives 40.9 %, 58.2 % and 63.6 %.

Whoever heard a clip, saw it, or did both are different groups of people. So the "signals" here are the opinions of two
groups, and the answer is that of a third: a test of fusing two modalities' opinions with real soft labels. It says
nothing of EEG or of video.

Source: Cao et al. 2014, doi:10.1109/TAFFC.2014.2336244; Open Database License 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.tables import Row, number, read_table, whole
from mlcore.errors import LayoutError
from mlcore.store import UNLABELLED, ModalityKind, ModalityMeta, TargetKind, TargetMeta

#: letter of the vote, name of the class, code in the file name, stem of the intensity's column
_EMOTIONS = (
    ("A", "anger", "ANG", "Anger"),
    ("D", "disgust", "DIS", "Disgust"),
    ("F", "fear", "FEA", "Fear"),
    ("H", "happy", "HAP", "Happy"),
    ("N", "neutral", "NEU", "Neutral"),
    ("S", "sad", "SAD", "Sad"),
)
CLASSES = tuple(name for _, name, _, _ in _EMOTIONS)
_LETTERS = tuple(letter for letter, *_ in _EMOTIONS)
_CODES = tuple(code for _, _, code, _ in _EMOTIONS)
_INTENSITIES = tuple(f"mean{stem}Resp" for *_, stem in _EMOTIONS)
_COLUMNS = ("fileName", *_LETTERS, *_INTENSITIES)
_GROUPS = {"1": "voice", "2": "face", "3": "both"}
_ID = re.compile(r"^([123])(\d+)$")
#: the twelve sentences, in alphabetical order of their codes: trial = place + 1
SENTENCES = ("DFA", "IEO", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI", "TIE", "TSI", "WSI")
#: intensities are said from 0 to 100
_FULL_INTENSITY = 100.0

FEATURES = (
    *(f"share_{name}" for name in CLASSES),
    *(f"intensity_{name}" for name in CLASSES),
    "raters",
)
MODALITIES = {
    name: ModalityMeta(ModalityKind.VECTOR, (len(FEATURES),), channels=FEATURES) for name in ("voice", "face")
}
TARGETS: Mapping[str, TargetMeta] = {
    "emotion": TargetMeta(TargetKind.CLASS, classes=CLASSES),
    "emotion_votes": TargetMeta(TargetKind.DISTRIBUTION, classes=CLASSES),
    "intended": TargetMeta(TargetKind.CLASS, classes=CLASSES),
}


@dataclass(frozen=True, slots=True)
class Votes:
    """What one group said of one clip: counts (6,), and mean intensities (6,) in 0..1, 0 where nobody named it."""

    counts: NDArray[np.int64]
    intensities: NDArray[np.float64]

    def features(self) -> NDArray[np.float32]:
        """(13,) as `FEATURES`."""
        n_raters = int(self.counts.sum())
        return np.array([*(self.counts / max(n_raters, 1)), *self.intensities, n_raters], dtype=np.float32)

    def shares(self) -> NDArray[np.float64]:
        """(6,) distribution of the votes; NaN where nobody voted."""
        n_raters = int(self.counts.sum())
        return self.counts / n_raters if n_raters else np.full(len(CLASSES), np.nan)

    def majority(self) -> int:
        """The class with most votes; unlabelled where several have as many."""
        top = np.flatnonzero(self.counts == self.counts.max())
        return int(top[0]) if len(top) == 1 else UNLABELLED


@dataclass(frozen=True, slots=True)
class VotedClip:
    """One clip of an actor, and what each group said of it (group -> votes)."""

    name: str
    actor: str
    sentence: int
    intended: int
    votes: Mapping[str, Votes]


def read_votes(path: Path) -> tuple[VotedClip, ...]:
    """Clips in the order of their names.

    Raises:
        LayoutError: no such table, or a row that can't be understood; one sentence.
    """
    table = read_table(path)
    missing = [name for name in ("", *_COLUMNS) if name not in table.columns]
    if missing:
        raise LayoutError(f"{path.name}: expected the columns of tabulatedVotes.csv; {missing[0]!r} is missing.")
    groups: dict[str, dict[str, Votes]] = {}
    for line, row in enumerate(table.rows, start=2):
        group, votes = _votes(path, line, row)
        if group in groups.setdefault(row["fileName"], {}):
            raise LayoutError(f"{path.name}: line {line} gives a second row of {group} for {row['fileName']}.")
        groups[row["fileName"]][group] = votes
    return tuple(_clip(path, name, groups[name]) for name in sorted(groups))


def by_actor(clips: Sequence[VotedClip]) -> dict[str, list[VotedClip]]:
    """Clips of each actor."""
    found: dict[str, list[VotedClip]] = {}
    for clip in clips:
        found.setdefault(clip.actor, []).append(clip)
    return found


def _votes(path: Path, line: int, row: Row) -> tuple[str, Votes]:
    marked = _ID.match(row[""])
    counts = [whole(row[letter]) for letter in _LETTERS]
    said = [number(row[column]) for column in _INTENSITIES]
    known = [count for count in counts if count is not None and count >= 0]
    if marked is None or len(known) < len(counts) or None in said:
        raise LayoutError(f"{path.name}: line {line} is no row of votes: its id must begin with 1, 2 or 3.")
    # −1 stands for an emotion that nobody named
    intensities = np.maximum(np.array(said, dtype=np.float64), 0.0) / _FULL_INTENSITY
    return _GROUPS[marked[1]], Votes(np.array(known, dtype=np.int64), intensities)


def _clip(path: Path, name: str, votes: Mapping[str, Votes]) -> VotedClip:
    parts = name.split("_")
    if len(parts) != 4 or parts[1] not in SENTENCES or parts[2] not in _CODES:
        raise LayoutError(f"{path.name}: {name!r} is not an actor, a sentence, an emotion and a level.")
    if set(votes) != set(_GROUPS.values()):
        raise LayoutError(f"{path.name}: {name} has votes of {', '.join(sorted(votes))} alone; expected all three.")
    return VotedClip(name, parts[0], SENTENCES.index(parts[1]) + 1, _CODES.index(parts[2]), votes)
