"""Miniature EAV: four trials of two seconds, EEG in MATLAB files of version 5 or 7.3."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray

from tests.factories.eeg import sines_uv
from tests.factories.videos import write_video

SFREQ, SECONDS, N_CHANNELS = 500, 2, 30
STIMULI = ("Listening Neutral", "Speaking Neutral", "Listening Anger", "Speaking Happiness")
#: row of the one-hot label of each trial
CLASSES = (0, 1, 4, 7)
N_TRIALS = len(STIMULI)
FPS = 30


def eeg_uv() -> NDArray[np.float64]:
    """(1000, 30, 4) µV; trial k is k + 1 times as large."""
    trials = [sines_uv(N_CHANNELS, SFREQ * SECONDS, SFREQ, amplitude_uv=10.0 * (k + 1)).T for k in range(N_TRIALS)]
    return np.stack(trials, axis=2)


def one_hot() -> NDArray[np.float64]:
    label = np.zeros((10, N_TRIALS))
    label[list(CLASSES), range(N_TRIALS)] = 1
    return label


def write_subject(root: Path, number: int, *, key: str = "seg1", version: str = "5", videos: int = N_TRIALS) -> Path:
    folder = root / f"subject{number}"
    for name in ("EEG", "Video"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_mat(folder / "EEG" / f"subject{number}_eeg.mat", key, eeg_uv(), version=version)
    write_mat(folder / "EEG" / f"subject{number}_eeg_label.mat", "label", one_hot(), version=version)
    for index, stimulus in enumerate(STIMULI[:videos], start=1):
        name = f"{index:03}_Trial_{index:02}_{stimulus.replace(' ', '_')}.mp4"
        write_video(folder / "Video" / name, [frame / FPS for frame in range(FPS * SECONDS)], rate=FPS)
    return folder


def write_mat(path: Path, key: str, values: NDArray[np.float64], *, version: str = "5") -> Path:
    """As MATLAB writes it: version 7.3 is HDF5 after 512 bytes, its axes the other way round."""
    if version == "5":
        scipy.io.savemat(path, {key: values}, do_compression=True)
        return path
    with h5py.File(path, "w", userblock_size=512) as file:
        dataset = file.create_dataset(key, data=values.T, chunks=True, compression="gzip")
        dataset.attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    return path


def write_eav(root: Path) -> Path:
    """Subject 1 in version 5, its last video missing; subject 2 in version 7.3 under the other key."""
    write_subject(root, 1, videos=N_TRIALS - 1)
    write_subject(root, 2, key="seg", version="7.3")
    return root
