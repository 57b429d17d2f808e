"""Miniature DEAP: two subjects; preprocessed arrays of three trials, an original recording with Status markers."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.factories.eeg import sines_uv, write_bdf
from tests.factories.videos import write_video

#: (trial by presentation, Experiment_id): never the same
ORDER = ((1, 3), (2, 1), (3, 2))
SFREQ = 128
ORIGINAL_SFREQ = 512
N_CHANNELS = 40
TRIAL_S, BASELINE_S = 63, 3
FACE_FPS = 10
#: the place where subjects from 23 on were recorded wrote channels in another order
ORIGINAL_CHANNELS = ("Fp1", "F3", "AF3", "F7", "EXG1", "GSR1", "Resp", "Plet", "Temp")
#: seconds at which the films of the original recording start; each ends after FILM_S
FILM_STARTS_S, FILM_S = (10, 30, 50), 12
RATINGS = "Participant_id,Trial,Experiment_id,Start_time,Valence,Arousal,Dominance,Liking,Familiarity\n{lines}"


def labels_of(subject: int) -> NDArray[np.float64]:
    """(3, 4) ratings, row k of Experiment_id k + 1."""
    return np.asarray(1.0 + (np.arange(12).reshape(3, 4) + subject) % 9, dtype=np.float64)


def data_of(subject: int) -> NDArray[np.float64]:
    """(3, 40, 8064) µV; row k is k + 1 times as large."""
    rows = [sines_uv(N_CHANNELS, TRIAL_S * SFREQ, SFREQ, amplitude_uv=10.0 * (k + 1)) for k in range(3)]
    return np.stack(rows)


def write_preprocessed(root: Path, subject: int = 1, *, protocol: int = 2) -> Path:
    folder = root / "data_preprocessed_python"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"s{subject:02}.dat"
    path.write_bytes(pickle.dumps({"labels": labels_of(subject), "data": data_of(subject)}, protocol=protocol))
    return path


def write_original(root: Path, subject: int = 1, *, high_bits: int = 0) -> Path:
    """A BDF with fixation (3), film (4) and end (5) of three trials; `high_bits` above the codes in Status."""
    folder = root / "data_original"
    folder.mkdir(parents=True, exist_ok=True)
    n_samples = 70 * ORIGINAL_SFREQ
    status = np.full(n_samples, high_bits, dtype=np.int64)
    for start_s in FILM_STARTS_S:
        for time_s, code in ((start_s - 5, 3), (start_s, 4), (start_s + FILM_S, 5)):
            first = time_s * ORIGINAL_SFREQ
            status[first : first + 20] = high_bits + code
    data_uv = sines_uv(len(ORIGINAL_CHANNELS), n_samples, ORIGINAL_SFREQ)
    return write_bdf(folder / f"s{subject:02}.bdf", ORIGINAL_CHANNELS, data_uv, sfreq=ORIGINAL_SFREQ, status=status)


def write_ratings(root: Path, subjects: tuple[int, ...] = (1,)) -> Path:
    lines = [
        f"{subject},{trial},{experiment},1695918,{','.join(str(v) for v in labels_of(subject)[experiment - 1])},1\n"
        for subject in subjects
        for trial, experiment in ORDER
    ]
    path = root / "participant_ratings.csv"
    path.write_text(RATINGS.format(lines="".join(lines)), encoding="utf-8")
    return path


def write_face(root: Path, subject: int, trial: int, *, seconds: float = 60.0) -> Path:
    folder = root / "face_video" / f"s{subject:02}"
    folder.mkdir(parents=True, exist_ok=True)
    times_s = [index / FACE_FPS for index in range(round(seconds * FACE_FPS))]
    path = folder / f"s{subject:02}_trial{trial:02}.avi"
    return write_video(path, times_s, codec="mpeg4", rate=FACE_FPS, ticks=FACE_FPS)


def write_deap(root: Path) -> Path:
    """Subject 1 with the videos of trials 1 and 2; subject 23 without any."""
    for subject in (1, 23):
        write_preprocessed(root, subject)
    write_ratings(root, (1, 23))
    for trial in (1, 2):
        write_face(root, 1, trial)
    return root


def write_deap_original(root: Path) -> Path:
    write_original(root)
    write_ratings(root)
    write_face(root, 1, 2, seconds=FILM_S)
    return root
