"""What MNE-Python reads: FIF here, BrainVision and Neuroscan from modules of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mne
import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.kinds import channel_kind, unique_names
from mlcore.io.notes import doubles_notes, not_finite_notes, outside_notes, pause_notes
from mlcore.io.recording import EegRecording, Fetch
from mlcore.io.scan import count_not_finite
from mlcore.io.triggers import annotation_events, in_order, recorded_triggers
from mlcore.types import EegInfo

#: what MNE calls samples stored as floating point: they may be no numbers
_FLOAT_FORMATS = ("single", "double")
#: how MNE marks a pause in a FIF file
_PAUSE = "BAD_ACQ_SKIP"
#: how it marks where two recordings were joined
_JOINT = "EDGE boundary"
#: the first bytes of a FIF file: tag 100 (file identity), type 31, 20 bytes, next in sequence
_FIF_MAGIC = b"\x00\x00\x00\x64\x00\x00\x00\x1f\x00\x00\x00\x14"


def open_fif(path: Path) -> EegRecording:
    """Open a FIF file; samples stay in it, a read holds one of its buffers beside what it returns.

    Raises:
        RecordingError: damaged, cut short, or not what its name says.
    """
    with path.open("rb") as file:
        if file.read(len(_FIF_MAGIC)) != _FIF_MAGIC:
            raise RecordingError(f"{path.name}: this is no FIF file (its first bytes say otherwise).")
    raw = mne.io.read_raw_fif(path, preload=False, allow_maxshield=False, verbose="warning")
    info, doubles = mne_info(raw, "FIF")
    fetch = mne_fetch(raw)
    gaps = _pauses(raw, info)
    # MNE gives onsets on the amplifier's clock, which need not start at 0
    onsets_s = [float(onset) - float(raw.first_time) for onset in raw.annotations.onset]
    texts = [str(text) for text in raw.annotations.description]
    words = annotation_events(onsets_s, texts, duration_s=info.duration_s)
    triggers = recorded_triggers(info, fetch)
    bad = float_notes(raw, info, path=path, fetch=fetch)
    return EegRecording(
        path=path,
        info=info,
        events=in_order(tuple(event for event in words if event.description != _PAUSE), triggers),
        fetch=fetch,
        warnings=(
            *doubles_notes(path, doubles),
            *bad,
            *pause_notes(path, gaps),
            *outside_notes(path, len(texts) - len(words)),
        ),
        gaps=gaps,
        cuts=tuple(event.time_s for event in words if event.description == _JOINT and event.time_s > 0),
    )


def mne_info(raw: Any, name: str) -> tuple[EegInfo, tuple[str, ...]]:
    """What an opened file holds, and which channel names were doubles."""
    channels, doubles = unique_names(raw.ch_names)
    kinds = zip(channels, raw.get_channel_types(), strict=True)
    info = EegInfo(
        format=name,
        channels=channels,
        kinds=tuple(channel_kind(channel, kind) for channel, kind in kinds),
        sfreq=float(raw.info["sfreq"]),
        n_samples=int(raw.n_times),
    )
    return info, doubles


def mne_fetch(raw: Any) -> Fetch:
    """Reader of an opened file."""

    def fetch(picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        samples: NDArray[np.float64] = raw.get_data(picks=list(picks), start=first, stop=last, verbose="error")
        return samples

    return fetch


def float_notes(raw: Any, info: EegInfo, *, path: Path, fetch: Fetch) -> tuple[str, ...]:
    """The sentence about samples that are no numbers; whole numbers are not looked through."""
    if raw.orig_format not in _FLOAT_FORMATS:
        return ()
    counts = count_not_finite(fetch, n_channels=len(info.channels), n_samples=info.n_samples)
    return not_finite_notes(path, info.channels, counts)


def _pauses(raw: Any, info: EegInfo) -> tuple[tuple[float, float], ...]:
    spans = [
        (float(onset) - float(raw.first_time), float(onset) - float(raw.first_time) + float(length))
        for onset, length, text in zip(
            raw.annotations.onset, raw.annotations.duration, raw.annotations.description, strict=True
        )
        if text == _PAUSE
    ]
    return tuple((max(0.0, start_s), min(stop_s, info.duration_s)) for start_s, stop_s in spans)
