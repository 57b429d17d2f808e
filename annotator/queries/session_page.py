"""What the page of one session says of it: gaps, channels, problems in plain words, and the figures for its viewer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from annotator.enums import DerivedKind, SessionStatus
from annotator.models import Clip, RecordingSession, Trial
from annotator.names import fault_name, method_name
from annotator.queries import marks, media
from mlcore.types import ClockMap, JsonObject, Modality

#: below this a clip counts as poor, and what lowers it is told
POOR_QUALITY = 0.5
#: what is missing for less is not told: streams never end at the same sample
SHORTEST_GAP_S = 0.25
#: more than this share of the session without a stream is a problem; less is how recordings begin and end
LARGE_GAP_SHARE = 0.1
#: a residual above this moves the face by frames
LARGE_RESIDUAL_MS = 50.0
#: below this a method that can be wrong as a whole may well be
LOW_CONFIDENCE = 0.6

STREAM_NAMES = {Modality.EEG: _("EEG"), Modality.FACE: _("face video")}


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of the session, on its clock, that a stream does not cover."""

    modality: Modality
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class Channel:
    name: str
    #: what was measured of it, in words
    faults: tuple[str, ...]
    #: somebody marked it here
    is_bad: bool
    #: the recording's own files mark it
    is_bad_in_files: bool


def clock_of(session: RecordingSession) -> ClockMap:
    return ClockMap(
        offset_s=session.video_offset_s,
        drift=session.video_drift,
        residual_ms=session.sync_residual_ms,
        method=session.sync_method,
        confidence=session.sync_confidence,
    )


def bounds_of(session: RecordingSession) -> tuple[float, float]:
    """Where the session begins and ends on its clock, whichever stream is there first or last."""
    covered = [stretch for modality in Modality if (stretch := _covered(session, modality))]
    first_s = min((start_s for start_s, _ in covered), default=0.0)
    last_s = max((stop_s for _, stop_s in covered), default=session.duration_s or 0.0)
    return min(0.0, first_s), max(session.duration_s or 0.0, last_s)


def _covered(session: RecordingSession, modality: Modality) -> tuple[float, float] | None:
    if modality is Modality.EEG:
        seconds = session.eeg_info.get("seconds") if session.has_eeg else None
        return None if seconds is None else (0.0, float(seconds))
    seconds = session.video_info.get("seconds") if session.has_video else None
    clock = clock_of(session)
    return None if seconds is None else (clock.to_session(0.0), clock.to_session(float(seconds)))


def gaps_of(session: RecordingSession) -> list[Gap]:
    """Where a stream that the session has is missing, at its beginning or end."""
    first_s, last_s = bounds_of(session)
    gaps = []
    for modality in Modality:
        covered = _covered(session, modality)
        if covered:
            gaps += [Gap(modality, first_s, covered[0]), Gap(modality, covered[1], last_s)]
    return [gap for gap in gaps if gap.stop_s - gap.start_s >= SHORTEST_GAP_S]


def channels_of(session: RecordingSession) -> list[Channel]:
    """The EEG's, in the order of the file: what else it holds is neither learnt from nor judged."""
    names, kinds = session.eeg_info.get("channels", ()), session.eeg_info.get("kinds", ())
    by_hand, in_files = set(session.bad_channels), set(session.spec.get("bad_channels", ()))
    return [
        Channel(
            name=name,
            faults=tuple(session.channel_faults.get(name, ())),
            is_bad=name in by_hand,
            is_bad_in_files=name in in_files,
        )
        for name, kind in zip(names, kinds, strict=True)
        if kind == "eeg"
    ]


# --- what is wrong, in plain words -----------------------------------------------------------------------------------


def problems_of(session: RecordingSession, clips: Sequence[Clip]) -> list[str]:
    """What an admin should know, the worst first; `error` is told apart from these."""
    if session.status != SessionStatus.READY:
        return []
    return [*_clock_problems(session), *_stream_problems(session), *_clip_problems(clips), *session.warnings]


def _clock_problems(session: RecordingSession) -> Iterable[str]:
    if not (session.has_eeg and session.has_video):
        return
    confidence, residual_ms = session.sync_confidence, session.sync_residual_ms
    if confidence is not None and confidence < LOW_CONFIDENCE:
        yield gettext(
            "The clocks were related by {method} with a confidence of only {confidence}: set two points by hand."
        ).format(method=method_name(session.sync_method), confidence=f"{confidence:.2f}")
    elif residual_ms is None and not session.sync_points:
        yield gettext("Nothing measured how well the clocks fit: set two points by hand to be sure.")
    elif residual_ms is not None and residual_ms > LARGE_RESIDUAL_MS:
        yield gettext("The clocks fit to ±{residual_ms} ms only: face and EEG may be frames apart.").format(
            residual_ms=f"{residual_ms:.0f}"
        )


def _stream_problems(session: RecordingSession) -> Iterable[str]:
    first_s, last_s = bounds_of(session)
    for gap in gaps_of(session):
        if gap.stop_s - gap.start_s > LARGE_GAP_SHARE * (last_s - first_s):
            yield gettext("There is no {stream} from {start_s} s to {stop_s} s.").format(
                stream=STREAM_NAMES[gap.modality], start_s=f"{gap.start_s:.1f}", stop_s=f"{gap.stop_s:.1f}"
            )
    faulty = [f"{one.name} ({', '.join(map(fault_name, one.faults))})" for one in channels_of(session) if one.faults]
    if faulty:
        yield ngettext(
            "{n} channel measured as bad: {channels}.", "{n} channels measured as bad: {channels}.", len(faulty)
        ).format(n=len(faulty), channels=", ".join(faulty))


def _clip_problems(clips: Sequence[Clip]) -> Iterable[str]:
    for modality, name in STREAM_NAMES.items():
        found = [(quality, faults) for quality, faults in (_quality(clip, modality) for clip in clips)]
        poor = [faults for quality, faults in found if quality is not None and quality < POOR_QUALITY]
        if poor:
            kinds = Counter(fault for faults in poor for fault in faults)
            most_first = sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))
            why = ", ".join(gettext("{fault} in {n}").format(fault=fault_name(fault), n=n) for fault, n in most_first)
            told = _poor(len(poor), len(clips), str(name))
            yield f"{told}: {why}." if why else f"{told}."


def _quality(clip: Clip, modality: Modality) -> tuple[float | None, JsonObject]:
    if modality is Modality.EEG:
        return clip.eeg_quality, clip.eeg_faults
    return clip.face_quality, clip.face_faults


def _poor(n: int, n_clips: int, stream: str) -> str:
    if n_clips == 1:
        return gettext("1 of 1 clip has poor {stream}").format(stream=stream)
    told = ngettext("{n} of {n_clips} clips has poor {stream}", "{n} of {n_clips} clips have poor {stream}", n)
    return told.format(n=n, n_clips=n_clips, stream=stream)


# --- for the viewer's script -----------------------------------------------------------------------------------------


def figure_of(session: RecordingSession, clips: Iterable[Clip], trials: Iterable[Trial]) -> JsonObject:
    """All that the overview and the traces need beside the signals; addresses are the view's."""
    first_s, last_s = bounds_of(session)
    return {
        "first_s": first_s,
        "last_s": last_s,
        "eeg_s": session.eeg_info.get("seconds") if session.has_eeg else None,
        "video_s": session.video_info.get("seconds") if session.has_video else None,
        "poor": POOR_QUALITY,
        "clips": [_clip(clip) for clip in clips],
        "trials": trials_for_viewer(trials),
        "gaps": [{"stream": gap.modality, "start_s": gap.start_s, "stop_s": gap.stop_s} for gap in gaps_of(session)],
        "bad_channels": [one.name for one in channels_of(session) if one.is_bad or one.is_bad_in_files or one.faults],
        "bad_sources": marks.sources_of(session),
        "clock": {
            "offset_s": session.video_offset_s,
            "drift": session.video_drift,
            "residual_ms": session.sync_residual_ms,
            "method": session.sync_method,
            "confidence": session.sync_confidence,
        },
    }


def trials_for_viewer(trials: Iterable[Trial]) -> list[JsonObject]:
    return [
        {"number": trial.number, "start_s": trial.start_s, "stop_s": trial.stop_s, "stimulus": trial.stimulus}
        for trial in trials
    ]


def without_stimuli(trials: Iterable[JsonObject]) -> list[JsonObject]:
    """For whoever labels: the film's name may tell what to answer."""
    return [{**trial, "stimulus": ""} for trial in trials]


def overview_of(
    session: RecordingSession, clips: Iterable[Clip], trials: Iterable[Trial], *, sees_all: bool
) -> JsonObject:
    """The session in one bar, for whoever labels; how often a clip was answered is for those who see all."""
    figure = figure_of(session, (), trials)
    return {
        "first_s": figure["first_s"],
        "last_s": figure["last_s"],
        "poor": figure["poor"],
        "clips": [_clip(clip) if sees_all else _signals(clip) for clip in clips],
        "trials": without_stimuli(figure["trials"]),
        "gaps": figure["gaps"],
    }


def _clip(clip: Clip) -> JsonObject:
    return {**_signals(clip), "n_labels": clip.n_labels}  # type: ignore[attr-defined]  # by recordings.all_clips


def _signals(clip: Clip) -> JsonObject:
    return {
        "number": clip.number,
        "start_s": clip.start_s,
        "stop_s": clip.stop_s,
        "eeg": clip.eeg_quality,
        "face": clip.face_quality,
        "has_eeg": clip.has_eeg,
        "has_face": clip.has_face,
        "eeg_faults": clip.eeg_faults,
        "face_faults": clip.face_faults,
    }


def is_shown(session: RecordingSession) -> bool:
    """Whether there is anything to look at; no query where `derived` is prefetched."""
    kinds = (DerivedKind.PROXY_VIDEO, DerivedKind.EEG_TILES)
    return session.status == SessionStatus.READY and any(media.newest(session, kind) for kind in kinds)
