"""A miniature EEG-BIDS folder, written by MNE-BIDS; the video and what says of it are added."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import mne
import mne_bids
import numpy as np

from tests.factories.eeg import sines_uv
from tests.factories.videos import write_video

SFREQ, SECONDS = 256, 24
CHANNELS = ("Fp1", "Fp2", "Cz", "O1", "VEOG")
TYPES = ("eeg", "eeg", "eeg", "eeg", "eog")
BAD = "O1"
#: (onset, duration, description)
FILMS = ((4.0, 6.0, "amusement"), (14.0, 5.0, "fear"))
VIDEO_ONSET_S = 2.5
FPS = 20


def write_recording(root: Path, subject: str = "01", *, session: str | None = "a", fmt: str = "BrainVision") -> Path:
    """The folder `eeg/` of one recording, its tables and its files, by MNE-BIDS."""
    data_uv = sines_uv(len(CHANNELS), SFREQ * SECONDS, SFREQ)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        info = mne.create_info(list(CHANNELS), SFREQ, list(TYPES))
        raw = mne.io.RawArray(1e-6 * data_uv, info, verbose="error")
        raw.info["bads"] = [BAD]
        raw.info["line_freq"] = 50
        onsets, durations, names = zip(*FILMS, strict=True)
        raw.set_annotations(mne.Annotations(onsets, durations, names))
        place = mne_bids.BIDSPath(subject=subject, session=session, task="film", datatype="eeg", root=root)
        mne_bids.write_raw_bids(raw, place, allow_preload=True, format=fmt, overwrite=True, verbose="error")
    return Path(place.directory)


def write_face(path: Path, *, seconds: float = 20.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_video(path, [index / FPS for index in range(round(seconds * FPS))], rate=FPS)


def add_event(eeg_folder: Path, **cells: str) -> None:
    """One more row of events.tsv, with columns of its own."""
    path = next(eeg_folder.glob("*_events.tsv"))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    columns = list(dict.fromkeys([*(rows[0] if rows else []), *cells]))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter="\t", restval="n/a")
        writer.writeheader()
        writer.writerows([*rows, cells])


def video_of(eeg_folder: Path, *, suffix: str = "beh.mp4") -> Path:
    """Where BIDS keeps the video of a recording."""
    stem = next(eeg_folder.glob("*_events.tsv")).name.removesuffix("_events.tsv")
    return eeg_folder.parent / "beh" / f"{stem}_{suffix}"


def write_bids(root: Path) -> Path:
    """Subject 01 with a video whose start is an event; subject 02 with EEG alone, EDF, without sessions."""
    folder = write_recording(root)
    video = write_face(video_of(folder))
    add_event(folder, onset=str(VIDEO_ONSET_S), duration="0", trial_type="video_start", video=f"beh/{video.name}")
    write_recording(root, "02", session=None, fmt="EDF")
    return root


def volts_at(name: str, time_s: float) -> float:
    index = CHANNELS.index(name)
    return float(40e-6 * np.sin(2 * np.pi * (5 + index) * time_s))
