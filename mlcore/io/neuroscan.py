"""Neuroscan CNT files: sizes are checked here, samples and events read by MNE-Python."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mne
import numpy as np
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.kinds import unique_names
from mlcore.io.mne_files import mne_fetch, mne_info
from mlcore.io.notes import doubles_notes, outside_notes
from mlcore.io.recording import EegRecording, Fetch
from mlcore.io.triggers import annotation_events, in_order, recorded_triggers

_MAGIC = b"Version 3"
_SETUP_BYTES = 900
_CHANNEL_BYTES = 75
_MAX_CHANNELS = 5000
_EVENT_BYTES = {1: 8, 2: 19, 3: 19}
_TABLE_HEAD_BYTES = 9


@dataclass(frozen=True, slots=True)
class CntHeader:
    """What a CNT header declares."""

    labels: tuple[str, ...]
    #: bytes of a sample, 2 or 4
    item_bytes: int
    #: samples of one channel that are stored together
    n_together: int


def open_cnt(path: Path) -> EegRecording:
    """Open a Neuroscan CNT file; samples stay in it, a read holds a few times what it returns.

    Raises:
        RecordingError: damaged, cut short, not Neuroscan's, or sizes that don't say how samples are stored.
    """
    header = read_cnt_header(path)
    data_format = "int16" if header.item_bytes == 2 else "int32"
    raw = mne.io.read_raw_cnt(path, data_format=data_format, preload=False, verbose="error")
    info, _doubles = mne_info(raw, "CNT")  # MNE numbers doubles and keeps silent
    onsets_s = [float(onset) for onset in raw.annotations.onset]
    texts = [str(text) for text in raw.annotations.description]
    words = annotation_events(onsets_s, texts, duration_s=info.duration_s)
    fetch = _aligned(mne_fetch(raw), header.n_together, info.n_samples)
    return EegRecording(
        path=path,
        info=info,
        events=in_order(words, recorded_triggers(info, fetch)),
        fetch=fetch,
        warnings=(*doubles_notes(path, unique_names(header.labels)[1]), *outside_notes(path, len(texts) - len(words))),
    )


def read_cnt_header(path: Path) -> CntHeader:
    """Read the sizes and compare them with each other and with the file.

    Raises:
        RecordingError: no Neuroscan file, cut short, or sizes that don't fit together.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        setup = file.read(_SETUP_BYTES)
        _check_start(path, setup)
        n_channels, n_samples, table_start = (
            struct.unpack_from(code, setup, place)[0] for code, place in (("<H", 370), ("<i", 864), ("<i", 886))
        )
        data_start = _SETUP_BYTES + _CHANNEL_BYTES * n_channels
        if not 1 <= n_channels <= _MAX_CHANNELS or data_start > size:
            raise RecordingError(f"{path.name}: its header claims {n_channels} channels, which the file can't hold.")
        if not data_start < table_start <= size - _TABLE_HEAD_BYTES:
            raise RecordingError(f"{path.name}: the file was cut short: its event table is missing; copy it again.")
        labels = tuple(_label(file.read(_CHANNEL_BYTES)) for _channel in range(n_channels))
        file.seek(table_start)
        _check_table(path, file.read(_TABLE_HEAD_BYTES), room=size - table_start - _TABLE_HEAD_BYTES)
    item_bytes = _item_bytes(path, table_start - data_start, n_channels=n_channels, n_samples=n_samples)
    together_bytes = struct.unpack_from("<i", setup, 894)[0]
    return CntHeader(labels, item_bytes, max(1, together_bytes // item_bytes))


def _label(head: bytes) -> str:
    return head[:10].partition(b"\0")[0].decode("latin-1").strip()


def _check_start(path: Path, setup: bytes) -> None:
    if not setup.startswith(_MAGIC):
        kind = " It is one of ANT Neuro's, which are not read." if setup.startswith(b"RIFF") else ""
        raise RecordingError(f"{path.name}: this is no Neuroscan CNT file (its first bytes say otherwise).{kind}")
    if len(setup) < _SETUP_BYTES:
        raise RecordingError(f"{path.name}: the file ends inside its header; copy it again.")
    if struct.unpack_from("<H", setup, 376)[0] == 0:
        raise RecordingError(f"{path.name}: its header claims 0 samples a second.")


def _check_table(path: Path, head: bytes, *, room: int) -> None:
    kind, n_bytes = struct.unpack_from("<Bi", head)
    if kind not in _EVENT_BYTES or n_bytes < 0 or n_bytes % _EVENT_BYTES[kind]:
        raise RecordingError(f"{path.name}: its event table is damaged (type {kind}, {n_bytes} bytes).")
    if n_bytes > room:
        raise RecordingError(f"{path.name}: the file ends inside its event table; copy it again.")


def _item_bytes(path: Path, n_bytes: int, *, n_channels: int, n_samples: int) -> int:
    """Bytes of a sample: what makes the numbers of channels, samples and bytes fit together."""
    for item_bytes in (2, 4):
        if n_channels * n_samples * item_bytes == n_bytes:
            return item_bytes
    raise RecordingError(
        f"{path.name}: its header claims {n_samples} samples of {n_channels} channels, and {n_bytes} bytes of them are "
        "there, which fits neither 2 nor 4 bytes a sample; export it again, for instance as EDF."
    )


def _aligned(fetch: Fetch, n_together: int, n_samples: int) -> Fetch:
    """Read whole blocks: MNE-Python loses its place where a window begins inside one."""
    if n_together == 1:
        return fetch

    def aligned(picks: Sequence[int], first: int, last: int) -> NDArray[np.float64]:
        start = first // n_together * n_together
        stop = min(n_samples, -(-last // n_together) * n_together)
        return fetch(picks, start, stop)[:, first - start : last - start]

    return aligned
