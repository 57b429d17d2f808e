"""Damaged and hostile XDF files: one sentence that names the file, soon, and in little memory."""

from __future__ import annotations

import gzip
import json
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlcore.errors import RecordingError
from mlcore.io.eeg import open_eeg
from mlcore.io.xdf_streams import read_xdf_streams
from tests.factories.xdf import (
    SAMPLES,
    STREAM_FOOTER,
    STREAM_HEADER,
    StreamToWrite,
    chunk,
    eeg_to_write,
    header_xml,
    length,
    write_xdf,
    xdf_chunks,
)

MARKS = StreamToWrite("Marks", np.array([100.0, 101.0]), ["on", "off"], type="Markers")
STREAMS = [replace(eeg_to_write(96), offsets=[(100.0, 0.5), (101.0, 0.5)], n_chunk=32), MARKS]
CHUNKS = [b"XDF:", *xdf_chunks(STREAMS)]
WHOLE = b"".join(CHUNKS)
ENDS = [sum(map(len, CHUNKS[: k + 1])) for k in range(len(CHUNKS))]

_LIMITED = """
import json, resource, sys
from pathlib import Path
from mlcore.errors import RecordingError
from mlcore.io.eeg import open_eeg
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
for name in sys.argv[1:]:
    try:
        open_eeg(Path(name)).read(None, 0.0, 1.0)
        print(json.dumps(None))
    except RecordingError as error:
        print(json.dumps(str(error)))
"""


def _refusals(*paths: Path) -> list[str]:
    """What a process of at most 1 GiB and 10 s a file says of them."""
    command = [sys.executable, "-c", _LIMITED, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10 + 10 * len(paths))
    told = [json.loads(line) for line in done.stdout.splitlines()]
    for path, sentence in zip(paths, told, strict=True):
        assert sentence is not None, f"{path.name} was read"
        assert sentence.startswith(f"{path.name}: ")
        assert str(path.parent) not in sentence
        assert "\n" not in sentence
    return told


def _refusal(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        open_eeg(path).read(None, 0.0, 1.0)
    assert str(caught.value).startswith(f"{path.name}: ")
    return str(caught.value)


def _written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _holding(folder: Path, name: str, *chunks: bytes) -> Path:
    return _written(folder, name, b"XDF:" + b"".join(chunks))


def _header(xml: bytes, number: int = 1) -> bytes:
    return chunk(STREAM_HEADER, struct.pack("<I", number) + xml)


def _samples(content: bytes, number: int = 1) -> bytes:
    return chunk(SAMPLES, struct.pack("<I", number) + content)


@pytest.mark.parametrize("n_missing", [1, 3, 20])
def test_cut_inside_any_chunk(tmp_path: Path, n_missing: int) -> None:
    for place, end in enumerate(ENDS):
        path = _written(tmp_path, f"cut{place}.xdf", WHOLE[: max(end - n_missing, 1)])
        if end - n_missing in ENDS:
            continue
        with pytest.raises(RecordingError, match=rf"^cut{place}\.xdf: "):
            read_xdf_streams(path)


def test_cut_between_chunks_is_refused_or_told(tmp_path: Path) -> None:
    """Where samples are there already, they are read, and the missing end is named."""
    for place, end in enumerate(ENDS[:-1]):
        path = _written(tmp_path, f"cut{place}.xdf", WHOLE[:end])
        if b"".join(CHUNKS[: place + 1]).count(b"\x20\x08") == 0:
            _refusal(path)
        else:
            recording = open_eeg(path)
            assert recording.warnings[0] == f"{path.name}: {_NEVER_CLOSED}"
            assert recording.info.n_samples in (32, 64, 96)


_NEVER_CLOSED = "the recording was never closed; what was written until then was read."


@pytest.mark.parametrize(
    ("key", "claim", "reason"),
    [
        ("channel_count", "1000000000", "gives '1000000000' as its channel_count"),
        ("channel_count", "4", "claims 32 samples, which do not fit"),
        ("channel_count", "0", "claims 0 channels"),
        ("channel_count", "-2", "claims -2 channels"),
        ("channel_count", "two", "gives 'two' as its channel_count"),
        ("channel_count", "2.5", "claims 2.5 channels"),
        ("nominal_srate", "nan", "gives 'nan' as its nominal_srate"),
        ("nominal_srate", "-256", "claims 2 channels at -256 Hz"),
        ("nominal_srate", "1e300", "gives '1e300' as its nominal_srate"),
        ("channel_format", "double64", "claims 32 samples, which do not fit"),
        ("channel_format", "complex", "unknown format 'complex'"),
        ("channel_format", "string", "claims 32 samples, which do not fit"),
    ],
)
def test_headers_that_lie(tmp_path: Path, key: str, claim: str, reason: str) -> None:
    path = write_xdf(tmp_path / "lie.xdf", [replace(STREAMS[0], claims={key: claim})])
    with pytest.raises(RecordingError, match=rf"^lie\.xdf: the XDF file is damaged \(.*{reason}"):
        open_eeg(path)


def test_huge_claims_cost_neither_time_nor_memory(tmp_path: Path) -> None:
    eeg, text = _header(header_xml(STREAMS[0])), _header(header_xml(MARKS))
    billion = length(10**9)
    told = _refusals(
        _holding(tmp_path, "samples.xdf", eeg, _samples(billion + b"\x00" * 40)),
        _holding(tmp_path, "texts.xdf", text, _samples(billion + b"\x00\x01\x01a" * 4)),
        _holding(tmp_path, "text.xdf", text, _samples(length(1) + b"\x00" + length(2**40) + b"a")),
        _holding(tmp_path, "chunk.xdf", eeg, length(2**62) + struct.pack("<H", SAMPLES)),
        _holding(tmp_path, "header.xdf", length(2**40) + struct.pack("<H", STREAM_HEADER) + b"\x01\x00\x00\x00<info>"),
        _written(tmp_path, "bomb.xdfz", gzip.compress(b"XDF:" + length(2**31) + b"\x05\x00" + bytes(2**28))),
    )
    assert "claims 1000000000 samples" in told[0]
    assert "claims 1000000000 samples" in told[1]
    assert "claims 1 samples" in told[2]
    assert all("cut short" in sentence for sentence in told[3:])


BOMB = b'<!DOCTYPE info [<!ENTITY a "aaaaaaaaaa">%s]><info><name>&j;</name></info>' % b"".join(
    b'<!ENTITY %c "%s">' % (letter + 1, b"&%c;" % letter * 10) for letter in b"abcdefghi"
)
OUTSIDE = b'<!DOCTYPE info [<!ENTITY a SYSTEM "file:///etc/hostname">]><info><name>&a;</name></info>'


@pytest.mark.parametrize("xml", [BOMB, OUTSIDE, b"<!DOCTYPE info SYSTEM 'http://localhost/x.dtd'><info/>"])
@pytest.mark.parametrize("where", ["file", "stream", "footer"])
def test_xml_that_does_things(tmp_path: Path, xml: bytes, where: str) -> None:
    chunks = {"file": chunk(1, xml), "stream": _header(xml), "footer": chunk(STREAM_FOOTER, b"\x01\x00\x00\x00" + xml)}
    path = _holding(tmp_path, "evil.xdf", *([_header(header_xml(MARKS))] * (where == "footer")), chunks[where])
    with pytest.raises(RecordingError, match=r"^evil\.xdf: .* holds entities or a DTD"):
        read_xdf_streams(path)


def test_headers_that_are_no_xml(tmp_path: Path) -> None:
    texts = [b"", b"<info>", b"\xff\xfe\x00", b"<a></b>", b"<info/>", b"<info>" * 50_000]
    paths = [_holding(tmp_path, f"broken{number}.xdf", _header(xml)) for number, xml in enumerate(texts)]
    assert all("the XDF file is damaged (the header of stream 1" in sentence for sentence in _refusals(*paths))


def test_broken_footer_loses_nothing(tmp_path: Path) -> None:
    content = WHOLE.replace(b"<info><sample_count>96", b"<info<<sample_count>96")
    eeg, _marks = read_xdf_streams(_written(tmp_path, "footer.xdf", content))
    assert len(eeg.values) == 96


@pytest.mark.parametrize("stamp_s", [np.nan, np.inf])
def test_stamps_that_are_no_numbers(tmp_path: Path, stamp_s: float) -> None:
    stamps_s = STREAMS[0].stamps_s.copy()
    stamps_s[40] = stamp_s
    path = write_xdf(tmp_path / "nan.xdf", [replace(STREAMS[0], stamps_s=stamps_s)])
    with pytest.raises(RecordingError, match=r"^nan\.xdf: "):
        open_eeg(path)


def test_clock_offsets_that_are_no_numbers(tmp_path: Path) -> None:
    path = write_xdf(tmp_path / "nan.xdf", [replace(STREAMS[0], offsets=[(np.nan, 0.0), (1.0, np.nan)])])
    with pytest.raises(RecordingError, match=r"^nan\.xdf: "):
        open_eeg(path)


def test_streams_out_of_order(tmp_path: Path) -> None:
    header = _header(header_xml(STREAMS[0]))
    for name, chunks in {"before": (_samples(b"\x01\x00"), header), "twice": (header, header)}.items():
        with pytest.raises(RecordingError, match=rf"^{name}\.xdf: the XDF file is damaged \(stream 1 "):
            read_xdf_streams(_holding(tmp_path, f"{name}.xdf", *chunks))


def test_packed_files_are_read_and_damage_in_them_is_told(tmp_path: Path) -> None:
    packed = gzip.compress(WHOLE)
    assert open_eeg(_written(tmp_path, "whole.xdfz", packed)).info.n_samples == 96
    for name, content in {"cut": packed[:-30], "no": WHOLE, "inside": gzip.compress(WHOLE[:-30])}.items():
        with pytest.raises(RecordingError, match=rf"^{name}\.xdfz: "):
            open_eeg(_written(tmp_path, f"{name}.xdfz", content))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=10_000)
@given(data=st.data())
def test_any_bytes_changed(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever a few bytes are changed to, the file is read or refused in a sentence."""
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    path = _written(tmp_path, "fuzz.xdf", bytes(content))
    with suppress(RecordingError):
        samples = open_eeg(path).read(None, 0.0, 1.0)
        assert len(samples) >= 1
