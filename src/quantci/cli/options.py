"""Options and environment variables, made from the fields of the configuration: one word in TOML, CLI and environment.

`quantization.input_type` in quantci.toml is `--quantization-input-type` and `QUANTCI_QUANTIZATION_INPUT_TYPE`.
"""

from __future__ import annotations

import json
import os
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from quantci.errors import ConfigError
from quantci.records.base import Record
from quantci.records.code_name import CodeName
from quantci.records.config import Config

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


DEFAULT_FILE: Final = "quantci.toml"
RENAMED: Final = {  # a key of before -> its name
    "gates.max_accuracy_drop": "gates.max_metric_drop",
    "quantization.mend": "quantization.rewrite",
}


class Given(NamedTuple):
    """A value that stands outside of quantci.toml, and the option or variable that it was given with."""

    where: str
    value: object


class Key(NamedTuple):
    """One key of the configuration."""

    path: str
    type: Any
    help: str

    @property
    def is_path(self) -> bool:
        """Whether it names files: in quantci.toml from its own folder on, on the command line from the working one."""
        return _has_mark(self.type, "path")

    @property
    def names_function(self) -> bool:
        """Whether a function can stand where else a file is named."""
        return _has_mark(self.type, "function")

    @property
    def option(self) -> str:
        """Its command line option."""
        return "--" + self.path.replace(".", "-").replace("_", "-")

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return "QUANTCI_" + self.path.replace(".", "_").upper()


@cache
def all_keys() -> tuple[Key, ...]:
    """Every key of quantci.toml, in the order of the records."""
    found: list[Key] = []
    for name, hint in get_type_hints(Config, include_extras=True).items():
        section = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        if isinstance(section, type) and issubclass(section, Record):
            inner = get_type_hints(section, include_extras=True)
            found += [Key(f"{name}.{field}", kind, _describe(kind)) for field, kind in inner.items()]
        else:
            found.append(Key(name, hint, _describe(hint)))
    return tuple(found)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --config and one option for each key."""
    parser.add_argument("--config", default=None, metavar="FILE", help="configuration (default: quantci.toml)")
    add_keys(parser.add_argument_group("overrides of quantci.toml"))


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Add --recipe, which is --quantization-recipe, the one that is tried with different values."""
    parser.add_argument(
        "--recipe", dest="quantization.recipe", default=None, metavar="NAME", help="short for --quantization-recipe"
    )


def add_keys(group: argparse._ActionsContainer, section: str = "") -> None:
    """One option for each key, or for each of a section."""
    for key in all_keys():
        if not key.path.startswith(section):
            continue
        group.add_argument(key.option, dest=key.path, default=None, metavar="VALUE", help=key.help.replace("%", "%%"))


def file_of(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Path:
    """The configuration that option or variable names."""
    return Path(arguments.config or environment.get("QUANTCI_CONFIG") or DEFAULT_FILE)


def overrides(arguments: argparse.Namespace, environment: Mapping[str, str], base: Path) -> dict[str, Given]:
    """Key path -> what was given for it, of the key's type. The command line wins over the environment.

    Args:
        arguments: what was parsed.
        environment: with the variables.
        base: folder of quantci.toml: paths are seen from there, as those in it are.

    Raises:
        ConfigError: `config-value`: the text does not fit the key's type; `config-key`: a variable of an old name.
    """
    _refuse_old_variables(environment)
    given: dict[str, Given] = {}
    for key in all_keys():
        where, text = key.option, getattr(arguments, key.path, None)
        if text is None:
            where, text = key.variable, environment.get(key.variable) or None  # an empty one is an input not given
        if text is not None:
            value = _parse(key, text, where)
            if key.is_path and not (key.names_function and CodeName.parse(text)):
                value = _seen_from(base, value)
            given[key.path] = Given(where, value)
    return given


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


def _seen_from(base: Path, given: object) -> object:
    """A path, or a table of them, from the working folder on as one from `base` on, links resolved on both sides."""
    if isinstance(given, dict):
        return {name: _seen_from(base, path) for name, path in given.items()}
    path = str(given)
    try:
        return os.path.relpath(os.path.realpath(path), os.path.realpath(base))
    except ValueError:  # on another drive
        return os.path.realpath(path)


def _parse(key: Key, text: str, where: str) -> object:
    base = _bare(key.type)
    value: object = text
    if get_origin(base) is tuple:
        value = _toml(text) if text.startswith("[") else [part.strip() for part in text.split(",") if part.strip()]
    elif get_origin(base) is dict:
        pairs = [part.split("=", 1) for part in text.split(",")]
        value = {pair[0]: pair[1] for pair in pairs} if all(len(pair) == 2 for pair in pairs) else text
    try:
        return msgspec.to_builtins(msgspec.convert(value, key.type, strict=False))
    except msgspec.ValidationError as error:
        raise ConfigError(
            "config-value",
            f"{text!r} is not valid: {str(error).split(' - at ')[0]}.",
            where=where,
            remedy=key.help,
        ) from None


def _toml(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _bare(hint: Any) -> Any:
    """The type without Annotated and without None."""
    if hasattr(hint, "__metadata__"):
        return _bare(hint.__origin__)
    options = [option for option in get_args(hint) if option is not type(None)]
    if len(options) < len(get_args(hint)) and len(options) == 1:
        return _bare(options[0])
    return hint


def _has_mark(hint: Any, mark: str) -> bool:
    """Whether a type of records/units.py that has this mark stands anywhere in the type."""
    extras = (getattr(meta, "extra", None) for meta in getattr(hint, "__metadata__", ()))
    return any(extra and extra.get(mark) for extra in extras) or any(_has_mark(arg, mark) for arg in get_args(hint))


def _describe(hint: Any) -> str:
    text = next((str(meta.description) for meta in getattr(hint, "__metadata__", ()) if meta.description), "")
    bare = _bare(hint)
    if get_args(bare) and all(isinstance(option, str) for option in get_args(bare)):
        text += " One of: " + ", ".join(json.dumps(option)[1:-1] for option in get_args(bare)) + "."
    return text
