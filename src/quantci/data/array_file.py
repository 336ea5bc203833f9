"""Arrays of NumPy: .npy files, and .npz archives of them. Nothing is unpickled, and of a whole set one row is read."""

from __future__ import annotations

import functools
import io
import math
import os
import zipfile
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from quantci.errors import DataRejected
from quantci.git_lfs import IS_POINTER, is_pointer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MOST_BYTES = 64_000_000_000  # of one array
_LARGEST_HEADER = 10_000  # numpy's own limit
_NUMBERS, _WORDS = "biuf", "US"


class Header(NamedTuple):
    """What a .npy says of itself.

    Attributes:
        start: byte at which the values begin.
    """

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]
    start: int

    @property
    def bytes(self) -> int:
        """How long the values are."""
        return math.prod(self.shape) * self.dtype.itemsize


def is_archived(path: Path) -> bool:
    """Whether the path names an array in an archive: data.npz/X."""
    return path.parent.suffix.lower() == ".npz"


def read_npy(path: Path, shape: tuple[int, ...]) -> NDArray[Any]:
    """Read a .npy file of one sample as an array of `shape`, in the file's own type.

    Raises:
        DataRejected: `tensor-size`, or `unreadable-tensor` when it is no .npy of numbers.
    """
    header = read_header(path)
    if math.prod(header.shape) != math.prod(shape):
        raise DataRejected(
            "tensor-size",
            f"The array has shape {list(header.shape)}, but the model's input has {list(shape)}.",
            where=str(path),
            remedy="Write one sample a file, in the shape of the model's input without the batch; an array of a whole "
            "set is read where the set names it: X.npy, with y.npy beside it.",
        )
    with path.open("rb") as file:
        values = np.fromfile(file, dtype=header.dtype, count=math.prod(header.shape), offset=header.start)
    in_order = values.reshape(header.shape, order="F" if header.is_fortran else "C")
    return arranged(in_order, shape)


def read_header(path: Path, kinds: str = _NUMBERS) -> Header:
    """The header of a .npy file or of an array in an archive.

    Raises:
        DataRejected: `unreadable-tensor`.
    """
    try:
        if is_archived(path):
            with zipfile.ZipFile(path.parent) as archive, archive.open(_member(archive, path)) as member:
                return _read_header(member, archive.getinfo(_member(archive, path)).file_size, path, kinds)
        with path.open("rb") as file:
            return _read_header(file, os.fstat(file.fileno()).st_size, path, kinds)
    except DataRejected:
        raise
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from error
    except Exception as error:  # a damaged one raises what a tokenizer, zipfile or zlib can raise
        raise unreadable(path, "it is not a .npy of plain numbers, or it is cut off") from error


def read_row(path: Path, index: int, shape: tuple[int, ...]) -> NDArray[Any]:
    """One row of the array of a whole set, as an array of `shape`.

    Raises:
        DataRejected: `tensor-size`, or `unreadable-tensor`.
    """
    try:
        rows = _open_rows(path, (path.parent if is_archived(path) else path).stat().st_mtime_ns)
        fits = math.prod(rows.header.shape[1:]) == math.prod(shape)
        values = rows.read(index) if fits else None
    except DataRejected:
        raise
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from error
    except Exception as error:  # zipfile and zlib
        raise unreadable(path, "it is damaged, or cut off") from error
    if values is None:
        raise DataRejected(
            "tensor-size",
            f"A row of this array has shape {list(rows.header.shape[1:])}, but the model's input has {list(shape)}.",
            where=str(path),
            remedy="Save the samples along the first axis, each in the shape of the model's input without batch.",
        )
    return arranged(values, shape)


def arranged(values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """The values in the model's shape; an array whose channels come first is turned, where its shape tells that."""
    own = values.shape[1:] if values.ndim == len(shape) + 1 else values.shape
    if len(shape) > 1 and own == (shape[-1], *shape[:-1]) != shape:
        values = np.moveaxis(values.reshape(own), 0, -1)
    return np.ascontiguousarray(values).reshape(shape)


def read_labels(path: Path, most_bytes: int) -> NDArray[Any]:
    """All of an array of numbers or words.

    Raises:
        DataRejected: `unreadable-tensor`.
    """
    header = read_header(path, _NUMBERS + _WORDS)
    if header.bytes > most_bytes:
        raise unreadable(path, f"labels of {header.bytes:,} bytes are more than the {most_bytes:,} that are read")
    try:
        if is_archived(path):
            # No more than the header says: what follows it could fill the memory.
            with zipfile.ZipFile(path.parent) as archive, archive.open(_member(archive, path)) as member:
                data = member.read(header.start + header.bytes)[header.start :]
        else:
            with path.open("rb") as file:
                file.seek(header.start)
                data = file.read(header.bytes)
        values = np.frombuffer(data, header.dtype, math.prod(header.shape))
    except Exception as error:
        raise unreadable(path, "it is damaged, or cut off") from error
    return values.reshape(header.shape, order="F" if header.is_fortran else "C")


def unreadable(path: Path, reason: str) -> DataRejected:
    """The fault of a file that gives no tensor."""
    return DataRejected(
        "unreadable-tensor",
        f"This tensor cannot be read: {IS_POINTER if is_pointer(path) else reason}.",
        where=str(path),
        remedy="Write the file again or take it out of the set.",
    )


class _Rows:
    """The array of a whole set, read row by row."""

    def __init__(self, path: Path) -> None:
        self.header = read_header(path)
        self._path = path
        # Compressed bytes can only be read on: samples come in the order of the set, so each is unpacked once.
        self._stream = _open_member(path) if is_archived(path) else None

    def read(self, index: int) -> NDArray[Any]:
        shape, is_fortran, dtype, start = self.header
        count = math.prod(shape[1:])
        if self._stream is None and is_fortran:
            mapped = np.memmap(self._path, dtype, "r", start, shape, "F")
            return np.array(mapped[index])
        offset = start + index * count * dtype.itemsize
        if self._stream is None:
            with self._path.open("rb") as file:
                values = np.fromfile(file, dtype, count, offset=offset)
        else:
            self._stream.seek(offset)
            values = np.frombuffer(self._stream.read(count * dtype.itemsize), dtype)
        if values.size != count:
            msg = "cut off"
            raise ValueError(msg)
        return values.reshape(shape[1:])


@functools.lru_cache(maxsize=2)
def _open_rows(path: Path, _changed_ns: int) -> _Rows:
    return _Rows(path)


def _open_member(path: Path) -> IO[bytes]:
    archive = zipfile.ZipFile(path.parent)
    return archive.open(_member(archive, path))


def _member(archive: zipfile.ZipFile, path: Path) -> str:
    return next(name for name in archive.namelist() if name.removesuffix(".npy") == path.name)


def _read_header(file: IO[bytes], size: int, path: Path, kinds: str) -> Header:
    """numpy.load() would also open archives and pickles.

    Raises:
        ValueError: it is no .npy, it is one of version 3, which numpy writes for records only, or cut off.
        DataRejected: `unreadable-tensor`.
    """
    start = file.read(12)  # magic, version, length; in version 1 the length has two bytes, and the text begins
    length = int.from_bytes(start[8:10], "little") - 2 if start[6] == 1 else int.from_bytes(start[8:12], "little")
    if not 0 <= length <= _LARGEST_HEADER:
        msg = "no header of numbers is so long"
        raise ValueError(msg)
    shape, is_fortran, dtype = _parse_header(start + file.read(length))
    if dtype.hasobject:
        raise unreadable(path, "it holds Python objects (pickle), which are never loaded; save numbers or words")
    if dtype.kind not in kinds:
        raise unreadable(path, f"its values are {dtype}, not numbers")
    if min(shape, default=0) < 0:
        raise unreadable(path, f"its shape is {list(shape)}")
    header = Header(shape, is_fortran, dtype, 12 + length)
    # Before memory is taken: a header may promise terabytes.
    if header.bytes > size - header.start:
        raise unreadable(path, "it is cut off: its header promises more values than there are")
    if header.bytes > MOST_BYTES:
        raise unreadable(path, f"it has {header.bytes:,} bytes, more than the {MOST_BYTES:,} that are read")
    return header


@functools.lru_cache(maxsize=8)
def _parse_header(head: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """A whole header; those of a set are the same, and Python takes longer to read one than to read the numbers."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    file = io.BytesIO(head)
    version = np.lib.format.read_magic(file)
    if version not in readers:
        msg = "no numbers"
        raise ValueError(msg)
    return readers[version](file)
