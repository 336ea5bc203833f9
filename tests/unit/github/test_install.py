"""Which lock an action needs, and where its environment and its downloads are kept."""

from __future__ import annotations

import ast
import shutil
import sys
from pathlib import Path

import pytest

from quantci.github import install
from quantci.github.install import choose_lock, plan

ROOT = Path(__file__).parents[3]


def config(tmp_path: Path, source: str, engine: str = "") -> dict[str, str]:
    text = f'[model]\nsource = "{source}"\n'
    (tmp_path / "quantci.toml").write_text(text + (f'[quantization]\nengine = "{engine}"\n' if engine else ""))
    return {"QUANTCI_CONFIG": str(tmp_path / "quantci.toml")}


@pytest.mark.parametrize("source", ["m.keras", "m.h5", "M.HDF5", "saved"])
def test_keras_and_saved_models_need_tensorflow(tmp_path: Path, source: str) -> None:
    (tmp_path / "saved").mkdir()
    assert choose_lock("quantize", config(tmp_path, source)) == "tensorflow"


def test_so_does_a_keras_file_under_another_name(tmp_path: Path) -> None:
    (tmp_path / "m.model").write_bytes(b"\x89HDF\r\n\x1a\n...")
    assert choose_lock("quantize", config(tmp_path, "m.model")) == "tensorflow"


def test_a_tflite_does_not(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    assert choose_lock("quantize", config(tmp_path, "m.tflite")) == "base"
    assert choose_lock("quantize", config(tmp_path, "absent.tflite")) == "base"


def test_unless_the_engine_is_tensorflow(tmp_path: Path) -> None:
    assert choose_lock("quantize", config(tmp_path, "m.tflite", "tensorflow")) == "tensorflow"
    given = config(tmp_path, "m.tflite") | {"QUANTCI_QUANTIZATION_ENGINE": "tensorflow"}
    assert choose_lock("quantize", given) == "tensorflow"


def test_the_input_wins_over_the_file(tmp_path: Path) -> None:
    assert choose_lock("quantize", config(tmp_path, "m.tflite") | {"QUANTCI_MODEL_SOURCE": "m.keras"}) == "tensorflow"


@pytest.mark.parametrize("action", ["evaluate", "embed", "report", "comment"])
def test_no_other_action_needs_tensorflow(tmp_path: Path, action: str) -> None:
    assert choose_lock(action, config(tmp_path, "m.keras")) == "base"


@pytest.mark.parametrize("text", ["", "[model", "model = 1", "[model]\nsource = [1]", "\xff", "quantization = 3"])
def test_a_configuration_that_is_wrong_is_the_commands_business(tmp_path: Path, text: str) -> None:
    (tmp_path / "quantci.toml").write_text(text, encoding="latin-1")
    assert choose_lock("quantize", {"QUANTCI_CONFIG": str(tmp_path / "quantci.toml")}) == "base"
    assert choose_lock("quantize", {"QUANTCI_CONFIG": str(tmp_path / "absent")}) == "base"


def test_environment_and_downloads_lie_in_the_jobs_own_folder(tmp_path: Path) -> None:
    outputs = plan("report", ROOT, {"RUNNER_TEMP": str(tmp_path)})
    assert Path(outputs["environment"]).parent == tmp_path / "quantci"
    assert Path(outputs["cache-dir"]).is_relative_to(tmp_path)
    assert outputs["cache"] == "true"
    assert f"py{sys.version_info.major}.{sys.version_info.minor}" in outputs["cache-key"]
    assert "," not in outputs["cache-key"], "actions/cache refuses it"


def test_nothing_is_cached_where_it_is_not_wanted_or_kept_anyway(tmp_path: Path) -> None:
    given = {"RUNNER_TEMP": str(tmp_path)}
    assert plan("report", ROOT, given | {"QUANTCI_CACHE": "false"})["cache"] == "false"
    assert plan("report", ROOT, given | {"RUNNER_ENVIRONMENT": "self-hosted"})["cache"] == "false"
    ready = Path(plan("report", ROOT, given)["environment"]) / "ready"
    ready.parent.mkdir(parents=True)
    ready.touch()
    assert plan("evaluate", ROOT, given)["cache"] == "false"


@pytest.fixture
def action(tmp_path: Path) -> Path:
    """A repository of the actions, as small as it can be."""
    root = tmp_path / "action"
    (root / "src").mkdir(parents=True)
    (root / "requirements").mkdir()
    for name in ("build", "base"):
        (root / "requirements" / f"{name}.txt").write_text("a==1\n")
    (root / "pyproject.toml").write_text("[project]\n")
    (root / "src" / "a.py").write_text("x = 0\n")
    return root


@pytest.mark.parametrize("name", ["pyproject.toml", "src/a.py", "requirements/base.txt"])
def test_another_lock_or_source_is_another_environment(action: Path, name: str) -> None:
    first = plan("report", action, {})
    (action / name).write_text("x = 1\n")
    second = plan("report", action, {})
    assert first["environment"] != second["environment"]
    is_lock = name.startswith("requirements/")
    assert (first["cache-key"] != second["cache-key"]) == is_lock, "downloads are those of the lock"


def test_a_renamed_module_is_another_environment(action: Path) -> None:
    first = plan("report", action, {})
    (action / "src/a.py").rename(action / "src/b.py")
    assert plan("report", action, {})["environment"] != first["environment"]


def test_actions_share_one_environment_wherever_they_lie(action: Path, tmp_path: Path) -> None:
    """A runner may give each action of a job its own copy of the repository."""
    shutil.copytree(action, tmp_path / "copy")
    given = {"RUNNER_TEMP": str(tmp_path / "temporary")}
    assert plan("evaluate", action, given) == plan("report", tmp_path / "copy", given)


def test_only_the_standard_library_is_imported() -> None:
    tree = ast.parse(Path(install.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names
