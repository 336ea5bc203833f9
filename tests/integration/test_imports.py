"""What is imported when: the command line answers at once, and TensorFlow stays out until a model is converted."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.golden import example_report
from tests.integration.command import Command

from quantci.records.base import read, write
from quantci.records.report import Report

HEAVY = {
    "tensorflow",
    "keras",
    "ai_edge_litert",
    "tflite_micro",
    "numpy",
    "PIL",
    "jinja2",
    "jsonschema",
    "requests",
    "rich",
}


def imported(code: str) -> set[str]:
    """Top-level modules that are loaded after running this code in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_help_needs_nothing_but_argparse() -> None:
    code = "import quantci.cli\ntry: quantci.cli.main(['--help'])\nexcept SystemExit: pass"
    assert not imported(code) & (HEAVY | {"msgspec"})


def test_a_command_is_imported_without_what_it_may_not_need() -> None:
    commands = ("evaluate", "merge", "embed", "fit_latency", "report", "inspect", "quantize", "pipeline", "init")
    others = ("schema", "comment", "action")
    assert not imported("".join(f"import quantci.cli.{name}\n" for name in (*commands, *others))) & HEAVY


def test_stages_after_quantize_never_import_tensorflow() -> None:
    stages = ("evaluate.run", "embed.run", "latency_fit.run", "report.join", "report.comment", "tflite.summary")
    assert "tensorflow" not in imported(
        "".join(f"import quantci.{name}\n" for name in (*stages, "github.comment.post"))
    )


def test_a_report_with_a_baseline_needs_no_numpy(tmp_path: Path) -> None:
    config = '[model]\nsource = "m.tflite"\n[calibration]\ndata = "c"\n[evaluation]\ndata = "e"\n'
    (tmp_path / "quantci.toml").write_text(config)
    write(tmp_path / "base" / "report.json", example_report())
    arguments = ["report", "--config", str(tmp_path / "quantci.toml"), "--baseline", str(tmp_path / "base")]
    loaded = imported(f"from quantci.cli import main\nmain({arguments!r})")
    assert read(tmp_path / "build" / "quantci" / "report.json", Report).baseline is not None
    assert not loaded & HEAVY


def test_the_comment_needs_only_what_its_own_lock_holds(tmp_path: Path) -> None:
    """The action's environment has nothing else: requirements/comment.txt."""
    refuse = (
        "import sys, importlib.abc\n"
        "class Refuse(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name in {HEAVY - {'jinja2', 'requests'}!r}: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
    )
    write(tmp_path / "report.json", example_report())
    arguments = ["comment", "--dry-run", "--repository", "acme/lights", "--report", "report.json"]
    imports = "import quantci.cli, quantci.github.client.transport, requests, urllib3\n"
    code = f"{refuse}{imports}sys.exit(quantci.cli.main({arguments!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert "quantci" in done.stdout, "the comment"


TRAP = """
import contextlib, pathlib, traceback
with contextlib.suppress(PermissionError), pathlib.Path({marker!r}).open("a", encoding="utf-8") as file:
    file.write(__name__ + "\\n" + "".join(traceback.format_stack()))
raise ImportError(__name__ + " was imported")
"""


class Trapped:
    """A project whose commands find a tensorflow and a keras that tell when anybody imports them."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._marker = project / "imported.txt"
        (project / "traps").mkdir()
        for name in ("tensorflow", "keras", "tf_keras"):
            (project / "traps" / f"{name}.py").write_text(TRAP.format(marker=str(self._marker)))

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run quantci, its fork server and its workers with the traps before everything that is installed."""
        path = os.pathsep.join(filter(None, [str(self._project / "traps"), os.environ.get("PYTHONPATH", "")]))
        return subprocess.run(
            [sys.executable, "-m", "quantci", *map(str, arguments)],
            cwd=self._project,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def imported(self) -> str:
        """Who imported what; empty when nobody did."""
        return self._marker.read_text() if self._marker.exists() else ""


def test_no_command_imports_tensorflow_for_a_tflite(project: Path) -> None:
    trapped = Trapped(project)
    for command in ("quantize", "evaluate", "embed", "report", "pipeline"):
        done = trapped.run(command)
        assert not trapped.imported, f"{command}: {trapped.imported}"
        assert done.returncode == 0, f"{command}: {done.stderr}"
    for command in ("inspect", "init"):
        done = trapped.run(command, "out/model_float.tflite", *(["--config", "new.toml"] if command == "init" else []))
        assert not trapped.imported, f"{command}: {trapped.imported}"
        assert done.returncode == 0, f"{command}: {done.stderr}"


def test_the_traps_do_catch_and_a_missing_tensorflow_is_told_in_one_line(project: Path, sources: Path) -> None:
    trapped = Trapped(project)
    done = trapped.run("quantize", "--model-source", sources / "model.keras")
    # A jail cannot write the marker. TensorFlow is installed: that it is missing is what the trap has done.
    assert find_spec("tensorflow") is not None
    assert done.returncode == 4
    assert done.stderr.splitlines()[-1].endswith("[missing-extra]")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(find_spec("tensorflow") is not None, reason="TensorFlow is here")
def test_a_keras_source_without_tensorflow_says_in_one_sentence_what_to_do(quantci: Command, project: Path) -> None:
    keras = Path(__file__).parents[2] / "examples" / "traffic-lights" / "traffic_lights.keras"
    done = quantci("quantize", "--model-source", keras, cwd=project)
    assert done.code == 4
    if sys.version_info >= (3, 14):
        said = "which has no release for Python 3.14. Use Python 3.13. [missing-extra]"
    else:
        said = "which is not installed. Install it with pip install 'quantci[tensorflow]'. [missing-extra]"
    assert done.err.splitlines()[-1] == f"quantci: Reading a Keras or SavedModel source needs TensorFlow, {said}"
