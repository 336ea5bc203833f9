"""Where an annotation belongs: the file of the repository, and the line of quantci.toml, that a fault is about."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from quantci.records.config import MOST_BYTES


class Place(NamedTuple):
    """A file relative to the repository, and a line in it from 1 on; 0 for the file as a whole."""

    file: str
    line: int = 0


def place_of(where: str, config: Path, root: Path) -> Place:
    """The place that a fault's `where` names: a file, a key of the configuration, or both (`quantci.toml: gates.x`).

    A key is looked up in the configuration, and so is the key that names a file or folder which is not there; a file
    of the repository stands for itself; anything else is about the configuration as a whole. An input, and a
    configuration that is not there, have no place: the workflow names them.
    """
    if where.startswith("input `") or not config.exists():
        return Place("")
    for part in where.split(": "):
        path = Path(part)
        if part and path.is_file() and not path.samefile(config):
            inside = _relative(path, root)
            if inside:
                return Place(inside)
    text = _read(config)
    for part in reversed(where.split(": ")):
        line = line_of(text, part) or line_of(text, _key_naming(part, text, config.parent))
        if line:
            return Place(_relative(config, root), line)
    return Place(_relative(config, root))


def line_of(text: str, key: str) -> int:
    """Line of a key such as `gates.max_model_bytes` in this TOML, or of its section; 0 if neither is there."""
    section, _, name = key.rpartition(".")
    found, current = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.fullmatch(r"\s*\[\s*([\w.-]+)\s*\]\s*(?:#.*)?", line)
        if header:
            current = header[1]
            found = number if current in {section, key} else found
        elif current == section and re.match(rf"\s*{re.escape(name)}\s*=", line):
            return number
    return found


def _key_naming(path: str, text: str, base: Path) -> str:
    """The key whose value is this path, as written or from the configuration's folder; empty if there is none."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return ""
    for section, table in tree.items():
        for name, value in table.items() if isinstance(table, dict) else ():
            if isinstance(value, str) and path and path in {value, str(base / value)}:
                return f"{section}.{name}"
    return ""


def _read(config: Path) -> str:
    try:
        return config.read_text(encoding="utf-8", errors="replace") if config.stat().st_size <= MOST_BYTES else ""
    except OSError:
        return ""


def _relative(path: Path, root: Path) -> str:
    """Relative to the root, links resolved; empty where it lies elsewhere."""
    real, base = Path(os.path.realpath(path)), Path(os.path.realpath(root))
    return real.relative_to(base).as_posix() if real.is_relative_to(base) else ""
