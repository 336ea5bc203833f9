"""Which steps there are: of models that quantci made all, of one that was given those that can be run."""

from __future__ import annotations

from typing import Any, Self

import pytest
from msgspec.structs import replace
from tests.models import tiny_int8_cnn
from tests.unit.evaluate.sharded import CONFIG

from quantci.errors import ModelRejected, ToolError
from quantci.evaluate import steps
from quantci.evaluate.steps import choose_steps, steps_of
from quantci.records.config import Config, EvaluationConfig, ModelConfig
from quantci.tflite.model import Model

MODEL = Model(tiny_int8_cnn(), "own.tflite")
OWN = replace(CONFIG, model=ModelConfig(quantized="own.tflite"))


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """TFLM is there, and refuses what is put first into the list. Nothing is started."""
    faults: list[Any] = []

    class Worker:
        def __init__(self, *_: object, **__: object) -> None: ...

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

        def call(self, *_: object) -> None:
            if not faults:
                raise AssertionError("nobody was to ask")
            if fault := faults.pop():
                raise fault

    monkeypatch.setattr(steps, "Pool", Worker)
    monkeypatch.setattr(steps, "choose_oracle", lambda wanted: "tflm" if wanted == "auto" else wanted)
    return faults


def names(config: Config, float_model: Model | None) -> tuple[str, list[str]]:
    oracle, absent = choose_steps(config, float_model, MODEL)
    return oracle, [one.name for one in absent]


def test_models_that_quantci_made_have_all_and_nobody_asks() -> None:
    assert names(CONFIG, MODEL) == ("tflm", [])


def test_one_that_was_given_is_tried_once(asked: list[Any]) -> None:
    asked.append(None)
    assert names(OWN, None) == ("tflm", ["float"])
    assert asked == []


def test_where_tflm_refuses_it_the_step_is_absent_with_the_reason(asked: list[Any]) -> None:
    asked.append(ModelRejected("tflm-refused", "TFLM cannot run CONV_2D.", remedy="Change it."))
    oracle, absent = choose_steps(OWN, MODEL, MODEL)
    assert (oracle, [(one.name, one.reason) for one in absent]) == (
        "litert",
        [("int8-oracle", "TFLM cannot run CONV_2D.")],
    )


def test_a_fault_of_the_machine_is_not_one_of_the_model(asked: list[Any]) -> None:
    asked.append(ToolError("out-of-memory", "There is none.", remedy="Free some."))
    with pytest.raises(ToolError):
        names(OWN, None)


def test_who_asks_for_tflm_by_name_is_told_by_the_run_that_it_refuses() -> None:
    config = replace(OWN, evaluation=EvaluationConfig(data="val", oracle="tflm"))
    assert names(config, MODEL) == ("tflm", [])


@pytest.mark.parametrize(
    ("oracle", "has_float", "expected"),
    [
        ("tflm", True, ("float", "int8-litert", "int8-oracle")),
        ("litert-reference", False, ("int8-litert", "int8-oracle")),
        ("litert", True, ("float", "int8-litert")),
        ("litert", False, ("int8-litert",)),
    ],
)
def test_the_steps_follow_from_models_and_oracle(oracle: Any, has_float: bool, expected: tuple[str, ...]) -> None:
    assert steps_of(oracle, has_float=has_float) == expected
