"""The last resort for the clocks of a recording: blinks that its camera saw and its EEG shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.reading import Recording, with_clock
from mlcore.sync.blinks import blink_clock_of


def related_by_blinks(
    recording: Recording, video_s: NDArray[np.float64], eye_openness: NDArray[np.float64]
) -> Recording:
    """A recording whose clocks were only assumed to begin together, related by blinks where they tell.

    Args:
        recording: any recording; one whose clocks something else relates comes back as it is.
        video_s: (n,) times of the frames in which the eyes were looked at, 0 = first frame.
        eye_openness: (n,) larger = wider open; NaN where no face was found.

    Returns:
        The recording, its clock by blinks with a confidence, or as before; either way a warning says which, and why.

    Raises:
        RecordingError: the EEG can't be read to its end.
    """
    if not _is_assumed(recording) or recording.eeg is None or len(video_s) < 2:
        return recording
    match = blink_clock_of(recording.eeg, video_s, eye_openness)
    if match.clock is None:
        return _with_note(recording, f"Blinks can't tell how EEG and video lie in time: {match.reason}")
    note = (
        f"EEG and video were related by {match.n_matched} blinks that both show, with a confidence of "
        f"{match.confidence:.0%}: check it on the session's page before you rely on it."
    )
    return _with_note(with_clock(recording, match.clock), note)


def _is_assumed(recording: Recording) -> bool:
    origin = recording.origin
    return origin is not None and bool(origin.relation.assumption) and not recording.spec.sync_points


def _with_note(recording: Recording, note: str) -> Recording:
    return replace(recording, warnings=(*recording.warnings, note))
