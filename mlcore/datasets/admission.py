"""What every listed recording must keep to, whatever its layout: files inside the source, names that can be stored."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mlcore.datasets.layout import leads_out
from mlcore.types import RecordingSpec

_LONGEST = {"subject": 60, "session": 120}
_NAMES = {"name of the subject": "subject", "name of the session": "session"}

Names = tuple[str, str]


def admitted(specs: Iterable[RecordingSpec], root: Path) -> tuple[RecordingSpec, ...]:
    """The recordings with names as they can be stored; one that breaks a rule keeps its place and gets an `error`.

    A path leaves the source by a link, a name is no UTF-8 or too long, or two recordings have one name.
    """
    taken: set[Names] = set()
    return tuple(_unique(_admitted(spec, root), taken) for spec in specs)


def _admitted(spec: RecordingSpec, root: Path) -> RecordingSpec:
    named = replace(spec, subject=_storable(spec.subject), session=_storable(spec.session))
    problem = _problem(spec, root)
    if problem and not spec.error:
        return _without_files(named, problem)
    return replace(named, error=_storable(spec.error)) if spec.error else named


def _problem(spec: RecordingSpec, root: Path) -> str:
    for words, name in _NAMES.items():
        text = getattr(spec, name)
        if not text.strip() or len(text) > _LONGEST[name]:
            return f"The {words} has {len(text)} characters; expected 1 to {_LONGEST[name]}."
    for path in _paths(spec):
        if _storable(path) != unicodedata.normalize("NFC", path):
            return f"{_storable(path)}: its name is no UTF-8 or holds control characters; rename it."
        if leads_out(root, root / path):
            return f"{path}: the link leads out of the folder of the recordings."
    return ""


def _paths(spec: RecordingSpec) -> tuple[str, ...]:
    named = (spec.eeg_path, spec.video_path, *spec.companion_paths, *spec.track_paths.values())
    return tuple(path for path in named if path)


def _storable(text: str) -> str:
    """One spelling of letters with accents; nothing that a database or a page can't hold."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter.isprintable() else "?" for letter in unicodedata.normalize("NFC", whole))


def _unique(spec: RecordingSpec, taken: set[Names]) -> RecordingSpec:
    double = (spec.subject, spec.session) in taken
    given = spec if not double else _numbered(spec, taken)
    taken.add((given.subject, given.session))
    return given


def _numbered(spec: RecordingSpec, taken: set[Names]) -> RecordingSpec:
    number = 2
    while (spec.subject, f"{spec.session[:100]} ({number})") in taken:
        number += 1
    error = spec.error or f"Session {spec.session} of subject {spec.subject} is there twice; rename one of them."
    return _without_files(replace(spec, session=f"{spec.session[:100]} ({number})"), error)


def _without_files(spec: RecordingSpec, error: str) -> RecordingSpec:
    return RecordingSpec(
        subject=spec.subject[: _LONGEST["subject"]].strip() or "?",
        session=spec.session[: _LONGEST["session"]].strip() or "?",
        layout=spec.layout,
        eeg_path=None,
        video_path=None,
        error=error,
    )
