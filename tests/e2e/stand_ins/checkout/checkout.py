"""Stand-in for actions/checkout: the event's commit, and as many before it as fetch-depth says, from a folder on disk.

STAND_IN_REPOSITORIES holds `owner/name=/folder`, separated by semicolons. A repository that is not listed is an error,
as one that does not exist is for the real action.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def git(*arguments: str) -> str:
    """Run git without the machine's settings; a failure ends the step."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    options = ("-c", "protocol.file.allow=always", "-c", "safe.directory=*", "-c", "advice.detachedHead=false")
    done = subprocess.run(
        ["git", *options, *arguments],
        cwd=os.environ["GITHUB_WORKSPACE"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"::error::git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def main() -> None:
    """Fetch one commit and check it out."""
    listed = os.environ["STAND_IN_REPOSITORIES"].split(";")
    folders = dict(entry.split("=", 1) for entry in listed)
    repository = os.environ["GITHUB_REPOSITORY"]
    if repository not in folders:
        sys.exit(f"::error::Not Found: repository {repository}")
    if not Path(os.environ["GITHUB_WORKSPACE"], ".git").exists():
        git("init", "--quiet")
        git("remote", "add", "origin", f"file://{folders[repository]}")
    elif os.environ["IN_CLEAN"] == "true":
        git("clean", "-ffdx")
        git("reset", "--quiet", "--hard", "HEAD")
    is_lfs = os.environ["IN_LFS"] == "true"
    if is_lfs:
        git("lfs", "install", "--local")
    depth = os.environ["IN_FETCH_DEPTH"]
    if depth == "0":
        git("fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
    git(
        "fetch",
        "--quiet",
        *([] if depth == "0" else [f"--depth={depth}"]),
        "--no-tags",
        "origin",
        os.environ["GITHUB_SHA"],
    )
    if is_lfs:
        git("lfs", "fetch", "origin", os.environ["GITHUB_SHA"])
    git("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
    print(f"checked out {repository}@{git('rev-parse', 'HEAD')}")


main()
