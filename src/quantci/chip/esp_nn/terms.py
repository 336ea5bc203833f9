"""How much work of each kind an op's kernel of ESP-NN does on the ESP32-S3; dispatch.py says which kernel that is.

Each term is a number of units (multiply-accumulates, output elements, taps of a pool); cycles are their sum with one
coefficient a term. docs/latency.md says why there are these and no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.chip.esp_nn.dispatch import DEPTHWISE_3X3_PADDED, choose
from quantci.chip.window import up
from quantci.tflite.macs import count_macs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quantci.chip.op import Op
    from quantci.chip.window import Window

CHIP: Final = "esp32s3"
NOT_COVERED: Final = "not covered"
REFERENCE: Final = "reference"
REFERENCE_TERM: Final = "reference_mac"
TERMS: Final = (
    "conv_1x1_mac",
    "conv_im2col_mac",
    "conv_mac",
    "depthwise_3x3_mac",
    "depthwise_mac",
    "dense_mac",
    "output",  # of the five kinds above: bias, requantization, store
    "add_element",
    "mul_element",
    "max_pool_tap",
    "avg_pool_tap",
    "softmax_element",
)


class Work(NamedTuple):
    """A kernel by its name in reports, and units of each term."""

    path: str
    terms: Mapping[str, float]


def work_of(op: Op, kernels: str = "esp-nn") -> Work | None:
    """What an op makes the chip do; None where no published figure says what its kernel costs.

    Args:
        op: the op.
        kernels: "esp-nn", or "reference" for TFLM's own kernels: those count multiply-accumulates only.
    """
    if not op.is_static:
        return None
    if kernels == "reference":
        shapes = [[tensor.shape if tensor else () for tensor in tensors] for tensors in (op.inputs, op.outputs[:1])]
        macs = count_macs(op.name, *shapes)
        return Work(REFERENCE, {REFERENCE_TERM: macs}) if macs else None
    kernel = choose(op).kernel
    if not kernel.name or not op.outputs:
        return None
    term, units = _TERMS[kernel.name]
    outputs = op.outputs[0].elements
    if kernel is DEPTHWISE_3X3_PADDED:
        channels = _window(op).channels
        outputs = outputs // channels * up(channels, kernel.multiple)
    terms = {term: outputs * units(op)}
    if term.endswith("_mac"):
        terms["output"] = outputs
    return Work(f"esp-nn {kernel.name}", terms)


def _window(op: Op) -> Window:
    assert op.window is not None
    return op.window


def _filter(op: Op) -> int:
    return _window(op).taps * _window(op).filter_channels


def _taps(op: Op) -> int:
    return _window(op).taps


def _depth(op: Op) -> int:
    weights = op.input(1)
    assert weights is not None
    return weights.shape[-1]


def _one(_op: Op) -> int:
    return 1


# Term of each kernel of ESP-NN, and its units for one output element.
_TERMS: Final[Mapping[str, tuple[str, Callable[[Op], int]]]] = {
    "1x1": ("conv_1x1_mac", _filter),
    "im2col": ("conv_im2col_mac", lambda op: up(_filter(op), 16)),
    "conv": ("conv_mac", _filter),
    "depthwise 3x3": ("depthwise_3x3_mac", _taps),
    "depthwise": ("depthwise_mac", _taps),
    "dense": ("dense_mac", _depth),
    "add": ("add_element", _one),
    "mul": ("mul_element", _one),
    "max pool": ("max_pool_tap", _taps),
    "avg pool": ("avg_pool_tap", _taps),
    "softmax": ("softmax_element", _one),
}
