"""Video on EEG by blinks alone: eye closures seen by the camera against frontal EEG. It says "can't tell" if unsure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from mlcore.errors import SyncError
from mlcore.io.recording import EegRecording
from mlcore.sync.blink_evidence import Evidence, weigh
from mlcore.sync.blink_search import Alignment, search
from mlcore.sync.clocks import MS_PER_S
from mlcore.sync.eyelids import Blinks, Floats, LidTrack, lid_closures, lid_track
from mlcore.sync.frontal import TRACE_HZ, blink_score, frontal_blinks, frontal_channels, frontal_traces
from mlcore.sync.robust import fit_events
from mlcore.types import ClockMap, SyncMethod

#: a drift this many of its own errors away from 0 is one
_DRIFT_ERRORS = 2.5


@dataclass(frozen=True, slots=True)
class BlinkSearch:
    """How far to look, and what it takes to believe what was found."""

    #: the video's first frame lies within this of the EEG's first sample
    range_s: float = 60.0
    largest_drift: float = 1e-3
    least_matched: int = 6
    #: of the blinks that each stream shows while the other was looking, the share that the other shows too
    least_share: float = 0.2
    #: the best match stands so much above the second best
    least_lead: float = 0.35
    largest_luck: float = 1e-4


@dataclass(frozen=True, slots=True)
class BlinkMatch:
    """What blinks tell about two clocks."""

    #: None = can't tell
    clock: ClockMap | None
    #: 0..1: by how much the best match leads the second best
    confidence: float
    n_matched: int
    #: why there is no clock; "" where there is one
    reason: str = ""


def blink_clock(
    video_s: Floats,
    eye_openness: Floats,
    eeg_uv: Floats,
    eeg_sfreq: float,
    *,
    settings: BlinkSearch | None = None,
) -> BlinkMatch:
    """Relate a video to EEG by the blinks that both show.

    Args:
        video_s: (n,) rising times of the frames, 0 = first.
        eye_openness: (n,) larger = wider open; NaN where no face was found.
        eeg_uv: (C, T) or (T,) frontal traces in µV, or anything proportional; their sign does not matter.
        eeg_sfreq: their rate, above 20 Hz.
        settings: how far to look and what to believe.

    Returns:
        The match: with a clock where blinks agree beyond chance and beyond any other alignment, else with the reason.

    Raises:
        SyncError: the arrays don't fit each other, or the rate is too low to show blinks.
    """
    rules = settings or BlinkSearch()
    times_s, openness = np.asarray(video_s, dtype=np.float64), np.asarray(eye_openness, dtype=np.float64)
    _check(times_s, openness, eeg_sfreq)
    track = lid_track(times_s, openness)
    camera = lid_closures(track)
    if len(camera) < rules.least_matched:
        return _untold(f"The camera shows {len(camera)} blinks; {rules.least_matched} are needed.")
    score = blink_score(np.asarray(eeg_uv, dtype=np.float64), eeg_sfreq)
    signs = (frontal_blinks(score, sign=sign) for sign in (1, -1))
    relate = partial(_relate, camera, track=track, eeg_duration_s=score.size / TRACE_HZ, rules=rules)
    return max((relate(eeg) for eeg in signs), key=lambda match: (match.clock is not None, match.confidence))


def blink_clock_of(
    recording: EegRecording, video_s: Floats, eye_openness: Floats, *, settings: BlinkSearch | None = None
) -> BlinkMatch:
    """As `blink_clock`, with the frontal channels of an open recording; "can't tell" where it has none.

    Raises:
        RecordingError: the file can't be read. SyncError: times and openness don't fit each other.
    """
    channels = frontal_channels(recording.info.channels)
    if not channels:
        return BlinkMatch(None, 0.0, 0, "The EEG has no frontal channel by name (Fp1, Fp2, AF…, EOG).")
    traces_uv, sfreq = frontal_traces(recording, channels)
    return blink_clock(video_s, eye_openness, traces_uv, sfreq, settings=settings)


def _check(video_s: Floats, openness: Floats, eeg_sfreq: float) -> None:
    if video_s.ndim != 1 or video_s.shape != openness.shape or video_s.size < 2 or (np.diff(video_s) <= 0).any():
        raise SyncError("video_s: expected rising times, one for each value of eye_openness.")
    if not eeg_sfreq >= 20.0:
        raise SyncError(f"eeg_sfreq: expected 20 Hz or more to see blinks, got {eeg_sfreq:g} Hz.")


def _untold(reason: str, lead: float = 0.0, evidence: Evidence | None = None) -> BlinkMatch:
    return BlinkMatch(None, lead, evidence.n_matched if evidence else 0, reason)


def _relate(camera: Blinks, eeg: Blinks, *, track: LidTrack, eeg_duration_s: float, rules: BlinkSearch) -> BlinkMatch:
    """The match for blinks of one sign."""
    if len(eeg) < rules.least_matched:
        return _untold(f"The EEG shows {len(eeg)} blinks; {rules.least_matched} are needed.")
    found = search(camera, eeg, range_s=rules.range_s, largest_drift=rules.largest_drift)
    lead = max(0.0, 1.0 - found.second_score / found.score) if found.score > 0 else 0.0
    look = partial(weigh, camera, eeg, track=track, eeg_duration_s=eeg_duration_s, n_tries=2 * found.n_tries)
    evidence = look(found.best)
    if evidence.n_matched < rules.least_matched:
        return _untold(f"Only {evidence.n_matched} blinks agree; {rules.least_matched} are needed.", lead, evidence)
    clock = _fitted(evidence, lead)
    evidence = look(Alignment(clock.offset_s, clock.drift))
    reason = _doubt(evidence, lead, rules)
    return _untold(reason, lead, evidence) if reason else BlinkMatch(_fitted(evidence, lead), lead, evidence.n_matched)


def _doubt(evidence: Evidence, lead: float, rules: BlinkSearch) -> str:
    if evidence.n_matched < rules.least_matched:
        return f"Only {evidence.n_matched} blinks agree; {rules.least_matched} are needed."
    if min(evidence.camera_share, evidence.eeg_share) < rules.least_share:
        shares = f"{100 * evidence.camera_share:.0f} % of the camera's blinks and {100 * evidence.eeg_share:.0f} %"
        return f"Only {shares} of the EEG's are seen in the other stream."
    if evidence.luck > rules.largest_luck:
        n_of = f"{evidence.n_matched} of {evidence.n_camera}"
        return f"{n_of} blinks agree, as those of two strangers do with a probability of {evidence.luck:.2g}."
    if lead < rules.least_lead:
        return "Another alignment of the blinks fits nearly as well."
    return ""


def _fitted(evidence: Evidence, lead: float) -> ClockMap:
    """Offset and drift by the matched blinks; a drift that can't be told from none is none."""
    clock = fit_events(evidence.camera_s, evidence.eeg_s, method=SyncMethod.BLINKS.value).clock
    spread_s = float(np.std(evidence.camera_s))
    error = (clock.residual_ms or 0.0) / MS_PER_S / (np.sqrt(evidence.n_matched) * max(spread_s, 1.0))
    if abs(clock.drift) < _DRIFT_ERRORS * error:
        left_s = evidence.eeg_s - evidence.camera_s
        offset_s = float(np.median(left_s))
        residual_ms = MS_PER_S * float(np.sqrt(np.mean((left_s - offset_s) ** 2)))
        clock = ClockMap(offset_s, 0.0, residual_ms, SyncMethod.BLINKS.value)
    return replace(clock, confidence=lead)
