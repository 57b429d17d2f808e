"""Physical units of channels, as the many programs that write files spell them."""

from __future__ import annotations

#: the micro sign, the Greek letter, both as UTF-8 read as Latin-1, Shift-JIS read as Latin-1
_MICRO = ("µ", "μ", "Âµ", "Î¼", "\x83Ê")
_VOLTS = {
    "v": 1.0,
    "volt": 1.0,
    "volts": 1.0,
    "mv": 1e-3,
    "millivolt": 1e-3,
    "millivolts": 1e-3,
    "uv": 1e-6,
    "microvolt": 1e-6,
    "microvolts": 1e-6,
    "nv": 1e-9,
    "nanovolt": 1e-9,
    "nanovolts": 1e-9,
}
#: kinds of channels that are voltages: without a unit they are taken as microvolts
VOLTAGE_KINDS = frozenset({"eeg", "eog", "ecg", "emg"})


def volts_per_unit(unit: str) -> float | None:
    """How many volts one unit is; None where it is no voltage, or none is named.

    >>> volts_per_unit("uV"), volts_per_unit("µV"), volts_per_unit("degC")
    (1e-06, 1e-06, None)
    """
    bare = unit.strip().strip("[]()").strip()
    for micro in _MICRO:
        bare = bare.replace(micro, "u")
    return _VOLTS.get(bare.lower())
