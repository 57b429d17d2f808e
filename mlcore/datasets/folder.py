"""A plain folder of EEG files and videos, paired by folder and name; for sources that follow no other layout.

Where pairs are found, files without a partner are left out and named; where none is, every file is a recording.
Nothing relates the clocks but the frame stamps of an XDF file: else both are said to begin together.
"""

from __future__ import annotations

from pathlib import Path

from mlcore.datasets import xdf
from mlcore.datasets.companions import companions
from mlcore.datasets.layout import Discovery, Opened, Relation, relative
from mlcore.datasets.layout import open_file as open_eeg
from mlcore.datasets.pairing import Pair, Pairing, key_of, pair_files
from mlcore.datasets.walk import counted, files_below, first_below, is_video, listed, natural
from mlcore.errors import LayoutError
from mlcore.io.eeg import EEG_SUFFIXES, TABLE_SUFFIXES
from mlcore.sync import unrelated
from mlcore.types import RecordingSpec, SyncMethod

__all__ = ["NAME", "find", "open_eeg", "recognise", "relate"]

NAME = "folder"


def recognise(source: Path) -> str | None:
    """A folder with an EEG file or a video somewhere in it."""
    first = first_below(source, lambda path: _is_eeg(path) or is_video(path))
    return f"it holds EEG or video files ({first.name})" if first else None


def find(source: Path) -> Discovery:
    """One recording a pair, subject and session by the folders' names."""
    files = list(files_below(source)) if source.is_dir() else []
    videos = [path for path in files if is_video(path)]
    keys = {key_of(path, source) for path in videos}
    eeg = [path for path in files if _is_eeg(path) or (_is_table(path) and key_of(path, source) in keys)]
    if not eeg and not videos:
        raise LayoutError(f"{source.name}: expected a folder with EEG files or videos; found none.")
    found = pair_files(eeg, videos, source)
    kept = found.pairs or (*found.eeg_alone, *found.video_alone)
    specs = sorted((_spec(pair, source) for pair in kept), key=_order)
    return Discovery(root=source, layout=NAME, why=_why(found, source), recordings=tuple(specs))


def _is_eeg(path: Path) -> bool:
    return path.suffix.lower() in EEG_SUFFIXES


def _is_table(path: Path) -> bool:
    """May be anything: taken for EEG only where a video of the same name lies beside."""
    return path.suffix.lower() in TABLE_SUFFIXES


def _order(spec: RecordingSpec) -> tuple[object, ...]:
    return natural(spec.subject), natural(spec.session), spec.eeg_path or "", spec.video_path or ""


def _spec(pair: Pair, root: Path) -> RecordingSpec:
    eeg_path = relative(pair.eeg, root)
    return RecordingSpec(
        subject=pair.subject,
        session=pair.session,
        layout=NAME,
        eeg_path=eeg_path,
        video_path=relative(pair.video, root),
        companion_paths=companions(root, eeg_path) if eeg_path else (),
    )


def _why(found: Pairing, root: Path) -> str:
    if not found.pairs:
        return "No EEG file and video could be paired by folder or name: each is a recording of its own."
    eeg = [str(relative(pair.eeg, root)) for pair in found.eeg_alone]
    videos = [str(relative(pair.video, root)) for pair in found.video_alone]
    excluded = f", {found.n_by_exclusion} of them as the only two files of a folder" if found.n_by_exclusion else ""
    told = [f"{counted(len(found.pairs), 'pair')} of EEG and video by folder and name{excluded}."]
    if eeg:
        told.append(f"{counted(len(eeg), 'EEG file')} without video left out ({listed(eeg)}).")
    if videos:
        told.append(f"{counted(len(videos), 'video')} without EEG left out ({listed(videos)}).")
    if eeg or videos:
        told.append("A manifest.csv can name them.")
    return " ".join(told)


def relate(opened: Opened) -> Relation:
    """Frame stamps where there are some; else both streams begin together, and that is said."""
    if opened.eeg is None or opened.video is None:
        return Relation(unrelated(), ())
    if opened.eeg.path.suffix.lower() in xdf.SUFFIXES:
        return xdf.relate(opened)
    note = "Nothing in a plain folder relates the clocks: EEG and video were taken to begin together."
    return Relation(unrelated(method=SyncMethod.SAME_START.value), (), assumption=note)
