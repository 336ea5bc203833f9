"""What can be read off a .tflite file without running it."""

from collections import Counter
from typing import Annotated, Final, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Bytes, Count, Sha256

QuantizedType = Literal["INT8", "UINT8", "INT16x8"]
_QUANTIZED_TYPES: Final[dict[str, QuantizedType]] = {"int8": "INT8", "uint8": "UINT8", "int16": "INT16x8"}


class TensorInfo(Record, frozen=True, kw_only=True):
    """One tensor of the main subgraph."""

    index: Annotated[Count, Meta(description="Index in the main subgraph.")]
    name: Annotated[str, Meta(description="Name in the file; empty when it has none.")]
    shape: Annotated[list[int], Meta(description="Dimensions; -1 where the size is not fixed.")]
    dtype: Annotated[str, Meta(description="Lower-case TFLite type: int8, uint8, int16, int32, int64, float32, ...")]
    scale: Annotated[list[float], Meta(description="Empty when not quantized; one per channel when per-channel.")]
    zero_point: Annotated[list[int], Meta(description="As many as there are scales; empty when not quantized.")]
    quantized_dimension: Annotated[int | None, Meta(description="Channel axis of a per-channel tensor.")]
    constant_bytes: Annotated[Bytes, Meta(description="Bytes of stored data; 0 for an activation.")]


class OpInfo(Record, frozen=True, kw_only=True):
    """One operator (layer) of the main subgraph."""

    index: Annotated[Count, Meta(description="Place in the main subgraph: the order in which ops run.")]
    op: Annotated[str, Meta(description="TFLite builtin name such as CONV_2D, or the name of a custom op.")]
    version: Annotated[int, Meta(description="Version of the operator in the schema.")]
    is_custom: Annotated[bool, Meta(description="True for an op that is not a TFLite builtin.")]
    inputs: Annotated[list[int], Meta(description="Tensor indices; -1 for an absent optional input.")]
    outputs: Annotated[list[int], Meta(description="Tensor indices.")]
    output_name: Annotated[str, Meta(description="Name of the first output; empty when it has none.")]
    output_shape: Annotated[
        list[int],
        Meta(description="Dimensions of the first output, such as [1, 96, 96, 8]; -1 where the size is not fixed."),
    ]
    macs: Annotated[int | None, Meta(description="Multiply-accumulates of one inference; null if not known.")]
    weight_bytes: Annotated[Bytes, Meta(description="Bytes of the constants that only this op reads first.")]
    fused_activation: Annotated[str | None, Meta(description="NONE, RELU, RELU6, ...; null if the op has none.")]
    is_float: Annotated[bool, Meta(description="True when it reads or writes a float tensor.")]
    runs_in_tflm: Annotated[bool, Meta(description="True when TFLM registers this op.")]


class OpCount(Record, frozen=True, kw_only=True):
    """How often an op occurs, and what it costs in all."""

    op: Annotated[str, Meta(description="TFLite builtin name, or the name of a custom op.")]
    version: Annotated[int, Meta(description="Highest version of the op in the model.")]
    count: Annotated[Count, Meta(description="Ops of this kind.")]
    macs: Annotated[
        int | None, Meta(description="Multiply-accumulates of all of them in one inference; null if not known.")
    ]
    weight_bytes: Bytes
    runs_in_tflm: Annotated[bool, Meta(description="True when TFLM registers this op.")]


class ModelSummary(Record, frozen=True, kw_only=True):
    """A look into a .tflite file."""

    file_name: Annotated[str, Meta(description="Name of the file, without its folder.")]
    sha256: Sha256
    file_bytes: Bytes
    subgraph_count: Annotated[Count, Meta(description="Subgraphs in the file; the first is the main one.")]
    weight_bytes: Annotated[Bytes, Meta(description="Bytes of all constant tensors.")]
    parameter_count: Annotated[Count, Meta(description="Elements of all weights and biases.")]
    macs: Annotated[int | None, Meta(description="Sum over the ops whose cost is known.")]
    inputs: Annotated[list[TensorInfo], Meta(description="Inputs of the main subgraph, in its order.")]
    outputs: Annotated[list[TensorInfo], Meta(description="Outputs of the main subgraph, in its order.")]
    op_counts: Annotated[list[OpCount], Meta(description="One entry for each kind of op.")]
    ops: Annotated[list[OpInfo], Meta(description="Operators of the main subgraph, in the order in which they run.")]
    tensors: Annotated[list[TensorInfo], Meta(description="Tensors of the main subgraph, by index.")]
    dynamic_tensors: Annotated[list[str], Meta(description="Tensors whose shape is not fixed: TFLM cannot run them.")]
    float_tensors: Annotated[list[str], Meta(description="Tensors of a float type.")]
    unsupported_ops: Annotated[list[str], Meta(description="OP (version N) that TFLM does not register.")]
    is_integer_only: Annotated[bool, Meta(description="True when no op reads or writes a float and none is custom.")]

    @property
    def quantized_type(self) -> QuantizedType:
        """What a quantized model is called: by the type that most ops give, whatever its input and output have."""
        given = Counter(self.tensors[op.outputs[0]].dtype for op in self.ops if op.outputs)
        known = [(given[dtype], name) for dtype, name in _QUANTIZED_TYPES.items() if given[dtype]]
        return max(known, key=lambda one: one[0])[1] if known else "INT8"
