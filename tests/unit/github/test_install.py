"""What an action decides to install, and where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from quantci.github.install import choose_lock, plan


@pytest.fixture
def action(tmp_path: Path) -> Path:
    """A repository of the actions, as small as it can be."""
    root = tmp_path / "action"
    (root / "requirements").mkdir(parents=True)
    (root / "src/quantci").mkdir(parents=True)
    for name in ("build", "base", "tensorflow"):
        (root / "requirements" / f"{name}.txt").write_text(f"{name}==1\n")
    (root / "pyproject.toml").write_text("[project]\n")
    (root / "src/quantci/__init__.py").write_text("a = 1\n")
    return root


def test_an_environment_is_shared_by_all_copies_of_an_action(action: Path, tmp_path: Path) -> None:
    shutil.copytree(action, tmp_path / "copy")
    environment = {"RUNNER_TEMP": str(tmp_path / "temporary")}
    assert plan("evaluate", action, environment) == plan("report", tmp_path / "copy", environment)


@pytest.mark.parametrize("name", ["pyproject.toml", "src/quantci/__init__.py", "requirements/base.txt"])
def test_an_environment_is_of_one_content(action: Path, tmp_path: Path, name: str) -> None:
    environment = {"RUNNER_TEMP": str(tmp_path / "temporary")}
    before = plan("evaluate", action, environment)
    (action / name).write_text("a = 2\n")
    after = plan("evaluate", action, environment)
    assert after["environment"] != before["environment"]
    assert (after["cache-key"] == before["cache-key"]) == (not name.startswith("requirements/"))


def test_a_renamed_module_is_another_content(action: Path, tmp_path: Path) -> None:
    before = plan("evaluate", action, {})
    (action / "src/quantci/__init__.py").rename(action / "src/quantci/other.py")
    assert plan("evaluate", action, {})["environment"] != before["environment"]


def test_what_stands_already_or_stays_on_a_disk_is_not_cached(action: Path, tmp_path: Path) -> None:
    environment = {"RUNNER_TEMP": str(tmp_path / "temporary")}
    planned = plan("evaluate", action, environment)
    assert planned["cache"] == "true"
    assert plan("evaluate", action, environment | {"RUNNER_ENVIRONMENT": "self-hosted"})["cache"] == "false"
    assert plan("evaluate", action, environment | {"QUANTCI_CACHE": "false"})["cache"] == "false"
    Path(planned["environment"]).mkdir(parents=True)
    Path(planned["environment"], "ready").touch()
    assert plan("evaluate", action, environment)["cache"] == "false"


@pytest.mark.parametrize(
    ("config", "name", "data", "lock"),
    [
        ("source = 'm.tflite'", "m.tflite", b"\x1c\0\0\0TFL3", "base"),
        ("source = 'm.keras'", "m.keras", b"PK\x03\x04", "tensorflow"),
        ("source = 'm.bin'", "m.bin", b"\x89HDF\r\n\x1a\n", "tensorflow"),
        ("source = 'm.tflite'\n[quantization]\nengine = 'tensorflow'", "m.tflite", b"\x1c\0\0\0TFL3", "tensorflow"),
        ("source = 'missing'", "m.tflite", b"", "base"),
        ("source = [", "m.tflite", b"", "base"),
        ("source = 3", "m.tflite", b"", "base"),
    ],
    ids=["tflite", "keras", "hdf5", "engine", "missing", "syntax", "type"],
)
def test_only_quantize_installs_tensorflow_and_only_where_it_is_needed(
    tmp_path: Path, config: str, name: str, data: bytes, lock: str
) -> None:
    (tmp_path / "quantci.toml").write_text(f"[model]\n{config}\n")
    (tmp_path / name).write_bytes(data)
    environment = {"QUANTCI_CONFIG": str(tmp_path / "quantci.toml")}
    assert choose_lock("quantize", environment) == lock
    assert choose_lock("evaluate", environment) == "base"
