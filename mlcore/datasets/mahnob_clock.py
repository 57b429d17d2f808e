"""MAHNOB-HCI's clocks: the film on the EEG by Status events, on the video by the audio counter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlcore.datasets.layout import Opened, Relation
from mlcore.datasets.mahnob_gaze import GazeMarks, read_gaze_marks
from mlcore.datasets.mahnob_xml import SessionXml, read_session_xml, section_of
from mlcore.errors import LayoutError, RecordingError
from mlcore.sync import unrelated
from mlcore.types import ClockMap, SyncMethod, TrialSpec, VideoInfo

#: the file's frame rate against the camera's: further apart they speak of different things
_LARGEST_RATE_ERROR = 0.01
_NO_RATE_ERROR = 1e-5
_MS_PER_S = 1000.0
_LARGEST_RESIDUAL_MS = 500.0
_ASSUMED = "EEG and video could not be related; they were taken to begin together."


@dataclass(frozen=True, slots=True)
class _Film:
    """Start and end of the film on one clock; None = not known."""

    start_s: float | None
    stop_s: float | None


def relate(opened: Opened) -> Relation:
    """Trial from the first to the second Status event; clock from the audio counter, shifted and never stretched."""
    xml_path = opened.companion("session.xml")
    if xml_path is None:
        raise RecordingError(f"session {opened.spec.session}: the recording came without its session.xml.")
    try:
        session = read_session_xml(xml_path)
    except LayoutError as error:
        raise RecordingError(str(error)) from error
    notes: list[str] = []
    on_camera = _film_on_camera(opened, notes)
    on_eeg = _film_on_eeg(opened, notes)
    clock = _clock(opened, on_eeg=on_eeg, on_camera=on_camera, notes=notes)
    trial = _trial(opened, session, on_eeg=on_eeg, on_camera=on_camera)
    is_assumed = clock.method == SyncMethod.SAME_START
    return Relation(clock, (trial,), tuple(notes), assumption=_ASSUMED if is_assumed else "")


def _film_on_eeg(opened: Opened, notes: list[str]) -> _Film:
    """First Status event = stimulus start, second = end."""
    if opened.eeg is None:
        return _Film(None, None)
    times_s = [event.time_s for event in opened.eeg.events if event.value is not None]
    length_s = opened.spec.sync_hints.get("cutLenSec")
    if not times_s:
        notes.append(f"{opened.eeg.path.name}: Status holds no events; the whole recording was taken as the trial.")
        return _Film(None, None)
    if len(times_s) > 1:
        return _Film(times_s[0], times_s[1])
    notes.append(f"{opened.eeg.path.name}: Status holds one event; the film's end was taken from session.xml.")
    return _Film(times_s[0], times_s[0] + length_s if length_s else None)


def _film_on_camera(opened: Opened, notes: list[str]) -> _Film:
    """Seconds of real time since the video's first frame, by the counter that ran on audio and camera alike."""
    gaze_path = opened.companion(".tsv")
    if opened.video is None:
        return _Film(None, None)
    if gaze_path is None:
        notes.append("The session has no gaze table, so the video can't be placed by the audio counter.")
        return _Film(None, None)
    hints = opened.spec.sync_hints
    if not {"audRate", "audBeginSmp"} <= hints.keys() or hints["audRate"] <= 0:
        notes.append("session.xml gives no audRate and audBeginSmp, so the video can't be placed by the audio counter.")
        return _Film(None, None)
    return _counted(gaze_path, hints, notes)


def _counted(gaze_path: Path, hints: dict[str, float], notes: list[str]) -> _Film:
    marks = read_gaze_marks(gaze_path)
    start_s = _camera_s(marks, marks.movie_start_ms, hints)
    if start_s is None:
        notes.append(f"{gaze_path.name}: no MovieStart with an audio sample number; the video can't be placed by it.")
    return _Film(start_s, _camera_s(marks, marks.movie_end_ms, hints))


def _camera_s(marks: GazeMarks, time_ms: float | None, hints: dict[str, float]) -> float | None:
    """(sample − audBeginSmp)/audRate: the video's first frame and the audio's first sample were cut together."""
    sample = None if time_ms is None else marks.sample_at(time_ms, hints["audRate"])
    return None if sample is None else (sample - hints["audBeginSmp"]) / hints["audRate"]


def _clock(opened: Opened, *, on_eeg: _Film, on_camera: _Film, notes: list[str]) -> ClockMap:
    if opened.video is None or opened.eeg is None:
        return unrelated()
    if on_eeg.start_s is None or on_camera.start_s is None:
        return unrelated(method=SyncMethod.SAME_START.value)
    offset_s = on_eeg.start_s - on_camera.start_s
    residual_ms = _residual_ms(on_eeg, on_camera, offset_s)
    if residual_ms is not None and residual_ms > _LARGEST_RESIDUAL_MS:
        notes.append(f"EEG and audio counter disagree by {residual_ms:.0f} ms about the film's end.")
    return ClockMap(
        offset_s, _rate_error(opened.video, opened.spec.sync_hints, notes), residual_ms, SyncMethod.AUDIO_COUNTER.value
    )


def _residual_ms(on_eeg: _Film, on_camera: _Film, offset_s: float) -> float | None:
    """How far the map misses the film's end, which was not used to make it."""
    if on_eeg.stop_s is None or on_camera.stop_s is None:
        return None
    return _MS_PER_S * abs(on_eeg.stop_s - (offset_s + on_camera.stop_s))


def _rate_error(video: VideoInfo, hints: dict[str, float], notes: list[str]) -> float:
    """Drift of the file's time stamps: the container rounds the camera's rate (vidRate, about 61 frames a second).

    This places frames at the times they were taken. It is no fit of the video's length to the film's.
    """
    rate_hz = hints.get("vidRate", 0.0)
    if rate_hz <= 0 or video.is_variable:
        return 0.0
    drift = video.mean_fps / rate_hz - 1.0
    if abs(drift) > _LARGEST_RATE_ERROR:
        notes.append(
            f"session.xml says {rate_hz:g} frames a second, the video {video.mean_fps:g}; the video's was kept."
        )
        return 0.0
    return 0.0 if abs(drift) < _NO_RATE_ERROR else drift


def _trial(opened: Opened, session: SessionXml, *, on_eeg: _Film, on_camera: _Film) -> TrialSpec:
    """Times from Status; from the audio counter where there is no EEG; over everything where there is neither."""
    film = on_eeg if opened.eeg is not None else _on_video_clock(opened, on_camera)
    return TrialSpec(
        number=max(1, section_of(int(opened.spec.session)) // 2),
        start_s=film.start_s or 0.0,
        stop_s=film.stop_s,
        stimulus=session.stimulus,
        self_reports=session.self_reports(),
    )


def _on_video_clock(opened: Opened, film: _Film) -> _Film:
    drift = 0.0 if opened.video is None else _rate_error(opened.video, opened.spec.sync_hints, [])
    start_s, stop_s = (None if time_s is None else time_s / (1.0 + drift) for time_s in (film.start_s, film.stop_s))
    return _Film(start_s, stop_s)
