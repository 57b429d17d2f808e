"""Miniature LabRecorder folders: XDF files with EEG, frame numbers and markers, chunk by chunk as the format says."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from tests.factories.eeg import sines_uv
from tests.factories.videos import write_video

CHANNELS = ("Fp1", "Fp2", "Cz", "O1")
SFREQ, SECONDS = 128, 20
#: LSL clock of the first EEG sample, and the EEG time of the video's first frame
EEG_BEGINS_S, VIDEO_OFFSET_S = 5000.0, 3.0
FPS, N_FRAMES = 25, 400


def chunk(tag: int, content: bytes) -> bytes:
    return b"\x04" + struct.pack("<IH", len(content) + 2, tag) + content


def header(number: int, name: str, kind: str, *, n_channels: int, sfreq: float, labels: Sequence[str] = ()) -> bytes:
    described = "".join(f"<channel><label>{escape(label)}</label><unit>microvolts</unit></channel>" for label in labels)
    text = (
        f'<?xml version="1.0"?><info><name>{name}</name><type>{kind}</type><channel_count>{n_channels}</channel_count>'
        f"<nominal_srate>{sfreq}</nominal_srate><channel_format>double64</channel_format><source_id>{name}</source_id>"
        f"<hostname>lab</hostname><desc><channels>{described}</channels></desc></info>"
    )
    return chunk(2, struct.pack("<I", number) + text.encode())


def samples(number: int, stamps_s: NDArray[np.float64], rows: NDArray[np.float64]) -> bytes:
    body = b"".join(
        b"\x08" + struct.pack("<d", stamp) + row.astype("<f8").tobytes()
        for stamp, row in zip(stamps_s, rows, strict=True)
    )
    return chunk(3, struct.pack("<I", number) + b"\x04" + struct.pack("<I", len(stamps_s)) + body)


def clock_offset(number: int, time_s: float, offset_s: float) -> bytes:
    return chunk(4, struct.pack("<Idd", number, time_s, offset_s))


def write_xdf(path: Path, *, with_frames: bool = True) -> Path:
    """EEG of 20 s, and a stream that numbers 400 frames from 3 s on; both measured against the recorder's clock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    eeg_s = EEG_BEGINS_S + np.arange(SFREQ * SECONDS) / SFREQ
    frames_s = EEG_BEGINS_S + VIDEO_OFFSET_S + np.arange(N_FRAMES) / FPS
    parts = [b"XDF:", chunk(1, b'<?xml version="1.0"?><info><version>1.0</version></info>')]
    parts.append(header(1, "amp", "EEG", n_channels=len(CHANNELS), sfreq=SFREQ, labels=CHANNELS))
    if with_frames:
        parts.append(header(2, "webcam frames", "VideoFrames", n_channels=1, sfreq=0))
    for number in (1, 2)[: 1 + with_frames]:
        parts += [clock_offset(number, EEG_BEGINS_S + t, 0.0) for t in (0.0, 10.0, 20.0)]
    parts.append(samples(1, eeg_s, sines_uv(len(CHANNELS), eeg_s.size, SFREQ).T))
    if with_frames:
        parts.append(samples(2, frames_s, np.arange(N_FRAMES, dtype=np.float64)[:, None]))
    path.write_bytes(b"".join(parts))
    return path


def write_face(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_video(path, [index / FPS for index in range(N_FRAMES)], rate=FPS)


def write_labrecorder(root: Path) -> Path:
    """Two subjects as LabRecorder files them: one with its video beside, one with EEG alone and no frame numbers."""
    first = root / "sub-P001" / "ses-S001" / "eeg" / "sub-P001_ses-S001_task-Default_run-001_eeg.xdf"
    write_xdf(first)
    write_face(root / "sub-P001" / "ses-S001" / "video" / "sub-P001_ses-S001_task-Default_run-001_video.mp4")
    write_xdf(
        root / "sub-P002" / "ses-S001" / "eeg" / "sub-P002_ses-S001_task-Default_run-001_eeg.xdf", with_frames=False
    )
    return root
