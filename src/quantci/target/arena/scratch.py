"""Which scratch buffer ESP-NN's kernel asks for, for one op of a model: the formulas by version and by chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quantci.target import esp_nn, esp_nn_p4

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quantci.target.arena.graph import Op
    from quantci.target.chip import KernelSet


@dataclass(frozen=True, kw_only=True)
class Formulas:
    """The formulas of one set of kernels in one version of esp-nn."""

    convolution: Callable[[esp_nn.Window], int]
    depthwise: Callable[[esp_nn.Window], int]
    softmax: Callable[[tuple[int, ...]], int]


def _none(_window: esp_nn.Window) -> int:
    return 0


# generic: src/convolution/esp_nn_conv_opt.c, esp_nn_depthwise_conv_opt.c and src/softmax/esp_nn_softmax_opt.c.
FORMULAS: Final[Mapping[str, Mapping[KernelSet, Formulas]]] = {
    "1.2.3": {
        "esp32s3": Formulas(convolution=esp_nn.convolution, depthwise=esp_nn.depthwise, softmax=esp_nn.softmax),
        "esp32p4": Formulas(convolution=esp_nn_p4.convolution, depthwise=esp_nn_p4.depthwise, softmax=esp_nn.softmax),
        "generic": Formulas(convolution=_none, depthwise=_none, softmax=esp_nn.softmax),
    }
}


def scratch_of(kernel_set: KernelSet, version: str = esp_nn.VERSION) -> Callable[[Op], int]:
    """The scratch in bytes of an op on a chip with these kernels; 0 for an op that asks for none."""
    formulas = FORMULAS[version][kernel_set]

    def scratch(op: Op) -> int:
        first = op.input(0)
        if first is None or first.dtype != "int8":
            return 0
        if op.name == "CONV_2D":
            return formulas.convolution(window(op))
        if op.name == "DEPTHWISE_CONV_2D":
            return formulas.depthwise(window(op, op.options.depthMultiplier))
        return formulas.softmax(first.shape) if op.name == "SOFTMAX" and op.outputs[0].dtype == "int8" else 0

    return scratch


def window(op: Op, multiplier: int = 1) -> esp_nn.Window:
    """A convolution of the model as ESP-NN sees it."""
    data, weights = op.inputs[:2]
    assert data is not None
    assert weights is not None
    _, height, width, channels = data.shape
    _, filter_height, filter_width, _ = weights.shape
    _, output_height, output_width, output_channels = op.outputs[0].shape
    options = op.options
    padding = (0, 0)
    if options.padding == 0:  # SAME; VALID, 1, pads nothing
        padding = (
            left_padding(width, filter_width, output_width, options.strideW, options.dilationWFactor),
            left_padding(height, filter_height, output_height, options.strideH, options.dilationHFactor),
        )
    return esp_nn.Window(
        input=(width, height),
        channels=channels,
        filter=(filter_width, filter_height),
        output=(output_width, output_height),
        output_channels=output_channels,
        stride=(options.strideW, options.strideH),
        padding=padding,
        multiplier=multiplier,
    )


def left_padding(size: int, taps: int, output: int, stride: int, dilation: int) -> int:
    """What TFLite pads on the left or the top with SAME: the smaller half."""
    return max(0, (output - 1) * stride + (taps - 1) * dilation + 1 - size) // 2
