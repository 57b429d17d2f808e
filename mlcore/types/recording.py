"""What a recording is: its files, clocks, trials, streams, and the windows cut from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Self

from mlcore.types.plain import JsonObject


class SyncMethod(StrEnum):
    """What related two clocks, in words that people read."""

    TRIGGERS = "status triggers"
    XDF_STAMPS = "XDF stamps"
    AUDIO_COUNTER = "audio counter"
    BIDS_EVENTS = "BIDS events"
    HAND = "hand-set points"
    BLINKS = "blinks"
    PICTURES = "same pictures"
    GIVEN_OFFSET = "given offset"
    SAME_START = "same start"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ClockMap:
    """Affine map between the video clock and the session clock: session_s = offset_s + (1 + drift) * video_s."""

    offset_s: float
    drift: float = 0.0
    #: spread of the anchors around the map; None where nothing measured it
    residual_ms: float | None = None
    #: how it was found: a `SyncMethod`
    method: str = SyncMethod.NONE.value
    #: 0..1 where the method can be wrong as a whole (blinks, pictures); None where it can't
    confidence: float | None = None

    def to_session(self, video_s: float) -> float:
        """Session time (s) of a video time (s)."""
        return self.offset_s + (1.0 + self.drift) * video_s

    def to_video(self, session_s: float) -> float:
        """Video time (s) of a session time (s); the inverse of `to_session`."""
        return (session_s - self.offset_s) / (1.0 + self.drift)


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """One stimulus; times on the session clock. `stop_s` None = to the end of the recording."""

    number: int
    start_s: float
    stop_s: float | None
    stimulus: str = ""
    #: what the recorded person said, e.g. {"feltArsl": 5.0, "feltVlnc": 6.0, "feltEmo": 4.0}
    self_reports: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordingSpec:
    """One session as a layout describes it: which files, whose, how their clocks relate. Nothing is read yet.

    Paths are relative to the source root, with forward slashes; they never leave it. (A manifest may point
    outside its own folder; the root is then the deepest folder that holds all its files.)
    """

    subject: str
    session: str
    layout: str
    eeg_path: str | None
    video_path: str | None
    #: files that the readers need beside these (.fdt, .eeg, .vmrk, session.xml, the gaze TSV)
    companion_paths: tuple[str, ...] = ()
    #: the layout's own hints for the clocks, e.g. {"video_offset_s": 2.0}
    sync_hints: dict[str, float] = field(default_factory=dict)
    #: moments seen on both clocks, (video_s, session_s): set by hand, or given by the layout; they overrule all else
    sync_points: tuple[tuple[float, float], ...] = ()
    #: samples per second of an EEG file that does not say (CSV)
    eeg_sfreq: float | None = None
    #: which trial of files that hold many (DEAP's .dat, EAV's .mat): an index from 0
    part: int | None = None
    #: tracks of features that came without a signal or video: modality -> path
    track_paths: dict[str, str] = field(default_factory=dict)
    #: channels that somebody marked as bad, as the file names them
    bad_channels: tuple[str, ...] = ()
    #: set where the session could be found but not understood: one sentence
    error: str = ""

    def to_json(self) -> JsonObject:
        """Plain values, as `from_json` reads them."""
        return asdict(self)

    @classmethod
    def from_json(cls, item: JsonObject) -> Self:
        """Read what `to_json` wrote."""
        points = tuple((float(video_s), float(session_s)) for video_s, session_s in item.get("sync_points", ()))
        tuples = {name: tuple(item.get(name, ())) for name in ("companion_paths", "bad_channels")}
        return cls(**{**item, **tuples, "sync_points": points})


@dataclass(frozen=True, slots=True)
class EegInfo:
    """What an EEG file holds."""

    format: str
    #: every channel, in file order, as the file names them
    channels: tuple[str, ...]
    #: MNE's kind of each channel: "eeg", "eog", "ecg", "stim", "misc", …
    kinds: tuple[str, ...]
    sfreq: float
    n_samples: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sfreq


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file holds; times are presentation time stamps, 0 = first frame."""

    format: str
    codec: str
    width: int
    height: int
    n_frames: int
    #: time stamp of the last frame plus one mean frame interval
    duration_s: float
    mean_fps: float
    is_variable: bool


@dataclass(frozen=True, slots=True)
class Window:
    """A clip to be: session clock, inside one trial."""

    trial: int
    start_s: float
    stop_s: float
    has_eeg: bool
    has_face: bool
