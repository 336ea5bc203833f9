"""This repository as a runner gets it: what is, or could be, committed, without .git."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
STAND_INS = Path(__file__).with_name("stand_ins")


def export(target: Path) -> None:
    """Copy tracked and new files, so that what is not committed yet is tested too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    for name in sorted(set(listed.stdout.split("\0")) - {""}):
        if (ROOT / name).is_file():  # else it is deleted, and that is not committed yet
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def thin(source: Path, target: Path) -> None:
    """What act copies for each action of each job: what those are made of, with the package behind a link.

    A job runs on this machine itself here, and not in the container that a workflow asks for.
    """
    for name in ("actions", "requirements", "firmware", ".github/workflows"):
        shutil.copytree(source / name, target / name)
    shutil.copy(source / "action.yml", target)
    (target / "src").symlink_to(source / "src")
    for workflow in target.glob(".github/workflows/*.yml"):
        workflow.write_text(re.sub(r"(?m)^    container: .*\n", "", workflow.read_text()))


def workflow_files(root: Path) -> Iterator[Path]:
    """Every file of a repository that a runner reads."""
    yield from sorted((root / ".github/workflows").glob("*.yml"))
    yield from sorted(root.glob("action.yml"))
    yield from sorted(root.glob("actions/*/action.yml"))
    yield from sorted(root.glob("examples/workflows/*.yml"))


def local_repositories(files: Iterable[Path], ours: Path) -> dict[str, Path]:
    """What stands for each `owner/name@ref` that these files use: a folder of this machine.

    Our own actions come from `ours`; those of others from their stand-ins, whatever the pin. act fetches what is not in
    here from the network, and has none: an action without a stand-in fails a test, by its name.
    """
    used = [use for file in files for use in re.findall(r"(?m)^\s*(?:- )?uses: ([^\s#]+)", file.read_text())]
    table = {}
    for use in used:
        if match := re.fullmatch(r"([\w.-]+)/([\w.-]+)(?:/[^@]*)?@(\S+)", use):
            owner, name, ref = match.groups()
            table[f"{owner}/{name}@{ref}"] = ours if owner == "org" else STAND_INS / name
    return table
