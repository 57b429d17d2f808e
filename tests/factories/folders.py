"""A plain folder and a manifest, with files of some seconds."""

from __future__ import annotations

from pathlib import Path

from tests.factories.eeg import pulses, sines_uv, write_bdf
from tests.factories.videos import write_video

CHANNELS = ("Fp1", "Fp2", "Cz", "O1")
SFREQ, SECONDS, FPS = 128, 12, 20


def write_eeg(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    n_samples = SFREQ * SECONDS
    data_uv = sines_uv(len(CHANNELS), n_samples, SFREQ)
    return write_bdf(path, CHANNELS, data_uv, sfreq=SFREQ, status=pulses(n_samples, [300]))


def write_face(path: Path, *, seconds: float = 8.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_video(path, [index / FPS for index in range(round(seconds * FPS))], rate=FPS)


def write_folder(root: Path) -> Path:
    """Paired by name in one folder, by name in two, by exclusion; one EEG file without video."""
    write_eeg(root / "P01" / "day1_eeg.bdf")
    write_face(root / "P01" / "day1_face.mp4")
    write_eeg(root / "P02" / "eeg" / "P02.bdf")
    write_face(root / "P02" / "video" / "p02.mp4")
    write_eeg(root / "P10" / "take.bdf")
    write_face(root / "P10" / "GOPR0001.mp4")
    write_eeg(root / "P11" / "alone.bdf")
    return root


def write_lab_manifest(root: Path) -> Path:
    """One session by an offset, one by two moments with trials of its own, one with EEG alone."""
    for name in ("a", "b", "c"):
        write_eeg(root / "eeg" / f"{name}.bdf")
    write_face(root / "video" / "v.mp4")
    write_face(root / "video" / "w.mp4", seconds=12.0)
    (root / "trials.csv").write_text("start_s,stop_s,stimulus,valence\n1,4,joy,7\n5,9,fear,2\n")
    (root / "manifest.csv").write_text(
        "subject,session,eeg_file,video_file,trials_file,video_offset_s,video_s_1,eeg_s_1,video_s_2,eeg_s_2\n"
        "S1,1,eeg/a.bdf,video/v.mp4,,2.5,,,,\n"
        "S2,1,eeg/b.bdf,video/w.mp4,trials.csv,,0.5,1.5,11.5,12.511\n"
        "S3,1,eeg/c.bdf,,,,,,,\n"
    )
    return root
