"""Small .tflite models, made tensor by tensor, so that a test shows what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from quantci.chip.graph import Graph, read_graph
from quantci.tflite.model import Model

OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    **dict.fromkeys(("MEAN", "REDUCE_ALL", "REDUCE_MAX", "REDUCE_MIN", "SUM"), "ReducerOptions"),
    "SVDF": "SVDFOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
}
SAME, VALID = 0, 1
WINDOW = {"strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1}


@dataclass
class Tensor:
    """A tensor by name; with `data` a constant, whose shape and type then follow from it."""

    name: str
    shape: list[int] = field(default_factory=list)
    dtype: str = "float32"
    data: NDArray[Any] | None = None
    scale: list[float] | float = 0.0
    zero_point: list[int] | int = 0
    axis: int = 0
    signature: list[int] | None = None
    is_variable: bool = False

    def __post_init__(self) -> None:
        if self.data is not None:
            self.shape, self.dtype = list(self.data.shape), self.data.dtype.name


@dataclass
class Op:
    """An op by its builtin name, or a custom op by its own; an input called "" is absent."""

    kind: str
    inputs: list[str]
    outputs: list[str]
    options: dict[str, Any] = field(default_factory=dict)
    version: int = 1


def build_tree(tensors: list[Tensor], ops: list[Op], inputs: list[str], outputs: list[str]) -> Any:
    """The schema's ModelT, for tests that damage it before it is packed."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.description = 3, [graph], b"test"
    model.buffers, model.operatorCodes = [schema.BufferT()], []
    graph.tensors = [_tensor(tensor, model.buffers) for tensor in tensors]
    place = {tensor.name: index for index, tensor in enumerate(tensors)} | {"": -1}
    graph.operators = [_op(op, place, model.operatorCodes) for op in ops]
    graph.inputs, graph.outputs = [place[name] for name in inputs], [place[name] for name in outputs]
    graph.name = b"main"
    return model


def pack_tree(model: Any) -> bytes:
    """The bytes of a ModelT, whatever is in it."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def build_model(tensors: list[Tensor], ops: list[Op], inputs: list[str], outputs: list[str]) -> bytes:
    """The bytes of a model of one subgraph."""
    return pack_tree(build_tree(tensors, ops, inputs, outputs))


def _tensor(tensor: Tensor, buffers: list[Any]) -> Any:
    made = schema.TensorT()
    made.name, made.type = tensor.name.encode(), getattr(schema.TensorType, tensor.dtype.upper())
    made.shape, made.hasRank = np.array(tensor.shape, np.int32), True
    made.shapeSignature = None if tensor.signature is None else np.array(tensor.signature, np.int32)
    made.isVariable = tensor.is_variable
    if tensor.data is not None:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(tensor.data.tobytes(), np.uint8)
        made.buffer = len(buffers)
        buffers.append(buffer)
    if tensor.scale:
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale = np.atleast_1d(np.array(tensor.scale, np.float32))
        made.quantization.zeroPoint = np.atleast_1d(np.array(tensor.zero_point, np.int64))
        made.quantization.quantizedDimension = tensor.axis
    return made


def _op(op: Op, place: dict[str, int], codes: list[Any]) -> Any:
    number = getattr(schema.BuiltinOperator, op.kind, schema.BuiltinOperator.CUSTOM)
    code, made = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), op.version
    code.customCode = op.kind.encode() if number == schema.BuiltinOperator.CUSTOM else None
    made.opcodeIndex = len(codes)
    codes.append(code)
    made.inputs = np.array([place[name] for name in op.inputs], np.int32)
    made.outputs = np.array([place[name] for name in op.outputs], np.int32)
    if number != schema.BuiltinOperator.CUSTOM:
        wanted = OPTIONS.get(op.kind, op.kind.replace("_", "") + "Options").upper()
        names = {name.upper(): name for name in vars(schema.BuiltinOptions) if not name.startswith("_")}
        if wanted in names:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, names[wanted])
            made.builtinOptions = getattr(schema, f"{names[wanted]}T")()
            beta = {"beta": 1.0} if op.kind == "SOFTMAX" else {}  # the schema's default is 0, which no model has
            vars(made.builtinOptions).update({**beta, **op.options})
    return made


def _weights(random: np.random.RandomState, *shape: int) -> NDArray[np.float32]:
    fan_in = int(np.prod(shape[1:]))
    return np.asarray(random.normal(0, fan_in**-0.5, shape), np.float32)


def tiny_float_cnn(seed: int, size: int = 16, classes: int = 4) -> bytes:
    """A float image classifier of random weights: conv, depthwise conv, mean, dense, softmax.

    Input `image` [1, size, size, 3], output `probabilities` [1, classes]; `size` is even.
    """
    random = np.random.RandomState(seed)
    half = size // 2
    tensors = [
        Tensor("image", [1, size, size, 3]),
        Tensor("conv/weights", data=_weights(random, 8, 3, 3, 3)),
        Tensor("conv/bias", data=_weights(random, 8)),
        Tensor("conv", [1, half, half, 8]),
        Tensor("depthwise/weights", data=_weights(random, 1, 3, 3, 8)),
        Tensor("depthwise/bias", data=_weights(random, 8)),
        Tensor("depthwise", [1, half, half, 8]),
        Tensor("axes", data=np.array([1, 2], np.int32)),
        Tensor("mean", [1, 8]),
        Tensor("dense/weights", data=_weights(random, classes, 8)),
        Tensor("dense/bias", data=_weights(random, classes)),
        Tensor("dense", [1, classes]),
        Tensor("probabilities", [1, classes]),
    ]
    relu = {"fusedActivationFunction": schema.ActivationFunctionType.RELU}
    ops = [
        Op(
            "CONV_2D",
            ["image", "conv/weights", "conv/bias"],
            ["conv"],
            {**WINDOW, **relu, "padding": SAME, "strideW": 2, "strideH": 2},
        ),
        Op(
            "DEPTHWISE_CONV_2D",
            ["conv", "depthwise/weights", "depthwise/bias"],
            ["depthwise"],
            {**WINDOW, **relu, "padding": SAME, "depthMultiplier": 1},
        ),
        Op("MEAN", ["depthwise", "axes"], ["mean"], {"keepDims": False}),
        Op("FULLY_CONNECTED", ["mean", "dense/weights", "dense/bias"], ["dense"]),
        Op("SOFTMAX", ["dense"], ["probabilities"], {"beta": 1.0}),
    ]
    return build_model(tensors, ops, ["image"], ["probabilities"])


def tiny_autoencoder(seed: int, width: int = 16) -> bytes:
    """A float autoencoder of random weights: input `features` [1, width], output `reconstruction` of the same shape."""
    random = np.random.RandomState(seed)
    tensors = [
        Tensor("features", [1, width]),
        Tensor("encoder/weights", data=_weights(random, width // 4, width)),
        Tensor("code", [1, width // 4]),
        Tensor("decoder/weights", data=_weights(random, width, width // 4)),
        Tensor("reconstruction", [1, width]),
    ]
    relu = {"fusedActivationFunction": schema.ActivationFunctionType.RELU}
    ops = [
        Op("FULLY_CONNECTED", ["features", "encoder/weights", ""], ["code"], relu),
        Op("FULLY_CONNECTED", ["code", "decoder/weights", ""], ["reconstruction"]),
    ]
    return build_model(tensors, ops, ["features"], ["reconstruction"])


def projecting_autoencoder(basis: NDArray[np.float32]) -> bytes:
    """A float autoencoder that gives back what lies in the span of the orthonormal columns of `basis` [width, code].

    Input `features` [1, width], output `reconstruction` of the same shape.
    """
    width, code = basis.shape
    tensors = [
        Tensor("features", [1, width]),
        Tensor("encoder/weights", data=np.ascontiguousarray(basis.T)),
        Tensor("code", [1, code]),
        Tensor("decoder/weights", data=np.ascontiguousarray(basis)),
        Tensor("reconstruction", [1, width]),
    ]
    ops = [
        Op("FULLY_CONNECTED", ["features", "encoder/weights", ""], ["code"]),
        Op("FULLY_CONNECTED", ["code", "decoder/weights", ""], ["reconstruction"]),
    ]
    return build_model(tensors, ops, ["features"], ["reconstruction"])


def float_model_of_words() -> bytes:
    """A float classifier of four words, given by their numbers as int32 [1, 4]: it looks them up."""
    random = np.random.RandomState(0)
    tensors = [
        Tensor("words", [1, 4], "int32"),
        Tensor("embedding", data=_weights(random, 10, 3)),
        Tensor("found", [1, 4, 3]),
        Tensor("axes", data=np.array([1], np.int32)),
        Tensor("mean", [1, 3]),
    ]
    ops = [Op("GATHER", ["embedding", "words"], ["found"]), Op("MEAN", ["found", "axes"], ["mean"])]
    return build_model(tensors, ops, ["words"], ["mean"])


def float_model_of_bytes(size: int = 16, classes: int = 3) -> bytes:
    """A float classifier whose input is uint8 [1, size, size, 3]: its first op is a CAST."""
    random = np.random.RandomState(0)
    tensors = [
        Tensor("image", [1, size, size, 3], "uint8"),
        Tensor("cast", [1, size, size, 3]),
        Tensor("axes", data=np.array([1, 2], np.int32)),
        Tensor("mean", [1, 3]),
        Tensor("dense/weights", data=_weights(random, classes, 3)),
        Tensor("dense/bias", data=_weights(random, classes)),
        Tensor("logits", [1, classes]),
    ]
    cast = {"inDataType": schema.TensorType.UINT8, "outDataType": schema.TensorType.FLOAT32}
    ops = [
        Op("CAST", ["image"], ["cast"], cast),
        Op("MEAN", ["cast", "axes"], ["mean"], {"keepDims": False}),
        Op("FULLY_CONNECTED", ["mean", "dense/weights", "dense/bias"], ["logits"]),
    ]
    return build_model(tensors, ops, ["image"], ["logits"])


def float_model_with_custom_op(size: int = 16, classes: int = 3) -> bytes:
    """A float classifier of images [1, size, size, 3] with the custom op `TheirOwnOp` in it."""
    random = np.random.RandomState(0)
    tensors = [
        Tensor("image", [1, size, size, 3]),
        Tensor("custom", [1, size, size, 3]),
        Tensor("axes", data=np.array([1, 2], np.int32)),
        Tensor("mean", [1, 3]),
        Tensor("dense/weights", data=_weights(random, classes, 3)),
        Tensor("dense/bias", data=_weights(random, classes)),
        Tensor("logits", [1, classes]),
    ]
    ops = [
        Op("TheirOwnOp", ["image"], ["custom"]),
        Op("MEAN", ["custom", "axes"], ["mean"], {"keepDims": False}),
        Op("FULLY_CONNECTED", ["mean", "dense/weights", "dense/bias"], ["logits"]),
    ]
    return build_model(tensors, ops, ["image"], ["logits"])


def int8_tree(seed: int = 0) -> Any:
    """The ModelT of an INT8 network: conv per channel, residual add, max-pool, dense, softmax.

    Input `image` [1, 8, 8, 3], output `probabilities` [1, 4].
    """
    random = np.random.RandomState(seed)

    def constant(name: str, *shape: int, scale: float = 0.002, channels: int = 0) -> Tensor:
        data = random.randint(-100, 100, shape).astype(np.int8)
        return Tensor(
            name,
            data=data,
            scale=[scale] * channels if channels else scale,
            zero_point=[0] * channels if channels else 0,
        )

    def bias(name: str, count: int) -> Tensor:
        data = random.randint(-50, 50, count).astype(np.int32)
        return Tensor(name, data=data, scale=[0.0001] * count, zero_point=[0] * count)

    def activation(name: str, *shape: int, scale: float = 0.05, zero_point: int = -5) -> Tensor:
        return Tensor(name, [*shape], "int8", scale=scale, zero_point=zero_point)

    tensors = [
        activation("image", 1, 8, 8, 3),
        constant("first/weights", 8, 3, 3, 3, channels=8),
        bias("first/bias", 8),
        activation("first", 1, 8, 8, 8),
        constant("second/weights", 8, 3, 3, 8, channels=8),
        bias("second/bias", 8),
        activation("second", 1, 8, 8, 8),
        activation("sum", 1, 8, 8, 8, scale=0.1),
        activation("pool", 1, 4, 4, 8, scale=0.1),
        Tensor("shape", data=np.array([1, 128], np.int32)),
        activation("flat", 1, 128, scale=0.1),
        constant("dense/weights", 4, 128),
        Tensor("dense/bias", data=random.randint(-50, 50, 4).astype(np.int32), scale=0.0002),
        activation("dense", 1, 4, scale=0.2, zero_point=3),
        activation("probabilities", 1, 4, scale=1 / 256, zero_point=-128),
    ]
    convolution = {**WINDOW, "padding": SAME, "fusedActivationFunction": schema.ActivationFunctionType.RELU}
    pool = {"padding": VALID, "strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
    ops = [
        Op("CONV_2D", ["image", "first/weights", "first/bias"], ["first"], convolution, version=3),
        Op("CONV_2D", ["first", "second/weights", "second/bias"], ["second"], convolution, version=3),
        Op("ADD", ["first", "second"], ["sum"], version=2),
        Op("MAX_POOL_2D", ["sum"], ["pool"], pool, version=2),
        Op("RESHAPE", ["pool", "shape"], ["flat"], {"newShape": np.array([1, 128], np.int32)}),
        Op("FULLY_CONNECTED", ["flat", "dense/weights", "dense/bias"], ["dense"], version=4),
        Op("SOFTMAX", ["dense"], ["probabilities"], {"beta": 1.0}, version=2),
    ]
    return build_tree(tensors, ops, ["image"], ["probabilities"])


def tiny_int8_cnn(seed: int = 0) -> bytes:
    """The bytes of `int8_tree`."""
    return pack_tree(int8_tree(seed))


def graph_of(model: bytes, names: Sequence[str] = ()) -> Graph:
    """A model as the chip sees it."""
    return read_graph(Model(model, "model", tensor_names=names))
