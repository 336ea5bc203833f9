"""Releases of a small repository like this one, made, checked and published to a bare repository beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".github/release.py"
FILES = {
    "pyproject.toml": '[project]\nname = "quantci"\nversion = "1.0.0"\n',
    "src/quantci/__init__.py": '"""It."""\n\n__version__ = "1.0.0"\n',
    "CHANGELOG.md": "# Changelog\n\n## [1.0.0] - 2026-11-30\n\n- All of it.\n",
    "actions/quantize/action.yml": "runs:\n  using: composite\n",
    ".github/workflows/measure.yml": "jobs:\n  a:\n    steps:\n      - uses: org/quantci/actions/quantize@v1\n",
    ".github/workflows/model-ci.yml": "jobs:\n  a:\n    uses: org/quantci/.github/workflows/measure.yml@v1\n",
}
WORKFLOWS = {"model-ci.yml", "measure.yml"}


class Clone:
    """A clone of a bare repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = {"GIT_AUTHOR_NAME": "A. Maintainer", "GIT_COMMITTER_NAME": "A. Maintainer", "EMAIL": "a@example.com"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_"))}
        self.environment = {**kept, **names, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=True, timeout=600
        )
        return done.stdout.strip()

    def release(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Exit code and what was said."""
        done = subprocess.run(
            [sys.executable, SCRIPT, *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return done.returncode, done.stdout + done.stderr

    def commit(self, files: dict[str, str]) -> str:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Some files")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone whose main is on the server."""
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "server"], check=True, timeout=600
    )
    (tmp_path / "clone").mkdir()
    clone = Clone(tmp_path / "clone")
    clone.git("init", "--quiet", "--initial-branch=main")
    clone.git("remote", "add", "origin", str(tmp_path / "server"))
    clone.commit(FILES)
    clone.git("push", "--quiet", "origin", "main")
    return clone


def test_a_release_names_commits_with_the_same_actions_and_package(clone: Clone) -> None:
    base = clone.git("rev-parse", "HEAD")
    assert clone.release("tag", "v1.0.0")[0] == 0
    assert clone.git("rev-parse", "main") == base, "main stays as it is"
    assert clone.git("status", "--porcelain") == ""
    middle = clone.git("rev-parse", "v1.0.0^")
    assert clone.git("rev-parse", "v1.0.0^^") == base
    assert f"quantize@{base} # v1.0.0" in clone.git("show", "v1.0.0:.github/workflows/measure.yml")
    assert f"measure.yml@{middle} # v1.0.0" in clone.git("show", "v1.0.0:.github/workflows/model-ci.yml")
    assert f"quantize@{base} # v1.0.0" in clone.git("show", f"{middle}:.github/workflows/measure.yml")
    assert "org/quantci" in clone.git("grep", "org/quantci", "v1.0.0")
    assert "@v1\n" not in clone.git("grep", "org/quantci", "v1.0.0") + "\n"
    for named in (base, middle):
        for folder in ("actions", "src"):
            assert clone.git("rev-parse", f"{named}:{folder}") == clone.git("rev-parse", f"v1.0.0:{folder}")
    changed = {Path(name).name for name in clone.git("diff", "--name-only", base, "v1.0.0").splitlines()}
    assert changed == WORKFLOWS


def test_the_tag_that_was_made_is_the_one_that_is_checked(clone: Clone) -> None:
    base = clone.git("rev-parse", "HEAD")
    clone.release("tag", "v1.0.0")
    code, said = clone.release("check", "v1.0.0")
    assert (code, said.strip()) == (0, f"v1.0.0 is {clone.git('rev-parse', 'v1.0.0^{}')}, the release of {base}")


def an_edit_in_the_release(clone: Clone) -> None:
    clone.git("checkout", "--quiet", "v1.0.0")
    clone.commit({"src/quantci/__init__.py": FILES["src/quantci/__init__.py"] + "import os\n"})
    clone.git("tag", "--force", "v1.0.0")


def main_itself(clone: Clone) -> None:
    clone.git("tag", "--force", "v1.0.0", "main")


def another_commit_in_a_workflow(clone: Clone) -> None:
    clone.git("checkout", "--quiet", "v1.0.0")
    text = clone.git("show", "v1.0.0:.github/workflows/measure.yml") + "\n"
    clone.commit({".github/workflows/measure.yml": text.replace(clone.git("rev-parse", "main"), "0" * 40)})
    clone.git("tag", "--force", "v1.0.0")


def a_commit_that_main_never_had(clone: Clone) -> None:
    clone.git("checkout", "--quiet", "--orphan", "else")
    clone.commit({"src/quantci/extra.py": "import os\n"})
    clone.git("update-ref", "refs/remotes/origin/main", "else")
    clone.git("tag", "--delete", "v1.0.0")
    assert clone.release("tag", "v1.0.0")[0] == 0
    clone.git("fetch", "--quiet", "--force", "origin", "main:refs/remotes/origin/main")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (an_edit_in_the_release, "changes more than what the workflows of a commit of origin/main name"),
        (main_itself, "still names v1"),
        (another_commit_in_a_workflow, "changes more than what the workflows of a commit of origin/main name"),
        (a_commit_that_main_never_had, "changes more than what the workflows of a commit of origin/main name"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_tag_that_is_something_else_is_refused(clone: Clone, change: Callable[[Clone], None], why: str) -> None:
    clone.release("tag", "v1.0.0")
    change(clone)
    code, said = clone.release("check", "v1.0.0", GITHUB_ACTIONS="true")
    assert code == 1, said
    assert said.startswith("::error title=release::")
    assert why in said


def test_only_main_is_released(clone: Clone) -> None:
    clone.commit({"README.md": "Not pushed.\n"})
    code, said = clone.release("tag", "v1.0.0")
    assert code == 1
    assert "is not on origin/main" in said


def test_a_rehearsal_makes_no_tag(clone: Clone) -> None:
    code, said = clone.release("check")
    assert code == 0
    assert said.startswith("rehearsal: 1.0.0 would be ")
    assert clone.git("tag") == ""


def test_the_moving_tag_follows_the_newest_release_only(clone: Clone) -> None:
    clone.release("tag", "v1.0.0")
    clone.git("push", "--quiet", "origin", "v1.0.0")
    assert clone.release("move", "v1.0.0") == (0, "v1 is v1.0.0\n")
    assert clone.git("ls-remote", "origin", "refs/tags/v1").split()[0] == clone.git("rev-parse", "v1.0.0^{}")
    clone.git("push", "--quiet", "origin", "v1.0.0^{}:refs/tags/v1.10.0")
    assert clone.release("move", "v1.0.0") == (0, "v1 stays where it is: v1.10.0 is newer than v1.0.0\n")


def test_a_job_that_may_not_move_the_tag_says_who_can(clone: Clone) -> None:
    clone.release("tag", "v1.0.0")
    code, said = clone.release("move", "v1.0.0", GITHUB_ACTIONS="true")
    assert code == 0
    assert said.startswith("::warning title=v1::")
    assert "python3 .github/release.py move v1.0.0" in said
    assert clone.git("ls-remote", "--tags", "origin") == ""
