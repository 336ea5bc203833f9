"""Scratch that ESP-NN asks for in the tensor arena, for one op of a model on a chip.

As esp-tflite-micro calls for it in Prepare: with no dilation, with the top and left padding only, and whether or not
ESP-NN runs the op in the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.chip.esp_nn import dispatch, p4

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quantci.chip.datasheet import KernelSet
    from quantci.chip.op import Op
    from quantci.chip.window import Window

# What is absent asks for none: depthwise on the P4; src/convolution/esp_nn_conv_opt.c and esp_nn_depthwise_conv_opt.c.
_CONVOLUTIONS: Final[Mapping[KernelSet, Mapping[str, Callable[[Window], int]]]] = {
    "esp32s3": {
        "CONV_2D": lambda w: dispatch.convolution(w).scratch(w),
        "DEPTHWISE_CONV_2D": lambda w: dispatch.depthwise(w).scratch(w),
    },
    "esp32p4": {"CONV_2D": p4.convolution},
    "generic": {},
}


def scratch_of(kernel_set: KernelSet) -> Callable[[Op], int]:
    """The scratch in bytes of an op on a chip with these kernels; 0 for an op that asks for none."""
    convolutions = _CONVOLUTIONS[kernel_set]

    def scratch(op: Op) -> int:
        x, w = op.input(0), op.window
        if x is None or x.dtype != "int8":
            return 0
        if op.name == "SOFTMAX":
            return softmax(x.shape) if op.outputs[0].dtype == "int8" else 0
        return convolutions[op.name](w) if w is not None and op.name in convolutions else 0

    return scratch


def softmax(shape: tuple[int, ...]) -> int:
    """Scratch of SOFTMAX, with every set: four bytes for each element of its second dimension."""
    return 4 * shape[1] if len(shape) > 1 else 0
