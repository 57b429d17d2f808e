"""EEG files that MNE-Python reads: EDF(+), BDF, BrainVision, EEGLAB, FIF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mne
import numpy as np
from numpy.typing import NDArray

from mlcore.io.edf_header import check_edf
from mlcore.io.faults import reading
from mlcore.io.kinds import channel_kind
from mlcore.io.recording import EegEvent, EegRecording
from mlcore.io.triggers import annotation_events, in_order, trigger_events
from mlcore.types import EegInfo

#: suffix -> (name of the format, MNE's reader)
FORMATS: dict[str, tuple[str, Callable[..., Any]]] = {
    ".bdf": ("BDF", mne.io.read_raw_bdf),
    ".edf": ("EDF", mne.io.read_raw_edf),
    ".rec": ("EDF", mne.io.read_raw_edf),
    ".vhdr": ("BrainVision", mne.io.read_raw_brainvision),
    ".set": ("EEGLAB", mne.io.read_raw_eeglab),
    ".fif": ("FIF", mne.io.read_raw_fif),
}


def open_mne(path: Path) -> EegRecording:
    """Open a file by its suffix; samples stay in the file.

    Raises:
        RecordingError: damaged, cut short, or not what its name says.
    """
    name, reader = FORMATS[path.suffix.lower()]
    if name in ("EDF", "BDF"):
        check_edf(path)
    with reading(path, name) as notes:
        raw = reader(path, preload=False, verbose="warning")
        info = _info(raw, name)
        events = _events(raw, info)
    return EegRecording(path=path, info=info, events=events, fetch=_fetch(raw, path, name), warnings=tuple(notes))


def _info(raw: Any, name: str) -> EegInfo:
    kinds = zip(raw.ch_names, raw.get_channel_types(), strict=True)
    return EegInfo(
        format=name,
        channels=tuple(raw.ch_names),
        kinds=tuple(channel_kind(channel, kind) for channel, kind in kinds),
        sfreq=float(raw.info["sfreq"]),
        n_samples=int(raw.n_times),
    )


def _events(raw: Any, info: EegInfo) -> tuple[EegEvent, ...]:
    # MNE gives onsets on the amplifier's clock, which FIF files need not start at 0
    onsets_s = [float(onset) - float(raw.first_time) for onset in raw.annotations.onset]
    texts = [str(text) for text in raw.annotations.description]
    triggers = [
        trigger_events(raw.get_data(picks=[index])[0], info.sfreq)
        for index, kind in enumerate(info.kinds)
        if kind == "stim"
    ]
    return in_order(annotation_events(onsets_s, texts, duration_s=info.duration_s), *triggers[:1])


def _fetch(raw: Any, path: Path, name: str) -> Callable[[Sequence[int], int, int], NDArray[np.float64]]:
    def fetch(picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        with reading(path, name):
            samples: NDArray[np.float64] = raw.get_data(picks=list(picks), start=first, stop=last, verbose="error")
        return samples

    return fetch
