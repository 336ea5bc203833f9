"""The effective configuration: quantci.toml, then QUANTCI_* variables, then command line options."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from quantci.cli.options import PATH_KEYS, all_keys, overrides
from quantci.errors import ConfigError
from quantci.records.base import encode
from quantci.records.config import Config

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

DEFAULT_FILE = "quantci.toml"


class Settings(NamedTuple):
    """The configuration, and what its relative paths start from."""

    config: Config
    file: Path
    base: Path
    sha256: str

    @property
    def output(self) -> Path:
        """Folder that everything is written to."""
        return self.base / self.config.output_dir


def load(arguments: argparse.Namespace, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the configuration.

    Raises:
        ConfigError: names the file or option, the key path and the remedy.
    """
    environment = os.environ if environment is None else environment
    file = Path(arguments.config or environment.get("QUANTCI_CONFIG") or DEFAULT_FILE)
    tree = _read(file)
    base = file.parent
    origins: dict[str, str] = {}
    for path, (origin, given) in overrides(arguments, environment).items():
        value = os.path.relpath(str(given), base) if path in PATH_KEYS else given
        *section, name = path.split(".")
        table = tree
        for part in section:
            table = table.setdefault(part, {})
        if isinstance(table, dict):
            table[name] = value
            origins[path] = origin
    try:
        config = msgspec.convert(tree, Config)
    except msgspec.ValidationError as error:
        raise _explain(error, file, origins) from None
    return Settings(config, file, base, hashlib.sha256(encode(config)).hexdigest())


def output_of_broken(arguments: argparse.Namespace) -> Path:
    """Where a report goes when the configuration itself cannot be read."""
    if getattr(arguments, "output_dir", None):
        return Path(arguments.output_dir)
    base = Path(arguments.config or DEFAULT_FILE).parent
    return (base if base.is_dir() else Path()) / "build" / "quantci"


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            "config-not-found",
            "There is no configuration here.",
            where=str(file),
            remedy="Write one with `quantci init MODEL`, or name it with --config.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            "config-syntax", f"This is not valid TOML: {error}.", where=str(file), remedy="Mend that line."
        ) from None
    except OSError as error:
        raise ConfigError(
            "config-unreadable",
            f"The configuration cannot be read: {error.strerror}.",
            where=str(file),
            remedy="Name a TOML file with --config.",
        ) from None


def _explain(error: msgspec.ValidationError, file: Path, origins: dict[str, str]) -> ConfigError:
    """msgspec's sentence, with the place in the file and what would be right."""
    text, _, pointer = str(error).partition(" - at ")
    path = pointer.strip("`").removeprefix("$").lstrip(".").split("[")[0]
    known = {key.path: key for key in all_keys()}
    unknown = re.search(r"unknown field `(.+)`", text)
    if unknown:
        path = f"{path}.{unknown[1]}".lstrip(".")
        sections = {name.split(".")[0] for name in known}
        near = difflib.get_close_matches(path, [*known, *sections], n=1)
        remedy = f"Did you mean {near[0]}?" if near else "Remove it; docs/configuration.md lists the keys."
        return ConfigError("config-key", f"{path} is not a key of quantci.toml.", where=str(file), remedy=remedy)
    missing = re.search(r"missing required field `(.+)`", text)
    if missing:
        path = f"{path}.{missing[1]}".lstrip(".")
        help_text = known[path].help if path in known else f"Add a section [{path}]."
        return ConfigError("config-missing", f"{path} is missing.", where=str(file), remedy=help_text)
    where = origins.get(path, f"{file}: {path}")
    remedy = known[path].help if path in known else "See docs/configuration.md."
    return ConfigError("config-value", f"{text}.", where=where, remedy=remedy)
