"""BIDS names: entities, which file belongs to which, and the sidecar that a recording inherits."""

from __future__ import annotations

import re
from pathlib import Path

_ENTITY = re.compile(r"(?:^|_)([a-zA-Z]+)-([^_.]+)")
_SESSION_PARTS = ("ses", "task", "acq", "run", "split")

Entities = dict[str, str]


def entities_of(name: str) -> Entities:
    """Entities of a file's or folder's name.

    >>> entities_of("sub-01_ses-b_task-film_run-2_eeg.edf")
    {'sub': '01', 'ses': 'b', 'task': 'film', 'run': '2'}
    """
    return dict(_ENTITY.findall(name))


def session_of(entities: Entities) -> str:
    """What tells a subject's recordings apart.

    >>> session_of({"sub": "01", "task": "film", "run": "2"}), session_of({"sub": "01"})
    ('task-film_run-2', '1')
    """
    parts = [f"{name}-{entities[name]}" for name in _SESSION_PARTS if name in entities]
    return "_".join(parts) or "1"


def agreement(wanted: Entities, other: Entities) -> int | None:
    """How many entities two names share; None where they contradict each other.

    >>> agreement({"sub": "1", "run": "2"}, {"sub": "1"}), agreement({"run": "2"}, {"run": "3"})
    (1, None)
    """
    shared = wanted.keys() & other.keys()
    return len(shared) if all(_same(wanted[name], other[name]) for name in shared) else None


def _same(one: str, other: str) -> bool:
    """Indices may be written with zeros in front."""
    return one == other or (one.isdecimal() and other.isdecimal() and int(one) == int(other))


def sidecar(path: Path, ending: str, root: Path) -> Path | None:
    """The nearest file up to the root that ends so and whose entities are among those of `path`."""
    mine = entities_of(path.name)
    folder = path.parent
    while folder.is_relative_to(root):
        found = [other for other in sorted(folder.glob(f"*{ending}")) if _fits(other.name, ending, mine)]
        if found:
            return max(found, key=lambda other: len(entities_of(other.name)))
        folder = folder.parent
    return None


def _fits(name: str, ending: str, mine: Entities) -> bool:
    theirs = entities_of(name)
    is_whole = name == ending or name.endswith(f"_{ending}")
    return is_whole and all(mine.get(key) == value for key, value in theirs.items())
