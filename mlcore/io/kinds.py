"""What a channel measures, told from its name where the file does not say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

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


def unique_names(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Channel names that can be told apart, and which were doubles.

    An empty name becomes "Ch" and its number; doubles get "-0", "-1", …, as MNE-Python gives them.

    >>> unique_names(["Fp1", "Cz", "Fp1", ""])
    (('Fp1-0', 'Cz', 'Fp1-1', 'Ch4'), ('Fp1',))
    """
    filled = [name.strip() or f"Ch{index}" for index, name in enumerate(names, start=1)]
    doubles = {name for name, count in Counter(filled).items() if count > 1}
    taken = set(filled) - doubles
    out = []
    for name in filled:
        unique = _next_free(name, taken) if name in doubles else name
        taken.add(unique)
        out.append(unique)
    return tuple(out), tuple(sorted(doubles))


def _next_free(name: str, taken: set[str]) -> str:
    number = 0
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
