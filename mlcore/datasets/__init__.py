"""Layouts of the data sets that laboratories bring: finding their recordings, and reading one."""

from mlcore.datasets.by_blinks import related_by_blinks
from mlcore.datasets.discovery import LAYOUTS, Discovery, find_recordings
from mlcore.datasets.layout import FeatureTrack
from mlcore.datasets.reading import Recording, open_recording_eeg, read_recording

__all__ = [
    "LAYOUTS",
    "Discovery",
    "FeatureTrack",
    "Recording",
    "find_recordings",
    "open_recording_eeg",
    "read_recording",
    "related_by_blinks",
]
