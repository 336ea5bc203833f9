"""The look into a .tflite that does not run it: ops, tensors, sizes, costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from quantci.records.model import ModelSummary, OpCount, OpInfo, TensorInfo
from quantci.tflite.enums import FLOATS, dtype_name, enum_names, is_custom, op_name, tensor_name
from quantci.tflite.macs import count_macs
from quantci.tflite.tflm_ops import RESOLVER_METHODS
from quantci.tflite.verify.open_tensors import open_tensors
from quantci.tflite.verify.tensors import open_shape, shape_of, stored_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def summarize(model: Any, *, file_name: str, sha256: str, file_bytes: int) -> ModelSummary:
    """Summarize the main subgraph; constants, float tensors and unsupported ops of the others are counted, too.

    Args:
        model: what `parse` gave.
        file_name: name of its file.
        sha256: digest of its file.
        file_bytes: size of its file.
    """
    main = model.subgraphs[0]
    opened = open_tensors(model, main)
    tensors = [
        _tensor(tensor, index, model.buffers, is_open=index in opened) for index, tensor in enumerate(main.tensors)
    ]
    kinds = [_Kind(op_name(code), int(code.version), is_custom(code)) for code in model.operatorCodes or ()]
    ops = _ops(main, kinds, tensors)
    everything = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    constants = _unique_constants(everything, model.buffers)
    used = {kinds[op.opcodeIndex] for graph in model.subgraphs for op in graph.operators}
    missing = {f"{kind.name} (version {kind.version})" for kind in used if not kind.runs_in_tflm}
    known = [op.macs for op in ops if op.macs is not None]
    return ModelSummary(
        file_name=file_name,
        sha256=sha256,
        file_bytes=file_bytes,
        subgraph_count=len(model.subgraphs),
        weight_bytes=sum(stored_bytes(tensor, model.buffers) for tensor in constants),
        parameter_count=_parameter_count(constants),
        macs=sum(known) if known or not ops else None,
        inputs=[tensors[index] for index in main.inputs],
        outputs=[tensors[index] for index in main.outputs],
        op_counts=_count(ops),
        ops=ops,
        tensors=tensors,
        dynamic_tensors=[tensor.name or str(tensor.index) for tensor in tensors if -1 in tensor.shape],
        float_tensors=[tensor.name or str(tensor.index) for tensor in tensors if tensor.dtype in FLOATS],
        unsupported_ops=sorted(missing),
        is_integer_only=not any(op.is_custom or op.is_float for op in ops)
        and not any(_uses_floats(graph) for graph in model.subgraphs[1:]),
    )


class _Kind(NamedTuple):
    """What an operator code says."""

    name: str
    version: int
    is_custom: bool

    @property
    def runs_in_tflm(self) -> bool:
        return not self.is_custom and self.name in RESOLVER_METHODS


def _tensor(tensor: Any, index: int, buffers: Sequence[Any], *, is_open: bool) -> TensorInfo:
    quantization = tensor.quantization
    scale = [] if quantization is None or quantization.scale is None else quantization.scale
    zero_point = [] if quantization is None or quantization.zeroPoint is None else quantization.zeroPoint
    return TensorInfo(
        index=index,
        name=tensor_name(tensor),
        shape=open_shape(tensor) if is_open else shape_of(tensor),
        dtype=dtype_name(tensor.type),
        scale=[float(value) for value in scale],
        zero_point=[int(value) for value in zero_point],
        quantized_dimension=int(quantization.quantizedDimension) if len(scale) > 1 else None,
        constant_bytes=stored_bytes(tensor, buffers),
    )


def _ops(graph: Any, kinds: Sequence[_Kind], tensors: Sequence[TensorInfo]) -> list[OpInfo]:
    seen: set[int] = set()
    ops = []
    for index, op in enumerate(graph.operators):
        kind = kinds[op.opcodeIndex]
        inputs, outputs = op.inputs.tolist(), op.outputs.tolist()
        # A buffer that several ops read, such as a tied embedding, is charged to the first of them.
        constants = [index for index in inputs if index >= 0 and tensors[index].constant_bytes]
        fresh = {graph.tensors[index].buffer: tensors[index].constant_bytes for index in constants}
        weight_bytes = sum(size for buffer, size in fresh.items() if buffer not in seen)
        seen.update(fresh)
        activation = getattr(op.builtinOptions, "fusedActivationFunction", None)
        ops.append(
            OpInfo(
                index=index,
                op=kind.name,
                version=kind.version,
                is_custom=kind.is_custom,
                inputs=inputs,
                outputs=outputs,
                output_name=tensors[outputs[0]].name if outputs else "",
                output_shape=list(tensors[outputs[0]].shape) if outputs else [],
                macs=None if kind.is_custom else _macs(op, kind.name, tensors),
                weight_bytes=weight_bytes,
                fused_activation=None if activation is None else enum_names("ActivationFunctionType")[activation],
                is_float=any(tensors[i].dtype in FLOATS for i in (*inputs, *outputs) if i >= 0),
                runs_in_tflm=kind.runs_in_tflm,
            )
        )
    return ops


def _macs(op: Any, name: str, tensors: Sequence[TensorInfo]) -> int | None:
    return count_macs(
        name,
        [tensors[index].shape if index >= 0 else [] for index in op.inputs],
        [tensors[index].shape for index in op.outputs],
        transposes_left=bool(getattr(op.builtinOptions, "adjX", False)),
    )


def _count(ops: Sequence[OpInfo]) -> list[OpCount]:
    """One line for each kind of op, in the order in which they first occur."""
    kinds: dict[str, list[OpInfo]] = {}
    for op in ops:
        kinds.setdefault(op.op, []).append(op)
    return [
        OpCount(
            op=name,
            version=max(op.version for op in same),
            count=len(same),
            macs=None if any(op.macs is None for op in same) else sum(op.macs or 0 for op in same),
            weight_bytes=sum(op.weight_bytes for op in same),
            runs_in_tflm=all(op.runs_in_tflm for op in same),
        )
        for name, same in kinds.items()
    ]


def _unique_constants(tensors: Iterable[Any], buffers: Sequence[Any]) -> list[Any]:
    """One tensor for each buffer that holds data: tensors may share one."""
    return list({tensor.buffer: tensor for tensor in tensors if stored_bytes(tensor, buffers)}.values())


def _parameter_count(constants: Iterable[Any]) -> int:
    """Elements of weights and biases: constants that are quantized or float, not shapes, axes and paddings."""
    return sum(math.prod(shape_of(tensor)) for tensor in constants if _is_parameter(tensor))


def _is_parameter(tensor: Any) -> bool:
    scale = None if tensor.quantization is None else tensor.quantization.scale
    return dtype_name(tensor.type) in FLOATS or (scale is not None and len(scale) > 0)


def _uses_floats(graph: Any) -> bool:
    used = {index for op in graph.operators for index in (*op.inputs.tolist(), *op.outputs.tolist()) if index >= 0}
    return any(dtype_name(graph.tensors[index].type) in FLOATS for index in used)
