"""Miniature ASCERTAIN: features of two subjects and three clips; raw EEG and facial tracks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import scipy.io
from numpy.typing import NDArray

from tests.factories.eeg import sines_uv

N_SUBJECTS, N_CLIPS = 2, 3
N_FEATURES = {"EEG": 88, "EMO": 72, "ECG": 32, "GSR": 31}
EEG_SFREQ, EEG_S = 32, 10


def features(kind: str) -> NDArray[np.float64]:
    """(subjects, clips, F): 100 s + 10 c + f/100, subjects and clips from 1."""
    s, c, f = np.meshgrid(1 + np.arange(N_SUBJECTS), 1 + np.arange(N_CLIPS), np.arange(N_FEATURES[kind]), indexing="ij")
    return np.asarray(100.0 * s + 10.0 * c + f / 100.0)


def ratings() -> NDArray[np.float64]:
    """(5, subjects, clips)."""
    values = np.arange(5.0 * N_SUBJECTS * N_CLIPS).reshape(5, N_SUBJECTS, N_CLIPS) % 7
    values[1] -= 3
    return values


def write_features(root: Path) -> Path:
    """Feature arrays, those of the face as a cell a subject; ratings."""
    folder = root / "ASCERTAIN_Features"
    folder.mkdir(parents=True)
    for kind in ("EEG", "ECG", "GSR"):
        scipy.io.savemat(folder / f"Dt_{kind}Features.mat", {f"{kind}Features_58": features(kind)})
    cells = np.empty((N_SUBJECTS, 1), dtype=object)
    for index, table in enumerate(features("EMO")):
        cells[index, 0] = table
    scipy.io.savemat(folder / "Dt_EMOFeatures.mat", {"EMOFeatures_58": cells})
    write_ratings(folder)
    return root


def write_ratings(folder: Path) -> None:
    scipy.io.savemat(folder / "Dt_SelfReports.mat", {"Ratings": ratings()})


def write_quality(folder: Path) -> Path:
    """A sheet a sensor, with headings; everything perfect but the EEG of subject 1 at clip 2 (5) and its face (6)."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title in ("ECG", "GSR", "EEG", "EMO"):
        sheet = book.create_sheet(title)
        sheet.append(["", *(f"Clip {clip}" for clip in range(1, N_CLIPS + 1))])
        for subject in range(1, N_SUBJECTS + 1):
            bad = {"EEG": 5, "EMO": 6}.get(title, 1) if subject == 1 else 1
            sheet.append([f"P{subject:02}", *(bad if clip == 2 else 1 for clip in range(1, N_CLIPS + 1))])
    path = folder / "Data_Quality_Evaluation.xlsx"
    book.save(path)
    return path


def write_raw(root: Path, subjects: tuple[int, ...] = (1, 37), *, key: str = "ThisEEG") -> Path:
    base = root / "MovieDataSegments"
    for subject in subjects:
        for clip in range(1, N_CLIPS + 1):
            save(base / "EEGData" / f"Movie_P{subject:02}" / f"EEG_Clip{clip}.mat", key, raw_uv(clip))
            save(base / "EMOData" / f"Movie_P{subject:02}" / f"EMO_Clip{clip}.mat", "ThisEMO", track(subject))
    return root


def raw_uv(clip: int) -> NDArray[np.float64]:
    """(8, 320) µV."""
    return sines_uv(8, EEG_SFREQ * EEG_S, EEG_SFREQ, amplitude_uv=10.0 * clip)


def track(subject: int) -> NDArray[np.float64]:
    """(frames, 22) of ten seconds."""
    fps = 20 if subject <= 36 else 25
    return np.arange(fps * EEG_S)[:, None] + np.arange(22) / 100.0


def save(path: Path, key: str, values: NDArray[np.float64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {key: values})


def write_ascertain(root: Path) -> Path:
    """Features, ratings and quality of subjects 1 and 2; raw data of subject 1 and, without features, 37."""
    write_features(root)
    write_quality(root / "ASCERTAIN_Features")
    return write_raw(root)
