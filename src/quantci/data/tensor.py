"""Raw tensors: .npy files, and .bin files whose type and shape the configuration gives."""

from __future__ import annotations

import functools
import hashlib
import io
import math
import os
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from quantci.errors import ConfigError, DataRejected

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_LARGEST_HEADER = 10_000  # numpy's own limit
# MLPerf Tiny's files are little-endian; so are the chip and its host, but a record must not depend on that.
_ITEM_TYPES = {"int8": "<i1", "uint8": "<u1", "int16": "<i2", "float32": "<f4"}


def item_type(dtype: str | None) -> np.dtype[Any]:
    """The little-endian numpy type of the values in .bin files.

    Raises:
        ConfigError: `input-dtype`: the configuration does not tell.
    """
    if dtype is None:
        raise ConfigError(
            "input-dtype",
            "The set has .bin files, and a .bin file does not say what type its values have.",
            where="input.dtype",
            remedy="Set input.dtype to int8, uint8, int16 or float32.",
        )
    return np.dtype(_ITEM_TYPES[dtype])


def read_bin(
    path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], window: tuple[int, int] | None = None
) -> NDArray[Any]:
    """Read a .bin file, or the window (byte offset, length) of it, as an array of `shape` and `dtype`.

    Raises:
        DataRejected: `tensor-size`, or `unreadable-tensor` when the system cannot read it.
    """
    wanted = math.prod(shape) * dtype.itemsize
    try:
        offset, length = window or (0, path.stat().st_size)
        if length != wanted:
            raise DataRejected(
                "tensor-size",
                f"{'Its window' if window else 'The file'} has {length} bytes, but {dtype.name} of shape "
                f"{list(shape)} takes {wanted}.",
                where=str(path),
                remedy="Correct input.dtype and input.shape, or use the files that belong to this model.",
            )
        values = np.fromfile(path, dtype=dtype, count=math.prod(shape), offset=offset)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    if values.size != math.prod(shape):
        raise _unreadable(path, "the file ends before the window does")
    return values.reshape(shape)


def read_npy(path: Path, shape: tuple[int, ...]) -> NDArray[Any]:
    """Read a .npy file of one sample as an array of `shape`, in the file's own type.

    Raises:
        DataRejected: `tensor-size`, or `unreadable-tensor` if it is not a .npy of numbers.
    """
    try:
        with path.open("rb") as file:
            found, is_fortran, dtype = _read_header(file)
            _check_shape(found, shape, path)
            values = np.fromfile(file, dtype=dtype, count=math.prod(found))
            return np.ascontiguousarray(values.reshape(found, order="F" if is_fortran else "C")).reshape(shape)
    except DataRejected:
        raise
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (
        Exception
    ) as error:  # numpy parses the header as Python text: a damaged one raises what a tokenizer can raise
        raise _unreadable(path, "it is not a .npy of plain numbers, or it is cut off") from error


def _read_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether it is in Fortran's order, and type. numpy.load() would also open archives and pickles.

    Raises:
        ValueError: it is not a .npy of numbers, is of version 3 (which numpy writes for records only), or is cut off.
    """
    start = file.read(12)  # magic, version, length; in version 1 the length has two bytes, and the text begins
    size = int.from_bytes(start[8:10], "little") - 2 if start[6] == 1 else int.from_bytes(start[8:12], "little")
    if not 0 <= size <= _LARGEST_HEADER:
        msg = "its header is too long"
        raise ValueError(msg)
    header = _parse_header(start + file.read(size))
    # Before memory is taken: a header may promise terabytes.
    if math.prod(header[0]) * header[2].itemsize > os.fstat(file.fileno()).st_size - file.tell():
        msg = "cut off"
        raise ValueError(msg)
    return header


@functools.lru_cache(maxsize=8)
def _parse_header(head: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """A whole header; those of a set are the same, and Python takes longer to read one than to read the numbers."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    file = io.BytesIO(head)
    version = np.lib.format.read_magic(file)
    header = readers[version](file) if version in readers else None
    if header is None or header[2].kind not in "biuf":
        msg = "no numbers"
        raise ValueError(msg)
    return header


def _check_shape(found: tuple[int, ...], shape: tuple[int, ...], path: Path) -> None:
    if math.prod(found) != math.prod(shape):
        raise DataRejected(
            "tensor-size",
            f"The array has shape {list(found)}, but the model's input has {list(shape)}.",
            where=str(path),
            remedy="Write one sample per file, in the shape of the model's input without the batch.",
        )


def digest_tensor(values: NDArray[Any]) -> str:
    """SHA-256 over the type and the little-endian bytes: the same values in .npy and .bin have the same digest."""
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return hashlib.sha256(f"{little.dtype.name}\n".encode() + little.tobytes()).hexdigest()


def _unreadable(path: Path, reason: str) -> DataRejected:
    return DataRejected(
        "unreadable-tensor",
        f"This tensor cannot be read: {reason}.",
        where=str(path),
        remedy="Write the file again or take it out of the set.",
    )
