"""Opening EEG files of any supported format."""

from __future__ import annotations

from pathlib import Path

from mlcore.errors import RecordingError
from mlcore.io.faults import require_file
from mlcore.io.mne_files import FORMATS, open_mne
from mlcore.io.recording import EegEvent, EegRecording
from mlcore.io.xdf import open_xdf
from mlcore.types import EegInfo

__all__ = ["EEG_SUFFIXES", "EegEvent", "EegRecording", "open_eeg", "probe_eeg"]

#: what `open_eeg` reads, by file name
EEG_SUFFIXES = frozenset({*FORMATS, ".xdf", ".xdfz"})


def open_eeg(path: Path) -> EegRecording:
    """Open an EEG file.

    Args:
        path: BDF, EDF(+), BrainVision (.vhdr), EEGLAB (.set), FIF or XDF, told apart by suffix.

    Returns:
        The open recording: info, events, and `.read` in volts, streaming from the file.

    Raises:
        RecordingError: absent, empty, damaged or of a format that is not read; names the file and the reason.
    """
    require_file(path)
    suffix = path.suffix.lower()
    if suffix not in EEG_SUFFIXES:
        formats = "BDF, EDF, BrainVision (.vhdr), EEGLAB (.set), FIF and XDF"
        raise RecordingError(f"{path.name}: {suffix or 'a file without suffix'} is not read as EEG; {formats} are.")
    recording = open_xdf(path) if suffix in (".xdf", ".xdfz") else open_mne(path)
    if recording.info.n_samples == 0 or not recording.info.channels:
        raise RecordingError(f"{path.name}: the file holds no samples.")
    return recording


def probe_eeg(path: Path) -> EegInfo:
    """What an EEG file holds; arguments and errors as `open_eeg`."""
    return open_eeg(path).info
