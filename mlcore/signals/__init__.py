"""EEG signals: the study's montage and band, clip windows, quality."""

from mlcore.signals.names import match_channels, plain_name
from mlcore.signals.quality import eeg_quality
from mlcore.signals.study import StudyEeg, study_eeg
from mlcore.signals.windows import cut_windows

__all__ = ["StudyEeg", "cut_windows", "eeg_quality", "match_channels", "plain_name", "study_eeg"]
