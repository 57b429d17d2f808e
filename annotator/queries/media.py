"""Where the derived files of a session lie, and what their headers say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

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


def video_path(session: RecordingSession) -> Path:
    derived = newest(session, DerivedKind.PROXY_VIDEO)
    if derived is None:
        raise NotFound(gettext("This session has no video."))
    return _existing(Path(settings.DERIVED_ROOT) / derived.path)


def tile_meta(session: RecordingSession) -> TileMeta | None:
    """The header of the session's EEG tiles; None where it has none."""
    derived = newest(session, DerivedKind.EEG_TILES)
    return None if derived is None else tile_meta_in(derived.path)


def tile_meta_in(folder: str) -> TileMeta | None:
    """The header of the EEG tiles in a folder below DERIVED_ROOT; None where there are none."""
    header = Path(settings.DERIVED_ROOT) / folder / "tiles.json"
    try:
        changed_ns = header.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read_meta(header, changed_ns)


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
        raise NotFound(gettext("This file is not on the server any more: import the session again."), "file_missing")
    return path
