"""Fold a PAD into the VALID convolution behind it, where SAME pads just that.

SAME pads more behind than before if the two cannot be equal; PyTorch pads both alike. Such a PAD stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantci.rewrite.convolution import SAME, weighted

if TYPE_CHECKING:
    from quantci.rewrite.convolution import Weighted
    from quantci.rewrite.draft import Draft


def fold_pad(draft: Draft) -> list[str]:
    """Fold each of them."""
    names = []
    for op in list(draft.ops):
        if draft.kind(op) != "PAD":
            continue
        padded = int(op.outputs[0])
        host = weighted(draft, draft.only_reader(padded))
        if host is not None and host.kind != "FULLY_CONNECTED" and _is_same(draft, op, host):
            draft.set_option(host.op, padding=SAME)
            draft.read(host.op, 0, int(op.inputs[0]))
            draft.remove(op)
            names.append(draft.name(padded))
    return names


def _is_same(draft: Draft, pad: Any, host: Weighted) -> bool:
    """Whether SAME, on what the PAD takes, computes with the same zeros; those that no window reaches do not count."""
    pads, taken = draft.values(int(pad.inputs[1])), draft.shape(int(pad.inputs[0]))
    options = host.op.builtinOptions
    if pads is None or pads.shape != (4, 2) or pads[[0, 3]].any() or options.padding == SAME:
        return False
    given, strides = draft.shape(int(host.op.outputs[0]))[1:3], (options.strideH, options.strideW)
    wanted = tuple(-(-size // stride) for size, stride in zip(taken[1:3], strides, strict=True))
    same = host.same_padding(taken[1:3], given)
    return wanted == given and [int(before) for before, _ in pads[1:3]] == [before for before, _ in same]
