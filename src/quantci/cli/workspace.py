"""What a run may touch when its configuration comes with a stranger's pull request.

The composite actions set two variables. QUANTCI_WORKSPACE names a folder: nothing outside of it is read or written,
whatever quantci.toml says. QUANTCI_ALLOW_CODE says whether metrics of the repository, which are code, may run. At a
desk neither is set, and the configuration is trusted.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from quantci.cli.config_file import paths_of, place_of
from quantci.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quantci.cli.options import Given
    from quantci.records.config import Config

ROOT: Final = "QUANTCI_WORKSPACE"
_TEMPORARY: Final = "RUNNER_TEMP"
CODE: Final = "QUANTCI_ALLOW_CODE"
_WORDS: Final = {"true": True, "false": False, "": True}


class Workspace(NamedTuple):
    """The folder that a run is held in, links resolved, or None; and whether the repository's code may run.

    The runner's temporary folder is for what the workflow itself made there, and names as an input: the report to
    comment on, and the firmware of an emulated chip.
    """

    root: Path | None
    allow_code: bool
    temporary: Path | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """As the environment says.

        Raises:
            ConfigError: `config-value`: QUANTCI_ALLOW_CODE is neither true nor false.
        """
        folder, word = environment.get(ROOT, ""), environment.get(CODE, "").lower()
        if word not in _WORDS:
            raise ConfigError(
                "config-value", f"{word[:40]!r} is neither true nor false.", where=CODE, remedy="Use true or false."
            )
        temporary = environment.get(_TEMPORARY, "")
        return cls(
            Path(folder).resolve() if folder else None, _WORDS[word], Path(temporary).resolve() if temporary else None
        )

    def holds(self, path: Path) -> bool:
        """Whether the path, all links followed, lies in the workspace."""
        return self.root is None or Path(os.path.realpath(path)).is_relative_to(self.root)

    def is_temporary(self, path: Path) -> bool:
        """Whether the path, all links followed, lies in the runner's temporary folder."""
        return self.temporary is not None and Path(os.path.realpath(path)).is_relative_to(self.temporary)

    def check(self, path: Path, where: str) -> None:
        """Refuse a path that leads out of the workspace.

        Raises:
            ConfigError: `outside-workspace`.
        """
        if not self.holds(path):
            raise ConfigError(
                "outside-workspace",
                "This path leads outside the workspace, directly or through a symlink.",
                where=where,
                remedy="Keep everything that the configuration names inside the checked-out repository.",
            )

    def check_config(self, config: Config, file: Path, given: Mapping[str, Given]) -> None:
        """Refuse a configuration that reads or writes outside of the workspace, also through links in its folders.

        Files of data sets are not looked at here: a set never leaves its own folder (data/listing.py).

        Args:
            config: with relative paths that start from the folder of `file`.
            file: quantci.toml, which was checked before it was read.
            given: by its key, what was given elsewhere.

        Raises:
            ConfigError: `outside-workspace` or `code-not-allowed`, naming the key.
        """
        if self.root is None:
            return
        self._check_device(config, file, given)
        paths = paths_of(config)
        for key, path in paths.items():
            if not (key == "device.image" and key in given and self.is_temporary(file.parent / path)):
                self.check(file.parent / path, place_of(key, file, given))
        for key in {"output_dir", "model.source", "model.quantized"} & paths.keys():
            for link in _links(file.parent / paths[key]):
                self.check(link, f"{file}: {key}: {link.name}")

    def _check_device(self, config: Config, file: Path, given: Mapping[str, Given]) -> None:
        """Refuse a program or a port that the repository chooses: a self-hosted runner has more than one of both."""
        if self.allow_code:
            return
        device = config.device
        firmware = None if device.kind == "emulated" else device.image  # in an emulator it can do no harm
        for key, value in (
            ("port", device.port),
            ("emulator_command", device.emulator_command),
            ("power_command", device.power_command),
            ("image", firmware),
        ):
            if value and f"device.{key}" not in given:
                raise ConfigError(
                    "code-not-allowed",
                    "Which port is opened, and which program is started or flashed, is not for the repository to say.",
                    where=place_of(f"device.{key}", file, given),
                    remedy="Give it as an input of the action or as a variable of the workflow, or allow code where "
                    "the repository is trusted.",
                )


def _links(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        yield from (path for name in (*folders, *files) if (path := Path(parent, name)).is_symlink())
