"""The first lines of a table: encoding, delimiter, and what each column is."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from mlcore.errors import RecordingError
from mlcore.io.kinds import channel_kind
from mlcore.io.units import VOLTAGE_KINDS, volts_per_unit

_HEAD_BYTES = 1_000_000
_SAMPLE_ROWS = 500
_MAX_COLUMNS = 5000
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_NO_NUMBERS = frozenset(
    ("", "nan", "-nan", "na", "n/a", "null", "none", "inf", "-inf", "+inf", "infinity", "-infinity")
)
#: "Fp1 (uV)", "Fp1 [µV]", "time_ms"
_UNIT = re.compile(r"^(?P<name>.*?)\s*[(\[](?P<unit>[^)\]]*)[)\]]\s*$")
_UNIT_SUFFIX = re.compile(r"^(?P<name>.+)_(?P<unit>s|ms|us|ns|uv|mv|v|nv|µv|μv)$", re.IGNORECASE)
_TIME = re.compile(r"^(times?|time[ _]?stamps?|date[ _]?time|t|seconds|lsl[ _]?(time|clock|timestamp))$", re.IGNORECASE)
_MARKER = re.compile(r"^(markers?|events?|triggers?|stim(ulus)?|annotations?|elements)$", re.IGNORECASE)
_INDEX = re.compile(r"^(|#|n|index|samples?([ _]?(index|number))?|counter|packet|unnamed: \d+)$", re.IGNORECASE)
_MUSE_RAW = re.compile(r"^RAW_", re.IGNORECASE)
_MUSE_AUX = re.compile(r"^AUX", re.IGNORECASE)
_RATE = re.compile(
    r"^[%#].*?(?:sampl\w*[ _]?(?:rate|freq\w*)|sfreq)\D{0,12}?(\d+(?:\.\d+)?)", re.IGNORECASE | re.MULTILINE
)
_ELECTRODE = re.compile(
    r"^(EEG[ _-]*)?(FP|AF|F|FC|FT|C|T|TP|CP|P|PO|O|I|N|A)(Z|\d{1,2})H?$"
    r"|^[A-H]\d{1,2}$|^(EEG|E|CH|CHAN|CHANNEL|EXG[ _]CHANNEL)[ _-]*\d+$",
    re.IGNORECASE,
)


class Role(Enum):
    """What a column is for."""

    TIME = auto()
    CHANNEL = auto()
    MARKER = auto()
    IGNORED = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """One column, as its heading and first cells tell."""

    index: int
    name: str
    #: empty where the heading names none
    unit: str
    role: Role
    kind: str = ""
    is_numeric: bool = True
    #: ignored because its cells are no numbers
    is_text: bool = False

    @property
    def is_voltage(self) -> bool:
        """Whether its values are volts by unit, or by kind where none is named."""
        return volts_per_unit(self.unit) is not None or (not self.unit and self.kind in VOLTAGE_KINDS)

    @property
    def factor(self) -> float:
        """To volts, or 1; a voltage without a unit is taken as microvolts."""
        return volts_per_unit(self.unit) or (1e-6 if self.is_voltage else 1.0)


@dataclass(frozen=True, slots=True)
class TableHead:
    """How to read a table."""

    encoding: str
    delimiter: str
    decimal: str
    #: bytes before the first row
    data_start: int
    n_columns: int
    columns: tuple[Column, ...]
    #: samples per second, if a comment above the headings says
    sfreq: float | None
    #: written by Mind Monitor for a Muse headband
    is_muse: bool

    def of(self, role: Role) -> tuple[Column, ...]:
        """The columns of one role."""
        return tuple(column for column in self.columns if column.role is role)

    @property
    def looks_like_eeg(self) -> bool:
        """Whether a channel has a unit of voltage or the name of an electrode."""
        return any(volts_per_unit(c.unit) is not None or _ELECTRODE.match(c.name) for c in self.of(Role.CHANNEL))


def read_table_head(path: Path) -> TableHead:
    """Read the headings and some rows.

    Raises:
        RecordingError: no text, or no table with headings.
    """
    with path.open("rb") as file:
        content = file.read(_HEAD_BYTES)
    encoding, n_mark = _encoding(content)
    text = _text(path, content[n_mark:], encoding)
    lines = text.splitlines(keepends=True)
    n_comments = next((k for k, line in enumerate(lines) if line.strip() and line.strip()[0] not in "%#"), len(lines))
    if len(lines) < n_comments + 2:
        raise RecordingError(f"{path.name}: this is no table with headings and rows.")
    before = "".join(lines[: n_comments + 1])
    delimiter = max(",;\t", key=lines[n_comments].count)
    headings = [cell.strip() for cell in _rows([lines[n_comments]], delimiter)[0]]
    rows = _rows(lines[n_comments + 1 : -1][:_SAMPLE_ROWS] or lines[n_comments + 1 :], delimiter)
    _check_headings(path, headings)
    decimal = "," if delimiter != "," and any(_DECIMAL_COMMA.match(c.strip()) for row in rows for c in row) else "."
    rate = _RATE.search("".join(lines[:n_comments]))
    is_muse = any(_MUSE_RAW.match(heading) for heading in headings)
    return TableHead(
        encoding=encoding,
        delimiter=delimiter,
        decimal=decimal,
        data_start=n_mark + len(before.encode(encoding)),
        n_columns=len(headings),
        columns=_columns(headings, rows, decimal=decimal, is_muse=is_muse),
        sfreq=float(rate[1]) if rate else None,
        is_muse=is_muse,
    )


def _encoding(content: bytes) -> tuple[str, int]:
    """Encoding, and how many bytes its mark takes."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return encoding, len(mark)
    try:
        # the last character may be cut in two
        codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return "latin-1", 0
    return "utf-8", 0


def _text(path: Path, content: bytes, encoding: str) -> str:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(content)
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path.name}: this is no text in {encoding}, as its first bytes claim.") from error
    if "\0" in text:
        raise RecordingError(f"{path.name}: this is no text, so it is no table.")
    return text


def _rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return [[]]


def _check_headings(path: Path, headings: Sequence[str]) -> None:
    if not any(headings) or len(headings) > _MAX_COLUMNS:
        raise RecordingError(f"{path.name}: this is no table with headings and rows.")
    if all(_is_number(heading, ".") for heading in headings):
        raise RecordingError(f"{path.name}: its first line holds numbers; it should name the channels.")


def _columns(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, decimal: str, is_muse: bool
) -> tuple[Column, ...]:
    columns: list[Column] = []
    for index, heading in enumerate(headings):
        cells = [row[index].strip() for row in rows if index < len(row)]
        has_time = any(column.role is Role.TIME for column in columns)
        make = _muse_column if is_muse else _column
        columns.append(make(index, heading, cells, decimal=decimal, has_time=has_time))
    return tuple(columns)


def _column(index: int, heading: str, cells: Sequence[str], *, decimal: str, has_time: bool) -> Column:
    name, unit = _named(heading)
    is_numeric = all(_is_number(cell, decimal) or cell.lower() in _NO_NUMBERS for cell in cells)
    if not has_time and _TIME.match(name):
        return Column(index, name, unit, Role.TIME, is_numeric=is_numeric)
    if _MARKER.match(name) and (not is_numeric or "" in cells):
        return Column(index, name, unit, Role.MARKER, is_numeric=False)
    if _INDEX.match(name) or _TIME.match(name):
        return Column(index, name, unit, Role.IGNORED)
    if not is_numeric:
        return Column(index, name, unit, Role.IGNORED, is_text=True)
    kind = channel_kind(name, "eeg")
    is_other = kind == "eeg" and unit and volts_per_unit(unit) is None
    return Column(index, name, unit, Role.CHANNEL, kind="misc" if is_other else kind)


def _muse_column(index: int, heading: str, cells: Sequence[str], *, decimal: str, has_time: bool) -> Column:
    """Mind Monitor's RAW_ columns are microvolts; its band powers and the like are computed from them."""
    if _MUSE_RAW.match(heading):
        return Column(index, heading[4:], "uV", Role.CHANNEL, kind="eeg")
    if _MUSE_AUX.match(heading):
        return Column(index, heading, "uV", Role.CHANNEL, kind="misc")
    column = _column(index, heading, cells, decimal=decimal, has_time=has_time)
    return column if column.role in (Role.TIME, Role.MARKER) else Column(index, heading, "", Role.IGNORED)


def _named(heading: str) -> tuple[str, str]:
    found = _UNIT.match(heading) or _UNIT_SUFFIX.match(heading)
    return (found["name"].strip(), found["unit"].strip()) if found else (heading, "")


def _is_number(cell: str, decimal: str) -> bool:
    return bool(_NUMBER.match(cell.replace(",", ".") if decimal == "," else cell))
