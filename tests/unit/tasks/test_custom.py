"""The user's own metrics: found beside the configuration, checked, and never run without permission."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from quantci.errors import ConfigError
from quantci.tasks.custom import apply_metrics, load_metric, load_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

P, Y = np.array([[0.25, 0.75], [0.5, 0.5]], dtype=np.float32), np.array([1, 0], dtype=np.int32)


@pytest.fixture(autouse=True)
def _restored_modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(folder: Path, text: str, name: str = "own_metrics.py") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def fault(spec: str, folder: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        apply_metrics({spec: load_metric(spec, folder, allow_code=True)}, P, Y)
    assert spec in str(caught.value)
    return caught.value


def test_metric_is_called_with_probabilities_and_labels(tmp_path: Path) -> None:
    write(tmp_path, "def first(p, y):\n    assert p.dtype == 'float64' and y.dtype == 'int64'\n    return p[0, y[0]]\n")
    metrics = load_metrics(["own_metrics:first"], tmp_path, allow_code=True)
    assert apply_metrics(metrics, P, Y) == {"own_metrics:first": 0.75}


def test_code_is_not_even_imported_without_permission(tmp_path: Path) -> None:
    write(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w').close()\ndef f(p, y): return 0\n")
    with pytest.raises(ConfigError) as caught:
        load_metric("own_metrics:f", tmp_path, allow_code=False)
    assert caught.value.code == "code-not-allowed"
    assert not (tmp_path / "ran").exists()


def test_folder_of_the_configuration_comes_first_and_the_search_path_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "def f(p, y):\n    import own_helper\n    return own_helper.VALUE\n")
    write(tmp_path, "VALUE = 0.5\n", "own_helper.py")
    path = list(sys.path)
    metric = load_metric("own_metrics:f", tmp_path, allow_code=True)
    assert apply_metrics({"m": metric}, P, Y) == {"m": 0.5}  # also an import inside the function finds its neighbour
    assert sys.path == path


def test_module_in_a_package_is_found(tmp_path: Path) -> None:
    write(tmp_path, "", "own_package/__init__.py")
    write(tmp_path, "from own_package import __name__ as n\ndef f(p, y): return len(n)\n", "own_package/inner.py")
    metric = load_metric("own_package.inner:f", tmp_path, allow_code=True)
    assert metric(P.astype(np.float64), Y.astype(np.int64)) == len("own_package")


def test_metric_cannot_change_the_arrays_of_the_next(tmp_path: Path) -> None:
    write(tmp_path, "def f(p, y):\n    p[:] = 9\n    y[:] = 9\n    return 0\n")
    probabilities, labels = P.astype(np.float64), Y.astype(np.int64)
    load_metric("own_metrics:f", tmp_path, allow_code=True)(probabilities, labels)
    assert probabilities.max() < 1
    assert labels.max() == 1


@pytest.mark.parametrize("spec", ["own_metrics", "own_metrics:", ":f", "own metrics:f", "a/b:f", "m:f:g", "m:f()"])
def test_spec_of_another_form_is_refused(spec: str, tmp_path: Path) -> None:
    found = fault(spec, tmp_path)
    assert found.code == "metric"
    assert "module:function" in found.cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (None, "cannot be imported: ModuleNotFoundError"),
        ("def f(p, y:\n", "cannot be imported: SyntaxError"),
        ("import sys\nsys.exit()\n", "cannot be imported: SystemExit"),
        ("f = 1\n", "has no function f"),
        ("def f(p): return 0\n", "failed on probabilities (2, 2) and labels (2,): TypeError"),
        ("def f(p, y): return None\n", "TypeError"),
        ("def f(p, y): return p\n", "TypeError"),
        ("def f(p, y): return float('nan')\n", "returned nan"),
        ("def f(p, y): raise SystemExit(0)\n", "SystemExit"),
    ],
)
def test_fault_names_module_function_and_remedy(text: str | None, cause: str, tmp_path: Path) -> None:
    if text is not None:
        write(tmp_path, text)
    found = fault("own_metrics:f", tmp_path)
    assert found.code == "metric"
    assert cause in found.cause
    assert "own_metrics" in found.cause
    assert found.remedy


def test_a_module_that_is_built_in_has_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="The module sys has no function balanced") as caught:
        load_metric("sys:balanced", tmp_path, allow_code=True)
    assert caught.value.code == "metric"


def test_file_whose_name_is_taken_is_refused_instead_of_running_the_other(tmp_path: Path) -> None:
    write(tmp_path, "def dumps(p, y): return 0\n", "json.py")
    found = fault("json:dumps", tmp_path)
    assert "belongs to another module" in found.cause
    assert "Rename json.py" in found.remedy


def test_file_beside_the_configuration_wins_over_an_installed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, own = tmp_path / "installed", tmp_path / "own"
    write(installed, "def f(p, y): return 1\n")
    write(own, "def f(p, y): return 2\n")
    monkeypatch.syspath_prepend(str(installed))
    metrics = load_metrics(["own_metrics:f"], own, allow_code=True)
    assert apply_metrics(metrics, P, Y) == {"own_metrics:f": 2.0}
