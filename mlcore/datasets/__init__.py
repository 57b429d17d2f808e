"""Layouts of the data sets that laboratories bring: finding their recordings, and reading one."""

from mlcore.datasets.discovery import Discovery, find_recordings
from mlcore.datasets.reading import Recording, read_recording

__all__ = ["Discovery", "Recording", "find_recordings", "read_recording"]
