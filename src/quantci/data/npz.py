"""Arrays of a .npz that strangers may have written: nothing in it is taken on trust, and no pickle is loaded."""

from __future__ import annotations

import contextlib
import math
import warnings
import zipfile
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_ARRAY_BYTES: Final = 1024**3


def read_array(archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """One array. Memory is taken for that type and shape, whatever the archive and its header claim.

    Raises:
        ValueError: the array is another one; zipfile and numpy raise what they like on damaged archives and headers.
    """
    with _opened(archive, name) as (file, found):
        if found != (shape, False, dtype):
            msg = f"{name}.npy is {found[2]} {list(found[0])}, but must be {dtype} {list(shape)}"
            raise ValueError(msg)
        return _content(file, name, dtype, shape)


def read_texts(archive: zipfile.ZipFile, name: str, count: int | None = None) -> list[str]:
    """An array of texts, as many as are expected, or any number.

    Raises:
        ValueError: see read_array().
    """
    with _opened(archive, name) as (file, (shape, _, dtype)):
        if dtype.kind != "U" or not dtype.isnative or len(shape) != 1 or count not in {None, shape[0]}:
            msg = f"{name}.npy is {dtype} {list(shape)}, but must be {'' if count is None else count} texts"
            raise ValueError(msg)
        texts: list[str] = _content(file, name, dtype, shape).tolist()
        return texts


@contextlib.contextmanager
def _opened(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[IO[bytes], tuple[tuple[int, ...], bool, Any]]]:
    """The file of an array behind its header, and what that says: shape, whether in Fortran's order, type."""
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:  # the others expand without a bound
        msg = f"{name} is compressed in a way that numpy does not write"
        raise ValueError(msg)
    with archive.open(info) as file, warnings.catch_warnings():
        warnings.simplefilter("error")  # numpy warns of headers that it has to repair
        if np.lib.format.read_magic(file) != (1, 0):
            msg = f"{name} is in another version of the format"
            raise ValueError(msg)
        yield file, np.lib.format.read_array_header_1_0(file)


def _content(file: IO[bytes], name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    size = dtype.itemsize * math.prod(shape)
    if not 0 <= size <= MOST_ARRAY_BYTES:
        msg = f"{name} has {size:,} bytes, more than are read"
        raise ValueError(msg)
    raw = file.read(size + 1)
    if len(raw) != size:
        msg = f"{name} has {'more' if len(raw) > size else 'fewer'} bytes than its header says"
        raise ValueError(msg)
    return np.frombuffer(raw, dtype).reshape(shape)
