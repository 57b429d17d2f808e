"""XDF files with known contents, written from the format's specification (https://github.com/sccn/xdf/wiki)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FORMATS = {"f4": "float32", "f8": "double64", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64"}
FILE_HEADER, STREAM_HEADER, SAMPLES, CLOCK_OFFSET, BOUNDARY, STREAM_FOOTER = range(1, 7)


@dataclass(frozen=True, slots=True)
class StreamToWrite:
    """A stream: values (n, C) or texts, their stamps, and the offsets that LabRecorder measured."""

    name: str
    stamps_s: NDArray[np.float64]
    values: NDArray[Any] | Sequence[str]
    type: str = "EEG"
    sfreq: float = 0.0
    hostname: str = "lab"
    labels: Sequence[str] = ()
    unit: str = "microvolts"
    #: (time, offset) pairs
    offsets: Sequence[tuple[float, float]] = ()
    #: further XML inside <desc>
    desc: str = ""
    #: samples a chunk
    n_chunk: int = 64
    #: replaced in the header, to lie
    claims: dict[str, str] = field(default_factory=dict)

    @property
    def is_text(self) -> bool:
        return not isinstance(self.values, np.ndarray)

    @property
    def n_channels(self) -> int:
        return self.values.shape[1] if isinstance(self.values, np.ndarray) else 1


def length(n: int) -> bytes:
    """A variable-length number."""
    if n < 256:
        return struct.pack("<BB", 1, n)
    return struct.pack("<BI", 4, n) if n < 2**32 else struct.pack("<BQ", 8, n)


def chunk(tag: int, content: bytes) -> bytes:
    return length(len(content) + 2) + struct.pack("<H", tag) + content


def header_xml(stream: StreamToWrite) -> bytes:
    channel_format = "string" if stream.is_text else _FORMATS[np.asarray(stream.values).dtype.str[1:]]
    fields = {
        "name": stream.name,
        "type": stream.type,
        "channel_count": str(stream.n_channels),
        "nominal_srate": repr(stream.sfreq),
        "channel_format": channel_format,
        "hostname": stream.hostname,
        **stream.claims,
    }
    channels = "".join(
        f"<channel><label>{label}</label><unit>{stream.unit}</unit></channel>" for label in stream.labels
    )
    inner = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
    desc = f"<desc>{f'<channels>{channels}</channels>' if channels else ''}{stream.desc}</desc>"
    return f'<?xml version="1.0"?><info>{inner}{desc}</info>'.encode()


def xdf_chunks(streams: Sequence[StreamToWrite]) -> Iterator[bytes]:
    """Every chunk of a file, after its magic."""
    yield chunk(FILE_HEADER, b'<?xml version="1.0"?><info><version>1.0</version></info>')
    for number, stream in enumerate(streams, start=1):
        yield chunk(STREAM_HEADER, struct.pack("<I", number) + header_xml(stream))
    for number, stream in enumerate(streams, start=1):
        for time_s, offset_s in stream.offsets:
            yield chunk(CLOCK_OFFSET, struct.pack("<Idd", number, time_s, offset_s))
        for first in range(0, len(stream.stamps_s), stream.n_chunk):
            yield chunk(SAMPLES, struct.pack("<I", number) + _samples(stream, first, first + stream.n_chunk))
    for number, stream in enumerate(streams, start=1):
        footer = f"<info><sample_count>{len(stream.stamps_s)}</sample_count></info>"
        yield chunk(STREAM_FOOTER, struct.pack("<I", number) + footer.encode())


def _samples(stream: StreamToWrite, first: int, last: int) -> bytes:
    stamps_s, values = stream.stamps_s[first:last], stream.values[first:last]
    rows = [struct.pack("<Bd", 8, stamp_s) + _row(value) for stamp_s, value in zip(stamps_s, values, strict=True)]
    return length(len(rows)) + b"".join(rows)


def _row(value: Any) -> bytes:
    if isinstance(value, str):
        return length(len(value.encode())) + value.encode()
    return np.asarray(value).tobytes()


def write_xdf(path: Path, streams: Sequence[StreamToWrite]) -> Path:
    path.write_bytes(b"XDF:" + b"".join(xdf_chunks(streams)))
    return path


def eeg_to_write(
    n_samples: int = 512, *, sfreq: float = 256.0, labels: Sequence[str] = ("Fp1", "Cz"), start_s: float = 100.0
) -> StreamToWrite:
    """A sine a channel, in float32 µV."""
    stamps_s = start_s + np.arange(n_samples) / sfreq
    waves = [40.0 * np.sin(2 * np.pi * (5 + k) * (stamps_s - start_s)) for k in range(len(labels))]
    values = np.stack(waves, axis=1).astype(np.float32)
    return StreamToWrite("amplifier", stamps_s, values, sfreq=sfreq, labels=labels)
