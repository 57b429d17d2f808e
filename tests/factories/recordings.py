"""Tiny recordings in a manifest: real EDF and MP4 files of some seconds, made here."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CHANNELS = ("Fp1", "Fp2", "F3", "F4", "C3", "C4", "O1", "O2")
SFREQ = 128
FPS = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One session of a manifest; None = no such file."""

    subject: str
    eeg_s: float | None = 11.0
    video_s: float | None = 10.0
    session: str = "1"
    channels: tuple[str, ...] = CHANNELS


def write_manifest(folder: Path, lines: Sequence[Line]) -> Path:
    """The files of every line, and the manifest that names them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "manifest.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["subject", "session", "eeg_file", "video_file", "video_offset_s"])
        for number, line in enumerate(lines):
            eeg = f"{line.subject}-{line.session}.edf" if line.eeg_s else ""
            video = f"{line.subject}-{line.session}.mp4" if line.video_s else ""
            if line.eeg_s:
                write_edf(folder / eeg, line.eeg_s, line.channels, seed=number)
            if line.video_s:
                write_video(folder / video, line.video_s, seed=number)
            writer.writerow([line.subject, line.session, eeg, video, "0.5" if eeg and video else ""])
    return path


def write_edf(path: Path, seconds: float, channels: Sequence[str] = CHANNELS, *, seed: int = 0) -> None:
    import edfio

    rng = np.random.default_rng(seed)
    signals = [
        edfio.EdfSignal(
            20.0 * rng.standard_normal(round(seconds * SFREQ)),
            sampling_frequency=SFREQ,
            label=name,
            physical_dimension="uV",
            physical_range=(-500.0, 500.0),
        )
        for name in channels
    ]
    edfio.Edf(signals).write(path)


def write_video(path: Path, seconds: float, *, seed: int = 0) -> None:
    """Moving noise, no face."""
    import av

    rng = np.random.default_rng(seed)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for _ in range(round(seconds * FPS)):
            image = rng.integers(0, 255, (64, 96, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
