"""What an action has to install, decided before anything is installed: only the standard library is imported here.

actions/install.sh runs this file from the action's own folder and appends what it prints to the step's outputs.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_KERAS_SUFFIXES: Final = {".keras", ".h5", ".hdf5"}
_KERAS_HEADS: Final = (b"\x89HDF\r\n\x1a\n", b"PK\x03\x04")


def choose_lock(action: str, environment: Mapping[str, str]) -> str:
    """`tensorflow` where the source model or the engine needs it, else `base`.

    A configuration that cannot be read gets `base`: the command itself says what is wrong with it.
    """
    if action != "quantize":
        return "base"
    file = Path(environment.get("QUANTCI_CONFIG") or "quantci.toml")
    try:
        config = tomllib.loads(file.read_text(encoding="utf-8"))
        given = environment.get("QUANTCI_MODEL_SOURCE")
        source = Path(given) if given else file.parent / str(config["model"]["source"])
        engine = environment.get("QUANTCI_QUANTIZATION_ENGINE") or config.get("quantization", {}).get("engine")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "base"
    return "tensorflow" if engine == "tensorflow" or _needs_tensorflow(source) else "base"


def _needs_tensorflow(source: Path) -> bool:
    if source.is_dir() or source.suffix.lower() in _KERAS_SUFFIXES:
        return True
    try:
        with source.open("rb") as file:
            return file.read(8).startswith(_KERAS_HEADS)
    except OSError:
        return False


def plan(action: str, root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The outputs of the step.

    Args:
        action: the action's name.
        root: the action's repository, with requirements/ and src/.
        environment: the variables of the job.

    Returns:
        `lock`: requirements/<lock>.txt. `environment`: the private environment's folder, named after what goes into
        it, so that all actions of a job share one even where each lies in its own folder. `cache-dir` and `cache-key`:
        what actions/cache keeps of it between jobs: the downloads, not the environment, whose paths are this job's.
        `cache`: `true` where it shall: not on a self-hosted runner, whose disk keeps uv's own cache, and not for an
        environment that stands already.
    """
    lock = choose_lock(action, environment)
    files = [root / "requirements" / f"{name}.txt" for name in ("build", lock)]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    sources = hashlib.sha256()
    for path in [root / "pyproject.toml", *sorted((root / "src").rglob("*.*"))]:
        if "__pycache__" not in path.parts:
            sources.update(f"{path.relative_to(root).as_posix()} {path.stat().st_size}\n".encode())
            sources.update(path.read_bytes())
    temporary = Path(environment.get("RUNNER_TEMP") or root / "build")
    folder = temporary / "quantci" / f"{lock}-{digest}-{sources.hexdigest()[:16]}"
    wanted = environment.get("QUANTCI_CACHE", "true") == "true"
    is_kept = environment.get("RUNNER_ENVIRONMENT") == "self-hosted" or (folder / "ready").exists()
    version = f"py{sys.version_info.major}.{sys.version_info.minor}"
    return {
        "lock": lock,
        "environment": str(folder),
        "cache": "true" if wanted and not is_kept else "false",
        "cache-dir": str(temporary / "quantci" / "cache"),
        "cache-key": f"quantci-{lock}-{platform.system()}-{platform.machine()}-{version}-{digest}",
    }


def main(action: str, root: str) -> None:
    """Print the outputs as `name=value` lines."""
    for name, value in plan(action, Path(root), os.environ).items():
        sys.stdout.write(f"{name}={value}\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
