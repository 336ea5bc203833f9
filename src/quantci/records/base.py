"""The base of all records, and the only place where they are encoded, decoded, read and written."""

from __future__ import annotations

import math
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

from quantci.errors import ConfigError, ToolError

SCHEMA_VERSION = 1


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen, strictly decoded piece of data. Subclasses repeat `kw_only=True`: msgspec does not inherit it."""


R = TypeVar("R", bound=Record)


def encode(record: Record) -> bytes:
    """The record as indented JSON that ends in a newline.

    Raises:
        ValueError: a number is not finite (msgspec would write null), or a field does not fit its own type: struct
            constructors do not validate, so the record is decoded again and compared.
    """
    data = msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"
    try:
        fault = "" if msgspec.json.decode(data, type=type(record)) == record else "changes when written and read again"
    except msgspec.ValidationError as error:
        fault = f"does not fit its own schema: {error}"
    if not fault:
        return data
    for pointer, value in _leaves(msgspec.to_builtins(record), "$"):
        if isinstance(value, float) and not math.isfinite(value):
            fault = f"{value} at {pointer}: what is not measured is null, never {value}"
    msg = f"{type(record).__name__}: {fault}"
    raise ValueError(msg)


def decode(data: bytes, kind: type[R]) -> R:
    """The record of `kind` in this JSON.

    Raises:
        msgspec.ValidationError: the JSON does not fit; its text names the path of the offending value.
    """
    return msgspec.json.decode(data, type=kind)


def write(path: Path, record: Record) -> None:
    """Write the record to `path`, whole or not at all."""
    write_bytes(path, encode(record))


def read(path: Path, kind: type[R]) -> R:
    """Read a record that quantci wrote.

    Raises:
        ConfigError: `not-found`.
        ToolError: `unreadable`, or `schema` with the JSON path.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            "not-found",
            f"There is no {path.name} here.",
            where=str(path),
            remedy=f"Run the stage that writes it first: quantci {path.stem}.",
        ) from None
    except OSError as error:
        raise ToolError(
            "unreadable",
            f"This record cannot be read: {error.strerror}.",
            where=str(path),
            remedy="Remove it, and run the stage that writes it.",
        ) from None
    try:
        return decode(data, kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ToolError(
            "schema",
            f"This is not a valid {kind.__name__}: {error}.",
            where=str(path),
            remedy="Write it again with this version of quantci.",
        ) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: into a temporary sibling, then renamed over `path`.

    Raises:
        ToolError: `unwritable`: the folder cannot be made or written, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ToolError(
            "unwritable",
            f"Cannot write this file: {error.strerror or error}.",
            where=str(path),
            remedy="Choose another folder with --output-dir, or free the disk.",
        ) from error


def _leaves(value: object, pointer: str) -> Iterable[tuple[str, object]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{pointer}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{pointer}[{index}]")
    else:
        yield pointer, value
