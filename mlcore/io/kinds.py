"""What a channel measures, told from its name where the file does not say."""

from __future__ import annotations

import re

#: first match wins; names are compared in upper case
_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"^(STATUS|TRIG(GER)?|STI ?\d*|STI ?0?14|MARKERS?|EVENT)$", "stim"),
    (r"EOG", "eog"),
    (r"(ECG|EKG)", "ecg"),
    (r"EMG", "emg"),
    (r"^(GSR|EDA)", "gsr"),
    (r"^RESP", "resp"),
    (r"^TEMP(ERATURE)?\d*$", "temperature"),
    (r"^(EXG|ERGO?|PLET|AUX|X[1-9]$|PHOTO|DIODE|ACC|GYRO)", "misc"),
)
_RULES = tuple((re.compile(pattern), kind) for pattern, kind in _PATTERNS)


def channel_kind(name: str, declared: str) -> str:
    """Kind of a channel: what the file declares, unless it says "eeg" of a channel whose name says otherwise.

    >>> channel_kind("EOG1", "eeg"), channel_kind("Fp1", "eeg"), channel_kind("VEOG", "misc")
    ('eog', 'eeg', 'misc')
    """
    if declared != "eeg":
        return declared
    upper = name.strip().upper()
    return next((kind for rule, kind in _RULES if rule.search(upper)), "eeg")
