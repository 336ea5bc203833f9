"""Write relu6_residual.tflite: a residual network of random weights whose RELU6 stand on their own.

Some converters leave activations beside their convolution (onnx2tf does with a PyTorch residual block). LiteRT runs
that right, TFLM does not. Run it again with: python build.py
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import interpreter
from ai_edge_litert import schema_py_generated as schema

from generate import LABELS, SIZE, picture

CHANNELS = 16
Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass
class Graph:
    """A .tflite in the making: tensors and ops in the order in which they were added."""

    model: Any
    random: np.random.RandomState

    @classmethod
    def empty(cls, seed: int) -> Graph:
        """A graph without anything in it."""
        model, graph = schema.ModelT(), schema.SubGraphT()
        model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], [schema.BufferT()], []
        graph.tensors, graph.operators = [], []
        return cls(model, np.random.RandomState(seed))

    def tensor(self, name: str, shape: list[int], data: Any = None) -> int:
        """Add a tensor; with `data` a constant."""
        made = schema.TensorT()
        made.name, made.shape, made.buffer = name.encode(), np.array(shape, np.int32), 0
        made.type = (
            schema.TensorType.INT32 if data is not None and data.dtype == np.int32 else schema.TensorType.FLOAT32
        )
        if data is not None:
            made.buffer = len(self.model.buffers)
            self.model.buffers.append(schema.BufferT())
            self.model.buffers[-1].data = np.frombuffer(data.tobytes(), np.uint8)
        self.model.subgraphs[0].tensors.append(made)
        return len(self.model.subgraphs[0].tensors) - 1

    def op(self, kind: str, inputs: list[int], name: str, shape: list[int], options: Any = None) -> int:
        """Add an op and its output."""
        number = getattr(schema.BuiltinOperator, kind)
        code, made = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), 1
        made.opcodeIndex = len(self.model.operatorCodes)
        self.model.operatorCodes.append(code)
        made.inputs, made.outputs = inputs, [self.tensor(name, shape)]
        if options is not None:
            made.builtinOptions = options
            made.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        self.model.subgraphs[0].operators.append(made)
        return int(made.outputs[0])

    def convolution(self, x: int, name: str, shape: list[int], *, inputs: int, stride: int) -> int:
        """A 3x3 convolution of random weights, SAME."""
        deviation = (2 / (9 * inputs)) ** 0.5
        weights = self.random.normal(0, deviation, (shape[3], 3, 3, inputs)).astype(np.float32)
        bias = self.random.normal(0, 0.3, shape[3]).astype(np.float32)
        options = schema.Conv2DOptionsT()
        options.strideW = options.strideH = stride
        options.dilationWFactor = options.dilationHFactor = 1
        places = [
            x,
            self.tensor(f"{name}/weights", [*weights.shape], weights),
            self.tensor(f"{name}/bias", [shape[3]], bias),
        ]
        return self.op("CONV_2D", places, name, shape, options)

    def pack(self, inputs: list[int], outputs: list[int]) -> bytes:
        """The bytes of the model."""
        self.model.subgraphs[0].inputs, self.model.subgraphs[0].outputs = inputs, outputs
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def network(weights: Floats, bias: Floats, until: str = "probabilities") -> bytes:
    """Two convolutions with a residual addition, pooled, and a dense layer of these weights [classes, channels]."""
    graph = Graph.empty(seed=3)
    half = [1, SIZE // 2, SIZE // 2, CHANNELS]
    x = graph.tensor("input", [1, SIZE, SIZE, 3])
    stem = graph.op("RELU6", [graph.convolution(x, "stem/conv", half, inputs=3, stride=2)], "stem/relu6", half)
    branch = graph.convolution(stem, "block/conv", half, inputs=CHANNELS, stride=1)
    clipped = graph.op("RELU6", [branch], "block/relu6", half)
    total = graph.op("ADD", [clipped, stem], "block/add", half, schema.AddOptionsT())
    total = graph.op("ADD", [total, branch], "block/add_raw", half, schema.AddOptionsT())  # reads `branch` once more
    axes = graph.tensor("axes", [2], np.array([1, 2], np.int32))
    pooled = graph.op("MEAN", [total, axes], "pool", [1, CHANNELS], schema.ReducerOptionsT())
    if until == "pool":
        return graph.pack([x], [pooled])
    dense = [graph.tensor("dense/weights", [*weights.shape], weights), graph.tensor("dense/bias", [*bias.shape], bias)]
    logits = graph.op("FULLY_CONNECTED", [pooled, *dense], "dense", [1, len(LABELS)], schema.FullyConnectedOptionsT())
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    return graph.pack([x], [graph.op("SOFTMAX", [logits], "probabilities", [1, len(LABELS)], softmax)])


def features() -> Floats:
    """What is pooled from 500 pictures, [500, channels]."""
    nothing = np.zeros((len(LABELS), CHANNELS), np.float32)
    runner = interpreter.Interpreter(model_content=network(nothing, nothing[:, 0], until="pool"))
    runner.allocate_tensors()
    rows = []
    for index in range(500):
        runner.set_tensor(runner.get_input_details()[0]["index"], picture(index)[np.newaxis])
        runner.invoke()
        rows.append(runner.get_tensor(runner.get_output_details()[0]["index"])[0])
    return np.array(rows)


def main() -> None:
    """Make a dense layer whose classes are equally frequent, and write the model."""
    pooled = features()
    centred = pooled - pooled.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    mixed = np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]]) @ directions[:2] / centred.std()
    weights = mixed.astype(np.float32)
    bias = -(weights @ pooled.mean(axis=0)).astype(np.float32)
    Path(__file__).with_name("relu6_residual.tflite").write_bytes(network(weights, bias))


if __name__ == "__main__":
    main()
