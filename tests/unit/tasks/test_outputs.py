"""What a task asks of the INT8 model."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.golden import example_model

from quantci.errors import ModelRejected
from quantci.records.model import ModelSummary
from quantci.tasks.anomaly import Anomaly
from quantci.tasks.classification import Classification
from quantci.tasks.task import Task

MODEL = example_model("model_quant.tflite", quantized=True)
OUTPUT = MODEL.outputs[0]
TASKS: list[Task] = [Classification(), Anomaly()]


def ending_in(*ops: str, shape: tuple[int, ...] = (1, 1)) -> ModelSummary:
    return replace(
        MODEL,
        outputs=[replace(OUTPUT, shape=list(shape))],
        ops=[*MODEL.ops[:-1], *(replace(MODEL.ops[-1], op=op) for op in ops)],
    )


def test_the_one_output_is_what_is_judged() -> None:
    assert [task.outputs_of(MODEL) for task in TASKS] == [[OUTPUT], [OUTPUT]]


@pytest.mark.parametrize("outputs", [[], [OUTPUT, OUTPUT]], ids=["none", "two"])
def test_a_model_without_exactly_one_output_is_refused(outputs: list[object]) -> None:
    for task, name in zip(TASKS, ("classification", "anomaly"), strict=True):
        with pytest.raises(ModelRejected, match=f"has {len(outputs)} outputs.*the task {name} .*multi-output"):
            task.outputs_of(replace(MODEL, outputs=outputs))


def test_a_model_of_two_inputs_is_refused_by_their_names() -> None:
    both = replace(MODEL, inputs=[replace(OUTPUT, name="image"), replace(OUTPUT, name="", index=7)])
    for task in TASKS:
        with pytest.raises(ModelRejected, match=r"has 2 inputs \(image, 7\).*multi-input"):
            task.outputs_of(both)


@pytest.mark.parametrize("dtype", ["int64", "int32"])
def test_integers_without_a_scale_are_refused(dtype: str) -> None:
    bare = replace(OUTPUT, dtype=dtype, scale=[], zero_point=[])
    with pytest.raises(ModelRejected, match=f"The output is {dtype} without a scale.*ARG_MAX.*unsupported-type"):
        Classification().outputs_of(replace(MODEL, outputs=[bare]))
    with pytest.raises(ModelRejected, match=f"The input is {dtype} without a scale.*unsupported-type"):
        Classification().outputs_of(replace(MODEL, inputs=[bare]))


def test_a_logit_is_not_silently_read_as_a_probability() -> None:
    (advice,) = Classification().advice(ending_in("FULLY_CONNECTED", "RESHAPE"))
    assert advice.code == "one-logit"
    assert "comes from FULLY_CONNECTED and not from a sigmoid" in advice.text


@pytest.mark.parametrize(
    ("task", "model"),
    [
        (Classification(), ending_in("LOGISTIC")),
        (Classification(), ending_in("LOGISTIC", "RESHAPE", "QUANTIZE")),
        (Classification(), ending_in("FULLY_CONNECTED", shape=(1, 2))),
        (Anomaly(), ending_in("FULLY_CONNECTED")),
    ],
    ids=["sigmoid", "sigmoid-moved", "two-outputs", "anomaly"],
)
def test_nothing_is_advised_where_the_output_is_no_logit(task: Task, model: ModelSummary) -> None:
    assert task.advice(model) == []
