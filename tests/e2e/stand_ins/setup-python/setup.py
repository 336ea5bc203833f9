"""Stand-in for actions/setup-python: an interpreter of this machine with the wanted version, or else that of the tests.

With STAND_IN_OFFLINE it finds none, as where its downloads cannot be reached.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def find(version: str) -> str:
    """The interpreter; what stands on PATH may be a shim that starts nothing."""
    there = shutil.which(f"python{version}", path=os.environ["STAND_IN_PATH"])
    if there and not subprocess.run([there, "-I", "-c", ""], capture_output=True, check=False).returncode:
        return there
    print(f"stand-in: {sys.version.split()[0]} is given for {version}")
    return sys.executable


def tell(variable: str, line: str) -> None:
    """Add a line to a file of the runner."""
    with Path(os.environ[variable]).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def main() -> None:
    """Make a folder of links to the interpreter, and put that first on the PATH unless that is not wanted."""
    version = os.environ["IN_VERSION"]
    if os.environ.get("STAND_IN_OFFLINE"):
        sys.exit(f"::error::The version '{version}' was not found for this operating system.")
    python = find(version)
    folder = Path(os.environ["RUNNER_TEMP"], "stand-in-python", version)
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    for name in ("python", "python3", f"python{version}"):
        (folder / "bin" / name).unlink(missing_ok=True)
        (folder / "bin" / name).symlink_to(python)
    tell("GITHUB_OUTPUT", f"python-path={folder / 'bin' / 'python'}")
    if os.environ["IN_UPDATE"] == "true":
        tell("GITHUB_PATH", str(folder / "bin"))
        tell("GITHUB_ENV", f"pythonLocation={folder}")


main()
