"""The header and the markers of BrainVision recordings, checked before MNE-Python reads them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mlcore.errors import RecordingError

_MAGIC = re.compile(rb"^(\xef\xbb\xbf)?\s*Brain ?Vision", re.IGNORECASE)
_MAX_TEXT_BYTES = 50_000_000
_MAX_CHANNELS = 5000
_MAX_SFREQ = 1e6
_SETTING = re.compile(r"^\s*(\w+)\s*=[ \t]*(.*?)\s*$", re.MULTILINE)
_MARKER = re.compile(r"^Mk\d+=([^,\r\n]*),([^,\r\n]*),\s*(\d+)\s*(?:,([^\r\n]*))?$", re.MULTILINE)
_ITEM_BYTES = {"INT_16": 2, "INT_32": 4, "IEEE_FLOAT_32": 4}
_NEW_SEGMENT = "New Segment"


@dataclass(frozen=True, slots=True)
class BrainVisionHeader:
    """What a .vhdr declares, its other files found."""

    data_path: Path
    #: None where there are no markers
    marker_path: Path | None
    n_channels: int
    sfreq: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrainVisionMarker:
    """One line of a .vmrk."""

    kind: str
    description: str
    #: index of the sample, from 0
    row: int
    #: when a segment began, on the recorder's clock
    began: datetime | None

    @property
    def begins_segment(self) -> bool:
        """Whether the recorder was started here."""
        return self.kind == _NEW_SEGMENT


def read_brainvision_header(path: Path) -> BrainVisionHeader:
    """Read the .vhdr and compare it with the size of its data.

    Raises:
        RecordingError: no BrainVision header, senseless numbers, data missing, elsewhere or cut short.
    """
    with path.open("rb") as file:
        content = file.read(_MAX_TEXT_BYTES)
    if not _MAGIC.match(content):
        raise RecordingError(f"{path.name}: this is no BrainVision header (its first line says otherwise).")
    settings = _settings(_decoded(content))
    n_channels = _number(path, settings, "NumberOfChannels", least=1, most=_MAX_CHANNELS)
    interval_us = _number(path, settings, "SamplingInterval", least=1e6 / _MAX_SFREQ, most=1e9)
    notes: list[str] = []
    data_path = _beside(path, settings.get("datafile", ""), (".eeg", ".dat"), notes)
    if data_path is None:
        named = settings.get("datafile") or "a file that is not named"
        raise RecordingError(f"{path.name}: its samples are in {named}, which is missing; put it beside the header.")
    _check_size(data_path, settings, int(n_channels))
    return BrainVisionHeader(
        data_path, _markers_beside(path, settings, notes), int(n_channels), 1e6 / interval_us, tuple(notes)
    )


def parts_of(path: Path) -> tuple[Path, ...]:
    """The files that a .vhdr is read with; none where it can't be read."""
    try:
        header = read_brainvision_header(path)
    except RecordingError:
        return ()
    return tuple(part for part in (header.data_path, header.marker_path) if part is not None)


def read_brainvision_markers(path: Path) -> tuple[BrainVisionMarker, ...]:
    """The markers of a .vmrk; commas in a text are written as "\\1".

    Raises:
        RecordingError: this is no marker file.
    """
    with path.open("rb") as file:
        content = file.read(_MAX_TEXT_BYTES)
    if not _MAGIC.match(content):
        raise RecordingError(f"{path.name}: this is no BrainVision marker file (its first line says otherwise).")
    return tuple(
        BrainVisionMarker(
            kind=kind.replace(r"\1", ","),
            description=description.replace(r"\1", ",").strip(),
            row=int(position) - 1,
            began=_date(rest.rpartition(",")[2]),
        )
        for kind, description, position, rest in _MARKER.findall(_decoded(content).replace("\r\n", "\n"))
    )


def _decoded(content: bytes) -> str:
    """UTF-8, as the standard asks for, or the code page of older recorders."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _settings(text: str) -> dict[str, str]:
    """Name (lower case) -> value; the free text of the comment is no part of them."""
    body = re.split(r"^\[Comment\]", text, maxsplit=1, flags=re.MULTILINE | re.IGNORECASE)[0]
    return {name.lower(): value for name, value in _SETTING.findall(body.replace("\r", ""))}


def _number(path: Path, settings: Mapping[str, str], name: str, *, least: float, most: float) -> float:
    told = settings.get(name.lower(), "")
    try:
        value = float(told)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise RecordingError(f"{path.name}: its header says {name}={told or '(nothing)'}.")
    return value


def _markers_beside(path: Path, settings: Mapping[str, str], notes: list[str]) -> Path | None:
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


def _check_size(data_path: Path, settings: Mapping[str, str], n_channels: int) -> None:
    if settings.get("dataformat", "").upper() != "BINARY":
        return
    item_bytes = _ITEM_BYTES.get(settings.get("binaryformat", "INT_16").upper())
    if item_bytes is None:
        raise RecordingError(f"{data_path.name}: samples of type {settings['binaryformat']} are not read.")
    held, odd = divmod(data_path.stat().st_size, item_bytes * n_channels)
    promised = settings.get("datapoints", "")
    n_promised = int(promised) if promised.isdigit() and len(promised) < 16 else 0
    if held == 0:
        raise RecordingError(f"{data_path.name}: the file holds no samples.")
    if odd or held < n_promised:
        told = f", and its header promises {n_promised} moments" if n_promised else ""
        raise RecordingError(
            f"{data_path.name}: the file was cut short, or its header is of another recording: it holds {held} moments"
            f" of {n_channels} channels and {odd} bytes{told}; copy it again."
        )


def _date(text: str) -> datetime | None:
    """YYYYMMDDhhmmss and six digits of microseconds."""
    digits = text.strip()
    if not re.fullmatch(r"\d{20}", digits) or not digits.strip("0"):
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S%f")  # noqa: DTZ007 (differences alone are used)
    except ValueError:
        return None
