"""Sessions as an import leaves them in full: what their files hold, their originals, faults and clips of every sort."""

from __future__ import annotations

import hashlib
from typing import Any

from annotator.enums import FileRole
from annotator.models import Clip, Original, RecordingSession, SessionFile

#: of a session of 20 s whose video begins half a second late and ends before the EEG
EEG_INFO = {
    "format": "BDF",
    "channels": ["Fp1", "Fp2", "Cz", "EXG1", "Status"],
    "kinds": ["eeg", "eeg", "eeg", "eog", "stim"],
    "sfreq": 256.0,
    "seconds": 20.0,
}
VIDEO_INFO = {
    "format": "avi",
    "codec": "h264",
    "width": 640,
    "height": 480,
    "frames": 570,
    "seconds": 19.0,
    "mean_fps": 30.0,
    "is_variable": False,
}


def fill_session(session: RecordingSession, **fields: Any) -> RecordingSession:
    """Say what its files hold, and store one of them."""
    known: dict[str, Any] = {"eeg_info": EEG_INFO, "video_info": VIDEO_INFO, "video_offset_s": 0.5, "video_drift": 0.0}
    for name, value in {**known, **fields}.items():
        setattr(session, name, value)
    session.save()
    sha256 = hashlib.sha256(str(session.pk).encode()).hexdigest()
    original = Original.objects.create(sha256=sha256, size_bytes=2_500_000, storage_key=f"originals/{sha256}")
    SessionFile.objects.create(session=session, original=original, role=FileRole.EEG, name="s01.bdf")
    return session


def grade(clip: Clip, **fields: Any) -> Clip:
    """Give a clip its qualities and faults."""
    for name, value in fields.items():
        setattr(clip, name, value)
    clip.save()
    return clip
