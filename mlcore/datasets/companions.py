"""Files that belong to an EEG file: some formats are split into several."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from mlcore.datasets.layout import leads_out

_SAME_NAME = {".set": (".fdt",), ".vhdr": (".eeg", ".vmrk", ".dat")}
_NAMED = re.compile(r"^(?:DataFile|MarkerFile)=(.+)$", re.MULTILINE)
_HEADER_BYTES = 100_000


def companions(root: Path, eeg_path: str) -> tuple[str, ...]:
    """Paths, relative to the root, of the files that an EEG file is read with; those that exist and stay inside.

    EEGLAB keeps samples beside its .set; a BrainVision header names its data and its markers.
    """
    path = PurePosixPath(eeg_path)
    suffix = path.suffix.lower()
    names = [path.with_suffix(other).name for other in _SAME_NAME.get(suffix, ())]
    if suffix == ".vhdr":
        names += _named_in_header(root / eeg_path, path.stem)
    beside = dict.fromkeys(path.with_name(name) for name in names)
    return tuple(str(other) for other in beside if (root / other).is_file() and not leads_out(root, root / other))


def _named_in_header(header: Path, stem: str) -> list[str]:
    """Plain file names alone: a header may not point elsewhere. BrainVision writes $b for its own stem."""
    text = header.read_bytes()[:_HEADER_BYTES].decode("utf-8", errors="replace")
    named = (match.strip().replace("$b", stem) for match in _NAMED.findall(text))
    return [name for name in named if name and "/" not in name and "\\" not in name and "\0" not in name]
