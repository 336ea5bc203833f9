"""Raw tensors: a file each, or one of many in a .bin, a CSV or an array."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.data.array_file import arranged, is_archived, read_npy, read_row, unreadable
from quantci.data.csv_values import read_line
from quantci.errors import ConfigError, DataRejected

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.data.sample import Sample

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


def read_tensor(
    sample: Sample, dtype: str | None, shape: tuple[int, ...], own: tuple[int, ...] = ()
) -> NDArray[Any] | None:
    """The values of a sample as an array of `shape`, in the file's own type; None where the file is no tensor's.

    Args:
        sample: what to read.
        dtype: of the values in .bin files.
        shape: of the model's input without batch.
        own: of the values in .bin and .csv files, as input.shape says it; empty where it is the model's.

    Raises:
        DataRejected: `tensor-size`, `manifest`, or `unreadable-tensor`.
        ConfigError: `input-dtype`.
    """
    suffix = sample.path.suffix.lower()
    if suffix == ".csv" and sample.window is not None:
        return arranged(read_line(sample, sample.window, own or shape), shape)
    if (suffix == ".npy" or is_archived(sample.path)) and sample.window is not None:
        return read_row(sample.path, sample.window[0], shape)
    if suffix == ".npy":
        return read_npy(sample.path, shape)
    if suffix == ".bin":
        return arranged(read_bin(sample.path, item_type(dtype), own or shape, sample.window), shape)
    return None


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
        raise unreadable(path, error.strerror or str(error)) from error
    if values.size != math.prod(shape):
        raise unreadable(path, "the file ends before the window does")
    return values.reshape(shape)


def digest_tensor(values: NDArray[Any]) -> str:
    """SHA-256 over the type and the little-endian bytes: the same values in .npy and .bin have the same digest."""
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return hashlib.sha256(f"{little.dtype.name}\n".encode() + little.tobytes()).hexdigest()
