"""MAHNOB-HCI: Sessions/<number>/ with session.xml, a BDF file, a colour video and the gaze table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mlcore.datasets.layout import Discovery, inside, relative
from mlcore.datasets.layout import open_file as open_eeg
from mlcore.datasets.mahnob_clock import relate as relate
from mlcore.datasets.mahnob_xml import SessionXml, read_session_xml
from mlcore.errors import LayoutError
from mlcore.types import RecordingSpec

__all__ = ["NAME", "find", "open_eeg", "recognise", "relate"]

NAME = "mahnob"
_FOLDER = "Sessions"
_XML = "session.xml"


def recognise(source: Path) -> str | None:
    """A folder of numbered folders, one of them with a session.xml."""
    folders = _session_folders(source)
    if any((folder / _XML).is_file() for folder in folders):
        return f"it holds {len(folders)} numbered session folders with session.xml"
    return None


def find(source: Path) -> Discovery:
    """One recording a stimulus session; neutral and tagging sessions are left out and counted."""
    folders = _session_folders(source)
    if not folders:
        raise LayoutError(f"{source.name}: expected numbered folders, as in Sessions/2/session.xml; found none.")
    found = [_spec(folder, root=source) for folder in folders]
    specs = tuple(spec for spec in found if spec is not None)
    n_left_out = len(found) - len(specs)
    why = f"{n_left_out} sessions without a stimulus (neutral, tagging) were left out." if n_left_out else ""
    return Discovery(root=source, layout=NAME, why=why, recordings=specs)


def _session_folders(source: Path) -> list[Path]:
    if not source.is_dir():
        return []
    parent = source / _FOLDER if (source / _FOLDER).is_dir() else source
    numbered = (folder for folder in parent.iterdir() if folder.name.isdecimal() and folder.is_dir())
    return sorted(numbered, key=lambda folder: int(folder.name))


def _spec(folder: Path, *, root: Path) -> RecordingSpec | None:
    """The recording of a folder; None where it holds no stimulus."""
    try:
        session = read_session_xml(inside(root, folder / _XML))
    except LayoutError as error:
        return _unusable(folder, str(error))
    if not session.is_stimulus:
        return None
    eeg, video, gaze = _eeg_file(folder), _video_file(folder, session), _gaze_file(folder)
    if eeg is None and video is None:
        return _unusable(folder, f"{folder.name}: the session folder holds neither a BDF file nor a colour video.")
    companions = [folder / _XML, *([gaze] if gaze else [])]
    return RecordingSpec(
        subject=session.subject,
        session=folder.name,
        layout=NAME,
        eeg_path=relative(eeg, root),
        video_path=relative(video, root),
        companion_paths=tuple(path.relative_to(root).as_posix() for path in companions),
        sync_hints=session.clock_hints(),
    )


def _unusable(folder: Path, error: str) -> RecordingSpec:
    subject = _subject_of(int(folder.name))
    return RecordingSpec(subject, folder.name, NAME, eeg_path=None, video_path=None, error=error)


def _subject_of(number: int) -> str:
    """Folder number n = (subject − 1)·130 + section."""
    return str((number - 1) // 130 + 1)


def _files(folder: Path, suffix: str) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == suffix and path.is_file())


def _eeg_file(folder: Path) -> Path | None:
    files = _files(folder, ".bdf")
    return _first((path for path in files if path.stem.endswith("_emotion")), files)


def _video_file(folder: Path, session: SessionXml) -> Path | None:
    """The colour camera's: as session.xml names it, else by its name's "_C1 " or "_C_", else the only one."""
    files = _files(folder, ".avi")
    named = [path for path in files if path.name in session.colour_videos]
    marked = [path for path in files if "_C1 " in path.name or "_C_Section" in path.name]
    return _first(named, marked, files if len(files) == 1 else [])


def _gaze_file(folder: Path) -> Path | None:
    return _first(path for path in _files(folder, ".tsv") if "-All-Data" in path.name)


def _first(*groups: Iterable[Path]) -> Path | None:
    return next((path for group in groups for path in group), None)
