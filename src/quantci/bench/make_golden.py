"""Makes golden.tflite and golden.json: `python -m quantci.bench.make_golden`. The same program gives the same bytes.

The model is two FULLY_CONNECTED ops with weights drawn at random. It is to say whether a device computes and remembers
at all, not whether ESP-NN is right: so it has no op with a known fault, and none that rounds in more than one way.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.bench.golden import GOLDEN_FILE, GOLDEN_MODEL
from quantci.tflite.flatbuffer import pack
from quantci.tflite.model import Model
from quantci.tflite.tflm import open_tflm

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIZES: Final = (64, 32, 10)
_SAMPLES: Final = 8
_SEED: Final = 13


def make_model() -> bytes:
    """Input int8 [1, 64], output int8 [1, 10]."""
    from ai_edge_litert import schema_py_generated as schema

    random = np.random.RandomState(_SEED)
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.buffers, model.description = 3, [graph], [schema.BufferT()], b"quantci golden"
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 4
    model.operatorCodes = [code]
    graph.tensors, graph.operators = [], []

    def tensor(shape: tuple[int, ...], scale: float, data: NDArray[Any] | None = None) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.hasRank = b"", np.array(shape, np.int32), True
        made.type = schema.TensorType.INT8 if data is None or data.dtype == np.int8 else schema.TensorType.INT32
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale = np.array([scale], np.float32)
        made.quantization.zeroPoint = np.array([0], np.int64)
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            made.buffer = len(model.buffers)
            model.buffers.append(buffer)
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    # Powers of two: every scale of the products is exact.
    before, last = 2.0**-5, tensor((1, _SIZES[0]), 2.0**-5)
    graph.inputs = [last]
    for place, (width, outputs) in enumerate(pairwise(_SIZES)):
        weights = random.randint(-127, 128, (outputs, width)).astype(np.int8)
        bias = random.randint(-2000, 2001, outputs).astype(np.int32)
        weight_scale, scale = 2.0**-8, 2.0**-3
        inputs = [
            last,
            tensor((outputs, width), weight_scale, weights),
            tensor((outputs,), before * weight_scale, bias),
        ]
        last, before = tensor((1, outputs), scale), scale
        op = schema.OperatorT()
        op.opcodeIndex, op.inputs, op.outputs = 0, np.array(inputs, np.int32), np.array([last], np.int32)
        op.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
        op.builtinOptions = schema.FullyConnectedOptionsT()
        op.builtinOptions.fusedActivationFunction = (
            schema.ActivationFunctionType.RELU if place == 0 else schema.ActivationFunctionType.NONE
        )
        graph.operators.append(op)
    graph.outputs = [last]
    return pack(model)


def make_record(model: Model) -> bytes:
    """Inputs, and what TFLM makes of them."""
    runner = open_tflm(model)
    random = np.random.RandomState(_SEED + 1)
    inputs = random.randint(-128, 128, (_SAMPLES, 1, _SIZES[0])).astype(np.int8)
    outputs = [runner.run([tensor])[0] for tensor in inputs]
    return (
        json.dumps(
            {
                "sha256": model.sha256,
                "inputs": [tensor.tobytes().hex() for tensor in inputs],
                "outputs": [tensor.tobytes().hex() for tensor in outputs],
            },
            indent=1,
        ).encode()
        + b"\n"
    )


def main() -> None:
    """Write both files beside this one."""
    folder = Path(__file__).parent
    data = make_model()
    (folder / GOLDEN_MODEL).write_bytes(data)
    (folder / GOLDEN_FILE).write_bytes(make_record(Model(data, GOLDEN_MODEL)))


if __name__ == "__main__":
    main()
