"""EEG signals: the study's montage and band, clip windows, quality."""

from mlcore.signals.names import match_channels, plain_name
from mlcore.signals.quality import eeg_clip_quality
from mlcore.signals.study import StudyEegStream, study_eeg_stream
from mlcore.signals.windows import cut_windows

__all__ = [
    "StudyEegStream",
    "cut_windows",
    "eeg_clip_quality",
    "match_channels",
    "plain_name",
    "study_eeg_stream",
]
