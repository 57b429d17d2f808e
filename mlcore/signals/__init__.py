"""EEG signals: filters, references, the study's montage and band, clip windows, units, quality."""

from mlcore.signals.bad_channels import bridged_pairs, flat_channels, noisy_channels
from mlcore.signals.channels import channel_faults
from mlcore.signals.filters import Band, CausalFilter, FilterKind, causal, zero_phase
from mlcore.signals.mains import mains_hz, notch
from mlcore.signals.names import match_channels, plain_name
from mlcore.signals.quality import eeg_clip_quality
from mlcore.signals.references import to_average, to_bipolar, to_channels, to_linked_mastoids
from mlcore.signals.resampling import resample
from mlcore.signals.study import StudyEegStream, study_eeg_stream
from mlcore.signals.units import wrong_unit
from mlcore.signals.windows import cut_windows

__all__ = [
    "Band",
    "CausalFilter",
    "FilterKind",
    "StudyEegStream",
    "bridged_pairs",
    "causal",
    "channel_faults",
    "cut_windows",
    "eeg_clip_quality",
    "flat_channels",
    "mains_hz",
    "match_channels",
    "noisy_channels",
    "notch",
    "plain_name",
    "resample",
    "study_eeg_stream",
    "to_average",
    "to_bipolar",
    "to_channels",
    "to_linked_mastoids",
    "wrong_unit",
    "zero_phase",
]
