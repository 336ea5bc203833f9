"""What one interpreter does not survive is refused where that one opens the model; the others may still run it."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model

from quantci.errors import ModelRejected
from quantci.tflite.lite_rt import open_lite_rt, open_preserved
from quantci.tflite.model import Model
from quantci.tflite.tflm import open_tflm

UNITS, FEATURES, MEMORY = 4, 3, 5
RELU = 1


def svdf(state: str = "int16", *, weights: str | None = None, has_bias: bool = True) -> Model:
    """One integer SVDF; `weights` are those that its state is multiplied by."""
    tensors = [
        Tensor("x", [1, FEATURES], "int8", scale=0.1),
        Tensor("feature", data=np.ones((UNITS, FEATURES), np.int8), scale=0.1),
        Tensor("time", data=np.ones((UNITS, MEMORY), weights or state), scale=0.1),
        Tensor("bias", data=np.zeros(UNITS, np.int32), scale=0.01),
        Tensor("state", [1, UNITS * MEMORY], state, scale=0.1, is_variable=True),
        Tensor("y", [1, UNITS], "int8", scale=0.5),
    ]
    inputs = ["x", "feature", "time", "bias" if has_bias else "", "state"]
    op = Op("SVDF", inputs, ["y"], {"rank": 1, "fusedActivationFunction": RELU})
    return Model(build_model(tensors, [op], ["x"], ["y"]), "folder/keyword.tflite")


def test_a_state_of_8_bits_is_read_and_summarized_but_lite_rt_does_not_get_it() -> None:
    model = svdf("int8")
    assert [op.op for op in model.summary.ops] == ["SVDF"]
    for opener in (open_lite_rt, lambda one: open_preserved(one, "builtin")):
        with pytest.raises(ModelRejected, match=r"state of an SVDF in 8 bits \(tensor 4 \(state\)\)") as caught:
            opener(model)
        assert (caught.value.code, caught.value.where) == ("unsupported-op", "folder/keyword.tflite")


def test_lite_rt_runs_a_state_of_16_bits() -> None:
    # 3 features of 10 steps of 0.1, weights of one step of 0.1: 0.3 into the state, times 0.1: 0.03, of steps of 0.5.
    found = open_lite_rt(svdf()).run([np.full((1, FEATURES), 10, np.int8)])[0]
    assert found.tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize(("state", "weights"), [("int8", "int16"), ("int16", "int8"), ("int32", "int32")])
def test_no_interpreter_gets_a_state_of_another_type_than_its_weights(state: str, weights: str) -> None:
    with pytest.raises(ModelRejected, match="do not fit together"):
        _ = svdf(state, weights=weights).tree


def test_tflm_does_not_get_an_svdf_without_a_bias() -> None:
    model = svdf(has_bias=False)
    with pytest.raises(ModelRejected, match="SVDF has no bias") as caught:
        open_tflm(model)
    assert (caught.value.code, caught.value.where) == ("unsupported-op", "folder/keyword.tflite")
    assert open_lite_rt(model).run([np.zeros((1, FEATURES), np.int8)])[0].tolist() == [[0, 0, 0, 0]]
