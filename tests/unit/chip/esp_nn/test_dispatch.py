"""Which path of esp-nn 1.2.3 an op takes, by its shape; the branches were read in its sources."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.models import SAME, WINDOW, Op, Tensor, build_model, graph_of, tiny_int8_cnn

from quantci.chip.acceleration import op_kernels
from quantci.chip.datasheet import load_chip
from quantci.chip.esp_nn.dispatch import GENERAL_PADDED, POINTWISE, convolution
from quantci.chip.graph import Graph
from quantci.chip.window import Window
from quantci.records.kernels import OpKernel


def run(op: str, shapes: list[list[int]], y: list[int], dtype: str = "int8", **options: Any) -> OpKernel:
    """The kernel of one op; a second shape of a convolution or FULLY_CONNECTED is that of its weights."""
    tensors = []
    for index, shape in enumerate(shapes):
        is_weights = index == 1 and op in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}
        data = np.ones(shape, np.int8) if is_weights else None
        tensors.append(Tensor(f"x{index}", shape, dtype, data=data, scale=0.1))
    if "CONV" in op:
        tensors.append(Tensor("bias", data=np.zeros(y[3], np.int32), scale=0.01))
    names = [tensor.name for tensor in tensors]
    given = [tensor.name for tensor in tensors if tensor.data is None]
    pool = {"strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2, "padding": SAME}
    chosen = {**WINDOW, "padding": SAME, **options} if "CONV" in op else pool if "POOL" in op else options
    model = build_model([*tensors, Tensor("y", y, dtype, scale=0.1)], [Op(op, names, ["y"], chosen)], given, ["y"])
    return kernels_on("esp32s3", graph_of(model))[0]


def kernels_on(chip: str, graph: Graph) -> list[OpKernel]:
    """Of a chip whose kernels are known."""
    found = op_kernels(graph, load_chip(chip))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("channels", "taps", "options", "path", "remedy"),
    [
        (8, 1, {}, "vector", ""),
        (12, 1, {}, "padded", "Give it 16 input channels instead of 12."),
        (16, 3, {}, "vector", ""),
        (4, 2, {}, "vector", ""),  # 16 values a window, 8 a row: the fewest that are gathered
        (3, 3, {}, "vector", ""),  # 27 values a window: gathered into one vector
        (12, 3, {}, "padded", "Give it 16 input channels instead of 12."),
        (16, 3, {"dilationWFactor": 2}, "reference", "Use a larger filter or a stride instead of dilation."),
    ],
)
def test_convolution(channels: int, taps: int, options: dict[str, Any], path: str, remedy: str) -> None:
    found = run("CONV_2D", [[1, 8, 8, channels], [8, taps, taps, channels]], [1, 8, 8, 8], **options)
    assert (found.path, found.remedy) == (path, remedy)
    assert bool(found.reason) == (path != "vector")


def test_a_1x1_convolution_that_is_padded_is_no_plain_one() -> None:
    plain = Window(input=(4, 4), channels=8, filter=(1, 1), filter_channels=8, output=(4, 4), output_channels=8)
    assert convolution(plain) is POINTWISE
    assert convolution(replace(plain, output=(6, 6), leading=(1, 1))) is GENERAL_PADDED


def test_grouped_and_int16_convolutions_are_not_accelerated() -> None:
    grouped = run("CONV_2D", [[1, 8, 8, 16], [8, 3, 3, 8]], [1, 8, 8, 8])
    assert (grouped.path, grouped.reason) == ("scalar", "it is grouped")
    wide = run("CONV_2D", [[1, 8, 8, 16], [8, 3, 3, 16]], [1, 8, 8, 8], "int16")
    assert (wide.path, wide.reason) == ("reference", "its tensors are int16: only int8 is accelerated")


@pytest.mark.parametrize(
    ("channels", "multiplier", "taps", "path", "remedy"),
    [
        (16, 1, 3, "vector", ""),
        (8, 1, 3, "vector", ""),
        (24, 1, 3, "padded", "Give it 32 channels instead of 24."),
        (24, 1, 5, "vector", ""),
        (12, 1, 3, "padded", "Give it 16 channels instead of 12."),
        (4, 1, 3, "padded", "Give it 8 channels instead of 4."),
        (3, 1, 3, "scalar", "Give it 8 channels instead of 3."),
        (3, 8, 3, "vector", ""),
        (3, 6, 3, "scalar", "Use a depth multiplier of 1 or 8 instead of 6."),
    ],
)
def test_depthwise(channels: int, multiplier: int, taps: int, path: str, remedy: str) -> None:
    count = channels * multiplier
    shapes = [[1, 8, 8, channels], [1, taps, taps, count]]
    found = run("DEPTHWISE_CONV_2D", shapes, [1, 8, 8, count], depthMultiplier=multiplier)
    assert (found.path, found.remedy) == (path, remedy)


@pytest.mark.parametrize(
    ("op", "shapes", "y", "path"),
    [
        ("FULLY_CONNECTED", [[1, 32], [10, 32]], [1, 10], "vector"),
        ("FULLY_CONNECTED", [[1, 20], [10, 20]], [1, 10], "padded"),
        ("FULLY_CONNECTED", [[1, 8], [10, 8]], [1, 10], "padded"),
        ("FULLY_CONNECTED", [[1, 7], [10, 7]], [1, 10], "scalar"),
        ("ADD", [[1, 8], [1, 8]], [1, 8], "vector"),
        ("ADD", [[1, 4], [1, 4]], [1, 4], "scalar"),
        ("MUL", [[1, 4, 8], [1, 1, 8]], [1, 4, 8], "reference"),
        ("SUB", [[1, 8], [1, 8]], [1, 8], "reference"),
        ("MAX_POOL_2D", [[1, 4, 4, 12]], [1, 2, 2, 12], "vector"),
        ("AVERAGE_POOL_2D", [[1, 4, 4, 3]], [1, 2, 2, 3], "scalar"),
        ("SOFTMAX", [[1, 32]], [1, 32], "vector"),
        ("SOFTMAX", [[1, 10]], [1, 10], "scalar"),
        ("LOGISTIC", [[1, 32]], [1, 32], "reference"),
    ],
)
def test_other_ops(op: str, shapes: list[list[int]], y: list[int], path: str) -> None:
    found = run(op, shapes, y)
    assert found.path == path
    assert bool(found.reason) == (path != "vector")


def test_a_model_has_one_line_for_each_op_and_a_chip_without_esp_nn_none_that_is_fast() -> None:
    graph = graph_of(tiny_int8_cnn())
    found = kernels_on("esp32s3", graph)
    assert [(kernel.op_index, kernel.op, kernel.path) for kernel in found] == [
        (0, "CONV_2D", "vector"),
        (1, "CONV_2D", "padded"),  # 3 * 8 = 24 values in a row of its filter
        (2, "ADD", "vector"),
        (3, "MAX_POOL_2D", "vector"),
        (4, "RESHAPE", "reference"),
        (5, "FULLY_CONNECTED", "vector"),
        (6, "SOFTMAX", "scalar"),
    ]
    assert {kernel.path for kernel in kernels_on("esp32", graph)} == {"reference"}
    assert op_kernels(graph, load_chip("esp32p4")) is None, "nobody read those"
