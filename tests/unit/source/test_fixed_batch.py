"""A batch that was left open becomes 1, and what computed shapes while the model ran is gone."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model

from quantci.errors import ModelRejected
from quantci.source.fixed_batch import fix_batch
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model


def ints(name: str, *values: int) -> Tensor:
    return Tensor(name, data=np.array(values, np.int32))


def flatten() -> bytes:
    """What Keras' Flatten becomes with an open batch: x [1, 2, 3] -> y [1, 6]."""
    tensors = [
        Tensor("x", [1, 2, 3], signature=[-1, 2, 3]),
        Tensor("shape", [3], "int32"),
        ints("zero", 0),
        ints("one", 1),
        Tensor("batch", [], "int32"),
        Tensor("six", data=np.array(6, np.int32)),
        Tensor("new", [2], "int32"),
        Tensor("y", [1, 6], signature=[-1, 6]),
    ]
    ops = [
        Op("SHAPE", ["x"], ["shape"]),
        Op("STRIDED_SLICE", ["shape", "zero", "one", "one"], ["batch"], {"shrinkAxisMask": 1}),
        Op("PACK", ["batch", "six"], ["new"], {"valuesCount": 2}),
        Op("RESHAPE", ["x", "new"], ["y"]),
    ]
    return build_model(tensors, ops, ["x"], ["y"])


def test_shapes_that_were_computed_are_constants() -> None:
    model = fix_batch(Model(flatten(), "m"))
    assert [op.op for op in model.summary.ops] == ["RESHAPE"]
    assert [tensor.name for tensor in model.summary.tensors] == ["x", "new", "y"]
    new = model.tree.subgraphs[0].tensors[1]
    assert model.tree.buffers[new.buffer].data.view("<i4").tolist() == [1, 6]
    x = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    assert open_lite_rt(model).run([x])[0].tolist() == [[0, 1, 2, 3, 4, 5]]


def test_a_batch_that_is_not_the_first_dimension_inside_is_fixed_as_well() -> None:
    tensors = [
        Tensor("x", [1, 2, 3], signature=[-1, 2, 3]),
        ints("order", 1, 0, 2),
        Tensor("time_major", [2, 1, 3], signature=[2, -1, 3]),
        Tensor("y", [2, 1, 3], signature=[2, -1, 3]),
    ]
    ops = [Op("TRANSPOSE", ["x", "order"], ["time_major"]), Op("TANH", ["time_major"], ["y"])]
    model = Model(build_model(tensors, ops, ["x"], ["y"]), "m")
    fixed = fix_batch(model)
    assert fixed is not model
    assert all(tensor.shapeSignature is None for tensor in fixed.tree.subgraphs[0].tensors)


def test_a_shape_inside_that_only_holds_for_no_batch_is_refused() -> None:
    # A TimeDistributed layer: two rows for each sample, where the file says one.
    tensors = [
        Tensor("x", [1, 2, 3], signature=[-1, 2, 3]),
        ints("rows", -1, 3),
        Tensor("y", [1, 3], signature=[-1, 3]),
    ]
    model = Model(build_model(tensors, [Op("RESHAPE", ["x", "rows"], ["y"])], ["x"], ["y"]), "m")
    with pytest.raises(ModelRejected) as caught:
        fix_batch(model)
    assert (caught.value.code, caught.value.where) == ("dynamic-shape", "m")
    assert "batch_size=1" in caught.value.remedy


@pytest.mark.parametrize("signature", [None, [1, -1, 3]])
def test_nothing_is_done_where_no_batch_is_open(signature: list[int] | None) -> None:
    tensors = [Tensor(name, [1, 2, 3], signature=signature) for name in ("x", "y")]
    model = Model(build_model(tensors, [Op("TANH", ["x"], ["y"])], ["x"], ["y"]), "m")
    assert fix_batch(model) is model
