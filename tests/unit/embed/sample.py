"""A small int8 model, made op by op, and the record that goes with it."""

from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from msgspec.structs import replace

from quantci.records.model import TensorInfo
from quantci.tflite.model import Model

OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "RESHAPE": "ReshapeOptions",
    "SOFTMAX": "SoftmaxOptions",
}


@dataclass
class Graph:
    """Collects tensors and ops, then packs them."""

    model: Any = field(default_factory=schema.ModelT)

    def __post_init__(self) -> None:
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = [], []
        self.model.subgraphs = [graph]

    def tensor(self, name: str, shape: list[int], scale: float = 0.5, zero_point: int = 0, data: Any = None) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.hasRank = name.encode(), shape, True
        tensor.type = schema.TensorType.INT8 if data is None or data.dtype == np.int8 else schema.TensorType.INT32
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [zero_point]
        self.model.subgraphs[0].tensors.append(tensor)
        return len(self.model.subgraphs[0].tensors) - 1

    def op(self, kind: str, inputs: list[int], outputs: list[int], /, **options: Any) -> None:
        """An op with its builtin options, or a custom op by its own name."""
        known = getattr(schema.BuiltinOperator, kind, None)
        code = schema.OperatorCodeT()
        code.builtinCode = schema.BuiltinOperator.CUSTOM if known is None else known
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
        code.customCode = kind.encode() if known is None else None
        op = schema.OperatorT()
        op.opcodeIndex, op.inputs, op.outputs = len(self.model.operatorCodes), inputs, outputs
        self.model.operatorCodes.append(code)
        if options:
            op.builtinOptionsType = getattr(schema.BuiltinOptions, OPTIONS[kind])
            op.builtinOptions = getattr(schema, f"{OPTIONS[kind]}T")()
            vars(op.builtinOptions).update(options)
        self.model.subgraphs[0].operators.append(op)

    def pack(self, inputs: list[int], outputs: list[int]) -> bytes:
        self.model.subgraphs[0].inputs, self.model.subgraphs[0].outputs = inputs, outputs
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def int8_model(custom: str | None = None) -> bytes:
    """CONV_2D 3x3 stride 2 SAME, DEPTHWISE_CONV_2D 3x3 VALID, RESHAPE, SOFTMAX; `custom` adds a custom op in front."""
    random = np.random.RandomState(0)
    graph = Graph()
    first = image = graph.tensor("image", [1, 8, 8, 3], scale=0.1, zero_point=-3)
    if custom is not None:
        image = graph.tensor("custom", [1, 8, 8, 3], scale=0.1, zero_point=-3)
        graph.op(custom, [first], [image])
    window = {"strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1}
    weights = graph.tensor("w1", [8, 3, 3, 3], 0.01, data=random.randint(-9, 9, (8, 3, 3, 3)).astype(np.int8))
    bias = graph.tensor("b1", [8], 0.001, data=np.arange(8, dtype=np.int32))
    conv = graph.tensor("conv", [1, 4, 4, 8], 0.02)
    graph.op(
        "CONV_2D",
        [image, weights, bias],
        [conv],
        padding=0,
        **window | {"strideW": 2, "strideH": 2},
    )
    weights = graph.tensor("w2", [1, 3, 3, 8], 0.01, data=random.randint(-9, 9, (1, 3, 3, 8)).astype(np.int8))
    bias = graph.tensor("b2", [8], 0.0002, data=np.arange(8, dtype=np.int32))
    depthwise = graph.tensor("depthwise", [1, 2, 2, 8], 0.02)
    graph.op(
        "DEPTHWISE_CONV_2D",
        [conv, weights, bias],
        [depthwise],
        padding=1,
        depthMultiplier=1,
        **window,
    )
    shape = graph.tensor("shape", [2], data=np.array([1, 32], np.int32))
    flat = graph.tensor("flat", [1, 32], 0.02)
    graph.op("RESHAPE", [depthwise, shape], [flat], newShape=[1, 32])
    output = graph.tensor("probabilities", [1, 32], 1 / 256, -128)
    graph.op("SOFTMAX", [flat], [output], beta=1.0)
    return graph.pack([first], [output])


def tensor_info(
    name: str, shape: list[int], scale: list[float], zero_point: list[int], dtype: str = "int8"
) -> TensorInfo:
    return TensorInfo(
        index=0,
        name=name,
        shape=shape,
        dtype=dtype,
        scale=scale,
        zero_point=zero_point,
        quantized_dimension=None,
        constant_bytes=0,
    )


def example_model(
    custom: str | None = None, *, inputs: list[TensorInfo] | None = None, outputs: list[TensorInfo] | None = None
) -> Model:
    """`int8_model` as quantize left it; with `inputs` or `outputs`, one that says these are its own."""
    model = Model(int8_model(custom), "out/model_quant.tflite")
    own = {name: given for name, given in (("inputs", inputs), ("outputs", outputs)) if given is not None}
    vars(model)["summary"] = replace(model.summary, **own)
    return model
