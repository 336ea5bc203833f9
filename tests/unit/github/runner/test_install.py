"""Which lock an action needs, for which Python, and where its environment stands."""

from __future__ import annotations

import ast
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from quantci.github.runner import install
from quantci.github.runner.install import FOLDER, HELD, PYTHONS, choose_lock, main, plan
from quantci.records import code_name

ROOT = Path(__file__).parents[4]


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


@pytest.mark.parametrize("source", [300 * "m", 300 * "m" + ".onnx", "a/" * 3000 + "m.tflite", "m\\u0000", "m\\n:f"])
def test_a_name_that_no_file_has_is_left_to_the_command(tmp_path: Path, source: str) -> None:
    assert choose_lock("quantize", config(tmp_path, source)) == ("onnx" if source.endswith("onnx") else "base")


@pytest.mark.parametrize(
    ("recipe", "lock"), [("qat", "torch"), ("cle+qat", "torch"), ("minmax", "base"), ("no-qat", "base")]
)
def test_a_recipe_that_trains_needs_pytorch(tmp_path: Path, recipe: str, lock: str) -> None:
    (tmp_path / "m.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    given = config(tmp_path, "m.tflite") | {"QUANTCI_QUANTIZATION_RECIPE": recipe}
    assert choose_lock("quantize", given) == lock


def test_an_onnx_model_needs_onnx2tf_and_its_pythons(tmp_path: Path) -> None:
    assert choose_lock("quantize", config(tmp_path, "m.ONNX")) == "onnx"
    assert choose_lock("evaluate", config(tmp_path, "m.onnx")) == "base"
    assert plan("quantize", ROOT, config(tmp_path, "m.onnx"))[:3] == ("onnx", 12, 13)


def test_a_function_needs_pytorch_where_it_may_run(tmp_path: Path) -> None:
    given = config(tmp_path, "nets.lights:build")
    assert choose_lock("quantize", given) == "base", "it is refused before anything of it is needed"
    assert choose_lock("quantize", given | {"QUANTCI_ALLOW_CODE": "True"}) == "torch"
    assert choose_lock("evaluate", given | {"QUANTCI_ALLOW_CODE": "true"}) == "base"
    given = config(tmp_path, "m.tflite") | {"QUANTCI_MODEL_SOURCE": "lights:build", "QUANTCI_ALLOW_CODE": "true"}
    assert choose_lock("quantize", given) == "torch"


def test_an_exported_program_needs_pytorch_and_its_pythons(tmp_path: Path) -> None:
    assert plan("quantize", ROOT, config(tmp_path, "m.pt2"))[:4] == ("torch", 12, 13, "")


def test_packages_of_the_function_are_exact_versions(tmp_path: Path) -> None:
    given = config(tmp_path, "lights:build") | {"QUANTCI_PACKAGES": " torchvision==0.30.0\ntimm[all]==1.0.20 "}
    assert plan("quantize", ROOT, given).packages == "", "for code that may not run nothing is installed"
    given["QUANTCI_ALLOW_CODE"] = "true"
    with_them = plan("quantize", ROOT, given)
    assert with_them.packages == "torchvision==0.30.0 timm[all]==1.0.20"
    assert with_them.environment != plan("quantize", ROOT, given | {"QUANTCI_PACKAGES": ""}).environment


@pytest.mark.parametrize(
    "word", ["timm", "timm>=1", "-rrequirements.txt", "./own", "a@https://b/c.whl", "a==1;b", "a==*"]
)
def test_what_is_no_exact_version_is_refused(tmp_path: Path, word: str) -> None:
    given = config(tmp_path, "lights:build") | {"QUANTCI_PACKAGES": f"a==1 {word}", "QUANTCI_ALLOW_CODE": "true"}
    with pytest.raises(SystemExit, match="not an exact version"):
        plan("quantize", ROOT, given)


def test_unless_the_engine_is_tensorflow(tmp_path: Path) -> None:
    assert choose_lock("quantize", config(tmp_path, "m.tflite", "tensorflow")) == "tensorflow"
    given = config(tmp_path, "m.tflite") | {"QUANTCI_QUANTIZATION_ENGINE": "tensorflow"}
    assert choose_lock("quantize", given) == "tensorflow"


def test_the_input_wins_over_the_file(tmp_path: Path) -> None:
    assert choose_lock("quantize", config(tmp_path, "m.tflite") | {"QUANTCI_MODEL_SOURCE": "m.keras"}) == "tensorflow"


@pytest.mark.parametrize(
    ("action", "lock"),
    [("evaluate", "base"), ("diagnose", "base"), ("embed", "base"), ("report", "base"), ("comment", "comment")],
)
def test_no_other_action_needs_tensorflow(tmp_path: Path, action: str, lock: str) -> None:
    assert choose_lock(action, config(tmp_path, "m.keras")) == lock


@pytest.mark.parametrize("text", ["", "[model", "model = 1", "[model]\nsource = [1]", "\xff", "quantization = 3"])
def test_a_configuration_that_is_wrong_is_the_commands_business(tmp_path: Path, text: str) -> None:
    (tmp_path / "quantci.toml").write_text(text, encoding="latin-1")
    assert choose_lock("quantize", {"QUANTCI_CONFIG": str(tmp_path / "quantci.toml")}) == "base"
    assert choose_lock("quantize", {"QUANTCI_CONFIG": str(tmp_path / "absent")}) == "base"


def test_a_keras_model_takes_an_older_python_than_the_rest(tmp_path: Path) -> None:
    assert plan("quantize", ROOT, config(tmp_path, "m.keras")).newest == 13
    assert plan("quantize", ROOT, config(tmp_path, "m.tflite")).newest == 14
    assert plan("comment", ROOT, {}).newest == 14


def test_the_environment_lies_in_the_jobs_own_folder(tmp_path: Path) -> None:
    assert plan("report", ROOT, {"RUNNER_TEMP": str(tmp_path)}).environment.parent == tmp_path / FOLDER


@pytest.mark.parametrize(
    ("made", "action", "taken"),
    [
        ("tensorflow", "report", "tensorflow"),
        ("tensorflow", "comment", "tensorflow"),
        ("base", "comment", "base"),
        ("comment", "report", "base"),
        ("base", "quantize", "tensorflow"),
        ("onnx", "report", "onnx"),
        ("onnx", "quantize", "tensorflow"),
    ],
)
def test_an_environment_that_stands_serves_all_that_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str, action: str, taken: str
) -> None:
    given = {"RUNNER_TEMP": str(tmp_path)} | config(tmp_path, "m.keras")
    with monkeypatch.context() as patched:
        patched.setattr(install, "choose_lock", lambda *_: made)
        folder = plan(action, ROOT, given).environment
    folder.mkdir(parents=True)
    assert plan(action, ROOT, given).lock == choose_lock(action, given), "one that is half made serves nothing"
    (folder / "ready").touch()
    assert plan(action, ROOT, given).lock == taken


def pins(lock: str) -> set[str]:
    """What a lock names, with its version."""
    return set(re.findall(r"(?m)^([\w.-]+==[^ ]+)", (ROOT / "requirements" / f"{lock}.txt").read_text()))


def test_a_lock_holds_what_is_said_of_it() -> None:
    assert list(PYTHONS) == list(HELD)
    for larger, held in HELD.items():
        for smaller in held[:-1]:
            if larger == "torch":  # onnx.txt, and what has no hashes
                assert smaller in HELD["onnx"]
            elif larger == "onnx":  # which has other versions: onnx2tf pins its own
                assert names(smaller) < names(larger)
            else:
                assert pins(smaller) < pins(larger)


def names(lock: str) -> set[str]:
    return {pin.partition("==")[0] for pin in pins(lock)}


def test_what_the_comment_needs_is_a_part_of_what_quantci_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["dependency-groups"]["comment"]) < set(project["project"]["dependencies"])


def test_the_plan_is_printed_one_value_a_line(action: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main("report", str(action))
    lock, oldest, newest, packages, environment = capsys.readouterr().out.splitlines()
    assert (lock, oldest, newest, packages) == ("base", "11", "14", "")
    assert environment.startswith("/")


@pytest.fixture
def action(tmp_path: Path) -> Path:
    """A repository of the actions, as small as it can be."""
    root = tmp_path / "action"
    (root / "src").mkdir(parents=True)
    (root / "requirements").mkdir()
    for name in (*(f"{lock}.txt" for lock in HELD), "torch.in"):
        (root / "requirements" / name).write_text("a==1\n")
    (root / "src" / "a.py").write_text("x = 0\n")
    return root


@pytest.mark.parametrize("name", ["src/a.py", "requirements/base.txt"])
def test_another_lock_or_source_is_another_environment(action: Path, name: str) -> None:
    first = plan("report", action, {})
    (action / name).write_text("x = 1\n")
    assert plan("report", action, {}).environment != first.environment


def test_a_renamed_module_is_another_environment(action: Path) -> None:
    first = plan("report", action, {})
    (action / "src/a.py").rename(action / "src/b.py")
    assert plan("report", action, {}).environment != first.environment


def test_actions_share_one_environment_wherever_they_lie(action: Path, tmp_path: Path) -> None:
    """A runner may give each action of a job its own copy of the repository."""
    shutil.copytree(action, tmp_path / "copy")
    given = {"RUNNER_TEMP": str(tmp_path / "temporary")}
    assert plan("evaluate", action, given) == plan("report", tmp_path / "copy", given)


def test_only_the_standard_library_is_imported() -> None:
    for module in (install, code_name):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {name.split(".")[0] for name in imported - {code_name.__name__}} <= sys.stdlib_module_names
