"""Write what MAHNOB-HCI keeps beside the signals: session.xml and the gaze file with the audio counter."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.simulate.mahnob import AUDIO_RATE_HZ, eeg_name, recorded_at, video_name
from mlcore.simulate.plan import TrialPlan

_GAZE_HZ = 60.0
_HEADER_ROWS = 23
_COLUMNS = (
    *("Timestamp", "Number", "GazePointXLeft", "GazePointYLeft", "DistanceLeft", "PupilLeft", "ValidityLeft"),
    *("GazePointXRight", "GazePointYRight", "DistanceRight", "PupilRight", "ValidityRight", "GazePointX", "GazePointY"),
    *("Event", "EventKey", "Data1", "Data2", "Descriptor", "StimuliName", "AudioSampleNumber"),
)
#: rows before the sound card delivered its first counter
_ROWS_WITHOUT_COUNTER = 3


def audio_begin(plan: TrialPlan) -> int:
    """Audio sample that was taken together with the first video frame."""
    return round(plan.clocks.vid_begin / plan.clocks.vid_rate_hz * AUDIO_RATE_HZ)


def audio_sample(plan: TrialPlan, session_s: float) -> int:
    """Audio counter at a session time."""
    return round(audio_begin(plan) + (session_s - plan.clocks.offset_s) * AUDIO_RATE_HZ)


def write_session_xml(path: Path, plan: TrialPlan) -> None:
    """Write session.xml: self-reports and counters as attributes of its root."""
    clocks, moment = plan.clocks, recorded_at(plan.subject, plan.trial)
    video_s = clocks.n_frames / clocks.vid_rate_hz
    root = Element("session", {
        "sessionId": str(plan.folder),
        "date": moment.strftime("%Y-%m-%d"),
        "time": moment.strftime("%H:%M:%S"),
        "experimentType": "emotion elicitation (SIMULATED)",
        "isStim": "1",
        **{name: str(rating) for name, rating in plan.self_reports.items()},
        "cutNr": str(2 * plan.trial),
        "cutLenSec": f"{plan.stop_s - plan.start_s:.3f}",
        "mediaFile": plan.stimulus,
        "vidRate": f"{clocks.vid_rate_hz:.6f}",
        "vidBeginSmp": str(clocks.vid_begin),
        "vidEndSmp": str(clocks.vid_begin + clocks.n_frames),
        "audRate": f"{AUDIO_RATE_HZ:.0f}",
        "audBeginSmp": str(audio_begin(plan)),
        "audEndSmp": str(round(audio_begin(plan) + video_s * AUDIO_RATE_HZ)),
    })  # fmt: skip
    SubElement(root, "subject", {"id": str(plan.subject)})
    SubElement(root, "track", {"type": "Video", "filename": video_name(plan.subject, plan.trial), "color": "1"})
    SubElement(root, "track", {"type": "Physiological", "filename": eeg_name(plan.subject, plan.trial)})
    indent(root)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def write_gaze(path: Path, plan: TrialPlan, rng: Generator) -> None:
    """Write the gaze file: 23 header rows, a column row, then samples and events in the tracker's own milliseconds."""
    rows = [*_sample_rows(plan, rng), *_event_rows(plan)]
    rows.sort(key=lambda row: (row[0], row[1].get("Event", "")))
    first_ms = rng.uniform(50.0, 5000.0) - rows[0][0]
    lines = [*_header(plan), "\t".join(_COLUMNS)]
    for time_ms, cells in rows:
        cells["Timestamp"] = str(round(time_ms + first_ms))
        lines.append("\t".join(cells.get(name, "") for name in _COLUMNS))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _header(plan: TrialPlan) -> list[str]:
    moment = recorded_at(plan.subject, plan.trial)
    lines = ["SIMULATED recording: nobody was recorded", f"Recording name:\tP{plan.subject}-Rec1"]
    lines += [
        f"Recording date:\t{moment:%d.%m.%Y}",
        f"Recording time:\t{moment:%H:%M:%S}",
        f"Participant:\tP{plan.subject}",
    ]
    return [*lines, *[""] * (_HEADER_ROWS - len(lines))]


def _sample_rows(plan: TrialPlan, rng: Generator) -> list[tuple[float, dict[str, str]]]:
    """Gaze at 60 Hz over the whole EEG; −1 while the eyes are closed."""
    times_s = np.arange(0.0, plan.duration_s, 1.0 / _GAZE_HZ)
    gaze = np.clip(
        np.cumsum(rng.normal(0.0, 3.0, (times_s.size, 2)), axis=0) + np.array([640.0, 400.0]), 0, (1279, 799)
    )
    pupil_mm = 3.2 + 0.4 * plan.at(plan.arousal, times_s) + rng.normal(0.0, 0.05, times_s.size)
    gaps_s = np.abs(times_s[:, None] - np.asarray(plan.blinks_s)[None, :]).min(axis=1)
    rows = []
    for index, time_s in enumerate(times_s):
        cells = _gaze_cells(gaze[index], float(pupil_mm[index])) if gaps_s[index] > 0.12 else _lost_cells()
        cells["Number"] = str(index + 1)
        if index >= _ROWS_WITHOUT_COUNTER:
            # the counter belongs to the row's time as the file says it: whole milliseconds
            cells["AudioSampleNumber"] = str(audio_sample(plan, time_s))
        rows.append((1000.0 * float(time_s), cells))
    return rows


def _gaze_cells(gaze: NDArray[np.float64], pupil_mm: float) -> dict[str, str]:
    x, y = f"{gaze[0]:.0f}", f"{gaze[1]:.0f}"
    cells = {"GazePointX": x, "GazePointY": y}
    for eye in ("Left", "Right"):
        cells |= {f"GazePointX{eye}": x, f"GazePointY{eye}": y, f"Distance{eye}": "650.0"}
        cells |= {f"Pupil{eye}": f"{pupil_mm:.3f}", f"Validity{eye}": "0"}
    return cells


def _lost_cells() -> dict[str, str]:
    cells = {"GazePointX": "-1", "GazePointY": "-1"}
    for eye in ("Left", "Right"):
        cells |= {f"{name}{eye}": "-1" for name in ("GazePointX", "GazePointY", "Distance", "Pupil")}
        cells[f"Validity{eye}"] = "4"
    return cells


def _event_rows(plan: TrialPlan) -> list[tuple[float, dict[str, str]]]:
    stimulus = plan.stimulus
    return [
        (1000.0 * plan.start_s, {"Event": "MovieStart", "Descriptor": stimulus, "StimuliName": stimulus}),
        (1000.0 * plan.stop_s, {"Event": "MovieEnd", "Descriptor": stimulus, "StimuliName": stimulus}),
        (1000.0 * plan.duration_s - 500.0, {"Event": "KeyPress", "EventKey": "32", "Descriptor": "Space"}),
    ]
