"""Constants that a converter stored once are quantized each by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import Op, Tensor, build_tree, pack_tree

from quantci.errors import ModelRejected
from quantci.quantize import own_buffers
from quantci.quantize.calibrate import calibrate, with_ranges
from quantci.quantize.engine import quantize_with_litert
from quantci.quantize.own_buffers import give_own_buffers
from quantci.quantize.recipe import Types
from quantci.tflite.model import Model

SHAPE = [1, 4]
SAMPLES = [np.random.RandomState(seed).normal(0, 3, SHAPE).astype(np.float32) for seed in range(20)]


def network(second: str, *, shared: bool) -> Any:
    """Two layers; `one`, the bias of the first, equals `two`, the bias or slope of the second."""
    random, same = np.random.RandomState(1), np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    weights = [random.normal(size=(4, 4)).astype(np.float32) for _ in range(2)]
    tensors = [
        Tensor("x", SHAPE),
        Tensor("w", data=weights[0]),
        Tensor("one", data=same),
        Tensor("h", SHAPE),
        Tensor("v", data=weights[1]),
        Tensor("two", data=same),
        Tensor("y", SHAPE),
    ]
    plain = {"fusedActivationFunction": 0}
    last = Op("PRELU", ["h", "two"], ["y"]) if second == "PRELU" else Op(second, ["h", "v", "two"], ["y"], plain)
    tree = build_tree(tensors, [Op("FULLY_CONNECTED", ["x", "w", "one"], ["h"], plain), last], ["x"], ["y"])
    if shared:
        tree.subgraphs[0].tensors[5].buffer = tree.subgraphs[0].tensors[2].buffer
    return tree


@pytest.mark.parametrize("second", ["PRELU", "FULLY_CONNECTED"])
def test_what_shares_a_buffer_is_quantized_as_if_it_did_not(second: str) -> None:
    constants = []
    for shared in (True, False):
        model = Model(pack_tree(network(second, shared=shared)), "m")
        prepared = with_ranges(model, calibrate(model, SAMPLES))
        quantized = Model(quantize_with_litert(prepared, Types("int8", "int8")), "q")
        tensors, buffers = quantized.tree.subgraphs[0].tensors, quantized.tree.buffers
        named = {
            tensor.name: bytes(buffers[tensor.buffer].data) for tensor in tensors if tensor.name in {b"one", b"two"}
        }
        constants.append(named)
    assert constants[0] == constants[1]
    assert constants[0][b"one"] != constants[0][b"two"]


def test_a_buffer_that_nobody_shares_stays() -> None:
    tree = network("PRELU", shared=False)
    before = [tensor.buffer for tensor in tree.subgraphs[0].tensors]
    give_own_buffers(tree, "m")
    assert [tensor.buffer for tensor in tree.subgraphs[0].tensors] == before


def test_copies_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_buffers, "MAX_MODEL_BYTES", 15)
    with pytest.raises(ModelRejected) as caught:
        give_own_buffers(network("PRELU", shared=True), "m")
    assert (caught.value.code, caught.value.where) == ("too-large", "m")
