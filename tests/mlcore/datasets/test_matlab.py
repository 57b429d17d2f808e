"""Arrays out of MATLAB files, and what strangers may put into them."""

from __future__ import annotations

import contextlib
import random
import struct
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlcore.datasets.mat5_arrays import read_part
from mlcore.datasets.matlab import mat_variables, read_cells, read_mat
from mlcore.errors import RecordingError
from tests.factories.eav import write_mat

VALUES = np.arange(24.0).reshape(2, 3, 4)
_HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM"


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_axes_are_matlab_s(tmp_path: Path, version: str) -> None:
    path = write_mat(tmp_path / "x.mat", "seg", VALUES, version=version)
    (variable,) = mat_variables(path)
    assert (variable.name, variable.shape, variable.is_numeric) == ("seg", (2, 3, 4), True)
    np.testing.assert_array_equal(read_mat(path, "seg"), VALUES)
    np.testing.assert_array_equal(read_mat(path, "seg", lambda _shape: (slice(None), slice(None), 2)), VALUES[:, :, 2])
    np.testing.assert_array_equal(read_mat(path, "seg", lambda _shape: (1,)), VALUES[1])


@pytest.mark.parametrize("kind", ["<f8", "<f4", ">f8", "i2", "u1", "i4", "u8"])
@pytest.mark.parametrize("is_packed", [True, False])
def test_a_part_is_what_scipy_reads(tmp_path: Path, kind: str, is_packed: bool) -> None:
    values = (100 * VALUES).astype(kind)
    path = tmp_path / "x.mat"
    scipy.io.savemat(path, {"label": "first", "seg": values, "zz": VALUES}, do_compression=is_packed)
    whole = scipy.io.loadmat(path)["seg"]
    every = slice(None)
    for index in ((every, every, 2), (1, every, every), (every, 0, slice(1, 3)), (0, 2, 3), (every,) * 3):
        np.testing.assert_array_equal(read_part(path, "seg", index), whole[index])
    for place in (4, -1):
        with pytest.raises(ValueError, match="there is no place"):
            read_part(path, "seg", (0, 0, place))
    with pytest.raises(ValueError, match="there is no array 'gone'"):
        read_part(path, "gone", (0,))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), is_packed=st.booleans())
def test_damage_anywhere_gives_a_slice_or_a_sentence(tmp_path: Path, seed: int, is_packed: bool) -> None:
    rng, path = random.Random(seed), tmp_path / "x.mat"
    scipy.io.savemat(path, {"seg": VALUES}, do_compression=is_packed)
    content = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(124, len(content))
        content[place : place + rng.choice((0, 1, 4))] = rng.randbytes(rng.choice((1, 4)))
    path.write_bytes(content[: rng.choice((len(content), rng.randrange(len(content))))])
    with contextlib.suppress(RecordingError):
        assert read_mat(path, "seg", lambda shape: (*(slice(None) for _ in shape[1:]), 0)).dtype == np.float64


def test_cells(tmp_path: Path) -> None:
    cells = np.empty((2, 1), dtype=object)
    cells[0, 0], cells[1, 0] = VALUES[0], VALUES[1]
    scipy.io.savemat(tmp_path / "x.mat", {"c": cells})
    np.testing.assert_array_equal(read_cells(tmp_path / "x.mat", "c"), VALUES)


@pytest.mark.parametrize("nested", [{"a": 1}, "words", np.array([[np.eye(2), "x"]], dtype=object)])
def test_cells_that_hold_something_else(tmp_path: Path, nested: object) -> None:
    cells = np.empty((1, 2), dtype=object)
    cells[0, 0], cells[0, 1] = VALUES[0], nested
    scipy.io.savemat(tmp_path / "x.mat", {"c": cells})
    with pytest.raises(RecordingError, match=r"^x\.mat: can't be read as MATLAB"):
        read_cells(tmp_path / "x.mat", "c")


def test_a_claim_of_a_thousand_million_cells(tmp_path: Path) -> None:
    head = _element(6, struct.pack("<II", 1, 0)) + _element(5, struct.pack("<2i", 50_000, 50_000)) + _element(1, b"c")
    (tmp_path / "x.mat").write_bytes(_HEADER + _element(14, head))
    with pytest.raises(RecordingError, match="longer than 10,000"):
        read_cells(tmp_path / "x.mat", "c")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"nothing of MATLAB" * 20, "can't be read as MATLAB"),
        (_HEADER, "there is no variable 'seg'"),
        (_HEADER + struct.pack("<II", 15, 50) + b"x" * 50, "can't be read as MATLAB"),
        (_HEADER + struct.pack("<II", 14, 2**31 - 1) + bytes(40), ""),
        (b"\0" * 512 + b"\x89HDF\r\n\x1a\n" + b"\0" * 100, "can't be read as MATLAB"),
    ],
)
def test_damage(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "x.mat"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"^x\.mat: ") as caught:
        read_mat(path, "seg")
    assert reason in str(caught.value)


def test_text_is_no_array(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "x.mat", {"seg": "words", "s": {"a": 1}})
    for name in ("seg", "s"):
        with pytest.raises(RecordingError, match="is no array of numbers"):
            read_mat(tmp_path / "x.mat", name)


def _element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def _matrix_head(shape: tuple[int, ...]) -> bytes:
    flags = _element(6, struct.pack("<II", 6, 0))
    return flags + _element(5, struct.pack(f"<{len(shape)}i", *shape)) + _element(1, b"seg")


def test_a_claim_of_a_thousand_million_numbers(tmp_path: Path) -> None:
    matrix = _matrix_head((100_000, 100_000)) + _element(9, bytes(64))
    (tmp_path / "x.mat").write_bytes(_HEADER + _element(14, matrix))
    with pytest.raises(RecordingError, match="claims an array of 10,000,000,000 numbers"):
        read_mat(tmp_path / "x.mat", "seg")
    with h5py.File(tmp_path / "y.mat", "w") as file:
        file.create_dataset("seg", (100_000, 100_000), "f8", chunks=True)
    with pytest.raises(RecordingError, match="claims an array of 10,000,000,000 numbers"):
        read_mat(tmp_path / "y.mat", "seg")


def test_a_block_that_would_unpack_to_more_than_memory(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "y.mat", "w") as file:
        file.create_dataset("seg", (20_000, 20_000), "f8", chunks=(20_000, 20_000), compression="gzip")
    with pytest.raises(RecordingError, match="its blocks are larger"):
        read_mat(tmp_path / "y.mat", "seg", lambda _shape: (0, 0))


def test_columns_longer_than_any_recording(tmp_path: Path) -> None:
    claim = (
        _element(6, struct.pack("<II", 6, 0)) + _element(5, struct.pack("<2i", 500_000_000, 1)) + _element(1, b"seg")
    )
    (tmp_path / "x.mat").write_bytes(_HEADER + _element(14, claim + struct.pack("<II", 2, 500_000_000)))
    with pytest.raises(RecordingError, match="its columns are longer"):
        read_mat(tmp_path / "x.mat", "seg", lambda _shape: (0, 0))


def test_what_unpacks_to_more_than_it_claims(tmp_path: Path) -> None:
    n_bytes = 700_000_000
    packer = zlib.compressobj(1)
    head = struct.pack("<II", 14, n_bytes) + _matrix_head((2, 2)) + struct.pack("<II", 9, n_bytes)
    zeros = bytes(10_000_000)
    packed = packer.compress(head) + b"".join(packer.compress(zeros) for _ in range(70)) + packer.flush()
    (tmp_path / "x.mat").write_bytes(_HEADER + struct.pack("<II", 15, len(packed)) + packed)
    for index in (None, lambda _shape: (slice(None), 0)):
        with pytest.raises(RecordingError, match="its sizes are wrong"):
            read_mat(tmp_path / "x.mat", "seg", index)


def test_links_and_data_elsewhere_are_not_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["seg"] = VALUES
    (tmp_path / "raw").write_bytes(bytes(80))
    with h5py.File(tmp_path / "x.mat", "w") as file:
        file["linked"] = h5py.ExternalLink("other.h5", "seg")
        file["soft"] = h5py.SoftLink("/linked")
        file.create_dataset("outside", (10,), "f8", external=[("raw", 0, 80)])
        layout = h5py.VirtualLayout((2, 3, 4), "f8")
        layout[:] = h5py.VirtualSource("other.h5", "seg", (2, 3, 4))
        file.create_virtual_dataset("virtual", layout)
        file["loop"] = h5py.SoftLink("/loop")
    assert {variable.name: variable.is_numeric for variable in mat_variables(tmp_path / "x.mat")} == dict.fromkeys(
        ("linked", "soft", "outside", "virtual", "loop"), False
    )
    for name in ("linked", "soft", "outside", "virtual", "loop"):
        with pytest.raises(RecordingError, match="is no array of numbers"):
            read_mat(tmp_path / "x.mat", name)
