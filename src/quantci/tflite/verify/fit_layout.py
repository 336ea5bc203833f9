"""Which tensors fit ops that move data: joining, cutting, padding, turning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.tflite.verify.operands import given, same_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.tflite.verify.operands import Operands


def _concatenation(op: Operands) -> bool:
    shapes = [given(shape) for shape in op.inputs]
    axis = range(len(shapes[0]))[op.options.axis]
    joined = [*shapes[0]]
    joined[axis] = sum(shape[axis] for shape in shapes)
    alike = all(shape[:axis] + shape[axis + 1 :] == joined[:axis] + joined[axis + 1 :] for shape in shapes)
    return alike and op.outputs[0] == joined and {*op.types} == {*op.output_types}


def _pack(op: Operands) -> bool:
    shape = [*given(op.inputs[0])]
    shape.insert(range(len(shape) + 1)[op.options.axis], len(op.inputs))
    return (
        all(other == op.inputs[0] for other in op.inputs)
        and op.outputs[0] == shape
        and {*op.types} == {*op.output_types}
    )


def _unpack(op: Operands) -> bool:
    turned = op._replace(
        inputs=[*op.outputs], outputs=[given(op.inputs[0])], types=op.output_types, output_types=op.types
    )
    return _pack(turned)


def _pad(op: Operands) -> bool:
    pads = np.reshape(given(op.constants[1]), (-1, 2))
    shape = np.add(given(op.inputs[0]), pads.sum(axis=1)).tolist()
    mirrored = hasattr(op.options, "mode")
    fits = (
        all(max(pad) <= size - op.options.mode for pad, size in zip(pads, given(op.inputs[0]), strict=True))
        if mirrored
        else True
    )
    return fits and int(pads.min()) >= 0 and shape == op.outputs[0] and same_type(op)


def _transpose(op: Operands) -> bool:
    order = given(op.constants[1])
    shape = given(op.inputs[0])
    return (
        sorted(order) == list(range(len(shape))) and op.outputs[0] == [shape[axis] for axis in order] and same_type(op)
    )


def _resize(op: Operands) -> bool:
    batch, _, _, channels = given(op.inputs[0])
    return op.outputs[0] == [batch, *given(op.constants[1]), channels] and same_type(op)


def _split_at(op: Operands, axis_place: int, value_place: int, sizes: list[int] | None) -> bool:
    (axis,) = given(op.constants[axis_place])
    shape = given(op.inputs[value_place])
    axis = range(len(shape))[axis]
    pieces = [part[axis] for part in op.outputs]
    alike = all(part[:axis] + part[axis + 1 :] == shape[:axis] + shape[axis + 1 :] for part in op.outputs)
    same = {*op.output_types} == {op.types[value_place]}
    return alike and same and sum(pieces) == shape[axis] and (len({*pieces}) == 1 if sizes is None else pieces == sizes)


def _split(op: Operands) -> bool:
    return _split_at(op, 0, 1, None)


def _split_v(op: Operands) -> bool:
    sizes = given(op.constants[1])
    total = given(op.inputs[0])[given(op.constants[2])[0]]
    rest = total - sum(size for size in sizes if size >= 0)
    return _split_at(op, 2, 0, [rest if size < 0 else size for size in sizes])


def _slice(op: Operands) -> bool:
    shape, begin, size = given(op.inputs[0]), given(op.constants[1]), given(op.constants[2])
    sizes = [total - first if part == -1 else part for total, first, part in zip(shape, begin, size, strict=True)]
    inside = all(
        first >= 0 and part > 0 and first + part <= total
        for total, first, part in zip(shape, begin, sizes, strict=True)
    )
    return inside and op.outputs[0] == sizes and same_type(op)


def _strided_slice(op: Operands) -> bool:
    options = op.options
    if options.ellipsisMask or options.newAxisMask:
        return same_type(op)
    shape: list[int] = []
    sizes = given(op.inputs[0])
    begins, ends, strides = (given(constant) for constant in op.constants[1:4])
    if not len(begins) == len(ends) == len(strides) <= len(sizes):
        return False
    # With an offset LiteRT overlooks the masks and counts from no end, where TFLM does both.
    if options.offset and (options.beginMask or options.endMask or min(begins) < 0):
        return False
    for axis, total in enumerate(sizes):
        if axis >= len(begins):
            shape.append(total)
            continue
        if options.shrinkAxisMask >> axis & 1:
            range(total)[begins[axis]]  # raises IndexError outside of the axis
            continue
        first = None if options.beginMask >> axis & 1 else begins[axis]
        last = None if options.endMask >> axis & 1 else ends[axis] + (begins[axis] if options.offset else 0)
        shape.append(len(range(total)[first : last : strides[axis]]))
    return op.outputs[0] == shape and same_type(op)


def _gather(op: Operands) -> bool:
    shape, indices = given(op.inputs[0]), given(op.inputs[1])
    axis, batch = range(len(shape))[op.options.axis], op.options.batchDims
    fits = 0 <= batch <= axis and batch <= len(indices)
    return fits and op.outputs[0] == shape[:axis] + indices[batch:] + shape[axis + 1 :] and same_type(op)


def _depth_to_space(op: Operands) -> bool:
    block = op.options.blockSize
    batch, height, width, channels = given(op.inputs[0])
    deep = channels // (block * block)
    return (
        op.outputs[0] == [batch, height * block, width * block, deep]
        and deep * block * block == channels
        and same_type(op)
    )


def _space_to_depth(op: Operands) -> bool:
    return _depth_to_space(
        op._replace(inputs=[op.outputs[0]], outputs=[given(op.inputs[0])], types=op.output_types, output_types=op.types)
    )


RULES: Final[dict[str, Callable[[Operands], bool]]] = {
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), _pad),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _resize),
    "CONCATENATION": _concatenation,
    "DEPTH_TO_SPACE": _depth_to_space,
    "GATHER": _gather,
    "PACK": _pack,
    "SLICE": _slice,
    "SPACE_TO_DEPTH": _space_to_depth,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "STRIDED_SLICE": _strided_slice,
    "TRANSPOSE": _transpose,
    "UNPACK": _unpack,
}
