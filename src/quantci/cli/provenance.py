"""Where the numbers of a record come from."""

from __future__ import annotations

import contextlib
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
    """Where the records of a run come from; git is asked when its work begins, and answers meanwhile.

    Args:
        base: folder of the configuration.
        config_sha256: of the effective configuration; None if it could not be read.
    """

    def __init__(self, base: Path, config_sha256: str | None) -> None:
        self._base = base
        self._config_sha256 = config_sha256

    def ask(self) -> None:
        """Ask git now, unless it was asked."""
        self._git  # noqa: B018

    def provenance(self, started_s: float) -> Provenance:
        """What stands in a record that is written now, of work that began at this reading of time.monotonic()."""
        return Provenance(
            quantci_version=__version__,
            created_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            git_commit=self._git_commit,
            config_sha256=self._config_sha256,
            tools=self._tools,
            host=f"{platform.system()} {platform.machine()} Python {platform.python_version()}",
            duration_s=round(time.monotonic() - started_s, 3),
        )

    @cached_property
    def _tools(self) -> dict[str, str]:
        from importlib.metadata import PackageNotFoundError, distribution

        found = {}
        for tool in _TOOLS:
            with contextlib.suppress(PackageNotFoundError):
                # Its `version` parses the whole file as an e-mail: a tenth of the time of `quantci report`.
                metadata = distribution(tool).read_text("METADATA") or ""
                found[tool] = metadata.partition("\nVersion: ")[2].partition("\n")[0]
        return found

    @cached_property
    def _git(self) -> subprocess.Popen[str] | None:
        return _ask_git(self._base)

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
