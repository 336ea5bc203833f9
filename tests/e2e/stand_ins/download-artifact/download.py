"""Stand-in for actions/download-artifact 8.

A folder for each artifact, unless `name` is given, merge-multiple is true, or exactly one artifact matched: then
straight into `path`. Artifacts of another run need `github-token` besides `run-id`.
A pattern that matches nothing is no error; a name that is not there is one.
"""

from __future__ import annotations

import fnmatch
import os
import sys
import zipfile
from pathlib import Path


def main() -> None:
    """Unpack what was asked for."""
    store = Path(os.environ["STAND_IN_STORE"], "artifacts", os.environ["IN_RUN_ID"])
    name, pattern = os.environ["IN_NAME"], os.environ["IN_PATTERN"]
    archives = {path.stem: path for path in sorted(store.glob("*.zip"))}
    if name and name not in archives:
        sys.exit(f"::error::Unable to download artifact(s): Artifact not found for name: {name}")
    wanted = [name] if name else [one for one in archives if not pattern or fnmatch.fnmatchcase(one, pattern)]
    is_flat = name or os.environ["IN_MERGE"] == "true" or len(wanted) == 1
    folder = Path(os.environ["GITHUB_WORKSPACE"], os.environ["IN_PATH"])
    for one in wanted:
        target = folder if is_flat else folder / one
        target.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archives[one]) as archive:
            archive.extractall(target)  # an executable bit is lost, as with the real action
    print(f"{len(wanted)} artifacts downloaded: {', '.join(wanted)}")


main()
