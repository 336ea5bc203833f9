"""Stand-in for actions/upload-artifact: STAND_IN_STORE/artifacts/<run id>/<name>.zip.

Kept of the real one: what may stand in a name; a folder means everything below it; files and folders whose name starts
with a dot are left out, even when they are named; the archive's root is the least common folder of what was asked for;
a name is used once in a run unless `overwrite`; modes are lost, and links are followed.
"""

from __future__ import annotations

import os
import re
import sys
import zipfile
from pathlib import Path

WORKSPACE = Path(os.environ["GITHUB_WORKSPACE"])


def files_below(path: Path) -> list[Path]:
    """The path itself or, of a folder, all files in it; hidden ones are left out."""
    if path.name.startswith("."):
        return []
    return [file for part in sorted(path.iterdir()) for file in files_below(part)] if path.is_dir() else [path]


def search_root(pattern: str) -> Path:
    """The folders of a pattern before its first wildcard."""
    parts = Path(pattern).parts
    wild = next((index for index, part in enumerate(parts) if re.search(r"[*?\[]", part)), len(parts))
    return WORKSPACE.joinpath(*parts[:wild])


def matching(pattern: str) -> list[Path]:
    """Files and folders of a pattern, relative to the workspace; or one absolute path."""
    if Path(pattern).is_absolute():
        return [Path(pattern)] if Path(pattern).exists() else []
    return sorted(WORKSPACE.glob(pattern))


def main() -> None:
    """Pack what was found."""
    name, wanted_if_none = os.environ["IN_NAME"], os.environ["IN_IF_NO_FILES_FOUND"]
    if not name or re.search(r'["<>|*?\r\n:\\/]', name):
        sys.exit(f"::error::The artifact name is not valid: {name}")
    patterns = [line.strip() for line in os.environ["IN_PATH"].splitlines() if line.strip()]
    if not patterns or any(re.match(r"[!~]", pattern) for pattern in patterns):
        sys.exit("::error::stand-in: no path is excluded, or relative to the home")
    found = [path for pattern in patterns for path in matching(pattern)]
    files = list(dict.fromkeys(file for path in found for file in files_below(path)))
    if not files:
        print(f"::{wanted_if_none if wanted_if_none != 'ignore' else 'debug'}::No files were found with this path.")
        sys.exit(wanted_if_none == "error")
    roots = list(dict.fromkeys(search_root(pattern) for pattern in patterns))
    root = Path(os.path.commonpath(roots))
    archive = Path(os.environ["STAND_IN_STORE"], "artifacts", os.environ["GITHUB_RUN_ID"], f"{name}.zip")
    archive.parent.mkdir(parents=True, exist_ok=True)
    if os.environ["IN_OVERWRITE"] == "true":
        archive.unlink(missing_ok=True)
    try:
        opened = zipfile.ZipFile(archive, "x")
    except FileExistsError:
        sys.exit("::error::Failed to CreateArtifact: (409) Conflict: an artifact with this name already exists")
    with opened:
        for file in files:
            inside = file.relative_to(root if root != file else file.parent).as_posix()
            opened.writestr(zipfile.ZipInfo(inside), file.read_bytes())  # no mode, no time
    print(f"artifact {name}: {len(files)} files")


main()
