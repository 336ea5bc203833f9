"""Makes a release, and checks one. CONTRIBUTING.md says when each command is run.

main says `uses: org/quantci/...@v1` in its workflows, and v1 moves. A release says commits instead, so that whoever
pins its workflow has pinned what that uses. No commit can name itself: a release is a commit, or a few, on top of one
of main, and changes nothing but such lines. Each names the commit below it, which has the same actions and package.

  python3 .github/release.py tag v1.2.3      make these commits and the tag, in this clone; says what to push
  python3 .github/release.py check v1.2.3    whether the tag is what `tag` makes of a commit of main
  python3 .github/release.py check           a rehearsal: whether a release could be made of what is checked out
  python3 .github/release.py notes v1.2.3    the version's section of CHANGELOG.md
  python3 .github/release.py move v1.2.3     let v1 be that release, on the server
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from release_text import MOVING, READ_BY_RUNNERS, Fault, agree, notes, pinned, version_of

MAIN: Final = "origin/main"


def git(*arguments: str, text: str | None = None, index: str | None = None) -> str:
    """What git prints.

    Raises:
        Fault: it fails.
    """
    environment = {**os.environ, **({"GIT_INDEX_FILE": index} if index else {})}
    done = subprocess.run(
        ["git", *arguments], input=text, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise Fault(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.removesuffix("\n")


def file_at(commit: str, name: str) -> str:
    """A file of a commit."""
    return git("show", f"{commit}:{name}") + "\n"


def files_at(commit: str) -> dict[str, str]:
    """What a runner may read, as of this commit."""
    names = git("ls-tree", "-r", "--name-only", commit).splitlines()
    return {name: file_at(commit, name) for name in names if READ_BY_RUNNERS.fullmatch(name)}


def next_tree(commit: str, version: str) -> str:
    """The tree of the commit on top of this one; the same as its own when nothing is left to name."""
    with tempfile.TemporaryDirectory() as folder:
        index = str(Path(folder, "index"))
        git("read-tree", commit, index=index)
        for name, text in pinned(files_at(commit), commit, version).items():
            blob = git("hash-object", "-w", "--stdin", text=text)
            git("update-index", "--cacheinfo", f"100644,{blob},{name}", index=index)
        return git("write-tree", index=index)


def build(commit: str, version: str) -> str:
    """The release of a commit of main, as a commit that no branch has."""
    while (tree := next_tree(commit, version)) != git("rev-parse", f"{commit}^{{tree}}"):
        message = f"Release {version}: the workflows name a commit, not {MOVING}"
        commit = git("commit-tree", tree, "-p", commit, "-m", message)
    return commit


def base_of(commit: str, version: str) -> str:
    """The commit of main that this one is the release of.

    Raises:
        Fault: it is no release, or more than a release.
    """
    if next_tree(commit, version) != git("rev-parse", f"{commit}^{{tree}}"):
        raise Fault(f"a workflow of {commit[:12]} still names {MOVING}")
    while not is_on_main(commit):
        parents = git("rev-parse", f"{commit}^@").splitlines()
        if len(parents) != 1 or next_tree(parents[0], version) != git("rev-parse", f"{commit}^{{tree}}"):
            raise Fault(f"{commit[:12]} changes more than what the workflows of a commit of {MAIN} name")
        commit = parents[0]
    return commit


def is_on_main(commit: str) -> bool:
    """Whether main has, or had, this commit as its newest."""
    return not git("rev-list", "--max-count=1", commit, f"^{MAIN}")


def said(commit: str) -> tuple[str, str]:
    """Version and changelog of a commit."""
    version = version_of(file_at(commit, "pyproject.toml"), file_at(commit, "src/quantci/__init__.py"))
    return version, file_at(commit, "CHANGELOG.md")


def notes_of(tag: str) -> str:
    """The notes of a tag, or of what is checked out: there they may have no version yet."""
    version, changelog = said(f"refs/tags/{tag}" if tag else "HEAD")
    return notes(changelog, version if tag or f"\n## [{version}]" in changelog else "Unreleased")


def check(tag: str) -> None:
    """Say what the tag is the release of; without a tag, whether one could be made of what is checked out."""
    if not tag:
        version, _ = said("HEAD")
        notes_of("")
        print(f"rehearsal: {version} would be {build(git('rev-parse', 'HEAD'), version)}")
        return
    commit = git("rev-parse", f"refs/tags/{tag}^{{commit}}")
    version, changelog = said(commit)
    agree(tag, version, changelog)
    print(f"{tag} is {commit}, the release of {base_of(commit, version)}")


def make_tag(tag: str) -> None:
    """Make commits and tag of what is checked out, which is on main."""
    base = git("rev-parse", "HEAD")
    version, changelog = said(base)
    agree(tag, version, changelog)
    if not is_on_main(base):
        raise Fault(f"{base[:12]} is not on {MAIN}: fetch, and check main out")
    git("tag", "--annotate", tag, build(base, version), "--message", f"quantci {version}")
    print(f"{tag} is made of {base}. Now: git push origin {tag}")


def move(tag: str) -> None:
    """Let the moving tag be this release, unless that is a newer one."""
    listed = git("ls-remote", "--tags", "origin", f"{MOVING}.*").split()[1::2]
    there = {name.removeprefix("refs/tags/").removesuffix("^{}") for name in listed}
    newest = max(there | {tag}, key=lambda name: [int(part) for part in re.findall(r"\d+", name)])
    if newest != tag:
        print(f"{MOVING} stays where it is: {newest} is newer than {tag}")
    elif "GITHUB_ACTIONS" in os.environ and not os.environ.get("GH_TOKEN"):
        # The job's own token may not: the release's workflows differ from those of every branch.
        command = f"python3 .github/release.py move {tag}"
        print(f"::warning title={MOVING}::There is no RELEASE_TOKEN to move it with: run `{command}` in a clone")
    else:
        helper = ["-c", "credential.helper=!gh auth git-credential"] if os.environ.get("GH_TOKEN") else []
        git(*helper, "push", "--force", "origin", f"refs/tags/{tag}^{{commit}}:refs/tags/{MOVING}")
        print(f"{MOVING} is {tag}")


def main(command: str = "", tag: str = "") -> int:
    """Run a command; its fault is one line."""
    try:
        if command == "check":
            check(tag)
        elif command == "notes":
            sys.stdout.write(notes_of(tag))
        elif command in {"tag", "move"} and tag:
            make_tag(tag) if command == "tag" else move(tag)
        else:
            sys.stderr.write(__doc__ or "")
            return 2
    except Fault as fault:
        prefix = "::error title=release::" if "GITHUB_ACTIONS" in os.environ else "release: "
        print(f"{prefix}{fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
