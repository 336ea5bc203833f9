"""A model as the chip sees it: tensors with their sizes and scales, ops with the geometry of their windows.

Arena, kernels, known faults and latency all follow from this one view, which is read once from a parsed model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from quantci.chip.op import Op, Tensor
from quantci.chip.window import Slide
from quantci.tflite.enums import dtype_name, enum_names, is_custom, op_name, tensor_name
from quantci.tflite.verify.open_tensors import open_tensors
from quantci.tflite.verify.tensors import shape_of, stored_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.tflite.model import Model

OFFLINE_PLAN: Final = b"OfflineMemoryAllocation"  # metadata that fixes offsets; micro_allocation_info.cc


class Graph(NamedTuple):
    """The main subgraph.

    Attributes:
        other_ops: ops of the other subgraphs.
        subgraphs: how many there are in all.
        obstacles: why the allocation cannot be simulated from this view alone, one phrase each.
    """

    tensors: Sequence[Tensor]
    ops: Sequence[Op]
    inputs: Sequence[Tensor]
    outputs: Sequence[Tensor]
    other_ops: Sequence[Op]
    subgraphs: int
    obstacles: Sequence[str]


def read_graph(model: Model) -> Graph:
    """The view of a model; its tensors have the names that it was given, where it was stripped of them."""
    tree = model.tree
    names = [model.tensor_names, *([tensor_name(one) for one in graph.tensors] for graph in tree.subgraphs[1:])]
    subgraphs = [_subgraph(tree, number, own) for number, own in enumerate(names)]
    (tensors, ops), main = subgraphs[0], tree.subgraphs[0]
    return Graph(
        tensors=tensors,
        ops=ops,
        inputs=[tensors[place] for place in main.inputs.tolist()],
        outputs=[tensors[place] for place in main.outputs.tolist()],
        other_ops=[op for _, other in subgraphs[1:] for op in other],
        subgraphs=len(subgraphs),
        obstacles=_obstacles(tree),
    )


def _subgraph(model: Any, number: int, names: Sequence[str]) -> tuple[list[Tensor], list[Op]]:
    graph = model.subgraphs[number]
    kinds = [(op_name(code), is_custom(code)) for code in model.operatorCodes or ()]
    opened = open_tensors(model, graph)
    tensors = [
        _tensor(index, name, tensor, model.buffers, is_open=index in opened)
        for index, (name, tensor) in enumerate(zip(names, graph.tensors, strict=True))
    ]
    ops = [
        Op(
            subgraph=number,
            index=index,
            name=kinds[op.opcodeIndex][0],
            is_custom=kinds[op.opcodeIndex][1],
            inputs=[tensors[place] if place >= 0 else None for place in op.inputs.tolist()],
            outputs=[tensors[place] for place in op.outputs.tolist()],
            slide=_slide(op.builtinOptions),
            activation=_activation(op.builtinOptions),
        )
        for index, op in enumerate(graph.operators)
    ]
    return tensors, ops


def _tensor(index: int, name: str, tensor: Any, buffers: Sequence[Any], *, is_open: bool) -> Tensor:
    quantization = tensor.quantization
    scales = _numbers(quantization and quantization.scale)
    zero_points = _numbers(quantization and quantization.zeroPoint)
    return Tensor(
        index=index,
        name=name,
        dtype=dtype_name(tensor.type),
        shape=tuple(shape_of(tensor)),
        is_open=is_open,
        scale=scales[0] if scales else 0.0,
        zero_point=zero_points[0] if zero_points else 0,
        channels=len(scales) if zero_points else 0,  # TFLM copies the scales only where there are zero points, too
        is_constant=stored_bytes(tensor, buffers) > 0,
        is_variable=bool(tensor.isVariable),
    )


def _numbers(values: NDArray[Any] | None) -> list[Any]:
    return [] if values is None else values.tolist()


def _activation(options: Any) -> str:
    return enum_names("ActivationFunctionType").get(getattr(options, "fusedActivationFunction", 0), "NONE")


def _slide(options: Any) -> Slide | None:
    if not hasattr(options, "strideW"):
        return None
    return Slide(
        stride=(options.strideW, options.strideH),
        dilation=(getattr(options, "dilationWFactor", 1), getattr(options, "dilationHFactor", 1)),
        is_same=options.padding == 0,  # 0 is SAME; VALID, 1, pads nothing
        pool=(getattr(options, "filterWidth", 1), getattr(options, "filterHeight", 1)),
        multiplier=getattr(options, "depthMultiplier", 1),
    )


def _obstacles(model: Any) -> list[str]:
    found = []
    if len(model.subgraphs) > 1:
        found.append(f"it has {len(model.subgraphs)} subgraphs")
    if any(entry.name == OFFLINE_PLAN for entry in model.metadata or ()):
        found.append("it has a memory plan of its own")
    return found
