from __future__ import annotations

import contextlib
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from quantci.data.array_file import arranged, read_npy
from quantci.data.sample import Sample
from quantci.data.tensor import digest_tensor, item_type, read_bin, read_tensor
from quantci.errors import ConfigError, DataRejected

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def code_of(read: Callable[[], object]) -> str:
    with pytest.raises(DataRejected) as caught:
        read()
    return caught.value.code


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "float32"])
def test_bin_and_npy_of_the_same_values_are_the_same(tmp_path: Path, dtype: str) -> None:
    values = np.arange(6).astype(dtype).reshape(2, 3)
    (tmp_path / "a.bin").write_bytes(values.astype(values.dtype.newbyteorder("<")).tobytes())
    np.save(tmp_path / "a.npy", values.astype(values.dtype.newbyteorder(">")))
    raw = read_bin(tmp_path / "a.bin", item_type(dtype), (2, 3))
    array = read_npy(tmp_path / "a.npy", (2, 3))
    assert np.array_equal(raw, values)
    assert np.array_equal(array, values)
    assert digest_tensor(raw) == digest_tensor(array)


def test_the_digest_tells_types_and_values_apart() -> None:
    zeros = np.zeros(4, np.int8)
    assert len({digest_tensor(v) for v in (zeros, zeros.astype(np.uint8), zeros + 1, zeros[:3])}) == 4


def test_window_of_a_bin(tmp_path: Path) -> None:
    np.arange(10, dtype="<i2").tofile(tmp_path / "a.bin")
    assert read_bin(tmp_path / "a.bin", item_type("int16"), (3,), (4, 6)).tolist() == [2, 3, 4]


def test_sizes_that_do_not_fit(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(10))
    np.save(tmp_path / "a.npy", np.zeros((2, 2)))
    int16 = item_type("int16")
    assert code_of(lambda: read_bin(tmp_path / "a.bin", int16, (4,))) == "tensor-size"
    assert code_of(lambda: read_bin(tmp_path / "a.bin", int16, (4,), (0, 10))) == "tensor-size"
    assert code_of(lambda: read_bin(tmp_path / "a.bin", int16, (4,), (4, 8))) == "unreadable-tensor"
    assert code_of(lambda: read_npy(tmp_path / "a.npy", (5,))) == "tensor-size"
    assert code_of(lambda: read_bin(tmp_path / "b.bin", int16, (4,))) == "unreadable-tensor"
    assert code_of(lambda: read_npy(tmp_path / "b.npy", (4,))) == "unreadable-tensor"


def test_a_batch_axis_of_one_is_accepted(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(6, dtype=np.float32).reshape(1, 2, 3))
    assert read_npy(tmp_path / "a.npy", (2, 3)).tolist() == [[0, 1, 2], [3, 4, 5]]


class _Marker:
    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("a pickle was loaded",))


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "object.npy", np.array([_Marker()], dtype=object), allow_pickle=True)
    (tmp_path / "bare.npy").write_bytes(pickle.dumps(_Marker()))
    for name in ("object", "bare"):
        path = tmp_path / f"{name}.npy"
        assert code_of(lambda path=path: read_npy(path, (1,))) == "unreadable-tensor"  # type: ignore[misc]


def test_arrays_that_are_no_numbers(tmp_path: Path) -> None:
    np.save(tmp_path / "text.npy", np.array(["a"]))
    np.save(tmp_path / "complex.npy", np.array([1j]))
    np.savez(tmp_path / "zip", a=np.zeros(1))
    (tmp_path / "zip.npz").rename(tmp_path / "zip.npy")
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "noise.npy").write_bytes(b"\x93NUMPY\x01\x00\x10\x00 what is this   \n")
    for name in ("text", "complex", "zip", "empty", "noise"):
        path = tmp_path / f"{name}.npy"
        assert code_of(lambda path=path: read_npy(path, (1,))) == "unreadable-tensor", name  # type: ignore[misc]


def test_a_header_that_promises_terabytes_takes_no_memory(tmp_path: Path) -> None:
    with (tmp_path / "a.npy").open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (10**13,)}
        np.lib.format.write_array_header_1_0(file, header)
    assert code_of(lambda: read_npy(tmp_path / "a.npy", (4,))) == "unreadable-tensor"


def test_damaged_files_never_end_in_another_error(tmp_path: Path) -> None:
    random = np.random.RandomState(0)
    np.save(tmp_path / "a.npy", np.zeros((2, 3), np.float32))
    data = np.frombuffer((tmp_path / "a.npy").read_bytes(), np.uint8)
    for _ in range(300):
        broken = data.copy()
        broken[random.randint(0, 80, 2)] = random.randint(0, 256, 2)
        (tmp_path / "a.npy").write_bytes(broken.tobytes())
        with contextlib.suppress(DataRejected):
            read_npy(tmp_path / "a.npy", (2, 3))


def test_a_bin_without_dtype_names_the_key() -> None:
    with pytest.raises(ConfigError) as caught:
        item_type(None)
    assert caught.value.where == "input.dtype"


def test_an_array_of_channels_first_is_turned_where_its_shape_says_so() -> None:
    first = np.arange(24).reshape(2, 3, 4)  # channels, height, width
    assert np.array_equal(arranged(first, (3, 4, 2)), first.transpose(1, 2, 0))
    assert np.array_equal(arranged(first[np.newaxis], (3, 4, 2)), first.transpose(1, 2, 0)), "with its batch"
    assert np.array_equal(arranged(first, (2, 3, 4)), first)
    assert np.array_equal(arranged(first, (24,)), first.ravel())
    assert np.array_equal(arranged(first.reshape(2, 12), (12, 2)), first.reshape(2, 12).T), "of a sensor"
    square = np.arange(8).reshape(2, 2, 2)
    assert np.array_equal(arranged(square, (2, 2, 2)), square), "where both fit, it is taken as it is"


def test_a_shape_in_the_configuration_says_how_a_bin_lies(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.int8).reshape(2, 3)
    values.tofile(tmp_path / "x.bin")
    sample = Sample("x", tmp_path / "x.bin", None, (), "x", None)
    for own, expected in (((), values.reshape(3, 2)), ((2, 3), values.T)):
        read = read_tensor(sample, "int8", (3, 2), own)
        assert read is not None
        assert np.array_equal(read, expected)
