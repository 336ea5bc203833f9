"""What is imported when: the command line answers at once, and TensorFlow stays out until a model is converted."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"tensorflow", "keras", "ai_edge_litert", "tflite_micro", "numpy", "PIL", "jinja2", "jsonschema", "rich"}


def imported(code: str) -> set[str]:
    """Top-level modules that are loaded after running this code in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_help_needs_nothing_but_argparse() -> None:
    code = "import quantci.cli\ntry: quantci.cli.main(['--help'])\nexcept SystemExit: pass"
    assert not imported(code) & (HEAVY | {"msgspec"})


@pytest.mark.parametrize("module", ["evaluate", "embed", "report", "inspect", "quantize", "pipeline", "init", "schema"])
def test_a_command_is_imported_without_what_it_may_not_need(module: str) -> None:
    assert not imported(f"import quantci.cli.{module}") & HEAVY


@pytest.mark.parametrize("module", ["evaluate.run", "embed.run", "report.join", "report.markdown", "tflite.summary"])
def test_stages_after_quantize_never_import_tensorflow(module: str) -> None:
    assert "tensorflow" not in imported(f"import quantci.{module}")


def test_the_report_needs_no_numpy() -> None:
    assert "numpy" not in imported("import quantci.report.join, quantci.report.markdown, quantci.cli.report")
