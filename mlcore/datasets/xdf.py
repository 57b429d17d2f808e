"""XDF files of the Lab Streaming Layer, as LabRecorder keeps them: sub-P001/ses-S001/eeg/*.xdf, videos beside.

The video is placed by the stream that counts its frames; without one the clocks are only said to begin together.
"""

from __future__ import annotations

from pathlib import Path

from mlcore.datasets.layout import Discovery, Opened, Relation, relative
from mlcore.datasets.layout import open_file as open_eeg
from mlcore.datasets.pairing import Pair, pair_files
from mlcore.datasets.walk import counted, files_below, is_video, listed
from mlcore.errors import LayoutError, SyncError
from mlcore.io.eeg import EEG_SUFFIXES
from mlcore.io.video import frame_times_s
from mlcore.sync import frame_stamp_clock, unrelated
from mlcore.types import RecordingSpec, SyncMethod

__all__ = ["NAME", "find", "open_eeg", "recognise", "relate"]

NAME = "xdf"
SUFFIXES = frozenset({".xdf", ".xdfz"})
#: formats that would be left unread if a folder that holds them were taken for this layout
_OTHER_EEG = EEG_SUFFIXES - SUFFIXES


def recognise(source: Path) -> str | None:
    """An XDF file, or a folder whose EEG files are all XDF."""
    if source.is_file():
        return "it is an XDF file" if _is_xdf(source) else None
    files = list(files_below(source)) if source.is_dir() else []
    n_xdf = sum(_is_xdf(path) for path in files)
    is_mixed = any(path.suffix.lower() in _OTHER_EEG for path in files)
    return f"it holds {counted(n_xdf, 'XDF file')}" if n_xdf and not is_mixed else None


def find(source: Path) -> Discovery:
    """One recording an XDF file, with the video of the same name or of the same session folder."""
    root = source if source.is_dir() else source.parent
    files = list(files_below(root)) if source.is_dir() else [path for path in root.iterdir() if path.is_file()]
    wanted = [path for path in files if _is_xdf(path) and (source.is_dir() or path == source)]
    if not wanted:
        raise LayoutError(f"{source.name}: expected XDF files (.xdf, .xdfz); found none.")
    found = pair_files(wanted, [path for path in files if is_video(path)], root)
    names = [str(relative(pair.video, root)) for pair in found.video_alone] if source.is_dir() else []
    why = f"{counted(len(names), 'video')} without XDF file left out ({listed(names)})." if names else ""
    specs = sorted(
        (_spec(pair, root) for pair in (*found.pairs, *found.eeg_alone)), key=lambda spec: str(spec.eeg_path)
    )
    return Discovery(root=root, layout=NAME, why=why, recordings=tuple(specs))


def _is_xdf(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _spec(pair: Pair, root: Path) -> RecordingSpec:
    return RecordingSpec(
        subject=pair.subject,
        session=pair.session,
        layout=NAME,
        eeg_path=relative(pair.eeg, root),
        video_path=relative(pair.video, root),
    )


def relate(opened: Opened) -> Relation:
    """The clock from the stamps of the video's frames."""
    if opened.eeg is None or opened.video is None or opened.video_path is None:
        return Relation(unrelated(), ())
    try:
        clock = frame_stamp_clock(
            opened.eeg.path, n_frames=opened.video.n_frames, frame_times_s=frame_times_s(opened.video_path)
        )
    except SyncError as error:
        note = f"{str(error).rstrip('.')}; EEG and video were taken to begin together."
        return Relation(unrelated(method=SyncMethod.SAME_START.value), (), assumption=note)
    return Relation(clock, ())
