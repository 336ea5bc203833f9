"""How much work of each kind an op's kernel does on the ESP32-S3; dispatch.py says which kernel that is.

Work is a number of units (outputs, multiply-accumulates, calls, bytes that are waited for) of each term of terms.py.
The time is their sum with one coefficient a term.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.chip.esp_nn import dispatch as kernels_of
from quantci.chip.esp_nn.dispatch import choose
from quantci.chip.esp_nn.terms import REFERENCE_TERM
from quantci.chip.window import up
from quantci.tflite.macs import count_macs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from quantci.chip.op import Op
    from quantci.chip.window import Window
    from quantci.records.latency import Kernels, Memory

NOT_COVERED: Final = "not covered"
REFERENCE: Final = "reference"
PLAIN_TFLM: Final = "TFLM"  # TFLM's own kernel in a build with ESP-NN
_WEIGHTED: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
_SHAPES: Final = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS", "SHAPE"})  # they move next to nothing
_SHAPE_PARTS: Final = frozenset({"STRIDED_SLICE", "PACK"})  # the same, where Keras computes a shape with them
_FEW: Final = 16  # values: no figure tells what more of them cost


class Build(NamedTuple):
    """What the time of an op depends on, beside the op.

    Attributes:
        is_before_1_2: of esp-nn's version.
        clock_hz: of the core: a wait of so many nanoseconds is fewer cycles at a slower clock.
        reads_flash: its weights are read from flash in DIO mode, because the data cache does not hold them.
        memory: where the tensor arena lies.
    """

    kernels: Kernels = "esp-nn"
    is_before_1_2: bool = False
    clock_hz: int = 240_000_000
    reads_flash: bool = False
    memory: Memory = "internal"


USUAL: Final = Build()


class Work(NamedTuple):
    """A kernel by its name in reports, and units of each term."""

    path: str
    terms: Mapping[str, float]


def work_of(op: Op, build: Build = USUAL) -> Work | None:
    """What an op makes the chip do; None where no published figure says what its kernel costs.

    With TFLM's reference kernels only multiply-accumulates count.
    """
    if not op.is_static:
        return None
    if build.kernels == "reference":
        shapes = [[tensor.shape if tensor else () for tensor in tensors] for tensors in (op.inputs, op.outputs[:1])]
        macs = count_macs(op.name, *shapes)
        return Work(REFERENCE, {REFERENCE_TERM: macs}) if macs else None
    if not op.outputs:
        return None
    kernel = choose(op).kernel
    own = _PLAIN.get(op.name, _nothing)(op) if kernel is kernels_of.REFERENCE else None
    if kernel.name:
        own = _TERMS[kernel.name](op, build)
    if own is None:
        return None
    path = f"esp-nn {kernel.name}" if kernel.name else PLAIN_TFLM
    return Work(path, {name: units for name, units in {"op": 1, **own, **_waits(op, build)}.items() if units})


def add_terms(works: Iterable[Work | None]) -> dict[str, float]:
    """Their sum, term by term."""
    terms: dict[str, float] = {}
    for work in works:
        for name, units in work.terms.items() if work else ():
            terms[name] = terms.get(name, 0) + units
    return terms


def weight_bytes(op: Op) -> int:
    """Of the weights that the op reads in every inference."""
    weights = op.input(1) if op.name in _WEIGHTED else None
    return 0 if weights is None else weights.elements


def _waits(op: Op, build: Build) -> dict[str, float]:
    """Bytes that are waited for, times the cycles of a nanosecond."""
    cycles = build.clock_hz / 1e9
    moved = sum(tensor.elements for tensor in op.inputs if tensor is not None and not tensor.is_constant)
    return {
        "flash_dio_ns": weight_bytes(op) * cycles if build.reads_flash else 0,
        "psram_ns": (moved + op.outputs[0].elements) * cycles if build.memory == "psram" else 0,
    }


def _window(op: Op) -> Window:
    assert op.window is not None
    return op.window


def _pointwise(op: Op, build: Build) -> dict[str, float]:
    w, outputs = _window(op), op.outputs[0].elements
    if build.is_before_1_2:
        return {"conv_1x1_output": outputs, "conv_1x1_mac_before_1_2": outputs * w.channels}
    rest = outputs // w.output_channels % 8 * w.output_channels
    return {"conv_1x1_output": outputs, "conv_mac": outputs * w.channels, "conv_1x1_rest": rest}


def _pointwise_odd(op: Op, build: Build) -> dict[str, float]:
    w, outputs = _window(op), op.outputs[0].elements
    mac = "conv_1x1_mac_before_1_2" if build.is_before_1_2 else "conv_mac"
    return {"conv_1x1_odd_output": outputs, mac: outputs * up(w.channels, 8)}


def _im2col(op: Op, build: Build) -> dict[str, float]:
    if build.is_before_1_2:  # which had no such kernel
        return _general(op, build)
    w, outputs = _window(op), op.outputs[0].elements
    return {"conv_output": outputs, "conv_im2col_value": outputs // w.output_channels * w.taps * w.channels}


def _general(op: Op, _build: Build) -> dict[str, float]:
    w, outputs = _window(op), op.outputs[0].elements
    rows = outputs * w.filter[1]
    return {"conv_output": outputs, "conv_row": rows, "conv_mac": rows * up(w.filter[0] * w.channels, 16)}


def _depthwise_3x3(op: Op, _build: Build) -> dict[str, float]:
    w, outputs = _window(op), op.outputs[0].elements
    if kernels_of.depthwise(w) is kernels_of.DEPTHWISE_3X3_PADDED:
        outputs = outputs // w.channels * up(w.channels, 16)
    return {"depthwise_3x3_output": outputs}


def _depthwise_padded(op: Op, _build: Build) -> dict[str, float]:
    w = _window(op)
    return {"depthwise_padded_output": op.outputs[0].elements // w.channels * up(w.channels, 8)}


def _dense(op: Op, _build: Build) -> dict[str, float]:
    weights = op.input(1)
    assert weights is not None
    return {"dense_call": 1, "dense_mac": op.outputs[0].elements * weights.shape[-1]}


def _softmax(op: Op, _build: Build) -> dict[str, float]:
    return {"softmax_call": 1, "softmax_element": op.outputs[0].elements}


def _each(term: str) -> Callable[[Op, Build], dict[str, float]]:
    return lambda op, _build: {term: op.outputs[0].elements}


def _each_tap(term: str) -> Callable[[Op, Build], dict[str, float]]:
    return lambda op, _build: {term: op.outputs[0].elements * _window(op).taps}


# Units of each kernel of ESP-NN, by its name.
_TERMS: Final[Mapping[str, Callable[[Op, Build], dict[str, float]]]] = {
    "1x1": _pointwise,
    "1x1 padded": _pointwise_odd,
    "im2col": _im2col,
    "conv": _general,
    "depthwise 3x3": _depthwise_3x3,
    "depthwise": _each_tap("depthwise_tap"),
    "depthwise padded": _depthwise_padded,
    "dense": _dense,
    "add": _each("add_element"),
    "mul": _each("mul_element"),
    "max pool": _each_tap("max_pool_tap"),
    "avg pool": _each_tap("avg_pool_tap"),
    "softmax": _softmax,
}


def _nothing(op: Op) -> dict[str, float] | None:
    """Of an op that does next to nothing; None for any other."""
    is_part = op.name in _SHAPE_PARTS and op.outputs[0].elements <= _FEW
    return {} if op.name in _SHAPES or is_part else None


def _mean(op: Op) -> dict[str, float] | None:
    x = op.input(0)
    return {"mean_element": x.elements} if x is not None and op.dtype == "int8" else None


def _logistic(op: Op) -> dict[str, float] | None:
    return {"logistic_call": 1} if op.outputs[0].elements <= _FEW and op.dtype == "int8" else None


def _broadcast(op: Op) -> dict[str, float] | None:
    inputs = [tensor for tensor in op.inputs[:2] if tensor is not None]
    if op.dtype != "int8" or len({tensor.shape for tensor in inputs}) < 2:
        return None
    return {f"broadcast_{op.name.lower()}_element": op.outputs[0].elements}


# Units of ops for which esp-tflite-micro calls TFLM's own kernels.
_PLAIN: Final[Mapping[str, Callable[[Op], dict[str, float] | None]]] = {
    "MEAN": _mean,
    "LOGISTIC": _logistic,
    "ADD": _broadcast,
    "MUL": _broadcast,
}
