"""The user's functions: named in quantci.toml, imported only with permission, checked when they run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.quantize.inline import config_of

from quantci.errors import ConfigError, ToolError
from quantci.progress import silent
from quantci.quantize.qat.plan import QatPlan
from quantci.quantize.run import quantize
from quantci.records.config import QuantizationConfig
from quantci.records.qat import QatConfig


@pytest.fixture(autouse=True)
def _restored_modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def plan(folder: Path, *, allow_code: bool = True, **keys: Any) -> QatPlan:
    return QatPlan(QatConfig(**keys), "classification", folder, allow_code)


def test_without_functions_there_is_nothing_to_permit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quantci.quantize.qat.plan.find_spec", lambda _: object())
    own = plan(tmp_path, allow_code=False)
    own.check()
    assert (own.batches(), own.loss(), own.has_code) == (None, None, False)


@pytest.mark.parametrize("key", ["fine_tune", "loss"])
def test_code_is_refused_by_its_name_alone_without_permission(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(tmp_path, allow_code=False, **{key: "training:f"}).check()
    assert caught.value.code == "code-not-allowed"
    assert caught.value.where == f"qat.{key}: training:f"


def test_a_name_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(tmp_path, fine_tune="training.py").check()
    assert caught.value.code == "fine-tune"
    assert "module:function" in caught.value.cause


def test_batches_find_what_lies_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "own_training.py").write_text("def f(seed):\n    import own_data\n    yield own_data.X + seed, None\n")
    (tmp_path / "own_data.py").write_text("X = 40\n")
    batches = plan(tmp_path, fine_tune="own_training:f").batches()
    assert batches is not None
    assert list(batches(2)) == [(42, None)]


@pytest.mark.parametrize(
    ("body", "cause"),
    [("1 / 0", "ZeroDivisionError"), ("0.5", "AttributeError"), ("y", "not one number")],
)
def test_a_loss_that_is_no_loss_is_named(tmp_path: Path, body: str, cause: str) -> None:
    class Outputs:
        shape, requires_grad, ndim = (2, 3), True, 2

    (tmp_path / "own_training.py").write_text(f"def f(outputs, y):\n    return {body}\n")
    loss = plan(tmp_path, loss="own_training:f").loss()
    assert loss is not None
    with pytest.raises(ConfigError) as caught:
        loss(Outputs(), Outputs())
    assert caught.value.code == "fine-tune"
    assert cause in caught.value.cause


def test_without_torch_one_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    nobody: Any = None
    config = replace(config_of(), quantization=QuantizationConfig(recipe="cle+qat"))
    with pytest.raises(ToolError) as caught:  # before anything of the model is read
        quantize(config, tmp_path, source=nobody, workers=nobody, tensorflow=nobody, progress=silent)
    assert caught.value.code == "missing-extra"
    assert "quantci[torch]" in caught.value.remedy
