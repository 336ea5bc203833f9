"""actions/install.sh on machines that have little: the Python it takes, what it tells uv, its line when it cannot."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from quantci.github.runner.install import FOLDER

SCRIPT = Path(__file__).parents[2] / "actions" / "install.sh"
# The interpreter of these tests, which says that it is another one, or that it lacks a module.
PYTHON = """#!/bin/sh
for last; do :; done
case "$*" in
    *sys.version_info*) exec "{python}" -I -c "import sys; sys.version_info = (3, {minor}); $last" ;;
    {lacks}) exit 1 ;;
esac
exec "{python}" "$@"
"""
# It writes down what it is asked, and makes what install.sh then needs.
UV = """#!/bin/sh
printf 'cache=%s %s\\n' "${{UV_CACHE_DIR:-}}" "$*" >>"{log}"
for last; do :; done
case $1 in
    venv) mkdir -p "$last/lib/python3.13/site-packages" ;;
    python) exit 2 ;;
esac
"""


class Done(NamedTuple):
    """How a call ended: its exit code, what it printed, its outputs."""

    code: int
    text: str
    outputs: dict[str, str]


class Machine:
    """A folder of commands, and a job's own folder."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.temporary, self.log = folder / "bin", folder / "temporary", folder / "uv.log"
        self.bin.mkdir()
        for tool in ("sh", "dirname", "mkdir", "rm", "cp"):
            (self.bin / tool).symlink_to(f"/bin/{tool}" if Path(f"/bin/{tool}").exists() else f"/usr/bin/{tool}")

    def script(self, name: str, text: str) -> Path:
        """Put a command into the folder."""
        file = self.bin / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
        return file

    def python(self, minor: int, name: str = "python3", lacks: str = "nothing") -> Path:
        """An interpreter of Python 3.minor."""
        return self.script(name, PYTHON.format(python=sys.executable, minor=minor, lacks=lacks))

    def uv(self) -> None:
        """A uv that installs nothing."""
        self.script("uv", UV.format(log=self.log))

    def run(self, verb: str, action: str, **variables: str) -> Done:
        """Call the script as a step does."""
        outputs = self.temporary / "outputs"
        self.temporary.mkdir(exist_ok=True)
        outputs.write_text("")
        given = {"PATH": str(self.bin), "HOME": str(self.temporary), "RUNNER_TEMP": str(self.temporary)}
        given |= {"GITHUB_OUTPUT": str(outputs), "PIP_NO_INDEX": "1"}
        done = subprocess.run(
            ["/bin/sh", SCRIPT, verb, action],
            env=given | variables,
            cwd=self.temporary,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        said = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        return Done(done.returncode, done.stdout + done.stderr, said)

    def model(self, source: str) -> None:
        """Let the workspace have this source model."""
        self.temporary.mkdir(exist_ok=True)
        (self.temporary / "quantci.toml").write_text(f'[model]\nsource = "{source}"\n')


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One with a shell and nothing else."""
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("minor", "source", "wanted"),
    [
        (10, "m.tflite", {"python-version": "3.13"}),
        (11, "m.keras", {}),
        (13, "m.keras", {}),
        (14, "m.tflite", {}),
        (14, "m.keras", {"python-version": "3.13"}),
        (11, "m.onnx", {"python-version": "3.13"}),
        (12, "m.onnx", {}),
        (14, "m.onnx", {"python-version": "3.13"}),
        (15, "m.tflite", {"python-version": "3.13"}),
    ],
)
def test_a_python_is_asked_for_where_none_fits(
    machine: Machine, minor: int, source: str, wanted: dict[str, str]
) -> None:
    machine.python(minor)
    machine.model(source)
    assert machine.run("plan", "quantize") == (0, "", wanted)


def test_with_none_at_all_one_is_asked_for_too(machine: Machine) -> None:
    assert machine.run("plan", "report").outputs == {"python-version": "3.13"}


def test_the_one_that_was_brought_along_is_taken(machine: Machine) -> None:
    machine.uv()
    machine.python(14)
    machine.model("m.keras")
    brought = machine.python(13, "elsewhere/python")
    done = machine.run("install", "quantize", QUANTCI_PYTHON=str(brought))
    assert (done.code, done.outputs["lock"]) == (0, "tensorflow"), done.text
    assert f"--python {brought} " in machine.log.read_text()


def test_the_callers_goes_before_the_machines(machine: Machine) -> None:
    machine.uv()
    machine.python(13, "python3.13")
    theirs = machine.python(12, "theirs/bin/python")
    assert machine.run("install", "report", pythonLocation=str(theirs.parents[1])).code == 0
    assert f"--python {theirs} " in machine.log.read_text()


@pytest.mark.parametrize("kind", ["github-hosted", "self-hosted", ""])
@pytest.mark.parametrize("action", ["comment", "report"])
def test_uv_finds_what_an_earlier_job_left_only_where_nothing_can_be_written(
    machine: Machine, action: str, kind: str
) -> None:
    machine.uv()
    machine.python(13)
    done = machine.run("install", action, RUNNER_ENVIRONMENT=kind, UV_CACHE_DIR="/kept")
    assert done.code == 0, done.text
    install = next(line for line in machine.log.read_text().splitlines() if " pip install " in line)
    is_kept = action == "report" and kind == "self-hosted"
    assert install.startswith("cache=/kept " if is_kept else f"cache={machine.temporary}")
    assert " --require-hashes --no-build " in install


def test_what_lies_where_caches_used_to_be_restored_is_not_read(machine: Machine) -> None:
    """An altered uv, packages in uv's cache, and links that lead out of it."""
    ours = machine.temporary / FOLDER
    uv = machine.script("evil", f"#!/bin/sh\necho run >'{machine.log}'\n")
    for folder in ("cache/bin", "cache/uv/archive-v0/x/requests"):
        (ours / folder).mkdir(parents=True)
    (ours / "cache/bin/uv").symlink_to(uv)
    (ours / "cache/uv/archive-v0/x/requests/__init__.py").symlink_to("../../../../../../bin/evil")
    machine.python(13)
    done = machine.run("install", "report")
    assert done.code == 4, "there is no network here: nothing that is there would do"
    assert not machine.log.exists()
    if find_spec("ensurepip"):
        (line,) = (line for line in done.text.splitlines() if line.startswith("::error"))
        assert line.startswith("::error title=quantci install::uv could not be downloaded")
        assert "PIP_INDEX_URL and UV_DEFAULT_INDEX" in line
    machine.uv()
    assert machine.run("install", "report").code == 0
    assert "cache=" + str(ours / "cache") + " " not in machine.log.read_text()


def test_what_is_installed_runs(machine: Machine) -> None:
    machine.uv()
    machine.python(13)
    installed = Path(machine.run("install", "report").outputs["python"]).parents[1]
    assert (installed / "ready").exists()
    (package,) = installed.glob("lib/python3.*/site-packages/quantci")
    code = f"import sys; sys.path.insert(0, {str(package.parent)!r}); import quantci; print(quantci.__file__)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=600)
    assert Path(done.stdout.strip()) == package / "__init__.py"


@pytest.mark.parametrize(
    ("minor", "source", "said"),
    [
        (10, "m.tflite", "no Python from 3.11 to 3.14 is on this runner"),
        (14, "m.keras", "no Python from 3.11 to 3.13 is on this runner"),
    ],
)
def test_without_a_python_the_error_says_what_to_install(machine: Machine, minor: int, source: str, said: str) -> None:
    machine.python(minor)
    machine.model(source)
    done = machine.run("install", "quantize")
    assert done.code == 4
    assert done.text.startswith(f"::error title=quantci install::{said}, and actions/setup-python brought none")
    assert "sudo apt-get install python3-venv" in done.text
    assert len(done.text.splitlines()) == 1


def test_without_pip_and_venv_the_error_says_so(machine: Machine) -> None:
    machine.python(13, lacks="*'import pip'*|*'-m venv'*")
    done = machine.run("install", "report")
    assert done.code == 4
    (line,) = (line for line in done.text.splitlines() if line.startswith("::error"))
    assert "has neither pip nor venv" in line
    assert "sudo apt-get install python3-venv" in line
