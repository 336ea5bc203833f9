"""The effective configuration: quantci.toml, then QUANTCI_* variables, then command line options."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from quantci.chip.datasheet import check_chip
from quantci.cli.options import Key, all_keys, overrides
from quantci.cli.workspace import Workspace
from quantci.errors import ConfigError, QuantciError
from quantci.records.base import encode
from quantci.records.config import MOST_BYTES, Config

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

DEFAULT_FILE = "quantci.toml"
_OUTPUT = "build/quantci"
RENAMED: Final = {  # a key of before -> its name
    "gates.max_accuracy_drop": "gates.max_metric_drop",
    "quantization.mend": "quantization.rewrite",
}


class Settings(NamedTuple):
    """The configuration, and what its relative paths start from."""

    config: Config
    file: Path
    base: Path
    sha256: str
    allow_code: bool

    @property
    def output(self) -> Path:
        """Folder that everything is written to; where it lies below the working folder, relative to that."""
        path = (self.base / self.config.output_dir).resolve()
        return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def load(arguments: argparse.Namespace, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the configuration.

    Raises:
        ConfigError: names the file or option, the key path and the remedy.
    """
    environment = os.environ if environment is None else environment
    workspace = Workspace.of(environment)
    file = file_of(arguments, environment)
    workspace.check(file, str(file))
    _refuse_old_variables(environment)
    tree = _read(file)
    base = file.parent
    origins: dict[str, str] = {}
    paths = {key.path for key in all_keys() if key.is_path}
    for path, (origin, given) in overrides(arguments, environment).items():
        value = _relative(given, base) if path in paths else given
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
    check_chip(config.target.chip, origins.get("target.chip", f"{file}: target.chip"))
    workspace.check_config(config, file, origins)
    return Settings(config, file, base, hashlib.sha256(encode(config)).hexdigest(), workspace.allow_code)


def output_of_broken(arguments: argparse.Namespace, environment: Mapping[str, str] | None = None) -> Path:
    """Where a report goes when the configuration is wrong: where it would have gone, as far as that can be told."""
    environment = os.environ if environment is None else environment
    given = arguments.output_dir or environment.get("QUANTCI_OUTPUT_DIR")
    file = file_of(arguments, environment)
    folder: object = None
    if not given:
        with contextlib.suppress(QuantciError):
            folder = _read(file).get("output_dir")
    base = file.parent if file.parent.is_dir() else Path()
    output = Path(given) if given else base / (folder if isinstance(folder, str) and folder else _OUTPUT)
    with contextlib.suppress(QuantciError):
        workspace = Workspace.of(environment)
        if workspace.root is not None and not workspace.holds(output):
            return workspace.root / _OUTPUT
    return output


def file_of(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Path:
    """The configuration that option or variable names."""
    return Path(arguments.config or environment.get("QUANTCI_CONFIG") or DEFAULT_FILE)


def _refuse_old_variables(environment: Mapping[str, str]) -> None:
    """A gate that is set under an old name must not be silently none."""
    for old, new in RENAMED.items():
        before, after = (Key(path, str, "").variable for path in (old, new))
        if environment.get(before):
            raise ConfigError(
                "config-key",
                f"{before} is an old name.",
                where=before,
                remedy=f"It is called {after} now: rename it.",
            )


def _relative(given: object, base: Path) -> object:
    """A path, or a table of them, from the working folder on as one from `base` on, links resolved on both sides."""
    if isinstance(given, dict):
        return {name: _relative(path, base) for name, path in given.items()}
    path = str(given)
    try:
        return os.path.relpath(os.path.realpath(path), os.path.realpath(base))
    except ValueError:  # on another drive
        return os.path.realpath(path)


def _read(file: Path) -> dict[str, Any]:
    if file.is_file() and file.stat().st_size > MOST_BYTES:
        raise _unreadable(f"it is larger than {MOST_BYTES // 1_000_000} MB", file)
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            "config-not-found",
            "There is no configuration here.",
            where=str(file),
            remedy="Write one with `quantci init MODEL`, or name it with --config.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(
            "config-syntax", f"This is not valid TOML: {error}.", where=str(file), remedy="Fix that line."
        ) from None
    except OSError as error:
        raise _unreadable(str(error.strerror), file) from None


def _unreadable(reason: str, file: Path) -> ConfigError:
    return ConfigError(
        "config-unreadable",
        f"The configuration cannot be read: {reason}.",
        where=str(file),
        remedy="Name a TOML file with --config.",
    )


def _explain(error: msgspec.ValidationError, file: Path, origins: dict[str, str]) -> ConfigError:
    """msgspec's sentence, with the place in the file and what would be right."""
    text, _, pointer = str(error).partition(" - at ")
    path = pointer.strip("`").removeprefix("$").lstrip(".").split("[")[0]
    known = {key.path: key for key in all_keys()}
    unknown = re.search(r"unknown field `(.+)`", text)
    if unknown:
        path = f"{path}.{unknown[1]}".lstrip(".")
        if path in RENAMED:
            remedy = f"It is called {RENAMED[path]} now: rename it."
            return ConfigError("config-key", f"{path} is an old name.", where=f"{file}: {path}", remedy=remedy)
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
