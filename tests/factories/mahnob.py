"""Miniature recordings in the layout of MAHNOB-HCI, with known clocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.factories.eeg import pulses, sines_uv, write_bdf
from tests.factories.videos import write_video

_LEFT = "Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz"
_RIGHT = "Fp2 AF4 Fz F4 F8 FC6 FC2 Cz C4 T8 CP6 CP2 P4 P8 PO4 O2"
EEG_CHANNELS = f"{_LEFT} {_RIGHT}".split()
BODY_CHANNELS = [*(f"EXG{number}" for number in range(1, 9)), "GSR1", "GSR2", "Erg1", "Erg2", "Resp", "Temp"]
SFREQ = 128
FPS = 20
AUDIO_HZ = 44100.0
AUDIO_BEGIN = 5_000_000
_PREAMBLE_ROWS = 23
_GAZE_STEP_MS = 1000 / 60


@dataclass(frozen=True, slots=True)
class MiniSession:
    """One session folder: what is in it, and when."""

    subject: int = 1
    section: int = 2
    duration_s: int = 12
    start_s: float = 3.0
    stop_s: float = 9.0
    #: session time of the video's first frame
    video_offset_s: float = 1.25
    video_s: float = 10.0
    #: what session.xml says of the camera; the file is stamped with 20 frames a second
    vid_rate_hz: float = float(FPS)
    attributes: dict[str, str] = field(default_factory=dict)
    has_eeg: bool = True
    has_video: bool = True
    has_gaze: bool = True
    has_movie_events: bool = True

    @property
    def number(self) -> int:
        return (self.subject - 1) * 130 + self.section

    @property
    def video_name(self) -> str:
        return f"P{self.subject}-Rec1-2009.07.09.17.53.46_C1 trigger _C_Section_{self.section}.avi"


def write_mahnob(root: Path, *sessions: MiniSession) -> Path:
    for session in sessions:
        write_session(root / "Sessions" / str(session.number), session)
    return root


def write_session(folder: Path, session: MiniSession) -> Path:
    folder.mkdir(parents=True)
    (folder / "session.xml").write_text(session_xml(session), encoding="utf-8")
    if session.has_eeg:
        _write_eeg(folder / f"Part_{session.subject}_S_Trial{session.section // 2}_emotion.bdf", session)
    if session.has_video:
        times_s = np.arange(round(session.video_s * FPS)) / FPS
        write_video(folder / session.video_name, list(times_s), codec="mpeg4", rate=FPS, ticks=FPS)
    if session.has_gaze:
        table = folder / f"P{session.subject}-Rec1-All-Data-New_Section_{session.section}.tsv"
        table.write_text(gaze_table(session), encoding="utf-8")
    return folder


def session_xml(session: MiniSession) -> str:
    attributes = {
        "sessionId": str(session.number),
        "isStim": "1",
        "feltEmo": "4",
        "feltArsl": "5",
        "feltVlnc": "7",
        "feltCtrl": "3",
        "feltPred": "6",
        "cutLenSec": f"{session.stop_s - session.start_s}",
        "mediaFile": "90.avi",
        "vidRate": str(session.vid_rate_hz),
        "vidBeginSmp": "6900",
        "audRate": "44100",
        "audBeginSmp": str(AUDIO_BEGIN),
        **session.attributes,
    }
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items() if value != "absent")
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<session {written}>\n  <subject id="{session.subject}" />\n'
        f'  <track type="Video" filename="{session.video_name}" color="1" />\n</session>\n'
    )


def _write_eeg(path: Path, session: MiniSession) -> None:
    channels = [*EEG_CHANNELS, *BODY_CHANNELS]
    n_samples = session.duration_s * SFREQ
    starts = [round(session.start_s * SFREQ), round(session.stop_s * SFREQ)]
    data_uv = sines_uv(len(channels), n_samples, SFREQ)
    write_bdf(path, channels, data_uv, sfreq=SFREQ, status=pulses(n_samples, starts))


def gaze_table(session: MiniSession) -> str:
    """Two seconds of rows before the film, one without a counter; the counter began with the video."""
    lines = [f"preamble {row}:\tx" for row in range(_PREAMBLE_ROWS)]
    lines.append("Timestamp\tNumber\tGazePointX\tEvent\tAudioSampleNumber")
    events = {session.start_s: "MovieStart", session.stop_s: "MovieEnd"} if session.has_movie_events else {}
    times_s = [session.start_s - 2 + step * _GAZE_STEP_MS / 1000 for step in range(60)]
    for index, time_s in enumerate(sorted([*times_s, *events])):
        sample = -1 if index < 3 or time_s in events else _audio_sample(time_s, session)
        lines.append(f"{100_000 + 1000 * time_s:.3f}\t{index}\t-1\t{events.get(time_s, '')}\t{sample}")
    return "\n".join(lines) + "\n"


def _audio_sample(session_s: float, session: MiniSession) -> int:
    return round(AUDIO_BEGIN + (session_s - session.video_offset_s) * AUDIO_HZ)
