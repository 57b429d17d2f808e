"""Where the derived files of a session lie, and what their headers say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from annotator.domain.statements import Columns, fetch_all
from annotator.enums import DerivedKind
from annotator.exceptions import NotFound
from annotator.models import Derived, RecordingSession
from annotator.queries.tile_files import TileLevel
from mlcore.types import JsonObject

#: of EEG tiles that can be read here; others have to be made again
TILES_VERSION = 2


@dataclass(frozen=True, slots=True)
class TileMeta:
    version: int
    sfreq: float
    n_samples: int
    duration_s: float
    #: each {"name", "kind"}
    channels: tuple[JsonObject, ...]
    #: finest first, samples before envelopes; none of an older version
    levels: tuple[TileLevel, ...]


def newest(session: RecordingSession, kind: DerivedKind) -> Derived | None:
    """The newest version of a derived file; no query where `derived` is prefetched."""
    found = [item for item in session.derived.all() if item.kind == kind]
    return max(found, key=lambda item: item.version, default=None)


_DERIVED = Columns(Derived, "derived")
_DERIVED_OF = f"""
SELECT {_DERIVED.sql} FROM annotator_derived derived WHERE derived.session_id = ANY(%(sessions)s)
"""  # noqa: S608  # put together from names of columns only


def load_derived(sessions: Sequence[RecordingSession]) -> None:
    """The derived files of all of them at once; what asks for them afterwards finds them there."""
    rows = fetch_all(_DERIVED_OF, {"sessions": [session.pk for session in sessions]})
    found = [_DERIVED.read(row)[0] for row in rows]
    for session in sessions:
        mine = session.derived.all()
        mine._result_cache = [one for one in found if one.session_id == session.pk]
        session._prefetched_objects_cache = {"derived": mine}  # type: ignore[attr-defined]  # as prefetching does


def has_video(session: RecordingSession) -> bool:
    return newest(session, DerivedKind.PROXY_VIDEO) is not None


def video_path(session: RecordingSession) -> Path:
    derived = newest(session, DerivedKind.PROXY_VIDEO)
    if derived is None:
        raise NotFound("This session has no video.")
    return _existing(Path(settings.DERIVED_ROOT) / derived.path)


def tiles_folder(session: RecordingSession) -> Path | None:
    derived = newest(session, DerivedKind.EEG_TILES)
    return None if derived is None else Path(settings.DERIVED_ROOT) / derived.path


def tile_meta(session: RecordingSession) -> TileMeta | None:
    """The header of the session's EEG tiles; None where it has none."""
    folder = tiles_folder(session)
    if folder is None or not (folder / "tiles.json").is_file():
        return None
    return _read_meta(folder / "tiles.json", (folder / "tiles.json").stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _read_meta(path: Path, _changed_ns: int) -> TileMeta:
    """Kept until the file changes."""
    said = json.loads(path.read_text())
    sfreq, n_samples = float(said["sfreq"]), int(said["n_samples"])
    return TileMeta(
        version=int(said.get("version", 1)),
        sfreq=sfreq,
        n_samples=n_samples,
        duration_s=float(said.get("duration_s", n_samples / sfreq)),
        channels=tuple({"name": one["name"], "kind": one["kind"]} for one in said["channels"]),
        levels=tuple(_level(path.parent, level) for level in said.get("levels", ())),
    )


def _level(folder: Path, said: JsonObject) -> TileLevel:
    return TileLevel(
        path=folder / str(said["file"]),
        sfreq=float(said["sfreq"]),
        n_samples=int(said["n_samples"]),
        block=int(said["block"]),
        n_parts=1 if said["kind"] == "samples" else 2,
        as_recorded=bool(said["as_recorded"]),
    )


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise NotFound("This file is not on the server any more: import the session again.", "file_missing")
    return path
