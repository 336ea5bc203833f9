"""Stand-in for actions/setup-python: the interpreter of the tests, if it has the wanted version, as `python`."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Make a folder of links to the interpreter, and put that first on the PATH."""
    wanted, version = os.environ["IN_VERSION"], f"{sys.version_info.major}.{sys.version_info.minor}"
    if wanted != version:
        sys.exit(f"::error::The version '{wanted}' was not found for this operating system.")
    folder = Path(os.environ["RUNNER_TEMP"], "stand-in-python", version)
    (folder / "bin").mkdir(parents=True)
    for name in ("python", "python3", f"python{version}"):
        (folder / "bin" / name).symlink_to(sys.executable)
    for variable, line in {"GITHUB_PATH": folder / "bin", "GITHUB_ENV": f"pythonLocation={folder}"}.items():
        with Path(os.environ[variable]).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


main()
