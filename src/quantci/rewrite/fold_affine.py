"""Fold a constant scale or offset into the weights and bias of the op beside it: a Rescaling, or what normalized.

Behind the op that is always the same function. Before it, an offset is only where the op pads nothing, since padding
is 0 and not the offset; and scales only where they are alike, since channels of other sizes cost INT8 weights bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.rewrite.convolution import affine, is_plain, weighted
from quantci.rewrite.fuse_activation import activation, number

if TYPE_CHECKING:
    from quantci.rewrite.draft import Draft

_ALIKE: Final = 2.0  # the largest scale by the smallest: one bit


def fold_behind(draft: Draft) -> list[str]:
    """Fold x * scale + offset into the op that alone gives x."""
    names = []
    for op in list(draft.ops):
        found = affine(draft, op)
        host = weighted(draft, draft.writer(found[0])) if found else None
        if found is None or host is None or not is_plain(host.op) or not draft.alone(found[0], op):
            continue
        _, scale, offset = found
        if not scale.all() or activation(op) not in {"NONE", "RELU", "RELU6"}:
            continue
        scale, offset = (np.broadcast_to(one, (host.channels,)) for one in (scale, offset))
        is_scaled = bool((scale != 1).any())
        weights = host.weights * host.by_output(scale) if is_scaled else host.weights
        host.give(weights, host.bias * scale + offset)
        draft.set_option(host.op, fusedActivationFunction=number(activation(op)))
        draft.remove(op)
        draft.write(host.op, int(op.outputs[0]))
        names.append(draft.name(int(op.outputs[0])))
    return names


def fold_before(draft: Draft) -> list[str]:
    """Fold x * scale + offset into the op that alone takes it."""
    names = []
    for op in reversed([*draft.ops]):
        found = affine(draft, op)
        output = int(op.outputs[0])
        host = weighted(draft, draft.only_reader(output)) if found and is_plain(op) else None
        if found is None or host is None or int(host.op.inputs[0]) != output:
            continue
        tensor, scale, offset = found
        sizes = np.abs(scale)
        if not sizes.all() or sizes.max() > _ALIKE * sizes.min() or (offset.any() and host.pads()):
            continue
        if host.kind == "FULLY_CONNECTED" and host.taken != host.weights.shape[1]:
            continue
        scale, offset = (np.broadcast_to(one, (host.taken,)) for one in (scale, offset))
        bias = host.bias + host.summed(host.weights * host.by_input(offset)) if offset.any() else host.bias
        weights = host.weights * host.by_input(scale) if (scale != 1).any() else host.weights
        host.give(weights, bias)
        draft.read(host.op, 0, tensor)
        draft.remove(op)
        names.append(draft.name(output))
    return names
