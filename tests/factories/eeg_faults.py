"""The table of bad input: format × fault, every cell a file (or folder of files) made here."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io

from tests.factories.eeg import sines_uv
from tests.factories.eeg_formats import (
    CHANNELS,
    DATA_UV,
    SFREQ,
    eeglab_fields,
    mne_raw,
    write_as,
    write_brainvision,
    write_cnt,
    write_csv,
    write_gdf,
    write_set,
    write_set_73,
)

#: one format of each reader, and the first sizes at which its header may end
BOUNDARIES: dict[str, tuple[int, ...]] = {
    "BDF": (1, 7, 8, 88, 168, 184, 192, 236, 244, 252, 255, 256, 257, 320, 640, 960, 1279, 1280, 1281),
    "EDF+": (1, 8, 88, 168, 184, 192, 236, 244, 252, 255, 256, 257, 320, 640, 960, 1279, 1280, 1281),
    "GDF 1": (1, 4, 8, 88, 168, 184, 236, 244, 252, 255, 256, 257, 600, 1023, 1024, 1025),
    "GDF 2": (1, 4, 8, 74, 152, 184, 236, 244, 252, 255, 256, 257, 600, 1023, 1024, 1025),
    "CNT 16": (1, 9, 370, 376, 864, 886, 899, 900, 901, 975, 1124, 1125, 1126),
    "FIF": (1, 4, 12, 16, 36, 37, 100, 500),
    "EEGLAB inside": (1, 116, 124, 127, 128, 132, 136, 137, 200, 300),
    "EEGLAB unpacked": (1, 116, 127, 128, 132, 136, 152, 168, 184, 192, 200, 300, 500),
    "EEGLAB 7.3": (1, 127, 128, 511, 512, 513, 520, 560, 608, 1000, 3000),
    "BrainVision float": (1, 10, 40, 120, 200),
    "CSV": (1, 4, 20, 44),
}
#: in the middle of the samples
HALVES = ("BDF", "EDF+", "GDF 1", "GDF 2", "CNT 16", "CNT 32", "FIF", "EEGLAB inside", "EEGLAB 7.3")


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault of one format."""

    format: str
    fault: str
    make: Callable[[Path], Path]
    #: what the refusal says; or, if `is_borne`, one of the warnings ("" = none is asked for)
    says: str = ""
    is_borne: bool = False
    sfreq: float | None = None

    @property
    def name(self) -> str:
        """For the report of a failure."""
        return f"{self.format} · {self.fault}"


def _refused(format_name: str, fault: str, make: Callable[[Path], Path], says: str) -> Cell:
    return Cell(format_name, fault, make, says)


def _borne(format_name: str, fault: str, make: Callable[[Path], Path], says: str = "") -> Cell:
    return Cell(format_name, fault, make, says, is_borne=True)


def cells() -> Iterator[Cell]:
    """The whole table."""
    yield from _general()
    yield from _edf()
    yield from _gdf()
    yield from _cnt()
    yield from _fif()
    yield from _brainvision()
    yield from _eeglab()
    yield from _tables()


# every format


def _general() -> Iterator[Cell]:
    for name, sizes in BOUNDARIES.items():
        yield _refused(name, "zero-length", partial(_cut, name, 0), "is empty")
        yield _refused(name, "text instead", partial(_replaced, name, b"this is no recording\n" * 100), "")
        yield _refused(name, "noise instead", partial(_replaced, name, _noise(5000)), "")
        yield _refused(name, "zeros instead", partial(_replaced, name, bytes(5000)), "")
        for size in sizes:
            yield _refused(name, f"cut at {size}", partial(_cut, name, size), "")
        yield _borne(name, "unicode file name", partial(_renamed, name, "Prüfung 脑电 №1"))
    for name in HALVES:
        yield _refused(name, "cut in half", partial(_halved, name), "")


def _cut(name: str, size: int, folder: Path) -> Path:
    return _edited(write_as(name, folder), lambda content: content[:size])


def _halved(name: str, folder: Path) -> Path:
    return _edited(write_as(name, folder), lambda content: content[: len(content) // 2])


def _replaced(name: str, content: bytes, folder: Path) -> Path:
    return _edited(write_as(name, folder), lambda _content: content)


def _renamed(name: str, stem: str, folder: Path) -> Path:
    """The parts of a BrainVision recording too: their header still names the old ones."""
    path = write_as(name, folder)
    for part in list(folder.iterdir()):
        part.rename(folder / f"{stem}{part.suffix}")
    return folder / f"{stem}{path.suffix}"


def _edited(path: Path, edit: Callable[[bytes], bytes]) -> Path:
    path.write_bytes(edit(path.read_bytes()))
    return path


def _put(name: str, place: int, field: bytes, folder: Path) -> Path:
    return _edited(write_as(name, folder), lambda content: content[:place] + field + content[place + len(field) :])


def _noise(n_bytes: int) -> bytes:
    return np.random.default_rng(7).integers(0, 256, n_bytes, dtype=np.uint8).tobytes()


# EDF and BDF

_LIES = {
    "claims 10^9 records": (236, b"99999999", "cut short"),
    "claims no records": (236, b"0       ", "no records"),
    "claims records of 0 s": (244, b"0       ", "records of 0 s"),
    "claims records of -1 s": (244, b"-1      ", "records of -1 s"),
    "record length is no number": (244, b"nan     ", "no number for the length of a record"),
    "claims 9999 signals": (252, b"9999", "9999 signals"),
    "claims no signals": (252, b"0   ", "0 signals"),
    "claims a signal more": (252, b"5   ", "don't fit"),
    "number of signals is no number": (252, b"abcd", "no number for the number of signals"),
    "lies about its header's size": (184, b"99999999", "don't fit"),
    "number of records is infinite": (236, b"inf     ", "no number for the number of records"),
}


def _edf() -> Iterator[Cell]:
    for name in ("BDF", "EDF+"):
        for fault, (place, field, says) in _LIES.items():
            yield _refused(name, fault, partial(_put, name, place, field), says)
        # four signals: labels take 64 bytes after the first 256, samples in a record are 216 × 4 bytes further
        samples = 256 + 216 * 4
        yield _refused(name, "claims 10^7 samples a record", partial(_put, name, samples, b"99999999"), "records of")
        yield _refused(name, "claims no samples", partial(_put, name, samples, b"0       "), "0 samples in a record")
        yield _refused(name, "claims -5 samples", partial(_put, name, samples, b"-5      "), "-5 samples in a record")
        yield _borne(name, "duplicate channels", partial(_put, name, 256, b"Fp2 "), "several channels are called Fp2")
        yield _borne(name, "unicode channel", partial(_put, name, 256, "脑电".encode()))
        yield _borne(name, "channel in Latin-1", partial(_put, name, 256, "Fü1".encode("latin-1")))
        range_start = 256 + (16 + 80 + 8) * 4
        yield _borne(name, "no range", partial(_put, name, range_start, b"0       " * 8), "gives no range")
        yield _borne(name, "no unit", partial(_put, name, 256 + 96 * 4, b" " * 8), "no unit is given for Fp1")
    yield _refused("EDF+", "pauses without times", _edf_timeless, "not every record says")
    yield _refused("EDF+", "times run backwards", _edf_backwards, "run backwards")
    yield _refused("EDF+", "a pause of years", _edf_years, "more than 14 days")


def _edf_timeless(folder: Path) -> Path:
    path = write_discontinuous(folder / "a.edf", [0, 5, 9])
    return _edited(path, lambda content: content.replace(b"+5\x14\x14", b"\0\0\0\0"))


def _edf_backwards(folder: Path) -> Path:
    return write_discontinuous(folder / "a.edf", [0, 5, 2, 9])


def _edf_years(folder: Path) -> Path:
    return write_discontinuous(folder / "a.edf", [0, 1, 99_999_999, 100_000_000])


def write_discontinuous(path: Path, starts_s: list[float]) -> Path:
    """EDF+D of one channel and one second a record, by hand: no writer here makes any. Sines of 5 Hz, 40 µV."""
    raw = np.rint(sines_uv(1, SFREQ * len(starts_s), SFREQ)[0] * 32767 / 500.0).astype("<i2").reshape(-1, SFREQ)
    texts = [f"+{start_s}\x14\x14\0".encode() + (b"+%d\x14mark\x14\0" % start_s) for start_s in starts_s]
    records = b"".join(row.tobytes() + text.ljust(60, b"\0") for row, text in zip(raw, texts, strict=True))
    fields = [("Fp1", 16), ("EDF Annotations", 16), ("", 80), ("", 80), ("uV", 8), ("", 8), ("-500", 8), ("-1", 8)]
    fields += [("500", 8), ("1", 8), ("-32767", 8), ("-32768", 8), ("32767", 8), ("32767", 8), ("", 80), ("", 80)]
    fields += [(str(SFREQ), 8), ("30", 8), ("", 32), ("", 32)]
    fixed = [("0", 8), ("X X X X", 80), ("Startdate X X X X", 80), ("01.01.26", 8), ("12.00.00", 8), ("768", 8)]
    fixed += [("EDF+D", 44), (str(len(starts_s)), 8), ("1", 8), ("2", 4)]
    path.write_bytes("".join(text.ljust(width) for text, width in fixed + fields).encode() + records)
    return path


# GDF


def _gdf() -> Iterator[Cell]:
    for name in ("GDF 1", "GDF 2"):
        count = "<H" if name == "GDF 2" else "<I"
        put = partial(partial, _put, name)
        yield _refused(name, "claims 10^9 records", put(236, struct.pack("<q", 10**9)), "cut short")
        yield _refused(name, "claims no signals", put(252, struct.pack(count, 0)), "0 signals")
        yield _refused(name, "claims 60000 signals", put(252, struct.pack(count, 60000)), "60000 signals")
        yield _refused(name, "claims a signal more", put(252, struct.pack(count, 4)), "")
        yield _refused(name, "claims records of 0 s", put(244, bytes(4)), "records of 0/1 s")
        yield _refused(name, "no denominator", put(248, bytes(4)), "records of 1/0 s")
        yield _refused(name, "version is no number", put(4, b"abcd"), "version of GDF")
        yield _refused(name, "header's size is 0", put(184, bytes(8)), "don't fit")
        yield _refused(name, "unknown type", put(256 + 220 * 3, struct.pack("<i", 99)), "does not know")
        yield _refused(name, "claims -1 samples", put(256 + 216 * 3, struct.pack("<i", -1)), "-1 samples")
        yield _refused(name, "claims 2^31 samples", put(256 + 216 * 3, struct.pack("<i", 2**31 - 1)), "records of")
        yield _borne(name, "duplicate channels", put(256, b"Fp2\0"), "several channels are called Fp2")
        yield _borne(name, "unicode channel", put(256, "脑电".encode()))
        yield _borne(name, "NaN as range", put(256 + 104 * 3, struct.pack("<d", np.nan)), "gives no range")
        yield _borne(name, "marker outside", partial(_gdf_outside, name), "1 markers lie outside")
        yield _refused(name, "table claims 10^6 events", partial(_gdf_events, name), "event")


def _gdf_version(name: str) -> str:
    return "1.25" if name == "GDF 1" else "2.20"


def _gdf_outside(name: str, folder: Path) -> Path:
    return write_gdf(folder / "a.gdf", version=_gdf_version(name), marks=[(10, 1), (99_999, 2)])


def _gdf_events(name: str, folder: Path) -> Path:
    """The count stands in bytes 1 to 3 of the table, or in a word after the rate."""
    path = write_gdf(folder / "a.gdf", version=_gdf_version(name), marks=[(10, 1)])
    start = len(path.read_bytes()) - 8 - 6
    place = start + (4 if name == "GDF 1" else 1)
    return _edited(path, lambda content: content[:place] + b"\xff\xff\x0e" + content[place + 3 :])


# CNT


def _cnt() -> Iterator[Cell]:
    put = partial(partial, _put, "CNT 16")
    yield _refused("CNT 16", "claims no channels", put(370, bytes(2)), "0 channels")
    yield _refused("CNT 16", "claims 60000 channels", put(370, struct.pack("<H", 60000)), "60000 channels")
    yield _refused("CNT 16", "claims a channel more", put(370, struct.pack("<H", 4)), "fits neither")
    yield _refused("CNT 16", "claims 10^9 samples", put(864, struct.pack("<i", 10**9)), "fits neither")
    yield _refused("CNT 16", "claims -1 samples", put(864, struct.pack("<i", -1)), "fits neither")
    yield _refused("CNT 16", "claims no rate", put(376, bytes(2)), "0 samples a second")
    yield _refused("CNT 16", "table beyond the end", put(886, struct.pack("<i", 2**31 - 1)), "event table is missing")
    yield _refused("CNT 16", "table before the data", put(886, struct.pack("<i", -5)), "event table is missing")
    yield _refused("CNT 16", "table of unknown type", _cnt_table(struct.pack("<Bi", 9, 8)), "table is damaged")
    yield _refused("CNT 16", "table claims 10^9 bytes", _cnt_table(struct.pack("<Bi", 1, 10**9)), "event table")
    yield _refused("CNT 16", "ANT Neuro's", partial(_replaced, "CNT 16", b"RIFF" + bytes(2000)), "ANT Neuro")
    doubles = partial(write_cnt_in, channels=("Fp1", "Fp1", "Cz"))
    yield _borne("CNT 16", "duplicate channels", doubles, "several channels are called Fp1")


def write_cnt_in(folder: Path, **options: Any) -> Path:
    return write_cnt(folder / "a.cnt", **options)


def _cnt_table(head: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = write_cnt(folder / "a.cnt")
        start = len(path.read_bytes()) - 9 - 8
        return _edited(path, lambda content: content[:start] + head + content[start + len(head) :])

    return make


# FIF


def _fif() -> Iterator[Cell]:
    yield _borne("FIF", "NaN and infinite samples", _fif_not_finite, r"no numbers .* in Fp1 \(1\), Fp2 \(1\)")
    yield _borne("FIF", "duplicate channels", _fif_doubles)
    yield _borne("FIF", "unicode channel", _fif_unicode)
    for place in (4, 8, 12, 40, 44, 48):
        lie = struct.pack(">i", 2**31 - 1)
        yield _refused("FIF", f"a tag that lies at {place}", partial(_put, "FIF", place, lie), "")


def _fif_not_finite(folder: Path) -> Path:
    return _saved(folder, mne_raw(with_holes()))


def _fif_doubles(folder: Path) -> Path:
    """MNE-Python writes no doubles: two names of equal length are made one in the file."""
    path = _saved(folder, mne_raw(channels=("Fp1", "Fp2", "Cz")))
    return _edited(path, lambda content: content.replace(b"Fp2\0", b"Fp1\0"))


def _fif_unicode(folder: Path) -> Path:
    path = _saved(folder, mne_raw())
    return _edited(path, lambda content: content.replace(b"Fp2\0", "é2\0".encode()))


def _saved(folder: Path, raw: Any) -> Path:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw.save(folder / "a.fif", fmt="double", verbose="error")
    return folder / "a.fif"


def with_holes() -> np.ndarray[Any, np.dtype[np.float64]]:
    """The recording with two samples that are no numbers."""
    data_uv = DATA_UV.copy()
    data_uv[0, 10], data_uv[1, 20] = np.nan, np.inf
    return data_uv


# BrainVision


def _brainvision() -> Iterator[Cell]:
    name = "BrainVision float"
    for fault, old, new, says in (
        ("data in another folder", "DataFile=a.eeg", "DataFile=../a.eeg", "in another folder"),
        ("data at an absolute path", "DataFile=a.eeg", "DataFile=/etc/passwd", "in another folder"),
        ("data at a Windows path", "DataFile=a.eeg", r"DataFile=..\a.eeg", "in another folder"),
        ("markers in another folder", "MarkerFile=a.vmrk", "MarkerFile=../a.vmrk", "in another folder"),
        ("claims no channels", "NumberOfChannels=3", "NumberOfChannels=0", "NumberOfChannels=0"),
        ("claims 10^9 channels", "NumberOfChannels=3", "NumberOfChannels=1000000000", "NumberOfChannels=1000000000"),
        ("claims a channel more", "NumberOfChannels=3", "NumberOfChannels=4", ""),
        ("channels are no number", "NumberOfChannels=3", "NumberOfChannels=many", "NumberOfChannels=many"),
        ("claims no rate", "SamplingInterval=", "SamplingInterval=0;", "SamplingInterval"),
        ("rate is no number", "SamplingInterval=", "SamplingInterval=x", "SamplingInterval"),
        ("rate is not there", "SamplingInterval=", "Other=", r"SamplingInterval=\(nothing\)"),
        ("claims 10^9 moments", "NumberOfChannels=3", "NumberOfChannels=3\nDataPoints=1000000000", "cut short"),
        ("unknown type of samples", "IEEE_FLOAT_32", "IEEE_FLOAT_99", "not read"),
        ("no channels named", "Ch1=", "Xx1=", ""),
    ):
        yield _refused(name, fault, partial(_header, old, new), says)
    yield _refused(name, "data missing", partial(_without, ".eeg"), "is missing")
    yield _refused(name, "data empty", partial(_side, ".eeg", lambda _content: b""), "holds no samples")
    yield _refused(name, "data cut", partial(_side, ".eeg", lambda content: content[:-5]), "cut short")
    yield _borne(name, "markers missing", partial(_without, ".vmrk"), "read without markers")
    yield _refused(name, "markers are noise", partial(_side, ".vmrk", lambda _content: _noise(500)), "no BrainVision")
    yield _borne(name, "marker outside", partial(_marker, "Mk2=Stimulus,S  7,999999,1,0"), "1 markers lie outside")
    backwards = "Mk2=New Segment,,201,1,0,20200101000000000000\nMk1=New Segment,,1,1,0,20260101000000000000"
    yield _refused(name, "segments run backwards", partial(_marker, backwards), "more than 14 days")
    yield _borne(name, "duplicate channels", partial(_header, "=Fp2", "=Fp1"), "several channels are called Fp1")
    yield _borne(name, "unicode channel", partial(_header, "=Fp2", "=脑电"))
    yield _borne(name, "header in Latin-1", _latin_header)
    yield _borne(name, "NaN and infinite samples", _brainvision_holes, r"no numbers .* in Fp1 \(1\), Fp2 \(1\)")


def _header(old: str, new: str, folder: Path) -> Path:
    path = write_as("BrainVision float", folder)
    text = path.read_text(encoding="utf-8")
    assert old in text, text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def _latin_header(folder: Path) -> Path:
    path = write_as("BrainVision float", folder)
    text = path.read_text(encoding="utf-8").replace("Codepage=UTF-8", "").replace("=Fp2", "=Fü2")
    path.write_bytes(text.encode("latin-1"))
    return path


def _side(suffix: str, edit: Callable[[bytes], bytes], folder: Path) -> Path:
    path = write_as("BrainVision float", folder)
    _edited(path.with_suffix(suffix), edit)
    return path


def _without(suffix: str, folder: Path) -> Path:
    path = write_as("BrainVision float", folder)
    path.with_suffix(suffix).unlink()
    return path


def _marker(line: str, folder: Path) -> Path:
    def edit(content: bytes) -> bytes:
        return re.sub(rb"(?m)^Mk\d+=.*$", b"", content) + line.encode() + b"\n"

    return _side(".vmrk", edit, folder)


def _brainvision_holes(folder: Path) -> Path:
    path = write_as("BrainVision float", folder)
    rows = np.frombuffer(path.with_suffix(".eeg").read_bytes(), "<f4").reshape(-1, len(CHANNELS)).copy()
    rows[10, 0], rows[20, 1] = np.nan, np.inf
    path.with_suffix(".eeg").write_bytes(rows.tobytes())
    return path


# EEGLAB


def _eeglab() -> Iterator[Cell]:
    fields: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("claims no channels", {"nbchan": 0.0}, "0 channels"),
        ("claims 10^9 channels", {"nbchan": 1e9}, r"1e\+09 channels"),
        ("claims a channel more", {"nbchan": 4.0}, "claims 4 channels and names 3"),
        ("channels are a text", {"nbchan": "three"}, "nan channels"),
        ("claims no rate", {"srate": 0.0}, "0 samples a second"),
        ("rate is NaN", {"srate": np.nan}, "nan samples a second"),
        ("rate is negative", {"srate": -1.0}, "-1 samples a second"),
        ("holds epochs", {"trials": 40.0}, "40 epochs"),
        ("names a channel less", {"chanlocs": np.zeros(2, [("labels", "O")])}, "names 2"),
    )
    for fault, changed, says in fields:
        yield _refused("EEGLAB inside", fault, partial(_set, changed), says)
    yield _refused("EEGLAB inside", "no set in it", _other_mat, "no EEGLAB set")
    yield _refused("EEGLAB inside", "several sets", _several_sets, "2 sets")
    yield _refused("EEGLAB inside", "MATLAB 4", _mat4, "")
    yield _refused("EEGLAB inside", "nested cells", _nested, "nested too deep")
    yield _refused("EEGLAB inside", "list of 10^9", _long_list, "")
    yield _refused("EEGLAB inside", "zip bomb of samples", _sample_bomb, "unpack")
    yield _refused("EEGLAB inside", "zip bomb of lists", _list_bomb, "")
    yield _refused("EEGLAB inside", "samples of another size", _wrong_size, "sizes are wrong")
    yield _refused("EEGLAB .fdt", "data missing", partial(_fdt_edit, None), "missing")
    yield _refused("EEGLAB .fdt", "data cut", partial(_fdt_edit, lambda content: content[:-4]), "cut short")
    yield _refused("EEGLAB .fdt", "claims 10^9 samples", partial(_set, {"data": "a.fdt", "pnts": 1e9}), "")
    yield _refused("EEGLAB .fdt", "data elsewhere", partial(_set, {"data": "../../etc/passwd"}), "are said to be in")
    yield _borne("EEGLAB inside", "duplicate channels", _set_doubles, "several channels are called Fp1")
    yield _borne("EEGLAB inside", "unicode channel", _set_unicode)
    holes = partial(_set, {"data": with_holes().astype("<f4")})
    yield _borne("EEGLAB inside", "NaN and infinite samples", holes, r"no numbers .* in Fp1 \(1\), Fp2 \(1\)")
    yield _borne("EEGLAB 7.3", "NaN and infinite samples", _hdf5_holes, r"no numbers .* in Fp1 \(1\), Fp2 \(1\)")
    yield _borne("EEGLAB inside", "marker outside", _set_outside, "2 markers lie outside")
    yield _refused("EEGLAB 7.3", "link to another file", _hdf5_link, "link to somewhere else")
    yield _refused("EEGLAB 7.3", "values in another file", _hdf5_external, "keeps values in other files")
    yield _refused("EEGLAB 7.3", "no set in it", _hdf5_other, "no EEGLAB set")
    yield _refused("EEGLAB 7.3", "claims 10^9 samples", _hdf5_huge, "")
    yield _refused("EEGLAB 7.3", "list that holds itself", _hdf5_cycle, "nested")


def _set(changed: dict[str, Any], folder: Path) -> Path:
    return write_set(folder / "a.set", eeglab_fields(DATA_UV.astype("<f4")) | changed)


def _other_mat(folder: Path) -> Path:
    scipy.io.savemat(folder / "a.set", {"x": np.arange(10.0)}, appendmat=False)
    return folder / "a.set"


def _several_sets(folder: Path) -> Path:
    two = np.zeros(2, dtype=[("srate", "O"), ("data", "O")])
    return _saved_mat(folder, {"EEG": two})


def _saved_mat(folder: Path, variables: dict[str, Any], **options: Any) -> Path:
    scipy.io.savemat(folder / "a.set", variables, appendmat=False, **options)
    return folder / "a.set"


def _mat4(folder: Path) -> Path:
    return _saved_mat(folder, {"data": np.arange(10.0)}, format="4")


_HEAD = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"


def element(kind: int, content: bytes) -> bytes:
    """A data element of MATLAB 5."""
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def matrix(kind: int, dims: tuple[int, ...], name: bytes, content: bytes) -> bytes:
    """A matrix of MATLAB 5; kind 1 is a cell, 2 a structure, 6 numbers."""
    head = element(6, struct.pack("<II", kind, 0)) + element(5, struct.pack(f"<{len(dims)}i", *dims))
    return element(14, head + element(1, name) + content)


def packed(content: bytes) -> bytes:
    """A compressed element."""
    small = zlib.compress(content, 9)
    return struct.pack("<II", 15, len(small)) + small


def _nested(folder: Path) -> Path:
    """30,000 cells in each other: readers that call themselves for each run out of stack."""
    n_deep, inner = 30_000, b""
    head = element(6, struct.pack("<II", 1, 0)) + element(5, struct.pack("<2i", 1, 1)) + element(1, b"EEG")
    size = 0
    heads = []
    for _level in range(n_deep):
        size += len(head)
        heads.append(struct.pack("<II", 14, size) + head)
        size += 8
    inner = b"".join(reversed(heads))
    (folder / "a.set").write_bytes(_HEAD + packed(inner))
    return folder / "a.set"


def _long_list(folder: Path) -> Path:
    (folder / "a.set").write_bytes(_HEAD + matrix(1, (1, 2**30), b"EEG", b""))
    return folder / "a.set"


def _sample_bomb(folder: Path) -> Path:
    """Two gigabytes of zeros in two megabytes."""
    n_bytes = 2 << 30
    head = element(6, struct.pack("<II", 7, 0)) + element(5, struct.pack("<2i", 4, n_bytes // 16)) + element(1, b"data")
    start = struct.pack("<II", 14, len(head) + 8 + n_bytes) + head + struct.pack("<II", 7, n_bytes)
    packer = zlib.compressobj(9)
    parts = [packer.compress(start)] + [packer.compress(bytes(1 << 24)) for _ in range(8)] + [packer.flush()]
    content = b"".join(parts)
    (folder / "a.set").write_bytes(_HEAD + struct.pack("<II", 15, len(content)) + content)
    return folder / "a.set"


def _list_bomb(folder: Path) -> Path:
    """A cell of five million empty matrices."""
    (folder / "a.set").write_bytes(
        _HEAD + packed(matrix(1, (1, 5_000_000), b"EEG", struct.pack("<II", 14, 0) * 5_000_000))
    )
    return folder / "a.set"


def _wrong_size(folder: Path) -> Path:
    numbers = matrix(7, (3, 10_000), b"data", element(7, bytes(400)))
    rate = matrix(6, (1, 1), b"srate", element(9, struct.pack("<d", 128.0)))
    (folder / "a.set").write_bytes(_HEAD + rate + numbers)
    return folder / "a.set"


def _fdt_edit(edit: Callable[[bytes], bytes] | None, folder: Path) -> Path:
    path = write_as("EEGLAB .fdt", folder)
    if edit is None:
        path.with_suffix(".fdt").unlink()
    else:
        _edited(path.with_suffix(".fdt"), edit)
    return path


def _places(labels: tuple[str, ...]) -> Any:
    places = np.zeros(len(labels), dtype=[("labels", "O")])
    places["labels"] = labels
    return places


def _set_doubles(folder: Path) -> Path:
    return _set({"chanlocs": _places(("Fp1", "Fp1", "Cz"))}, folder)


def _set_unicode(folder: Path) -> Path:
    return _set({"chanlocs": _places(("脑电", "Fü2", "Cz"))}, folder)


def _set_outside(folder: Path) -> Path:
    events = np.zeros(2, dtype=[("type", "O"), ("latency", "O")])
    events[0], events[1] = ("early", -50.0), ("late", 1e12)
    return _set({"event": events}, folder)


def _hdf5_holes(folder: Path) -> Path:
    return write_set_73(folder / "a.set", with_holes())


def _hdf5_edit(folder: Path, edit: Callable[[Any], None]) -> Path:
    path = write_set_73(folder / "a.set", DATA_UV)
    with h5py.File(path, "r+") as file:
        del file["EEG/data"]
        edit(file)
    return path


def _hdf5_link(folder: Path) -> Path:
    write_set_73(folder / "other.set", DATA_UV)

    def edit(file: Any) -> None:
        file["EEG/data"] = h5py.ExternalLink("other.set", "/EEG/data")

    return _hdf5_edit(folder, edit)


def _hdf5_external(folder: Path) -> Path:
    (folder / "secret").write_bytes(bytes(100_000))

    def edit(file: Any) -> None:
        file.create_dataset("EEG/data", (512, 3), "<f4", external=[(str(folder / "secret"), 0, 6144)])

    return _hdf5_edit(folder, edit)


def _hdf5_other(folder: Path) -> Path:
    return _hdf5_edit(folder, lambda _file: None)


def _hdf5_huge(folder: Path) -> Path:
    """A chunk of four gigabytes, of which nothing was ever written."""

    def edit(file: Any) -> None:
        file.create_dataset("EEG/data", (10**9, 3), "<f4", chunks=(10**8, 3))

    return _hdf5_edit(folder, edit)


def _hdf5_cycle(folder: Path) -> Path:
    def edit(file: Any) -> None:
        item = file.create_dataset("EEG/data", (1, 1), h5py.ref_dtype)
        item[0, 0] = item.ref

    return _hdf5_edit(folder, edit)


# tables


def _tables() -> Iterator[Cell]:
    rows = "".join(f"{row / 128},{row % 7},{row % 5}\n" for row in range(300))
    head = "time,Fp1 (uV),Fp2 (uV)\n"
    texts: tuple[tuple[str, str, str], ...] = (
        ("headings alone", head, "headings"),
        ("no headings", rows, "first line holds numbers"),
        ("one row", head + "0,1,2\n", "1 samples"),
        ("words as cells", head + rows + "3,many,2\n", "CSV conversion error"),
        ("no channels", "time,name\n" + "0.1,x\n" * 50, "no EEG is seen"),
        ("no electrodes", "time,height,weight\n" + rows, "no EEG is seen"),
        ("no times", "Fp1,Fp2\n" + "1,2\n" * 50, "no column 'time'"),
        ("times run backwards", head + rows + rows, "run backwards at sample 301"),
        ("times stand still", head + "1,2,3\n" * 50, "stand still"),
        ("a time is missing", head + rows + ",1,2\n" + rows, "has no time"),
        ("times last for years", head + "0,1,2\n1,1,2\n2,1,2\n1e9,1,2\n", "14 days"),
        ("times are infinite", head + "0,1,2\ninf,1,2\n2,1,2\n", "has no time"),
        ("unknown unit of time", "time (weeks),Fp1\n" + "1,2\n" * 9, "no unit of time"),
        ("times are words", "time,Fp1 (uV)\n" + "noon,2\n" * 9, "can't be read"),
        ("a line of a megabyte", head + rows + "9" * 1_100_000 + "\n", "longer than any row"),
        ("10,000 columns", ",".join(f"Fp{k}" for k in range(10_000)) + "\n" + "1," * 9999 + "1\n", "no table"),
        ("open quotes", 'time,"Fp1 (uV),Fp2\n' + rows, ""),
    )
    for fault, text, says in texts:
        yield _refused("CSV", fault, partial(_text, text, "utf-8"), says)
    binary = b"time,Fp1 (uV)\n0,1\n\0\0\0\0"
    yield _refused("CSV", "zeros in it", partial(_replaced, "CSV", binary), "no text")
    bad = b"\xff\xfetime"
    yield _refused("CSV", "half a UTF-16", partial(_replaced, "CSV", bad + b"\x00\xd8\x00"), "")
    yield Cell("CSV", "rate of 0", partial(_text, "Fp1,Fp2\n" + "1,2\n" * 50, "utf-8"), "no rate", sfreq=0.0)
    yield _borne("CSV", "NaN and infinite samples", _csv_holes, r"no numbers .* in Fp1 \(1\), Fp2 \(1\)")
    doubles = "time,Fp1,Fp1\n" + rows
    yield _borne("CSV", "duplicate channels", partial(_text, doubles, "utf-8"), "several channels are called Fp1")
    yield _borne("CSV", "unicode channel", partial(_text, "time,Fp1,脑电\n" + rows, "utf-8"), "no unit is given")
    negative = head + "".join(f"{row / 128 - 2},{row % 7},1\n" for row in range(300))
    yield _borne("CSV", "negative times", partial(_text, negative, "utf-8"))
    ragged = head + rows + "3,1\n"
    yield _borne("CSV", "short row", partial(_text, ragged, "utf-8"), "1 lines have too few")
    for encoding in ("latin-1", "utf-8-sig", "utf-16"):
        yield _borne("CSV", f"in {encoding}", partial(_text, "time,Fp1 (µV),Fü2\n" + rows, encoding))


def _text(text: str, encoding: str, folder: Path) -> Path:
    (folder / "a.csv").write_text(text, encoding=encoding)
    return folder / "a.csv"


def _csv_holes(folder: Path) -> Path:
    return write_csv(folder / "a.csv", with_holes())


__all__ = ["BOUNDARIES", "Cell", "cells", "write_brainvision", "write_discontinuous"]
