"""What an action has to install, decided before anything is installed: only the standard library is imported here.

actions/install.sh runs this file from the action's own folder and reads what it prints.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

# Lock -> those whose packages it has as well, each before what holds it.
HELD: Final = {
    "comment": ("comment",),
    "base": ("comment", "base"),
    "tensorflow": ("comment", "base", "tensorflow"),
    "onnx": ("comment", "base", "onnx"),
}
# The oldest and the newest Python 3 that every wheel of a lock is there for.
PYTHONS: Final = {"comment": (11, 14), "base": (11, 14), "tensorflow": (11, 13), "onnx": (12, 13)}

_KERAS_SUFFIXES: Final = {".keras", ".h5", ".hdf5"}
_MOST_BYTES: Final = 1_000_000  # as in records/config.py, which is not installed yet
_KERAS_HEADS: Final = (b"\x89HDF\r\n\x1a\n", b"PK\x03\x04")


class Plan(NamedTuple):
    """What is to be installed.

    Attributes:
        lock: requirements/<lock>.txt.
        oldest: the oldest Python 3 that it can be installed for.
        newest: the newest one.
        environment: the private environment's folder, named after what goes into it, so that all actions of a job share
            one even where each lies in its own folder.
    """

    lock: str
    oldest: int
    newest: int
    environment: Path


def choose_lock(action: str, environment: Mapping[str, str]) -> str:
    """`tensorflow` or `onnx` where the source model or the engine needs it, `comment` for the comment, else `base`.

    A configuration that cannot be read gets `base`: the command itself says what is wrong with it.
    """
    if action != "quantize":
        return "comment" if action == "comment" else "base"
    file = Path(environment.get("QUANTCI_CONFIG") or "quantci.toml")
    try:
        if file.stat().st_size > _MOST_BYTES:
            return "base"
        config = tomllib.loads(file.read_text(encoding="utf-8"))
        given = environment.get("QUANTCI_MODEL_SOURCE")
        source = Path(given) if given else file.parent / str(config["model"]["source"])
        engine = environment.get("QUANTCI_QUANTIZATION_ENGINE") or config.get("quantization", {}).get("engine")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "base"
    if engine == "tensorflow" or _needs_tensorflow(source):
        return "tensorflow"
    return "onnx" if source.suffix.lower() == ".onnx" else "base"


def _needs_tensorflow(source: Path) -> bool:
    if source.is_dir() or source.suffix.lower() in _KERAS_SUFFIXES:
        return True
    try:
        with source.open("rb") as file:
            return file.read(8).startswith(_KERAS_HEADS)
    except OSError:
        return False


def plan(action: str, root: Path, environment: Mapping[str, str]) -> Plan:
    """What this action needs, or what an earlier one of the job has installed, if that holds it.

    Args:
        action: the action's name.
        root: the action's repository, with requirements/ and src/.
        environment: the variables of the job.
    """
    sources = hashlib.sha256()
    for path in sorted((root / "src").rglob("*.*")):
        if "__pycache__" not in path.parts:
            sources.update(f"{path.relative_to(root).as_posix()} {path.stat().st_size}\n".encode())
            sources.update(path.read_bytes())
    temporary = Path(environment.get("RUNNER_TEMP") or root / "build") / "quantci"
    wanted = choose_lock(action, environment)
    plans = []
    for lock in (name for name, held in HELD.items() if wanted in held):
        digest = hashlib.sha256((root / "requirements" / f"{lock}.txt").read_bytes()).hexdigest()
        plans.append(Plan(lock, *PYTHONS[lock], temporary / f"{lock}-{digest[:16]}-{sources.hexdigest()[:16]}"))
    return next((one for one in plans if (one.environment / "ready").exists()), plans[0])


def main(action: str, root: str) -> None:
    """Print the plan, one value a line."""
    for value in plan(action, Path(root), os.environ):
        sys.stdout.write(f"{value}\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
