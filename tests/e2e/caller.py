"""The repository of a user: a network, its pictures, a configuration, and the workflows of examples/workflows."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.e2e.export import ROOT
from tests.e2e.network import network
from tests.integration.pictures import write_images

CONFIG = """\
[model]
source = "model/lights.tflite"

[task]
labels = ["dark", "bright", "striped"]

[input]
mean = [127.5]
std = [127.5]

[calibration]
data = "data/calibration"
samples = 210

[evaluation]
data = "data/validation"

[gates]
max_metric_drop = 0.08
max_model_bytes = 100000
"""


class Caller:
    """A git repository on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def make(cls, folder: Path) -> Caller:
        """The repository, with the workflows as they stand in examples/workflows."""
        (folder / "model").mkdir(parents=True)
        (folder / "model/lights.tflite").write_bytes(network())
        write_images(folder / "data/calibration", 70, 0)
        write_images(folder / "data/validation", 60, 500)
        (folder / "quantci.toml").write_text(CONFIG)
        (folder / ".gitignore").write_text("/build/\n")
        shutil.copytree(ROOT / "examples/workflows", folder / ".github/workflows")
        caller = cls(folder)
        caller.git("init", "--quiet", "--initial-branch=main")
        caller.commit("A model, its data and its workflows")
        return caller

    def copy(self, folder: Path) -> Caller:
        """Another repository of the same content and history."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Caller(folder)

    def git(self, *arguments: str) -> str:
        """Run git with an author and without the machine's settings."""
        name = {"user.name": "A. User", "user.email": "user@example.com", "commit.gpgsign": "false"}
        options = [part for key, value in name.items() for part in ("-c", f"{key}={value}")]
        done = subprocess.run(
            ["git", *options, *arguments], cwd=self.folder, capture_output=True, text=True, check=True, timeout=120
        )
        return done.stdout.strip()

    def script(self, *command: str) -> str:
        """What a program says that is run in the repository, and commits."""
        names = {"GIT_AUTHOR_NAME": "A. User", "GIT_COMMITTER_NAME": "A. User", "EMAIL": "user@example.com"}
        done = subprocess.run(
            command, cwd=self.folder, env=os.environ | names, capture_output=True, text=True, check=True, timeout=300
        )
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        """A file of the repository, not committed yet."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        """Change one place of a file."""
        text = (self.folder / name).read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        (self.folder / name).write_text(text.replace(old, new))

    def commit(self, message: str) -> str:
        """Commit everything; returns the commit's name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.head

    @property
    def head(self) -> str:
        """The newest commit."""
        return self.git("rev-parse", "HEAD")
