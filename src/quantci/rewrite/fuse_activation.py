"""Fuse a RELU or RELU6 on its own into the op before it, which can clamp its own output: one op less.

TFLM's own RELU6 never rescales (docs/kernels.md), so that a fused one is also a right one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.tflite.enums import enum_names

if TYPE_CHECKING:
    from quantci.rewrite.draft import Draft

HOSTS: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL"})
# Of an op that clamps already, and of the activation behind it: what both come to.
_BOTH: Final = {
    ("NONE", "RELU"): "RELU",
    ("NONE", "RELU6"): "RELU6",
    ("RELU", "RELU"): "RELU",
    ("RELU", "RELU6"): "RELU6",
    ("RELU6", "RELU"): "RELU6",
    ("RELU6", "RELU6"): "RELU6",
}


def fuse_activation(draft: Draft) -> list[str]:
    """Fuse each activation whose input nothing else reads."""
    names = []
    for op in [*draft.ops]:
        if draft.kind(op) not in {"RELU", "RELU6"}:
            continue
        before, after = int(op.inputs[0]), int(op.outputs[0])
        host = draft.writer(before)
        if host is None or not draft.alone(before, op) or draft.kind(host) not in HOSTS:
            continue
        both = _BOTH.get((activation(host), draft.kind(op)))
        if both is None:
            continue
        draft.set_option(host, fusedActivationFunction=number(both))
        draft.remove(op)
        draft.write(host, after)
        names.append(draft.name(after))
    return names


def activation(op: Any) -> str:
    """Name of what an op clamps its own output with, NONE included; empty where it has no such option."""
    found = getattr(op.builtinOptions, "fusedActivationFunction", None)
    return "" if found is None else enum_names("ActivationFunctionType").get(found, "")


def number(name: str) -> int:
    """Number of an activation."""
    return next(number for number, found in enum_names("ActivationFunctionType").items() if found == name)
