"""What a .tflite must be to be the float model, and what is made of one that stores its weights in 16 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model, build_tree, pack_tree

from quantci.errors import ModelRejected
from quantci.quantize.calibrate import calibrate
from quantci.source.tflite import TfliteSource

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.tflite.model import Model

WEIGHTS = np.linspace(-1.3, 0.7, 12).reshape(3, 4)


def converted(data: bytes, folder: Path) -> Model:
    (folder / "m.tflite").write_bytes(data)
    return TfliteSource(folder / "m.tflite").convert()


def refused(data: bytes, folder: Path) -> ModelRejected:
    with pytest.raises(ModelRejected) as caught:
        converted(data, folder)
    return caught.value


def dense(weights: np.ndarray[Any, Any], *before: Op, reads: str = "w", extra: tuple[Tensor, ...] = ()) -> bytes:
    """x [1, 4] -> FULLY_CONNECTED -> y [1, 3], with what must be computed before."""
    scale = 0.01 if weights.dtype == np.int8 else 0.0
    tensors = [Tensor("x", [1, 4]), Tensor("w", data=weights, scale=scale), *extra, Tensor("y", [1, 3])]
    return build_model(tensors, [*before, Op("FULLY_CONNECTED", ["x", reads, ""], ["y"])], ["x"], ["y"])


def test_float16_weights_become_float32_ones(tmp_path: Path) -> None:
    half = WEIGHTS.astype(np.float16)
    widen = Op("DEQUANTIZE", ["w"], ["wide"])
    model = converted(dense(half, widen, reads="wide", extra=(Tensor("wide", [3, 4]),)), tmp_path)
    assert [op.op for op in model.summary.ops] == ["FULLY_CONNECTED"]
    assert [(t.name, t.dtype, t.constant_bytes) for t in model.summary.tensors] == [
        ("x", "float32", 0),
        ("w", "float32", 48),
        ("y", "float32", 0),
    ]
    stored = model.tree.buffers[model.tree.subgraphs[0].tensors[1].buffer].data
    np.testing.assert_array_equal(stored.view("<f4").reshape(3, 4), half)
    sample = np.ones((1, 4), np.float32)
    (y,) = [entry for entry in calibrate(model, [sample]) if entry.name == "y"]
    assert (y.min, y.max) == pytest.approx((half.sum(1).min(), half.sum(1).max()), rel=1e-3)


def test_a_float_file_stays_as_it_is(tmp_path: Path) -> None:
    data = dense(WEIGHTS.astype(np.float32))
    assert converted(data, tmp_path).data == data


def test_float16_activations_are_mixed_precision(tmp_path: Path) -> None:
    tensors = [Tensor("x", [1, 4]), Tensor("half", [1, 4], "float16"), Tensor("y", [1, 4])]
    ops = [Op("CAST", ["x"], ["half"]), Op("CAST", ["half"], ["y"])]
    found = refused(build_model(tensors, ops, ["x"], ["y"]), tmp_path)
    assert found.code == "mixed-precision"
    assert "half" in found.cause
    assert "float32" in found.remedy


def test_integer_weights_under_float_activations_are_dynamic_range(tmp_path: Path) -> None:
    found = refused(dense(np.full((3, 4), 7, np.int8)), tmp_path)
    assert found.code == "already-quantized"
    assert "dynamic-range" in found.cause
    assert "converter.optimizations" in found.remedy


def test_flex_ops_are_named_with_their_layer(tmp_path: Path) -> None:
    tensors = [Tensor(name, [1, 4]) for name in ("x", "block/erf", "y")]
    ops = [Op("FlexErf", ["x"], ["block/erf"]), Op("LOGISTIC", ["block/erf"], ["y"])]
    found = refused(build_model(tensors, ops, ["x"], ["y"]), tmp_path)
    assert (found.code, found.cause[:19]) == ("flex-op", "FlexErf (block/erf)")


def with_subgraphs(op: str, options: dict[str, int], bodies: int) -> bytes:
    """x -> op -> y, where the op calls `bodies` copies of a LOGISTIC."""
    main = build_tree(
        [Tensor(name, [1, 4]) for name in ("x", "lstm/while", "y")],
        [Op(op, ["x"], ["lstm/while"], options), Op("LOGISTIC", ["lstm/while"], ["y"])],
        ["x"],
        ["y"],
    )
    body = build_tree([Tensor("a", [1, 4]), Tensor("b", [1, 4])], [Op("LOGISTIC", ["a"], ["b"])], ["a"], ["b"])
    body.subgraphs[0].operators[0].opcodeIndex = 1
    main.subgraphs += body.subgraphs * bodies
    return pack_tree(main)


@pytest.mark.parametrize(
    ("op", "options", "bodies", "cause", "remedy"),
    [
        ("WHILE", {"condSubgraphIndex": 1, "bodySubgraphIndex": 2}, 2, "WHILE (lstm/while): a loop", "unroll=True"),
        ("LOGISTIC", {}, 1, "2 subgraphs, such as one for each of several signatures", "one signature"),
    ],
)
def test_several_subgraphs_are_refused_by_what_calls_them(
    op: str, options: dict[str, int], bodies: int, cause: str, remedy: str, tmp_path: Path
) -> None:
    found = refused(with_subgraphs(op, options, bodies), tmp_path)
    assert found.code == "multi-subgraph"
    assert cause in found.cause
    assert remedy in found.remedy
