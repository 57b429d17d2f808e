"""Which video belongs to which EEG file, told by folders and names alone; and whose recording it is."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlcore.datasets.bids_names import entities_of, session_of

#: words for what a file or folder holds, not whose it is
_SIGNAL_WORDS = {"eeg", "bdf", "edf", "xdf", "lsl", "raw", "signal", "signals", "beh"}
_VIDEO_WORDS = {"video", "videos", "vid", "face", "faces", "cam", "camera", "webcam", "rgb", "media"}
_STREAM_WORDS = frozenset({*_SIGNAL_WORDS, *_VIDEO_WORDS, "recording", "recordings"})
_BETWEEN_WORDS = re.compile(r"[\s_.]+")
_SUBJECT = re.compile(r"^(?:sub(?:ject)?|participant|proband|part|vp|id|p|s)?[-_ ]?\d+$", re.IGNORECASE)

#: folder without stream words, name without them: what two files of one recording share
Key = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Pair:
    """An EEG file and the video that was found for it."""

    eeg: Path | None
    video: Path | None
    subject: str
    session: str


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pairs, and the files that found no partner."""

    pairs: tuple[Pair, ...]
    #: how many of the pairs are called differently, and were the only two files of their folder
    n_by_exclusion: int
    eeg_alone: tuple[Pair, ...]
    video_alone: tuple[Pair, ...]


def pair_files(eeg: Iterable[Path], videos: Iterable[Path], root: Path) -> Pairing:
    """Pair files of one folder (`eeg/` and `video/` beside each other count as one) by name.

    Two files called differently are paired where their folder holds no others. A name that two files of a kind share
    pairs nothing: nobody could say which was meant.
    """
    by_key: dict[Key, tuple[list[Path], list[Path]]] = defaultdict(lambda: ([], []))
    for kind, paths in enumerate((eeg, videos)):
        for path in paths:
            by_key[key_of(path, root)][kind].append(path)
    pairs = [(found[0][0], found[1][0]) for found in by_key.values() if len(found[0]) == len(found[1]) == 1]
    used = {path for pair in pairs for path in pair}
    only_two = [pair for pair in _only_two(by_key) if not used & {*pair}]
    used |= {path for pair in only_two for path in pair}
    left = [[path for found in by_key.values() for path in found[kind] if path not in used] for kind in (0, 1)]
    return Pairing(
        pairs=_named([*pairs, *only_two], root),
        n_by_exclusion=len(only_two),
        eeg_alone=_named([(path, None) for path in left[0]], root),
        video_alone=_named([(None, path) for path in left[1]], root),
    )


def _only_two(by_key: dict[Key, tuple[list[Path], list[Path]]]) -> list[tuple[Path, Path]]:
    """Folders that hold one EEG file and one video."""
    by_folder: dict[tuple[str, ...], tuple[list[Path], list[Path]]] = defaultdict(lambda: ([], []))
    for (folder, _name), found in by_key.items():
        for kind in (0, 1):
            by_folder[folder][kind].extend(found[kind])
    return [(held[0][0], held[1][0]) for held in by_folder.values() if len(held[0]) == len(held[1]) == 1]


def key_of(path: Path, root: Path) -> Key:
    """What files of one recording share."""
    return _folder(path, root), _bare(path)


def _folder(path: Path, root: Path) -> tuple[str, ...]:
    parts = (unicodedata.normalize("NFC", part) for part in path.relative_to(root).parts[:-1])
    return tuple(part for part in parts if part.lower() not in _STREAM_WORDS)


def _bare(path: Path) -> str:
    """A file's name in lower case without the words for its kind.

    >>> _bare(Path("P01_EEG.bdf")), _bare(Path("p01_face_video.mp4"))
    ('p01', 'p01')
    """
    words = _BETWEEN_WORDS.split(unicodedata.normalize("NFC", path.stem).lower())
    return "_".join(word for word in words if word and word not in _STREAM_WORDS)


def _named(found: Sequence[tuple[Path | None, Path | None]], root: Path) -> tuple[Pair, ...]:
    n_in_folder: dict[tuple[str, ...], int] = defaultdict(int)
    for eeg, video in found:
        n_in_folder[_folder(_one(eeg, video), root)] += 1
    return tuple(
        Pair(eeg, video, *_whose(_one(eeg, video), root, is_only=n_in_folder[_folder(_one(eeg, video), root)] == 1))
        for eeg, video in found
    )


def _one(eeg: Path | None, video: Path | None) -> Path:
    path = eeg or video
    assert path is not None
    return path


def _whose(path: Path, root: Path, *, is_only: bool) -> tuple[str, str]:
    """Subject and session: by sub- and ses- where they are, by the folders, else by the file's name."""
    entities = {name: value for part in path.relative_to(root).parts for name, value in entities_of(part).items()}
    if "sub" in entities:
        return entities["sub"], session_of(entities)
    folders, name = _folder(path, root), _proper(path)
    if not folders:
        return _by_name(name)
    place = next((n for n, part in enumerate(folders) if _SUBJECT.match(part)), 0)
    rest = list(folders[place + 1 :])
    if name.lower() != folders[place].lower() and (not rest or not is_only):
        rest.append(name)
    return folders[place], "_".join(rest) or "1"


def _proper(path: Path) -> str:
    """As `_bare`, in the letters of the file."""
    words = _BETWEEN_WORDS.split(path.stem)
    return "_".join(word for word in words if word and word.lower() not in _STREAM_WORDS) or path.stem


def _by_name(name: str) -> tuple[str, str]:
    """Files of one folder: S01_2 is session 2 of S01; a name without a subject's number is a subject of its own."""
    subject, _between, session = name.partition("_")
    return (subject, session) if session and _SUBJECT.match(subject) else (name, "1")
