"""The effective configuration: quantci.toml, then QUANTCI_* variables, then command line options."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from quantci.cli.config_file import read_config, read_toml
from quantci.cli.options import DEFAULT_FILE, file_of, overrides
from quantci.cli.workspace import Workspace
from quantci.errors import QuantciError
from quantci.records.base import encode

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from quantci.records.config import Config


class Settings(NamedTuple):
    """The configuration, and what its relative paths start from.

    Attributes:
        config: the effective one.
        file: quantci.toml.
        sha256: digest of `config`.
        allow_code: whether metrics of the repository, which are code, may run.
        is_guarded: whether the repository may be a stranger's, as in the actions.
    """

    config: Config
    file: Path
    sha256: str
    allow_code: bool
    is_guarded: bool

    @property
    def base(self) -> Path:
        """Folder that relative paths start from."""
        return self.file.parent

    @property
    def output(self) -> Path:
        """Folder that everything is written to; where it lies below the working folder, relative to that."""
        path = (self.base / self.config.output_dir).resolve()
        return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

    @property
    def kept_in(self) -> Path | None:
        """Where earlier runs kept what they made; None where a pull request could have brought such files."""
        return None if self.is_guarded else self.output


def load(arguments: argparse.Namespace, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the configuration.

    Raises:
        ConfigError: names the file or option, the key path and the remedy.
    """
    environment = os.environ if environment is None else environment
    file = file_of(arguments, environment)
    given = overrides(arguments, environment, file.parent)
    workspace = Workspace.of(environment)
    workspace.check(file, str(file))  # before it is opened
    config = read_config(file, given, _stand_in(arguments, file))
    workspace.check_config(config, file, given)
    return Settings(
        config, file, hashlib.sha256(encode(config)).hexdigest(), workspace.allow_code, workspace.root is not None
    )


def _stand_in(arguments: argparse.Namespace, file: Path) -> dict[str, Any] | None:
    """What stands for a quantci.toml that nobody named and that is not there, where a model is named instead."""
    model = getattr(arguments, "model", None)
    if model is None or file != Path(DEFAULT_FILE) or file.exists():
        return None
    return {"model": {"quantized": model}, "evaluation": {"data": DEFAULT_FILE}}  # no set: there is no such file


def output_of_broken(arguments: argparse.Namespace, environment: Mapping[str, str] | None = None) -> Path:
    """Where a report goes when the configuration is wrong: where it would have gone, as far as that can be told."""
    from quantci.records.config import OUTPUT_DIR

    environment = os.environ if environment is None else environment
    given = arguments.output_dir or environment.get("QUANTCI_OUTPUT_DIR")
    file = file_of(arguments, environment)
    folder: object = None
    if not given:
        with contextlib.suppress(QuantciError):
            folder = read_toml(file).get("output_dir")
    base = file.parent if file.parent.is_dir() else Path()
    output = Path(given) if given else base / (folder if isinstance(folder, str) and folder else OUTPUT_DIR)
    with contextlib.suppress(QuantciError):
        workspace = Workspace.of(environment)
        if workspace.root is not None and not workspace.holds(output):
            return workspace.root / OUTPUT_DIR
    return output
