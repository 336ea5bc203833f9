"""Which scratch buffer ESP-NN's kernel asks for, for one op of a model: the formulas by version and by chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quantci.chip.esp_nn import p4, s3
from quantci.chip.esp_nn.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quantci.chip.datasheet import KernelSet
    from quantci.chip.op import Op
    from quantci.chip.window import Window


@dataclass(frozen=True, kw_only=True)
class Formulas:
    """The formulas of one set of kernels in one version of esp-nn."""

    convolution: Callable[[Window], int]
    depthwise: Callable[[Window], int]
    softmax: Callable[[tuple[int, ...]], int]


def _none(_window: Window) -> int:
    return 0


# generic: src/convolution/esp_nn_conv_opt.c, esp_nn_depthwise_conv_opt.c and src/softmax/esp_nn_softmax_opt.c.
FORMULAS: Final[Mapping[str, Mapping[KernelSet, Formulas]]] = {
    "1.2.3": {
        "esp32s3": Formulas(convolution=s3.convolution, depthwise=s3.depthwise, softmax=s3.softmax),
        "esp32p4": Formulas(convolution=p4.convolution, depthwise=p4.depthwise, softmax=s3.softmax),
        "generic": Formulas(convolution=_none, depthwise=_none, softmax=s3.softmax),
    }
}


def scratch_of(kernel_set: KernelSet, version: str = VERSION) -> Callable[[Op], int]:
    """The scratch in bytes of an op on a chip with these kernels; 0 for an op that asks for none."""
    formulas = FORMULAS[version][kernel_set]

    def scratch(op: Op) -> int:
        first = op.input(0)
        if first is None or first.dtype != "int8":
            return 0
        if op.name in {"CONV_2D", "DEPTHWISE_CONV_2D"}:
            formula = formulas.convolution if op.name == "CONV_2D" else formulas.depthwise
            return formula(op.window) if op.window else 0
        return formulas.softmax(first.shape) if op.name == "SOFTMAX" and op.outputs[0].dtype == "int8" else 0

    return scratch
