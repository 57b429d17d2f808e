"""Spreadsheets (.xlsx) from strangers: bounded, without entities, read by openpyxl."""

from __future__ import annotations

import itertools
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
import openpyxl
from defusedxml.common import DefusedXmlException

from mlcore.errors import LayoutError

#: unpacked; tables of 58 × 36 ratings have some hundred kB
_LARGEST_BYTES = 30_000_000
_MOST_MEMBERS = 500
_MOST_ROWS = 5_000
_UNREADABLE: tuple[type[Exception], ...] = (
    *(ValueError, LookupError, TypeError, AttributeError, OSError, EOFError, RuntimeError, NotImplementedError),
    *(zlib.error, zipfile.BadZipFile, ParseError, DefusedXmlException),
)

Cell = object


def read_sheets(path: Path) -> dict[str, tuple[tuple[Cell, ...], ...]]:
    """Every sheet of a workbook as rows of cell values; formulas give the values they were saved with.

    Raises:
        LayoutError: no workbook, damaged, too large unpacked, or its XML declares entities.
    """
    try:
        _require_harmless(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's remarks on styles say nothing about the cells
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                return {sheet.title: tuple(_rows(sheet)) for sheet in book.worksheets}
            finally:
                book.close()
    except _UNREADABLE as error:
        if isinstance(error, LayoutError):
            raise
        raise LayoutError(f"{path.name}: can't be read as a spreadsheet ({_reason(error)}).") from error


def _rows(sheet: Any) -> Iterator[tuple[Cell, ...]]:
    sheet.reset_dimensions()  # what a sheet says of its own size is not believed
    return itertools.islice(sheet.iter_rows(values_only=True), _MOST_ROWS)


def _require_harmless(path: Path) -> None:
    """An archive's directory says how far it unpacks, and no more than that is ever read of a member."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > _LARGEST_BYTES:
            raise LayoutError(f"{path.name}: it unpacks to more than {_LARGEST_BYTES // 1_000_000} MB.")
        for member in members:
            if member.filename.lower().endswith((".xml", ".rels", ".vml")):
                with archive.open(member) as file:
                    defusedxml.ElementTree.parse(file, forbid_dtd=True)


def _reason(error: Exception) -> str:
    if isinstance(error, DefusedXmlException):
        return "it declares entities or a document type"
    return "it is no .xlsx file, or damaged"
