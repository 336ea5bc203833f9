"""quantci.toml, overlaid with what options and variables say. Each fault names the place where its cause stands."""

from __future__ import annotations

import operator
import re
import tomllib
from typing import TYPE_CHECKING, Any

import msgspec

from quantci.chip.datasheet import check_clock, load_chip
from quantci.cli.options import RENAMED, all_keys
from quantci.errors import ConfigError
from quantci.quantize.recipe_name import words_of
from quantci.records.config import MOST_BYTES, Config
from quantci.records.ladder import AUTO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quantci.cli.options import Given


def read_config(file: Path, given: Mapping[str, Given], stand_in: dict[str, Any] | None = None) -> Config:
    """The effective configuration.

    Args:
        file: quantci.toml.
        given: by its key, what goes before what stands there.
        stand_in: what stands in the file, which is then not read.

    Raises:
        ConfigError: names the file or option, the key path and the remedy.
    """
    tree = read_toml(file) if stand_in is None else stand_in
    for path, (_, value) in given.items():
        section, _, name = path.rpartition(".")
        table = tree.setdefault(section, {}) if section else tree
        if isinstance(table, dict):
            table[name] = value
    try:
        config = msgspec.convert(tree, Config)
    except msgspec.ValidationError as error:
        raise _explain(error, file, given) from None
    _check_complete(config, file)
    for key, path in paths_of(config).items():
        if "\0" in path:
            raise ConfigError(
                "config-value",
                "No file can have a NUL character in its name.",
                where=place_of(key, file, given),
                remedy="Remove it.",
            )
    if config.quantization.recipe != AUTO:
        words_of(config.quantization.recipe, place_of("quantization.recipe", file, given))
    for name in config.ladder.recipes:
        words_of(name, place_of("ladder.recipes", file, given))
    chip = load_chip(config.target.chip, place_of("target.chip", file, given))
    check_clock(chip, config.target.clock_hz, place_of("target.clock_hz", file, given))
    return config


def _check_complete(config: Config, file: Path) -> None:
    """What is needed depends on whether there is something to quantize.

    Raises:
        ConfigError: `config-missing`.
    """
    if config.model.quantized is not None:
        return
    needed = {"model.source": config.model.source, "calibration.data": config.calibration.data}
    for key in all_keys():
        if key.path in needed and needed[key.path] is None:
            remedy = f"{key.help} Or name your own INT8 model as model.quantized."
            raise ConfigError("config-missing", f"{key.path} is missing.", where=str(file), remedy=remedy)


def paths_of(config: Config) -> dict[str, str]:
    """Every file and folder that the configuration names, by its key; those of a table by table and name."""
    found: dict[str, str] = {}
    for key in all_keys():
        if key.is_path:
            value = operator.attrgetter(key.path)(config)
            if isinstance(value, dict):
                found |= {f"{key.path}.{name}": path for name, path in value.items()}
            elif value is not None:
                found[key.path] = value
    return found


def place_of(key: str, file: Path, given: Mapping[str, Given]) -> str:
    """Where a key has its value from, as faults name it."""
    return given[key].where if key in given else f"{file}: {key}"


def read_toml(file: Path) -> dict[str, Any]:
    """What stands in the file, unchecked.

    Raises:
        ConfigError: `config-not-found`, `config-syntax` or `config-unreadable`.
    """
    try:
        if file.is_file() and file.stat().st_size > MOST_BYTES:
            raise _unreadable(f"it is larger than {MOST_BYTES // 1_000_000} MB", file)
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


def _explain(error: msgspec.ValidationError, file: Path, given: Mapping[str, Given]) -> ConfigError:
    """msgspec's sentence, with the place in the file and what would be right."""
    text, _, pointer = str(error).partition(" - at ")
    path = pointer.strip("`").removeprefix("$").lstrip(".").split("[")[0]
    known = {key.path: key for key in all_keys()}
    unknown = re.search(r"unknown field `(.+)`", text)
    if unknown:
        import difflib

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
    remedy = known[path].help if path in known else "See docs/configuration.md."
    return ConfigError("config-value", f"{text}.", where=place_of(path, file, given), remedy=remedy)
