"""Archives from strangers: each one made here, each refusal one sentence that names the archive and why."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.domain.archives import MAX_FILES, Limits, unpack
from annotator.exceptions import DomainError

LIMITS = Limits(max_bytes=1000)


def packed(entries: dict[str, bytes], *, special: dict[str, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        for name, mode in (special or {}).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def run(tmp_path: Path, content: bytes, limits: Limits = LIMITS) -> dict[str, bytes]:
    archive, folder = tmp_path / "part", tmp_path / "out"
    archive.write_bytes(content)
    folder.mkdir()
    unpack(archive, folder, name="lab.zip", limits=limits)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_come_out_under_their_own_names(tmp_path: Path) -> None:
    entries = {"Sessions/2/a.bdf": b"eeg", "Sessions/2/séance 被験者.xml": b"<x/>", "empty/": b"", "b": b""}
    assert run(tmp_path, packed(entries)) == {
        "Sessions/2/a.bdf": b"eeg",
        "Sessions/2/séance 被験者.xml": b"<x/>",
        "b": b"",
    }


def test_what_macos_adds_is_left_out(tmp_path: Path) -> None:
    assert set(run(tmp_path, packed({"a.edf": b"1", "__MACOSX/._a.edf": b"2", "x/._b.edf": b"3"}))) == {"a.edf"}


@pytest.mark.parametrize(
    "name", ["../evil.bdf", "/evil.bdf", "a/../../evil.bdf", "..\\evil.bdf", "C:\\evil.bdf", "C:evil.bdf", "a/..", ".."]
)
def test_an_entry_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DomainError, match=r"lab\.zip holds .* leads out of the folder"):
        run(tmp_path, packed({"fine.bdf": b"eeg", name: b"x"}))
    assert not list(tmp_path.glob("evil*"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_devices_and_pipes_are_refused(tmp_path: Path, kind: int) -> None:
    with pytest.raises(DomainError, match="leads out of the folder"):
        run(tmp_path, packed({}, special={"passwd": kind | 0o777}))


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    """First a link out of the folder, then a file below it."""
    with pytest.raises(DomainError, match="leads out of the folder"):
        run(tmp_path, packed({}, special={"etc": stat.S_IFLNK | 0o777, "etc/evil": stat.S_IFREG | 0o644}))


def test_sizes_are_counted_as_they_come(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match=r"lab\.zip unpacks to more than 1000 bytes"):
        run(tmp_path, packed({"a": b"0" * 600, "b": b"0" * 600}))


def test_a_bomb_is_stopped_at_the_limit_not_at_its_end(tmp_path: Path) -> None:
    content = packed({"zeros": bytes(64 * 2**20)})
    assert len(content) < 100_000
    limits = Limits(max_bytes=3 * 2**20)
    with pytest.raises(DomainError, match="unpacks to more than"):
        run(tmp_path, content, limits)
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*")) <= limits.max_bytes


def test_a_size_that_lies_is_not_believed(tmp_path: Path) -> None:
    """Both headers claim 1 byte; 5000 come, or the archive is refused as damaged."""
    content = packed({"zeros": bytes(5000)})
    lying = content.replace(struct.pack("<I", 5000), struct.pack("<I", 1))
    assert lying != content
    with pytest.raises(DomainError, match=r"lab\.zip"):
        run(tmp_path, lying)
    assert all(path.stat().st_size <= 1000 for path in (tmp_path / "out").rglob("*"))


def test_too_many_entries_are_refused_before_one_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match=f"the limit is {MAX_FILES}"):
        run(tmp_path, packed({str(number): b"" for number in range(MAX_FILES + 1)}))
    assert not list((tmp_path / "out").iterdir())


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.edf", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.edf", b"2")
    with pytest.raises(DomainError, match="twice"):
        run(tmp_path, buffer.getvalue())


def damaged() -> dict[str, Callable[[bytes], bytes]]:
    def flip(content: bytes) -> bytes:
        middle = content.index(b"PK\x01\x02") // 2 + 20
        return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]

    return {
        "empty": lambda content: b"",
        "no archive": lambda content: b"PK no",
        "cut in the middle": lambda content: content[: len(content) // 2],
        "cut at its end": lambda content: content[:-10],
        "a flipped byte": flip,
        "encrypted": lambda content: content.replace(
            b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"
        ),
        "unknown method": lambda content: content.replace(b"\x08\x00", b"\x63\x00"),
    }


@pytest.mark.parametrize("fault", damaged())
def test_a_damaged_archive_is_refused_by_name(tmp_path: Path, fault: str) -> None:
    whole = packed({"a.edf": zlib.compress(bytes(range(256))) * 3})
    broken = damaged()[fault](whole)
    assert broken != whole
    with pytest.raises(DomainError, match=r"lab\.zip can't be unpacked \(.+\)"):
        run(tmp_path, broken)


@pytest.mark.parametrize("entries", [{"a": b"1", "a/b": b"2"}, {"n" * 300: b"1"}])
def test_names_that_no_disk_takes_are_refused(tmp_path: Path, entries: dict[str, bytes]) -> None:
    with pytest.raises(DomainError, match=r"lab\.zip"):
        run(tmp_path, packed(entries))
