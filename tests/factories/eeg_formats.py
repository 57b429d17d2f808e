"""One small recording in every EEG format: the same signal and the same marker, written by whatever writes it best.

GDF and CNT have no writer on PyPI: they are written here from their specifications.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import mne
import numpy as np
import pybv
import scipy.io
from numpy.typing import NDArray

from tests.factories.eeg import pulses, sines_uv, write_bdf, write_edf_plus

CHANNELS = ("Fp1", "Fp2", "Cz")
SFREQ = 128
N_SAMPLES = 4 * SFREQ
#: where the marker stands
MARK = 200
DATA_UV = sines_uv(len(CHANNELS), N_SAMPLES, SFREQ)
_GDF_MICROVOLTS = 4275
_FULL_UV = 500.0


def write_as(name: str, folder: Path) -> Path:
    """The recording in one of `FORMATS`; the path to open."""
    return FORMATS[name](folder)


def _bdf(folder: Path) -> Path:
    status = pulses(N_SAMPLES, [MARK], value=7)
    return write_bdf(folder / "a.bdf", CHANNELS, DATA_UV, sfreq=SFREQ, status=status)


def _edf(folder: Path) -> Path:
    return write_edf_plus(folder / "a.edf", CHANNELS, DATA_UV, sfreq=SFREQ, marks=[(MARK / SFREQ, "stim 7")])


def _brainvision(folder: Path, number_format: str) -> Path:
    write_brainvision(folder, DATA_UV, marks=[MARK], number_format=number_format)
    return folder / "a.vhdr"


def write_brainvision(
    folder: Path,
    data_uv: NDArray[np.float64],
    *,
    marks: Sequence[int] = (),
    channels: Sequence[str] = CHANNELS,
    number_format: str = "float32",
) -> None:
    """a.vhdr, a.eeg and a.vmrk, by pybv."""
    events = np.array([[mark, 7, 1] for mark in marks], dtype=int).reshape(-1, 3)
    pybv.write_brainvision(
        data=data_uv * 1e-6,
        sfreq=SFREQ,
        ch_names=list(channels),
        fname_base="a",
        folder_out=str(folder),
        events=events,
        resolution=0.01 if number_format == "int16" else 0.1,
        fmt=f"binary_{number_format}",
    )


def mne_raw(data_uv: NDArray[np.float64] = DATA_UV, channels: Sequence[str] = CHANNELS) -> Any:
    """The recording in MNE-Python's hands."""
    info = mne.create_info(list(channels), SFREQ, "eeg")
    raw = mne.io.RawArray(data_uv * 1e-6, info, verbose="error")
    return raw.set_annotations(mne.Annotations([MARK / SFREQ], [0.0], ["stim 7"]))


def _fif(folder: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that do not end as MNE likes
        mne_raw().save(folder / "a.fif", fmt="double", overwrite=True, verbose="error")
    return folder / "a.fif"


def eeglab_fields(data: Any) -> dict[str, Any]:
    """The fields of an EEG structure, as EEGLAB names them."""
    places = np.zeros(len(CHANNELS), dtype=[("labels", "O"), ("type", "O"), ("X", "O")])
    places["labels"], places["type"], places["X"] = CHANNELS, ["EEG"] * len(CHANNELS), [0.5] * len(CHANNELS)
    events = np.zeros(2, dtype=[("type", "O"), ("latency", "O"), ("duration", "O")])
    events[0], events[1] = ("stim 7", MARK + 1.0, 0.0), (8.0, MARK + 2.0, 0.0)
    return {
        "setname": "a",
        "nbchan": float(len(CHANNELS)),
        "trials": 1.0,
        "pnts": float(N_SAMPLES),
        "srate": float(SFREQ),
        "times": np.arange(N_SAMPLES) * 1000.0 / SFREQ,
        "data": data,
        "chanlocs": places,
        "event": events,
        "comments": "made by a test",
    }


def write_set(path: Path, fields: dict[str, Any], *, in_structure: bool = True, is_packed: bool = True) -> Path:
    """A .set of MATLAB 5, by scipy."""
    scipy.io.savemat(path, {"EEG": fields} if in_structure else fields, do_compression=is_packed, appendmat=False)
    return path


def _eeglab_fdt(folder: Path) -> Path:
    (folder / "a.fdt").write_bytes(DATA_UV.astype("<f4").tobytes(order="F"))
    return write_set(folder / "a.set", eeglab_fields("a.fdt"))


def _eeglab_inside(folder: Path) -> Path:
    return write_set(folder / "a.set", eeglab_fields(DATA_UV.astype("<f4")))


def _eeglab_unpacked(folder: Path) -> Path:
    return write_set(folder / "a.set", eeglab_fields(DATA_UV), is_packed=False)


def _eeglab_top(folder: Path) -> Path:
    return write_set(folder / "a.set", eeglab_fields(DATA_UV), in_structure=False)


def _eeglab_73(folder: Path) -> Path:
    return write_set_73(folder / "a.set", DATA_UV)


def write_set_73(path: Path, data_uv: NDArray[np.float64]) -> Path:
    """A .set of MATLAB 7.3, as MATLAB lays it out: all transposed, texts as numbers, lists by reference."""
    with h5py.File(path, "w", userblock_size=512) as file:
        eeg, store = file.create_group("EEG"), file.create_group("#refs#")
        for name, value in (("nbchan", len(CHANNELS)), ("trials", 1), ("pnts", data_uv.shape[1]), ("srate", SFREQ)):
            eeg.create_dataset(name, data=np.array([[float(value)]])).attrs["MATLAB_class"] = np.bytes_("double")
        eeg.create_dataset("data", data=data_uv.T.astype("<f4")).attrs["MATLAB_class"] = np.bytes_("single")
        _structures(eeg, store, "chanlocs", {"labels": list(CHANNELS), "type": ["EEG"] * len(CHANNELS)})
        events: dict[str, list[Any]] = {
            "type": ["stim 7", 8.0],
            "latency": [MARK + 1.0, MARK + 2.0],
            "duration": [0.0, 0.0],
        }
        _structures(eeg, store, "event", events)
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    return path


def _structures(eeg: Any, store: Any, name: str, fields: dict[str, list[Any]]) -> None:
    group = eeg.create_group(name)
    for key, values in fields.items():
        references = [_stored(store, f"{name}-{key}-{index}", value) for index, value in enumerate(values)]
        group.create_dataset(key, data=np.array(references, dtype=h5py.ref_dtype)[:, None], dtype=h5py.ref_dtype)


def _stored(store: Any, name: str, value: str | float) -> Any:
    if isinstance(value, str):
        item = store.create_dataset(name, data=np.array([[ord(letter)] for letter in value], dtype="<u2"))
        item.attrs["MATLAB_class"] = np.bytes_("char")
    else:
        item = store.create_dataset(name, data=np.array([[value]]))
    return item.ref


def write_gdf(
    path: Path,
    data_uv: NDArray[np.float64] = DATA_UV,
    *,
    version: str = "2.20",
    channels: Sequence[str] = CHANNELS,
    marks: Sequence[tuple[int, int]] = ((MARK, 7),),
) -> Path:
    """GDF 1.x or 2.x with int16 samples, records of one second, and an event table of mode 1."""
    n_signals, n_records = len(data_uv), data_uv.shape[1] // SFREQ
    is_second = float(version) >= 1.9
    fixed = bytearray(256)
    fixed[:8] = f"GDF {version}".encode()
    fixed[8:168] = b" " * 160
    fixed[184:192] = struct.pack("<Q", n_signals + 1 if is_second else 256 * (n_signals + 1))
    struct.pack_into("<qII", fixed, 236, n_records, 1, 1)
    struct.pack_into("<H" if is_second else "<I", fixed, 252, n_signals)
    raw = np.rint(data_uv * 32767 / _FULL_UV).astype("<i2")
    records = raw.reshape(n_signals, n_records, SFREQ).transpose(1, 0, 2)
    table = _gdf_table(marks, is_second=is_second)
    path.write_bytes(bytes(fixed) + _gdf_signals(channels, is_second=is_second) + records.tobytes() + table)
    return path


def _gdf_signals(channels: Sequence[str], *, is_second: bool) -> bytes:
    n_signals = len(channels)
    labels = b"".join(name.encode("utf-8")[:16].ljust(16, b"\0") for name in channels)
    microvolts = b"uV".ljust(6, b"\0") + struct.pack("<H", _GDF_MICROVOLTS) if is_second else b"uV".ljust(8)
    ends = [struct.pack("<d", sign * _FULL_UV) * n_signals for sign in (-1, 1)]
    raw_ends = [struct.pack("<d" if is_second else "<q", sign * 32767) * n_signals for sign in (-1, 1)]
    units = microvolts * n_signals
    if is_second:
        units = microvolts[:6] * n_signals + microvolts[6:] * n_signals
    filters = b"\0" * 80 * n_signals
    sizes = struct.pack("<i", SFREQ) * n_signals + struct.pack("<i", 3) * n_signals
    return (
        labels + b"\0" * 80 * n_signals + units + b"".join(ends + raw_ends) + filters + sizes + b"\0" * 32 * n_signals
    )


def _gdf_table(marks: Sequence[tuple[int, int]], *, is_second: bool) -> bytes:
    count, rate = len(marks).to_bytes(3, "little"), SFREQ.to_bytes(3, "little")
    head = count + struct.pack("<f", SFREQ) if is_second else rate + struct.pack("<I", len(marks))
    positions = b"".join(struct.pack("<I", row + 1) for row, _code in marks)
    return b"\x01" + head + positions + b"".join(struct.pack("<H", code) for _row, code in marks)


def write_cnt(path: Path, *, item_bytes: int = 2, n_together: int = 1, channels: Sequence[str] = CHANNELS) -> Path:
    """Neuroscan's CNT: a header of 900 bytes, 75 a channel, samples, and a table with one event of type 1."""
    n_channels = len(channels)
    data_start = 900 + 75 * n_channels
    setup = bytearray(900)
    setup[:11] = b"Version 3.0"
    setup[225:247] = b"01/02/20\0\0" + b"12:00:00\0\0\0\0"
    struct.pack_into("<H", setup, 370, n_channels)
    struct.pack_into("<H", setup, 376, SFREQ)
    struct.pack_into("<i", setup, 864, N_SAMPLES)
    struct.pack_into("<i", setup, 886, data_start + n_channels * N_SAMPLES * item_bytes)
    struct.pack_into("<i", setup, 894, n_together * item_bytes if n_together > 1 else 0)
    raw = np.rint(DATA_UV * 32767 / _FULL_UV).astype("<i2" if item_bytes == 2 else "<i4")
    blocks = raw.reshape(n_channels, -1, n_together).transpose(1, 0, 2)
    heads = b"".join(_cnt_channel(name) for name in channels)
    event = struct.pack("<HBci", 7, 0, b"\0", data_start + (MARK + 1) * n_channels * item_bytes)
    table = struct.pack("<Bii", 1, len(event), 0) + event
    path.write_bytes(bytes(setup) + heads + blocks.tobytes() + table)
    return path


def _cnt_channel(name: str) -> bytes:
    """µV = raw · sensitivity · calibration / 204.8"""
    head = bytearray(75)
    head[:10] = name.encode("latin-1").ljust(10, b"\0")
    struct.pack_into("<f", head, 59, _FULL_UV / 32767 * 204.8)
    struct.pack_into("<f", head, 71, 1.0)
    return bytes(head)


def write_csv(
    path: Path,
    data_uv: NDArray[np.float64] = DATA_UV,
    *,
    headings: Sequence[str] = ("time", "Fp1 (uV)", "Fp2 (uV)", "Cz (uV)", "marker"),
    delimiter: str = ",",
    decimal: str = ".",
) -> Path:
    """A generic table: seconds, microvolts, and a text where something happened."""
    lines = [delimiter.join(headings)]
    for row, values in enumerate(data_uv.T):
        cells = [f"{number:.6f}".replace(".", decimal) for number in (row / SFREQ, *values)]
        lines.append(delimiter.join([*cells, "stim 7" if row == MARK else ""]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_muse(path: Path) -> Path:
    """As Mind Monitor writes: a row a sample with a clock's time, and a row of its own for a marker."""
    lines = ["TimeStamp,Alpha_TP9,RAW_TP9,RAW_AF7,RAW_AF8,AUX_RIGHT,Accelerometer_X,HeadBandOn,Elements"]
    for row, (first, second, third) in enumerate(DATA_UV.T + 800):
        stamp = np.datetime64("2026-01-02T23:59:58.000000") + np.timedelta64(round(1e6 * row / SFREQ), "us")
        text = str(stamp.astype("datetime64[ms]")).replace("T", " ")
        if row == MARK:
            lines.append(f"{text},,,,,,,,/Marker/7")
        lines.append(f"{text},0.5,{first:.5f},{second:.5f},{third:.5f},850.0,0.1,1")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


FORMATS: dict[str, Callable[[Path], Path]] = {
    "BDF": _bdf,
    "EDF+": _edf,
    "BrainVision float": lambda folder: _brainvision(folder, "float32"),
    "BrainVision int16": lambda folder: _brainvision(folder, "int16"),
    "FIF": _fif,
    "EEGLAB .fdt": _eeglab_fdt,
    "EEGLAB inside": _eeglab_inside,
    "EEGLAB unpacked": _eeglab_unpacked,
    "EEGLAB top": _eeglab_top,
    "EEGLAB 7.3": _eeglab_73,
    "GDF 1": lambda folder: write_gdf(folder / "a.gdf", version="1.25"),
    "GDF 2": lambda folder: write_gdf(folder / "a.gdf"),
    "CNT 16": lambda folder: write_cnt(folder / "a.cnt"),
    "CNT 32": lambda folder: write_cnt(folder / "a.cnt", item_bytes=4),
    "CNT blocks": lambda folder: write_cnt(folder / "a.cnt", n_together=64),
    "CSV": lambda folder: write_csv(folder / "a.csv"),
    "TSV": lambda folder: write_csv(folder / "a.tsv", delimiter="\t"),
    "Muse": lambda folder: write_muse(folder / "a.csv"),
}
