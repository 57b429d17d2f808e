"""Opening EEG files of any supported format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from mlcore.errors import RecordingError
from mlcore.io.brainvision import open_brainvision
from mlcore.io.brainvision_header import parts_of
from mlcore.io.edf import open_edf
from mlcore.io.eeg_table import open_table
from mlcore.io.eeglab import open_eeglab
from mlcore.io.faults import reading, require_file
from mlcore.io.gdf import open_gdf
from mlcore.io.mne_files import open_fif
from mlcore.io.neuroscan import open_cnt
from mlcore.io.recording import EegEvent, EegRecording
from mlcore.io.xdf import open_xdf
from mlcore.types import EegInfo

__all__ = [
    "EEG_SUFFIXES",
    "SIDECARS",
    "TABLE_SUFFIXES",
    "EegEvent",
    "EegRecording",
    "header_of",
    "open_eeg",
    "probe_eeg",
]

#: suffix -> (what people call it, its reader)
_READERS: dict[str, tuple[str, Callable[[Path], EegRecording]]] = {
    ".bdf": ("BDF", open_edf),
    ".edf": ("EDF", open_edf),
    ".rec": ("EDF", open_edf),
    ".gdf": ("GDF", open_gdf),
    ".vhdr": ("BrainVision", open_brainvision),
    ".set": ("EEGLAB", open_eeglab),
    ".fif": ("FIF", open_fif),
    ".cnt": ("Neuroscan CNT", open_cnt),
    ".xdf": ("XDF", open_xdf),
    ".xdfz": ("XDF", open_xdf),
}
#: what `open_eeg` reads, by file name, and what is EEG by its name alone
EEG_SUFFIXES = frozenset(_READERS)
#: tables: `open_eeg` reads those that have times and channels, but most tables are no EEG
TABLE_SUFFIXES = frozenset((".csv", ".tsv", ".txt"))
#: files that are read with another one: suffix -> suffix of that one
SIDECARS = {".fdt": ".set", ".eeg": ".vhdr", ".vmrk": ".vhdr"}


def open_eeg(path: Path, *, sfreq: float | None = None) -> EegRecording:
    """Open an EEG file.

    Args:
        path: BDF, EDF(+), BrainVision (.vhdr), EEGLAB (.set), FIF, GDF, Neuroscan CNT, XDF, or a table (.csv, .tsv,
            .txt) with a column a channel; told apart by suffix.
        sfreq: samples per second of a table that has no times and doesn't say; ignored for the other formats.

    Returns:
        The open recording: info, events, and `.read` in volts, streaming from the file.

    Raises:
        RecordingError: absent, empty, damaged or of a format that is not read; names the file and the reason.
    """
    require_file(path)
    suffix = path.suffix.lower()
    if suffix in SIDECARS:
        raise RecordingError(f"{path.name}: this belongs to a {SIDECARS[suffix]} file; open that one.")
    if suffix not in EEG_SUFFIXES | TABLE_SUFFIXES:
        formats = "BDF, EDF, BrainVision (.vhdr), EEGLAB (.set), FIF, GDF, CNT, XDF and tables (.csv, .tsv, .txt)"
        raise RecordingError(f"{path.name}: {suffix or 'a file without suffix'} is not read as EEG; {formats} are.")
    name, reader = _READERS.get(suffix, ("a table", partial(open_table, sfreq=sfreq)))
    with reading(path, name) as notes:
        recording = reader(path)
    if recording.info.n_samples == 0 or not recording.info.channels:
        raise RecordingError(f"{path.name}: the file holds no samples.")
    return replace(recording, warnings=(*notes, *recording.warnings))


def header_of(path: Path) -> Path | None:
    """The file that a sidecar (.fdt, .eeg, .vmrk) is read with: the one of its stem, or one that names it."""
    suffix = SIDECARS[path.suffix.lower()]
    same_stem = path.with_suffix(suffix)
    if same_stem.is_file():
        return same_stem
    headers = sorted(path.parent.glob("*.vhdr")) if suffix == ".vhdr" else []
    return next((header for header in headers if path in parts_of(header)), None)


def probe_eeg(path: Path, *, sfreq: float | None = None) -> EegInfo:
    """What an EEG file holds; arguments and errors as `open_eeg`."""
    return open_eeg(path, sfreq=sfreq).info
