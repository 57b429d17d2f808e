"""EEG-BIDS with video: sub-*/[ses-*/]eeg/*_eeg.*, its tables, and the face video in beh/ or below sourcedata/.

- The video of a recording is the one of the same subject whose entities (ses, task, run, …) contradict none of the
  recording's and share most with them; a stimulus film in stimuli/ is never taken.
- Sidecars are inherited as BIDS says: the nearest file up the folders whose entities are among the recording's.
- channels.tsv: types become kinds, `bad` becomes a bad channel; units count where the EEG file itself has none.

Source: Pernet et al. 2019, doi:10.1038/s41597-019-0104-8; the BIDS specification 1.9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mlcore.datasets.bids_clock import relate as relate
from mlcore.datasets.bids_names import Entities, agreement, entities_of, session_of, sidecar
from mlcore.datasets.bids_tables import bad_channels
from mlcore.datasets.bids_tables import open_eeg as open_eeg
from mlcore.datasets.companions import companions
from mlcore.datasets.layout import Discovery, relative
from mlcore.datasets.walk import counted, files_below, first_below, is_video
from mlcore.errors import LayoutError
from mlcore.types import RecordingSpec

NAME = "bids"
EEG_SUFFIXES = frozenset({".edf", ".bdf", ".vhdr", ".set"})
_TABLES = ("channels.tsv", "events.tsv", "eeg.json")
_VIDEO_SIDECARS = ("beh.json", "video.json")
#: folders of BIDS that hold no recordings
_APART = frozenset({"stimuli", "derivatives", "code"})


def recognise(source: Path) -> str | None:
    """A folder with an EEG file called as BIDS calls it."""
    first = first_below(source, lambda path: _is_recording(path, source))
    return f"it holds EEG files named as BIDS names them ({first.name})" if first else None


def find(source: Path) -> Discovery:
    """One recording an EEG file; of the files' contents only channels.tsv is read."""
    eeg, videos = _sorted_out(source)
    if not eeg:
        raise LayoutError(f"{source.name}: expected files sub-*/eeg/*_eeg.edf (.bdf, .vhdr, .set); found none.")
    specs, notes = list[RecordingSpec](), list[str]()
    for path in eeg:
        fitting = _fitting(path, videos)
        if len(fitting) > 1:
            notes.append(f"{path.name} has {len(fitting)} videos that fit alike; {fitting[0].name} was taken.")
        specs.append(_spec(path, next(iter(fitting), None), root=source))
    used = {spec.video_path for spec in specs}
    n_unused = sum(relative(video, source) not in used for found in videos.values() for video in found)
    unused = [f"{counted(n_unused, 'video')} without EEG left out."] if n_unused else []
    return Discovery(root=source, layout=NAME, why=" ".join([*notes, *unused]), recordings=tuple(specs))


def _is_recording(path: Path, root: Path) -> bool:
    folders = path.relative_to(root).parts[:-1]
    is_named = path.stem.lower().endswith("_eeg") and path.name.startswith("sub-")
    return (
        is_named and path.suffix.lower() in EEG_SUFFIXES and not _APART & {*folders} and folders[:1] != ("sourcedata",)
    )


def _sorted_out(source: Path) -> tuple[list[Path], dict[str, list[Path]]]:
    """EEG files, and videos by subject."""
    eeg: list[Path] = []
    videos: dict[str, list[Path]] = {}
    for path in files_below(source) if source.is_dir() else ():
        if _is_recording(path, source):
            eeg.append(path)
        elif is_video(path) and not _APART & {*path.relative_to(source).parts}:
            videos.setdefault(_entities(path, source).get("sub", ""), []).append(path)
    return eeg, videos


def _entities(path: Path, root: Path) -> Entities:
    """Those of the name; below sourcedata a video may be called anything, and its folders say whose it is."""
    found: Entities = {}
    for part in path.relative_to(root).parts:
        found |= entities_of(part)
    return found


def _fitting(eeg: Path, videos: dict[str, list[Path]]) -> list[Path]:
    """The videos that fit best; more than one where they fit alike."""
    wanted = entities_of(eeg.name)
    marks = [(agreement(wanted, _named(video)), video) for video in videos.get(wanted.get("sub", ""), [])]
    best = max((mark for mark, _video in marks if mark is not None), default=None)
    return [video for mark, video in marks if best is not None and mark == best]


def _named(video: Path) -> Entities:
    found: Entities = {}
    for part in video.parts:
        found |= entities_of(part)
    return found


def _spec(eeg: Path, video: Path | None, *, root: Path) -> RecordingSpec:
    entities, path = entities_of(eeg.name), eeg.relative_to(root).as_posix()
    channels = sidecar(eeg, "channels.tsv", root)
    bad, problem = bad_channels(channels, root) if channels else ((), "")
    return RecordingSpec(
        subject=entities.get("sub", "?"),
        session=session_of(entities),
        layout=NAME,
        eeg_path=path,
        video_path=relative(video, root),
        companion_paths=(*companions(root, path), *_beside(_sidecars(eeg, video, root), root)),
        bad_channels=bad,
        error=problem,
    )


def _sidecars(eeg: Path, video: Path | None, root: Path) -> Iterator[Path | None]:
    yield from (sidecar(eeg, ending, root) for ending in _TABLES)
    if video is not None:
        yield from (sidecar(video, ending, root) for ending in _VIDEO_SIDECARS)


def _beside(paths: Iterable[Path | None], root: Path) -> list[str]:
    return list(dict.fromkeys(path.relative_to(root).as_posix() for path in paths if path))
