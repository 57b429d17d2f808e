"""Names and orders of the MAHNOB-HCI layout, as the writers of simulated recordings need them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: the 32 EEG channels in the order of the files
EEG_CHANNELS = (
    *("FP1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "OZ", "PZ"),
    *("FP2", "AF4", "FZ", "F4", "F8", "FC6", "FC2", "CZ", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2"),
)
PERIPHERAL_CHANNELS = (*(f"EXG{number}" for number in range(1, 9)), "GSR1", "GSR2", "Erg1", "Erg2", "Resp", "Temp")
STATUS_CHANNEL = "Status"

#: places on the head seen from above: x to the right ear, y to the nose, 1 = the circle through Fpz, T8, Oz, T7
_ROWS = {
    0.95: {"FP1": -0.31, "FP2": 0.31},
    0.75: {"AF3": -0.35, "AF4": 0.35},
    0.55: {"F7": -0.80, "F3": -0.42, "FZ": 0.0, "F4": 0.42, "F8": 0.80},
    0.28: {"FC5": -0.72, "FC1": -0.23, "FC2": 0.23, "FC6": 0.72},
    0.00: {"T7": -1.0, "C3": -0.5, "CZ": 0.0, "C4": 0.5, "T8": 1.0},
    -0.28: {"CP5": -0.72, "CP1": -0.23, "CP2": 0.23, "CP6": 0.72},
    -0.55: {"P7": -0.80, "P3": -0.42, "PZ": 0.0, "P4": 0.42, "P8": 0.80},
    -0.78: {"PO3": -0.35, "PO4": 0.35},
    -0.95: {"O1": -0.31, "OZ": 0.0, "O2": 0.31},
}
_PLACES = {name: (x, y) for y, row in _ROWS.items() for name, x in row.items()}
EEG_PLACES = tuple(_PLACES[name] for name in EEG_CHANNELS)

#: feltEmo codes that people would choose, by (valence class, arousal class)
FELT_EMOTIONS: dict[tuple[int, int], tuple[int, ...]] = {
    (0, 0): (5, 2),
    (0, 1): (12, 5),
    (0, 2): (3, 1, 12),
    (1, 0): (0,),
    (1, 1): (0, 6),
    (1, 2): (6,),
    (2, 0): (4, 11),
    (2, 1): (4, 11),
    (2, 2): (11, 4),
}
UNKNOWN_EMOTION = 10

AUDIO_RATE_HZ = 44100.0
#: long before anything was recorded: nobody can take these for real sessions
_FIRST_DAY = datetime(1985, 1, 2, 9, 0, 0, tzinfo=UTC)


def section_of(trial: int) -> int:
    """Stimulus section of a trial 1..20: even numbers 2..40."""
    return 2 * trial


def folder_of(subject: int, trial: int) -> int:
    """Session folder number n = (subject − 1)·130 + section."""
    return (subject - 1) * 130 + section_of(trial)


def recorded_at(subject: int, trial: int) -> datetime:
    """Made-up moment of a session, far in the past."""
    return _FIRST_DAY + timedelta(days=subject - 1, minutes=5 * (trial - 1))


def eeg_name(subject: int, trial: int) -> str:
    """Name of the BDF file of a stimulus."""
    return f"Part_{subject}_S_Trial{trial}_emotion.bdf"


def video_name(subject: int, trial: int) -> str:
    """Name of the colour camera's file; the spaces are MAHNOB's."""
    stamp = recorded_at(subject, trial).strftime("%Y.%m.%d.%H.%M.%S")
    return f"P{subject}-Rec1-{stamp}_C1 trigger _C_Section_{section_of(trial)}.avi"


def gaze_name(subject: int, trial: int) -> str:
    """Name of the gaze file."""
    return f"P{subject}-Rec1-All-Data-New_Section_{section_of(trial)}.tsv"
