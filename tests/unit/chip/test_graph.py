"""The view of a model, against what the model was built from."""

from __future__ import annotations

import numpy as np
from tests.models import VALID, WINDOW, Op, Tensor, build_model, build_tree, graph_of, pack_tree

from quantci.chip.op import Tensor as View
from quantci.chip.window import Slide

TENSORS = [
    Tensor("x", [1, 8, 8, 3], "int8", scale=0.1, zero_point=-5, signature=[-1, 8, 8, 3]),
    Tensor("w", data=np.ones((4, 3, 3, 3), np.int8), scale=[0.2, 0.3, 0.4, 0.5], zero_point=[0] * 4),
    Tensor("y", [1, 3, 3, 4], "int8", scale=0.7),
    Tensor("z", [1, 3, 3, 4], "int16", signature=[1, -1, 3, 4]),
]
OPS = [
    Op("CONV_2D", ["x", "w", ""], ["y"], {**WINDOW, "padding": VALID, "strideW": 2, "strideH": 2}),
    Op("Mine", ["y"], ["z"]),
]
MODEL = build_model(TENSORS, OPS, ["x"], ["z"])


def test_tensors() -> None:
    x, w, y, z = graph_of(MODEL).tensors
    # A batch that stands as open is no open shape: TFLM reads the 1.
    scale = float(np.float32(0.1))
    assert x == View(name="x", dtype="int8", shape=(1, 8, 8, 3), scale=scale, zero_point=-5, channels=1)
    assert (x.size, x.elements, x.is_planned) == (192, 192, True)
    assert (w.index, w.channels, w.scale, w.is_constant, w.is_planned) == (1, 4, float(np.float32(0.2)), True, False)
    assert (y.zero_point, y.is_open) == (0, False)
    assert (z.shape, z.size, z.channels, z.is_open) == ((1, 3, 3, 4), 72, 0, True)


def test_ops_hold_the_tensors_themselves() -> None:
    graph = graph_of(MODEL)
    convolution, mine = graph.ops
    assert convolution.inputs == [graph.tensors[0], graph.tensors[1], None]
    assert (convolution.input(2), convolution.input(3)) == (None, None)
    assert convolution.slide == Slide(stride=(2, 2), is_same=False)
    assert (convolution.dtype, convolution.is_static, convolution.is_custom) == ("int8", True, False)
    assert (mine.index, mine.name, mine.is_custom, mine.slide, mine.is_static) == (1, "Mine", True, None, False)
    assert (graph.inputs, graph.outputs, graph.subgraphs, graph.other_ops) == (
        [graph.tensors[0]],
        [graph.tensors[3]],
        1,
        [],
    )


def test_names_from_before_stripping_stand_where_there_are_as_many() -> None:
    assert [tensor.name for tensor in graph_of(MODEL, list("abcd")).tensors] == list("abcd")
    assert [tensor.name for tensor in graph_of(MODEL, list("abc")).tensors] == list("xwyz")


def test_ops_of_other_subgraphs_stand_apart() -> None:
    tree = build_tree(TENSORS, OPS, ["x"], ["z"])
    tree.subgraphs.append(tree.subgraphs[0])
    graph = graph_of(pack_tree(tree), list("abcd"))
    assert [(op.subgraph, op.index, op.outputs[0].name) for op in graph.other_ops] == [(1, 0, "y"), (1, 1, "z")]
    assert graph.subgraphs == 2
    assert graph.obstacles == ["it has 2 subgraphs"]
