"""Where the numbers of a record come from."""

from __future__ import annotations

import datetime
import platform
import subprocess
import time
from functools import cached_property
from typing import TYPE_CHECKING

from quantci import __version__
from quantci.records.stage import Provenance

if TYPE_CHECKING:
    from pathlib import Path

_TOOLS = ("ai-edge-litert", "tflite-micro", "tensorflow", "keras", "numpy", "pillow")


class Origin:
    """Where a record comes from; made when the work on it begins, so that git answers meanwhile.

    Args:
        base: folder of the configuration.
        config_sha256: of the effective configuration; None if it could not be read.
    """

    def __init__(self, base: Path, config_sha256: str | None) -> None:
        self._started_s = time.monotonic()
        self._config_sha256 = config_sha256
        self._git = _ask_git(base)

    def provenance(self) -> Provenance:
        """What stands in the record, now that the work is done."""
        from importlib.metadata import PackageNotFoundError, version

        tools = {}
        for tool in _TOOLS:
            try:
                tools[tool] = version(tool)
            except PackageNotFoundError:
                continue
        return Provenance(
            quantci_version=__version__,
            created_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            git_commit=self._git_commit,
            config_sha256=self._config_sha256,
            tools=tools,
            host=f"{platform.system()} {platform.machine()} Python {platform.python_version()}",
            duration_s=round(time.monotonic() - self._started_s, 3),
        )

    @cached_property
    def _git_commit(self) -> str | None:
        if self._git is None:
            return None
        with self._git as git:
            try:
                answer, _ = git.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                git.kill()
                return None
        return answer.strip() or None if git.returncode == 0 else None


def _ask_git(base: Path) -> subprocess.Popen[str] | None:
    """Ask for the commit of the repository around the configuration, with `-dirty` when tracked files differ."""
    try:
        return subprocess.Popen(
            ["git", "describe", "--always", "--abbrev=40", "--dirty", "--match", ""],  # noqa: S607  git from PATH
            cwd=base if base.is_dir() else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except OSError:
        return None
