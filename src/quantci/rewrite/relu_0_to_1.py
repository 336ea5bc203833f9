"""RELU_0_TO_1(x) is RELU6(6 x) / 6, which TFLM has: HardSigmoid in squeeze-and-excite blocks ends with it.

The 6 goes into the op before it, and the 1/6 into the weights behind the product that takes it, if there are such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.rewrite.convolution import affine, is_plain, weighted

if TYPE_CHECKING:
    from quantci.rewrite.draft import Draft


def relu_0_to_1(draft: Draft) -> list[str]:
    """Replace each of them."""
    names = []
    for op in list(draft.ops):
        if draft.kind(op) != "RELU_0_TO_1":
            continue
        x, y = int(op.inputs[0]), int(op.outputs[0])
        large, clamped = draft.new(x, draft.shape(x)), draft.new(y, draft.shape(y))
        _scale(draft, op, x, large, 6.0)
        draft.put(op, "RELU6", [large], clamped)
        _scale(draft, op, clamped, y, 1 / 6)
        draft.remove(op)
        names.append(draft.name(y))
    return names


def _scale(draft: Draft, place: object, x: int, y: int, factor: float) -> None:
    from ai_edge_litert import schema_py_generated as schema

    constant = draft.constant(f"{draft.name(y)}/factor", np.array([factor], np.float32))
    draft.put(place, "MUL", [x, constant], y, schema.MulOptionsT())


def fold_through_product(draft: Draft) -> list[str]:
    """Take one factor for all channels through the product behind it into the weights behind that."""
    names = []
    for op in list(draft.ops):
        found = affine(draft, op) if draft.kind(op) == "MUL" and is_plain(op) else None
        output = int(op.outputs[0])
        product = draft.only_reader(output) if found else None
        if found is None or product is None or draft.kind(product) != "MUL" or not is_plain(product):
            continue
        given = int(product.outputs[0])
        host = weighted(draft, draft.only_reader(given))
        tensor, scale, _ = found
        is_squared = int(product.inputs[0]) == int(product.inputs[1])
        if host is None or int(host.op.inputs[0]) != given or (scale != scale[0]).any() or is_squared or not scale[0]:
            continue
        larger = draft.new(given, draft.shape(given))
        draft.read(product, [*map(int, product.inputs)].index(output), tensor)
        draft.write(product, larger)
        host.give(host.weights * scale[0], host.bias)
        draft.read(host.op, 0, larger)
        draft.remove(op)
        names.append(draft.name(output))
    return names
