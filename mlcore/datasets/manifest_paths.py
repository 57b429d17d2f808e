"""Paths in a manifest: relative to it, at most two folders up, never by a link out of the folder that holds all."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from mlcore.datasets.layout import leads_out

#: folders above the manifest's own that its files may lie in
_MOST_LEVELS_UP = 2


def folder_of(path: Path) -> Path:
    """The manifest's folder, with links kept as they are: they are checked against the root."""
    return Path(os.path.abspath(path.parent))  # noqa: PTH100


def common_root(base: Path, names: Iterable[str]) -> Path:
    """The deepest folder that holds the manifest and all files that may be read."""
    folders = [base, *(lexical(base, name).parent for name in names if name and not _refusal(base, name))]
    return Path(os.path.commonpath([str(folder) for folder in folders]))


def lexical(base: Path, name: str) -> Path:
    """Where a path leads by its words alone; letters with accents as the file system spells them."""
    spellings = (name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD")))
    paths = [Path(os.path.normpath(base / spelling)) for spelling in spellings]
    return next((path for path in paths if path.exists()), paths[0]) if not name.isascii() else paths[0]


def below(root: Path, base: Path, name: str) -> str | None:
    """A path of the manifest as one below the root; None where the cell is empty."""
    return lexical(base, name).relative_to(root).as_posix() if name else None


def file_problem(name: str, *, base: Path, root: Path) -> str:
    """Why a file can't be read; empty if it can."""
    refusal = _refusal(base, name)
    if refusal:
        return f"{name} {refusal}"
    path = lexical(base, name)
    if leads_out(root, path):
        return f"{name} is a link that leads out of the folder of the recordings"
    return "" if path.is_file() else f"{name} does not exist"


def _refusal(base: Path, name: str) -> str:
    """Why a path is not followed; empty if it is."""
    if "\0" in name or "\\" in name:
        return "is no path with forward slashes"
    if Path(name).is_absolute():
        return "is an absolute path; give it relative to the manifest"
    upmost = base.parents[min(_MOST_LEVELS_UP, len(base.parents)) - 1] if base.parents else base
    if not lexical(base, name).is_relative_to(upmost):
        return f"leads more than {_MOST_LEVELS_UP} folders above the manifest; move the manifest nearer to its files"
    return ""
