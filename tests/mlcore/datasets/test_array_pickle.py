"""Pickles of arrays by every protocol are read; every other pickle is refused, and nothing of it runs."""

from __future__ import annotations

import contextlib
import pickle
import pickletools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlcore.datasets.array_pickle import array_shapes, read_arrays
from mlcore.errors import RecordingError

ARRAYS = {"data": np.arange(24.0).reshape(2, 3, 4), "labels": np.asfortranarray(np.arange(6.0).reshape(2, 3))}


def _written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "s01.dat"
    path.write_bytes(content)
    return path


def _refusal(tmp_path: Path, content: bytes) -> str:
    with pytest.raises(RecordingError) as caught:
        read_arrays(_written(tmp_path, content), ("data",))
    assert str(caught.value).startswith("s01.dat: ")
    assert str(caught.value).endswith(".")
    return str(caught.value)


@pytest.mark.parametrize("protocol", range(6))
def test_what_numpy_writes(tmp_path: Path, protocol: int) -> None:
    path = _written(tmp_path, pickle.dumps(ARRAYS, protocol=protocol))
    read = read_arrays(path, ("data", "labels"))
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(read[name], array)
    assert array_shapes(path) == {"data": (2, 3, 4), "labels": (2, 3)}


@pytest.mark.parametrize("kind", ["<f8", ">f8", "<f4", ">i4", "u1", "<i2"])
def test_numbers_of_every_kind(tmp_path: Path, kind: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(kind)
    read = read_arrays(_written(tmp_path, pickle.dumps({"data": array}, protocol=2)), ("data",))["data"]
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read, array)


def test_what_python_2_wrote(tmp_path: Path) -> None:
    """Text and bytes were one there, the module was called otherwise."""
    content = (
        b"\x80\x02}q\x01U\x04datacnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x10" + np.array([1.5, -2.0]).tobytes() + b"tbs."
    )
    np.testing.assert_array_equal(read_arrays(_written(tmp_path, content), ("data",))["data"], [1.5, -2.0])


class _Runs:
    """What unpickling would call."""

    def __init__(self, called: Callable[..., Any], *arguments: Any) -> None:
        self._reduced = (called, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._reduced


@pytest.mark.parametrize("protocol", range(6))
def test_code_is_never_run(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "ran"
    content = pickle.dumps({"data": ARRAYS["data"], "x": _Runs(Path.touch, mark)}, protocol=protocol)
    assert "only arrays are admitted" in _refusal(tmp_path, content)
    pickle.loads(content)
    assert mark.exists()  # it would have run


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"cos\nsystem\n(S'touch ran'\ntR.", "'os.system'"),
        (b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.", "'builtins.eval'"),
        (b"\x80\x04\x8c\x05numpy\x8c\x07ndarray\x93)R.", "calls numpy.ndarray as numpy never does"),
        (b"\x80\x04\x8c\x05numpy\x8c\x10testing.os.popen\x93.", "'numpy.testing.os.popen'"),
        (b"(icodecs\nopen\n.", "asks for INST"),
        (b"\x80\x02cnumpy\nndarray\n)\x81.", "asks for NEWOBJ"),
        (b"\x80\x02cnumpy\nndarray\n)o.", ""),
        (b"\x80\x02K\x01Q.", "asks for BINPERSID"),
        (b"Pwhere\n.", "asks for PERSID"),
        (b"\x80\x02\x82\x01.", "asks for EXT1"),
        (b"\x80\x02]q\x00h\x00a.", "asks for EMPTY_LIST"),
        (b"\x80\x02}K\x01K\x02s.", "something else than named arrays"),
        (b"\x80\x02K\x01.", "no dictionary of arrays"),
        (b"\x80\x02}U\x04dataK\x01s.", "no dictionary of arrays"),
        (b"\x80\x02h\x05.", "damaged"),
        (b"\x80\x02R.", "stack runs empty"),
        (b"\x80\x02t.", "stack runs empty"),
        (b"\x80\x02}(U\x04datas.", ""),
        (b"}\x94U\x04data", ""),
        (b"", "the file is empty"),
        (b"no pickle", ""),
    ],
)
def test_what_is_no_dictionary_of_arrays(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason in _refusal(tmp_path, content)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02}T\xff\xff\xff\x7fdata",
        b"\x80\x04}\x8e\xff\xff\xff\xff\xff\xff\xff\x7fdata",
        b"\x80\x04\x8d\x00\x00\x00\x00\x00\x01\x00\x00data",
        b"\x80\x02K\x01r\xff\xff\xff\x7f.",
        b"K\x01p99999999999\n.",
        b"I" + b"9" * 1_000_000 + b"\n.",
        b"\x80\x02" + b"(" * 2_000_000,
        b"\x80\x02)q\x00" + b"h\x00h\x00\x86q\x00" * 40_000 + b".",
    ],
)
def test_huge_claims_cost_nothing(tmp_path: Path, content: bytes) -> None:
    _refusal(tmp_path, content)


def test_an_array_of_more_than_is_there(tmp_path: Path) -> None:
    content = pickle.dumps({"data": np.zeros(3)}, protocol=2)
    lying = content.replace(b"K\x03\x85", b"J\x00\x00\x00\x40\x85")
    assert lying != content
    assert "claims 1,073,741,824 numbers and has 24 bytes" in _refusal(tmp_path, lying)


def test_an_array_of_objects(tmp_path: Path) -> None:
    content = pickle.dumps({"data": np.array([1.0, "x"], dtype=object)}, protocol=2)
    assert "asks for" in _refusal(tmp_path, content)


def test_an_array_that_is_missing(tmp_path: Path) -> None:
    content = pickle.dumps({"labels": np.zeros(3)}, protocol=2)
    assert _refusal(tmp_path, content) == "s01.dat: the pickle holds no array 'data'."


def test_a_file_above_the_limit_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "s01.dat"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(RecordingError, match="a pickle above 160 MB is not read"):
        read_arrays(path, ("data",))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), protocol=st.integers(0, 5), n_changes=st.integers(1, 8))
def test_damage_anywhere_gives_arrays_or_a_sentence(tmp_path: Path, seed: int, protocol: int, n_changes: int) -> None:
    rng, content = random.Random(seed), bytearray(pickle.dumps(ARRAYS, protocol=protocol))
    for _ in range(n_changes):
        place = rng.randrange(len(content))
        content[place : place + rng.choice((0, 1, 1, 3))] = rng.randbytes(rng.choice((1, 1, 2)))
    path = _written(tmp_path, bytes(content))
    with contextlib.suppress(RecordingError):
        assert all(array.dtype == np.float64 for array in read_arrays(path, ("data", "labels")).values())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from([op for op in pickletools.opcodes if op.arg is None]), max_size=40))
def test_operations_in_any_order(tmp_path: Path, names: list[Any]) -> None:
    content = b"\x80\x04K\x01" + b"".join(op.code.encode("latin-1") for op in names) + b"."
    with pytest.raises(RecordingError, match=r"^s01\.dat: "):
        read_arrays(_written(tmp_path, content), ("data",))
