"""The folder of a store that is being made: its settings, a note a session, and which shards are there."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlcore.convert.outcome import Outcome
from mlcore.errors import StoreError
from mlcore.store.files import read_json
from mlcore.store.write import META_NAME
from mlcore.types import JsonObject

SETTINGS_NAME = "convert.json"
_NOTES = "notes"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.]+")


def shard_name(subject: str, session: str) -> str:
    """Name of a session's shard: a plain file name, different for different sessions.

    >>> shard_name("s01", "experiment_03"), shard_name("../x", "a b")
    ('s01--experiment_03', 'x--a-b-00f0f8')
    """
    plain = "--".join(_UNSAFE.sub("-", text).strip("-.") or "x" for text in (subject, session))
    if plain == f"{subject}--{session}":
        return plain
    return f"{plain}-{hashlib.sha256(json.dumps([subject, session]).encode()).hexdigest()[:6]}"


@dataclass(frozen=True, slots=True)
class StoreFolder:
    """Where a source is converted to."""

    path: Path

    def settle(self, settings: Mapping[str, Any]) -> None:
        """Write down how this store is made; shards that were made in another way don't fit beside it.

        Raises:
            StoreError: the folder was begun with other settings, or holds something else.
        """
        place, wanted = self.path / SETTINGS_NAME, json.loads(json.dumps(settings))
        if place.exists():
            self._check(read_json(place), wanted)
            return
        if self.path.exists() and (not self.path.is_dir() or _visible(self.path)):
            raise StoreError(f"{self.path} is there and was not made by this command: name a new folder")
        self.path.mkdir(parents=True, exist_ok=True)
        _write(place, wanted)

    def _check(self, before: Any, wanted: JsonObject) -> None:
        known = before if isinstance(before, dict) else {}
        differing = [name for name in {**known, **wanted} if known.get(name) != wanted.get(name)]
        if differing:
            name = differing[0]
            raise StoreError(
                f"{self.path} was begun with {name} {json.dumps(known.get(name))}, not {json.dumps(wanted.get(name))}: "
                "go on with the same settings, or name a new folder"
            )

    def settled(self, name: str) -> Any:
        """One of the settings that the store was begun with; None where it was not begun."""
        place = self.path / SETTINGS_NAME
        return read_json(place).get(name) if place.is_file() else None

    def shard(self, name: str) -> Path:
        """Folder of a shard."""
        return self.path / name

    def has(self, name: str) -> bool:
        """Whether a shard is there to its end, and its note with it."""
        return (self.shard(name) / META_NAME).is_file() and self._note(name).is_file()

    def note(self, name: str, outcome: Outcome) -> None:
        """Keep a session's outcome; before its shard is written, so that a shard is never without."""
        _write(self._note(name), outcome.to_json())

    def outcome(self, name: str) -> Outcome:
        """What was noted of a session."""
        return Outcome.from_json(read_json(self._note(name)))

    def _note(self, name: str) -> Path:
        return self.path / _NOTES / f"{name}.json"


def _visible(folder: Path) -> bool:
    """Whether a folder holds anything but what another process is writing at this moment."""
    return any(not path.name.startswith(".") and path.name != SETTINGS_NAME for path in folder.iterdir())


def _write(path: Path, item: JsonObject) -> None:
    """In one step; several processes may write the same."""
    path.parent.mkdir(exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    beside.write_text(json.dumps(item, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)
