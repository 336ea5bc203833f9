"""Where the numbers of a record come from."""

from __future__ import annotations

import datetime
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from quantci import __version__
from quantci.records.stage import Provenance

if TYPE_CHECKING:
    from pathlib import Path

_TOOLS = ("ai-edge-litert", "tflite-micro", "tensorflow", "keras", "numpy", "pillow")


def collect(base: Path, config_sha256: str | None, duration_s: float) -> Provenance:
    """Provenance of a record that is about to be written."""
    tools = {}
    for tool in _TOOLS:
        try:
            tools[tool] = version(tool)
        except PackageNotFoundError:
            continue
    return Provenance(
        quantci_version=__version__,
        created_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        git_commit=_git_commit(base),
        config_sha256=config_sha256,
        tools=tools,
        host=f"{platform.system()} {platform.machine()} Python {platform.python_version()}",
        duration_s=round(duration_s, 3),
    )


def _git_commit(base: Path) -> str | None:
    """Commit of the repository around the configuration, with `-dirty` when tracked files differ."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty", "--match", ""],  # noqa: S607  git from PATH
            cwd=base if base.is_dir() else None,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
