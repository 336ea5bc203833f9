"""Read the file of `quantci fit-latency`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, get_type_hints

import msgspec

from quantci.chip.datasheet import load_chip
from quantci.chip.esp_nn.terms import CHIP
from quantci.errors import ConfigError
from quantci.records.board_figures import BoardFigures, ModelFigures
from quantci.records.latency import LatencyBoard

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST_FILE: Final = 1 << 16  # more than 200 models need
_MOST_DOTS: Final = 500  # in a line: Python's reader takes the square of a dotted key's length, in time and memory
_REMEDY: Final = "See the example in docs/latency.md."


def read_figures(path: Path) -> BoardFigures:
    """What was measured on a board.

    Raises:
        ConfigError: `measurements`, naming the file and the key path; `config-value`: there is no such chip.
    """
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            cause = "This is not a file of measurements." if path.exists() else "There is no such file."
            raise _wrong(str(path), cause)
        data = path.read_bytes()
        if any(line.count(b".") > _MOST_DOTS for line in data.split(b"\n")):
            raise _wrong(str(path), "One of its lines has too many dots.")
        figures = msgspec.toml.decode(data, type=BoardFigures)
    except OSError as error:
        raise _wrong(str(path), f"The measurements cannot be read: {error.strerror}.") from None
    except msgspec.ValidationError as error:
        raise _explain(error, path) from None
    except (ValueError, RecursionError) as error:  # ValueError: no UTF-8, or a number of thousands of digits
        raise _wrong(str(path), f"This is not valid TOML: {error}.") from None
    if load_chip(figures.chip, f"{path}: chip").kernel_set != load_chip(CHIP).kernel_set:
        raise _wrong(
            f"{path}: chip",
            f"The latency of {figures.chip} cannot be estimated: the kernels that quantci knows are those of {CHIP}.",
            f"Use figures that were measured on an {CHIP}.",
        )
    for index, model in enumerate(figures.model):
        if (model.latency_us is None) == (model.cycles is None):
            cause = "Exactly one of latency_us and cycles is needed."
            raise _wrong(f"{path}: model[{index}]", cause, _help("latency_us"))
    return figures


def _explain(error: msgspec.ValidationError, path: Path) -> ConfigError:
    """msgspec's sentence, with the key in the file and what would be right."""
    text, _, pointer = str(error).partition(" - at ")
    key = pointer.strip("`").removeprefix("$").lstrip(".")
    unknown, missing = (re.search(rf"{word} field `(.+)`", text) for word in ("unknown", "missing required"))
    if unknown:
        return _wrong(
            f"{path}: {_join(key, unknown[1])}", "There is no such key.", f"Remove it, or correct its name. {_REMEDY}"
        )
    if missing:
        return _wrong(f"{path}: {_join(key, missing[1])}", "This key is missing.", _help(missing[1]))
    return _wrong(f"{path}: {key}", f"{text}.", _help(key.rpartition(".")[2]))


def _join(table: str, key: str) -> str:
    return f"{table}.{key}".lstrip(".")


def _help(key: str) -> str:
    """What the key means."""
    for kind in (BoardFigures, LatencyBoard, ModelFigures):
        hint = get_type_hints(kind, include_extras=True).get(key)
        text = next((str(meta.description) for meta in getattr(hint, "__metadata__", ()) if meta.description), "")
        if text:
            return f"{text} {_REMEDY}"
    return _REMEDY


def _wrong(where: str, cause: str, remedy: str = _REMEDY) -> ConfigError:
    return ConfigError("measurements", cause, where=where, remedy=remedy)
