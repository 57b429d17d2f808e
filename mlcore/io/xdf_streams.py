"""Every stream of an XDF file on one clock: offsets between computers fitted, jitter removed, clock resets kept apart.

pyxdf relates the clocks (Kothe et al. 2025, doi:10.1162/IMAG.a.136); samples go to disk as they are read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyxdf
from numpy.typing import NDArray

from mlcore.errors import RecordingError
from mlcore.io.faults import first_sentence, reading, require_file
from mlcore.io.xdf_check import check_xdf, opened
from mlcore.io.xdf_jitter import EvenStamps, even_stamps
from mlcore.io.xdf_samples import SampleFile

_TEXT_FORMAT = "string"
_SEGMENTS_DIFFER = "Segments and clock-segments differ"


@dataclass(frozen=True, slots=True)
class XdfStream:
    """One stream of an XDF file; stamps in seconds on a clock that all streams of the file share."""

    number: int
    name: str
    #: what it carries, as its sender says: "EEG", "Markers", "VideoRaw", …
    type: str
    hostname: str
    n_channels: int
    #: names and units of the channels; () where the stream gives none, or not one for each
    labels: tuple[str, ...]
    units: tuple[str, ...]
    #: promised rate; 0 = irregular
    nominal_sfreq: float
    #: measured: samples a second outside breaks; of irregular streams their mean rate. 0 below two samples
    effective_sfreq: float
    #: (n,) synchronised; without jitter where the stream is regular
    stamps_s: NDArray[np.float64]
    #: (n,) synchronised, each with its own jitter: for what may skip samples, as cameras do
    raw_stamps_s: NDArray[np.float64]
    #: (first, last) sample of each stretch between breaks in the stamps
    segments: tuple[tuple[int, int], ...]
    #: stamps of the first samples after the sender's clock was reset
    resets_s: tuple[float, ...]
    #: how many times the offset to the recorder's clock was measured; 0 = the clocks can't be related
    n_clock_offsets: int
    #: one text a channel and sample; () of a numeric stream
    texts: tuple[tuple[str, ...], ...] = ()
    #: the numbers on disk; None of a text stream
    samples: SampleFile | None = None

    @property
    def is_text(self) -> bool:
        """Whether the stream carries texts, as markers do."""
        return self.samples is None

    @property
    def values(self) -> NDArray[Any]:
        """(n, C) numbers in the sender's own format, mapped from disk; (0, C) of a text stream."""
        return self.samples.rows(0, len(self.samples)) if self.samples else np.zeros((0, self.n_channels))


@dataclass(frozen=True, slots=True)
class XdfFile:
    """What an XDF file holds, and what was noticed in reading it."""

    path: Path
    streams: tuple[XdfStream, ...]
    notes: tuple[str, ...]


def read_xdf_streams(path: Path) -> tuple[XdfStream, ...]:
    """Every stream of an XDF file, in the order of their headers.

    Raises:
        RecordingError: no XDF, cut short or damaged; names file and reason.
    """
    return read_xdf(path).streams


def read_xdf(path: Path) -> XdfFile:
    """As `read_xdf_streams`, with notes about what was odd but bearable."""
    require_file(path)
    sink = _Sink()
    with reading(path, "XDF") as notes, _pyxdf_log(path, notes), opened(path) as file:
        notes.extend(check_xdf(path))
        streams, _header = pyxdf.load_xdf(file, on_chunk=sink.take, dejitter_timestamps=False)
    found = tuple(_stream(path, stream, sink) for stream in streams)
    resets = (f"{path.name}: the clock that stamped {stream.name!r} was reset." for stream in found if stream.resets_s)
    return XdfFile(path, found, (*notes, *resets))


@dataclass(frozen=True, slots=True)
class _Sink:
    """Takes the numbers out of pyxdf's hands, chunk by chunk."""

    files: dict[int, SampleFile] = field(default_factory=dict)

    def take(
        self, values: Any, stamps_s: NDArray[np.float64], header: dict[str, Any], number: int
    ) -> tuple[Any, NDArray[np.float64], dict[str, Any]]:
        """Keep a chunk's numbers, hand back none; texts are left to pyxdf."""
        if isinstance(values, list):
            return values, stamps_s, header
        if number not in self.files:
            self.files[number] = SampleFile(values.dtype, values.shape[1])
        self.files[number].append(values)
        # no view of the chunk: it would keep the whole chunk in memory
        return np.zeros((0, values.shape[1]), dtype=values.dtype), stamps_s, header


@contextmanager
def _pyxdf_log(path: Path, notes: list[str]) -> Iterator[None]:
    """pyxdf tells of damage by its log alone: collect what it says; what it calls an error is one."""
    logger = logging.getLogger("pyxdf")
    handler = _NoteHandler(path, notes)
    propagate = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
        if handler.damage:
            raise RecordingError(f"{path.name}: the XDF file is damaged ({handler.damage}).")
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


class _NoteHandler(logging.Handler):
    def __init__(self, path: Path, notes: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._name, self._notes = path.name, notes
        self.damage = ""

    def emit(self, record: logging.LogRecord) -> None:
        told = first_sentence(record.getMessage())
        if _SEGMENTS_DIFFER in told:
            return  # of every reset; and of every stream whose clock was never measured
        if record.levelno >= logging.ERROR and "footer" not in told:
            self.damage = self.damage or told
        else:
            self._notes.append(f"{self._name}: {told}.")


def _stream(path: Path, stream: dict[str, Any], sink: _Sink) -> XdfStream:
    info = stream["info"]
    stamps_s = np.asarray(stream["time_stamps"], dtype=np.float64)
    if not np.isfinite(stamps_s).all():
        raise RecordingError(f"{path.name}: stream {_text(info, 'name')!r} has time stamps that are no numbers.")
    is_text = _text(info, "channel_format") == _TEXT_FORMAT
    n_channels = int(float(_text(info, "channel_count")))
    number = int(info["stream_id"])
    even = _even(info, stamps_s)
    samples = None if is_text else sink.files.get(number, SampleFile(np.dtype(np.float32), n_channels))
    if samples is not None:
        samples.close_end(stamps_s.size)
    return XdfStream(
        number=number,
        name=_text(info, "name"),
        type=_text(info, "type"),
        hostname=_text(info, "hostname"),
        n_channels=n_channels,
        labels=_described(info, "label", n_channels),
        units=_described(info, "unit", n_channels),
        nominal_sfreq=float(_text(info, "nominal_srate")),
        effective_sfreq=even.sfreq,
        stamps_s=even.stamps_s,
        raw_stamps_s=stamps_s,
        segments=even.segments,
        resets_s=tuple(float(even.stamps_s[first]) for first, _ in info["clock_segments"][1:]),
        n_clock_offsets=len(stream["clock_times"]),
        texts=tuple(tuple(str(text) for text in row) for row in stream["time_series"]) if is_text else (),
        samples=samples,
    )


def _text(info: dict[str, Any], key: str) -> str:
    values = info.get(key) or [""]
    return str(values[0] or "").strip()


def _described(info: dict[str, Any], key: str, n_channels: int) -> tuple[str, ...]:
    """One property of every <channel> of a stream's description; () where one is missing."""
    try:
        channels: Sequence[Any] = info["desc"][0]["channels"][0]["channel"]
        texts = tuple(str(channel[key][0] or "").strip() for channel in channels)
    except (KeyError, IndexError, TypeError):
        return ()
    return texts if len(texts) == n_channels and all(texts) else ()


def _even(info: dict[str, Any], stamps_s: NDArray[np.float64]) -> EvenStamps:
    nominal_sfreq = float(_text(info, "nominal_srate"))
    if nominal_sfreq > 0 and not _may_skip(info):
        return even_stamps(stamps_s, nominal_sfreq=nominal_sfreq)
    span_s = float(np.ptp(stamps_s)) if stamps_s.size > 1 else 0.0
    segments = ((0, stamps_s.size - 1),) if stamps_s.size else ()
    return EvenStamps(stamps_s, segments, (stamps_s.size - 1) / span_s if span_s > 0 else 0.0)


def _may_skip(info: dict[str, Any]) -> bool:
    """Whether the sender says that samples may be missing, as cameras do."""
    try:
        told = info["desc"][0]["synchronization"][0]["can_drop_samples"][0]
    except (KeyError, IndexError, TypeError):
        return False
    return str(told).strip().lower() == "true"
