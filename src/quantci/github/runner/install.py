"""What an action has to install, decided before anything is installed: only the standard library is imported here.

actions/install.sh runs this file from the action's own folder and reads what it prints.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.records.code_name import CodeName

if TYPE_CHECKING:
    from collections.abc import Mapping

# Lock -> those whose packages it has as well, each before what holds it.
HELD: Final = {
    "comment": ("comment",),
    "base": ("comment", "base"),
    "tensorflow": ("comment", "base", "tensorflow"),
    "onnx": ("comment", "base", "onnx"),
    "torch": ("comment", "base", "onnx", "torch"),
}
# Lock -> the files that are installed for it, where it is more than its own. The one of PyTorch has no hashes.
_FILES: Final = {"torch": ("onnx.txt", "torch.in")}
# The oldest and the newest Python 3 that every wheel of a lock is there for.
PYTHONS: Final = {"comment": (11, 14), "base": (11, 14), "tensorflow": (11, 13), "onnx": (12, 13), "torch": (12, 13)}

# In RUNNER_TEMP. Not `quantci`: a workflow may well download a stranger's report to there, and with it an environment.
FOLDER: Final = "quantci-environments"
_KERAS_SUFFIXES: Final = {".keras", ".h5", ".hdf5"}
_MOST_BYTES: Final = 1_000_000  # as in records/config.py, which is not installed yet
_PACKAGE: Final = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w.,-]+\])?==[\w.+!-]+")
_KERAS_HEADS: Final = (b"\x89HDF\r\n\x1a\n", b"PK\x03\x04")


class Plan(NamedTuple):
    """What is to be installed.

    Attributes:
        lock: requirements/<lock>.txt; `torch` is onnx.txt and torch.in.
        oldest: the oldest Python 3 that it can be installed for.
        newest: the newest one.
        packages: what the function that builds a PyTorch module needs besides.
        environment: the private environment's folder, named after what goes into it, so that all actions of a job share
            one even where each lies in its own folder.
    """

    lock: str
    oldest: int
    newest: int
    packages: str
    environment: Path


def choose_lock(action: str, environment: Mapping[str, str]) -> str:
    """`comment` for the comment; to quantize, what the source model or the engine needs; else `base`.

    For a function that may not run nothing is installed. A configuration that cannot be read gets `base`: the command
    itself says what is wrong with it.
    """
    if action != "quantize":
        return "comment" if action == "comment" else "base"
    file = Path(environment.get("QUANTCI_CONFIG") or "quantci.toml")
    try:
        if file.stat().st_size > _MOST_BYTES:
            return "base"
        config = tomllib.loads(file.read_text(encoding="utf-8"))
        given = environment.get("QUANTCI_MODEL_SOURCE")
        written = given or str(config["model"]["source"])
        source = Path(given) if given else file.parent / written
        engine = environment.get("QUANTCI_QUANTIZATION_ENGINE") or config.get("quantization", {}).get("engine")
        recipe = environment.get("QUANTCI_QUANTIZATION_RECIPE") or str(config.get("quantization", {}).get("recipe", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "base"
    if CodeName.parse(written):
        return "torch" if _allows_code(environment) else "base"
    if engine == "tensorflow" or _needs_tensorflow(source):
        return "tensorflow"
    trains = "qat" in recipe.split("+")
    return "torch" if trains else {".onnx": "onnx", ".pt2": "torch"}.get(source.suffix.lower(), "base")


def _allows_code(environment: Mapping[str, str]) -> bool:
    return environment.get("QUANTCI_ALLOW_CODE", "").lower() == "true"


def packages_of(environment: Mapping[str, str]) -> str:
    """Those of the input `packages`, which is the workflow's; none where code may not run.

    Raises:
        SystemExit: one of them is not an exact version of a package.
    """
    words = environment.get("QUANTCI_PACKAGES", "").split()
    for word in words:
        if not _PACKAGE.fullmatch(word):
            sys.exit(f"packages: {word[:80]!r} is not an exact version such as torchvision==0.30.0")
    return " ".join(words) if _allows_code(environment) else ""


def _needs_tensorflow(source: Path) -> bool:
    if source.suffix.lower() in _KERAS_SUFFIXES:
        return True
    try:
        if source.is_dir():
            return True
        with source.open("rb") as file:
            return file.read(8).startswith(_KERAS_HEADS)
    except (OSError, ValueError):  # not there, or a name that no file can have
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
    temporary = Path(environment.get("RUNNER_TEMP") or root / "build") / FOLDER
    wanted = choose_lock(action, environment)
    plans = []
    for lock in (name for name, held in HELD.items() if wanted in held):
        packages = packages_of(environment) if lock == "torch" else ""
        digest = hashlib.sha256(packages.encode())
        for file in _FILES.get(lock, (f"{lock}.txt",)):
            digest.update((root / "requirements" / file).read_bytes())
        folder = temporary / f"{lock}-{digest.hexdigest()[:16]}-{sources.hexdigest()[:16]}"
        plans.append(Plan(lock, *PYTHONS[lock], packages, folder))
    return next((one for one in plans if (one.environment / "ready").exists()), plans[0])


def main(action: str, root: str) -> None:
    """Print the plan, one value a line."""
    for value in plan(action, Path(root), os.environ):
        sys.stdout.write(f"{value}\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
