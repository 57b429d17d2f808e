"""The header (.vhdr) of BrainVision recordings, checked before anything in it is believed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlcore.errors import RecordingError
from mlcore.io.kinds import channel_kind
from mlcore.io.units import volts_per_unit

_MAGIC = re.compile(rb"^(\xef\xbb\xbf)?\s*Brain ?Vision", re.IGNORECASE)
_MAX_TEXT_BYTES = 50_000_000
_MAX_CHANNELS = 5000
_MAX_SFREQ = 1e6
_SECTION = re.compile(r"^\[([^\]]+)\]", re.MULTILINE)
_SETTING = re.compile(r"^\s*(\w+)\s*=[ \t]*(.*?)\s*$", re.MULTILINE)
#: numpy's names of the samples' types
_DTYPES = {"INT_16": "<i2", "UINT_16": "<u2", "INT_32": "<i4", "IEEE_FLOAT_32": "<f4"}

Settings = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BrainVisionChannel:
    """One channel; value = factor · raw, in volts or in its own unit."""

    name: str
    kind: str
    factor: float


@dataclass(frozen=True, slots=True)
class BrainVisionHeader:
    """What a .vhdr declares, its other files found."""

    data_path: Path
    #: None where there are no markers
    marker_path: Path | None
    channels: tuple[BrainVisionChannel, ...]
    sfreq: float
    n_rows: int
    dtype: str
    #: channel after channel, instead of moment after moment
    is_vectorized: bool
    notes: tuple[str, ...]


def read_brainvision_header(path: Path) -> BrainVisionHeader:
    """Read the .vhdr and compare it with the size of its data.

    Raises:
        RecordingError: no BrainVision header, senseless numbers, data missing, elsewhere or cut short.
    """
    sections = _sections(read_brainvision_text(path))
    common, binary = sections.get("common infos", {}), sections.get("binary infos", {})
    n_channels = int(_number(path, common, "NumberOfChannels", least=1, most=_MAX_CHANNELS))
    interval_us = _number(path, common, "SamplingInterval", least=1e6 / _MAX_SFREQ, most=1e9)
    notes: list[str] = []
    data_path = _beside(path, common.get("datafile", ""), (".eeg", ".dat"), notes)
    if data_path is None:
        named = common.get("datafile") or "a file that is not named"
        raise RecordingError(f"{path.name}: its samples are in {named}, which is missing; put it beside the header.")
    dtype = _dtype(path, common, binary)
    n_rows = _n_rows(data_path, common, n_channels, dtype=dtype)
    return BrainVisionHeader(
        data_path=data_path,
        marker_path=_markers_beside(path, common, notes),
        channels=_channels(path, sections.get("channel infos", {}), n_channels),
        sfreq=1e6 / interval_us,
        n_rows=n_rows,
        dtype=dtype,
        is_vectorized=common.get("dataorientation", "").upper() == "VECTORIZED",
        notes=tuple(notes),
    )


def parts_of(path: Path) -> tuple[Path, ...]:
    """The files that a .vhdr is read with; none where it can't be read."""
    try:
        header = read_brainvision_header(path)
    except RecordingError:
        return ()
    return tuple(part for part in (header.data_path, header.marker_path) if part is not None)


def read_brainvision_text(path: Path) -> str:
    """A .vhdr or .vmrk: UTF-8, as the standard asks for, or the code page of older recorders.

    Raises:
        RecordingError: its first line is not BrainVision's.
    """
    with path.open("rb") as file:
        content = file.read(_MAX_TEXT_BYTES)
    if not _MAGIC.match(content):
        raise RecordingError(f"{path.name}: this is no BrainVision file (its first line says otherwise).")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n")


def _sections(text: str) -> dict[str, Settings]:
    """Section -> setting -> value, names in lower case. The comment is free text, and none of them."""
    parts = _SECTION.split(text)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return {name.lower(): {key.lower(): value for key, value in _SETTING.findall(body)} for name, body in pairs}


def _number(path: Path, settings: Settings, name: str, *, least: float, most: float) -> float:
    told = settings.get(name.lower(), "")
    try:
        value = float(told)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise RecordingError(f"{path.name}: its header says {name}={told or '(nothing)'}.")
    return value


def _channels(path: Path, infos: Settings, n_channels: int) -> tuple[BrainVisionChannel, ...]:
    missing = [number for number in range(1, n_channels + 1) if f"ch{number}" not in infos]
    if missing:
        raise RecordingError(f"{path.name}: its header claims {n_channels} channels and does not name Ch{missing[0]}.")
    return tuple(_channel(path, infos[f"ch{number}"]) for number in range(1, n_channels + 1))


def _channel(path: Path, line: str) -> BrainVisionChannel:
    """`name,reference,resolution,unit`; a comma in a name is written as "\\1", no unit means microvolts."""
    name, _reference, resolution, unit = ([*line.split(","), "", "", ""])[:4]
    try:
        gain = float(resolution or 1.0)
    except ValueError:
        gain = math.nan
    if not math.isfinite(gain):
        raise RecordingError(f"{path.name}: its header gives {resolution!r} as the resolution of {name}.")
    plain = name.replace(r"\1", ",")
    volts = volts_per_unit(unit or "µV")
    kind = channel_kind(plain, "eeg")
    return BrainVisionChannel(plain, "misc" if volts is None and kind == "eeg" else kind, gain * (volts or 1.0))


def _markers_beside(path: Path, settings: Settings, notes: list[str]) -> Path | None:
    named = settings.get("markerfile", "")
    if not named:
        return None
    found = _beside(path, named, (".vmrk",), notes)
    if found is None:
        notes.append(f"{path.name}: its markers are in {named}, which is missing; it was read without markers.")
    return found


def _beside(path: Path, named: str, suffixes: tuple[str, ...], notes: list[str]) -> Path | None:
    """The file that a header names, or the one with the header's own stem if somebody renamed them all."""
    plain = named.replace("$b", path.stem)
    if "/" in plain or "\\" in plain or "\0" in plain or plain in (".", ".."):
        raise RecordingError(f"{path.name}: its header names a file in another folder ({plain}); that is not followed.")
    if plain and path.with_name(plain).is_file():
        return path.with_name(plain)
    renamed = next((p for p in map(path.with_suffix, suffixes) if p.is_file()), None)
    if renamed is not None:
        notes.append(f"{path.name}: {plain or 'no file'} is named and missing; {renamed.name} was taken for it.")
    return renamed


def _dtype(path: Path, common: Settings, binary: Settings) -> str:
    if common.get("dataformat", "").upper() != "BINARY":
        raise RecordingError(f"{path.name}: its samples are stored as text; export them as binary.")
    named = binary.get("binaryformat", "INT_16").upper()
    if named not in _DTYPES or binary.get("usebigendianorder", "").upper() == "YES":
        raise RecordingError(f"{path.name}: samples of type {named}, in this order of bytes, are not read.")
    return _DTYPES[named]


def _n_rows(data_path: Path, common: Settings, n_channels: int, *, dtype: str) -> int:
    held, odd = divmod(data_path.stat().st_size, int(dtype[-1]) * n_channels)
    told = common.get("datapoints", "")
    n_promised = int(told) if told.isdigit() and len(told) < 16 else 0
    if held == 0:
        raise RecordingError(f"{data_path.name}: the file holds no samples.")
    if odd or held < n_promised:
        promise = f", and its header promises {n_promised} moments" if n_promised else ""
        raise RecordingError(
            f"{data_path.name}: the file was cut short, or its header is of another recording: it holds {held} moments"
            f" of {n_channels} channels and {odd} bytes{promise}; copy it again."
        )
    return held
