"""Spreadsheets by openpyxl, and archives that only look like one."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from mlcore.datasets.workbook import read_sheets
from mlcore.errors import LayoutError


@pytest.fixture
def book(tmp_path: Path) -> Path:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.title = "EEG"
    sheet.append(["", "Clip 1"])
    sheet.append(["P01", 3])
    path = tmp_path / "Q.xlsx"
    made.save(path)
    return path


def _with(book: Path, name: str, content: bytes) -> Path:
    """The same workbook with one member replaced or added."""
    with zipfile.ZipFile(book) as archive:
        members = {member: archive.read(member) for member in archive.namelist()} | {name: content}
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, held in members.items():
            archive.writestr(member, held)
    return book


def test_rows(book: Path) -> None:
    assert read_sheets(book) == {"EEG": (("", "Clip 1"), ("P01", 3))} or read_sheets(book) == {
        "EEG": ((None, "Clip 1"), ("P01", 3))
    }


SHEET = "xl/worksheets/sheet1.xml"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">',
        '<!ENTITY c SYSTEM "file:///etc/passwd">',
        '<!ENTITY % c SYSTEM "http://127.0.0.1:9/x.dtd"> %c;',
    ],
)
def test_entities_are_refused(book: Path, declared: str) -> None:
    text = f'<?xml version="1.0"?><!DOCTYPE s [{declared}]><worksheet xmlns="{_MAIN}"><sheetData/></worksheet>'
    with pytest.raises(LayoutError, match=r"Q\.xlsx: .*declares entities or a document type"):
        read_sheets(_with(book, SHEET, text.encode()))


def test_an_archive_that_unpacks_to_much(book: Path) -> None:
    with pytest.raises(LayoutError, match=r"Q\.xlsx: it unpacks to more than 30 MB"):
        read_sheets(_with(book, "xl/media/blob.bin", bytes(40_000_000)))


def test_a_cell_at_the_far_end_is_not_believed(book: Path) -> None:
    text = (
        f'<worksheet xmlns="{_MAIN}"><dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>3</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>4</v></c></row></sheetData></worksheet>'
    )
    rows = read_sheets(_with(book, SHEET, text.encode()))["EEG"]
    assert rows[0] == (3,)
    assert len(rows) <= 5_000


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0 an old one", b"a,b\n1,2\n"])
def test_what_is_no_workbook(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "Q.xlsx"
    path.write_bytes(content)
    with pytest.raises(LayoutError, match=r"^Q\.xlsx: can't be read as a spreadsheet \(it is no \.xlsx file"):
        read_sheets(path)


def test_an_archive_without_a_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "Q.xlsx", "w") as archive:
        archive.writestr("../../escape.xml", "<a/>")
    with pytest.raises(LayoutError, match=r"Q\.xlsx: can't be read as a spreadsheet"):
        read_sheets(tmp_path / "Q.xlsx")
    assert not (tmp_path.parent.parent / "escape.xml").exists()


def test_every_cut_of_a_workbook(book: Path) -> None:
    content = book.read_bytes()
    for length in range(0, len(content) - 1, 211):
        book.write_bytes(content[:length])
        with pytest.raises(LayoutError, match=r"^Q\.xlsx: "):
            read_sheets(book)
