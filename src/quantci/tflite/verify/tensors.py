"""Checks of each tensor by itself: its type, shape, stored data and quantization."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.tflite.enums import BITS, dtype_name, tensor_label
from quantci.tflite.verify.damage import EXPORT_AGAIN, Damage, require

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_RANK: Final = 8
MAX_ELEMENTS: Final = 100_000_000
SMALLER: Final = "Use a model that is meant for a microcontroller."
_SCALES: Final = (1e-25, 1e25)
_ZERO_POINTS: Final = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}


def stored_bytes(tensor: Any, buffers: Sequence[Any]) -> int:
    """Bytes of a TensorT's constant data; 0 for an activation."""
    data = buffers[tensor.buffer].data
    return 0 if data is None else len(data)


def check_buffers(buffers: Sequence[Any], file_bytes: int) -> None:
    """Buffer 0 is empty by convention, and all data lies inside the flatbuffer.

    Raises:
        Damage: `malformed`, or `external-data`: weights stored behind the flatbuffer, which TFLM never reads.
    """
    require(buffers, "it has no list of buffers")
    require(buffers[0].data is None or len(buffers[0].data) == 0, "its buffer 0 is not empty")
    for buffer in buffers:
        require(buffer.offset + buffer.size <= file_bytes, "a buffer lies behind the file's end")
        if buffer.offset > 1 or buffer.size > 1:
            raise Damage(
                "its weights are stored outside of the flatbuffer",
                code="external-data",
                remedy="Export a model below 2 GB without buffer offloading.",
            )


def check_tensor(tensor: Any, index: int, buffers: Sequence[Any]) -> None:
    """Everything about one TensorT that can be checked without the graph.

    Raises:
        Damage: `malformed`, `too-large`, `unsupported-tensor`, `external-data` or `degenerate`.
    """
    label = tensor_label(tensor, index)
    dtype = dtype_name(tensor.type)
    if dtype not in BITS or tensor.sparsity is not None or tensor.variantTensors is not None or tensor.externalBuffer:
        kind = f"of the type {dtype}" if dtype not in BITS else "sparse, a variant, or stored in another file"
        raise Damage(
            f"{label} is {kind}, which no interpreter for microcontrollers reads",
            code="unsupported-tensor",
            remedy="Export the model with dense tensors of numbers.",
        )
    shape = shape_of(tensor)
    require(len(shape) <= MAX_RANK, f"{label} has {len(shape)} dimensions")
    require(all(size >= 0 for size in shape), f"{label} has the shape {shape}")
    if math.prod(shape) > MAX_ELEMENTS:
        raise Damage(
            f"{label} of shape {shape} has more than {MAX_ELEMENTS:,} elements", code="too-large", remedy=SMALLER
        )
    signature = [] if tensor.shapeSignature is None else tensor.shapeSignature.tolist()
    fits = all(open_size in {-1, size} for open_size, size in zip(signature, shape, strict=False))
    require(fits and len(signature) in {0, len(shape)}, f"{label} of shape {shape} has the signature {signature}")
    require(0 <= tensor.buffer < len(buffers), f"{label} refers to buffer {tensor.buffer} of {len(buffers)}")
    stored, expected = stored_bytes(tensor, buffers), (math.prod(shape) * BITS[dtype] + 7) // 8
    require(stored in {0, expected}, f"{label} of shape {shape} stores {stored} bytes instead of {expected}")
    require(not (stored and tensor.isVariable), f"{label} is a variable with constant data")
    if not stored and expected and BITS[dtype] < 8:
        raise Damage(
            f"{label} is {dtype} and no constant: no kernel computes with two values in a byte",
            code="unsupported-tensor",
            remedy="Keep 4-bit types to the weights.",
        )
    if tensor.quantization is not None:
        _check_quantization(tensor.quantization, label, dtype, shape)


def shape_of(tensor: Any) -> list[int]:
    """Dimensions of a TensorT; empty for a scalar."""
    return [] if tensor.shape is None else tensor.shape.tolist()


def open_shape(tensor: Any) -> list[int]:
    """Dimensions of a TensorT, -1 where one is open.

    A batch that was left open when the model was converted stands as 1 in the stored shape. TFLM reads nothing else,
    and runs such a model: that is no open shape.
    """
    shape = shape_of(tensor)
    if tensor.shapeSignature is None or not len(tensor.shapeSignature):
        return shape
    return [
        -1 if given < 0 and not (axis == 0 and size == 1) else size
        for axis, (size, given) in enumerate(zip(shape, tensor.shapeSignature.tolist(), strict=True))
    ]


def _check_quantization(quantization: Any, label: str, dtype: str, shape: list[int]) -> None:
    require(quantization.detailsType in {0, 1}, f"{label} is quantized in a way that TFLM does not know")
    scale = np.asarray([] if quantization.scale is None else quantization.scale, np.float32)
    zero_point = np.asarray([] if quantization.zeroPoint is None else quantization.zeroPoint, np.int64)
    require(
        len(scale) == len(zero_point) or (dtype not in _ZERO_POINTS and not len(zero_point)),
        f"{label} has {len(scale)} scales and {len(zero_point)} zero points",
    )
    # Kernels stop the process where a quotient of scales cannot be written as a multiplier and a shift.
    usable = (scale >= _SCALES[0]) & (scale <= _SCALES[1])
    if not usable.all():
        bad = float(scale[~usable][0])
        raise Damage(
            f"{label} has the scale {bad:g}: its values are all alike, or were not finite when it was quantized",
            code="degenerate",
            remedy="Check the weights for NaN and dead layers, and that the calibration set is not constant.",
        )
    axis = int(quantization.quantizedDimension)
    if len(scale) > 1:
        # Some converters give a bias of one dimension the axis of its weights.
        channels = shape[axis] if 0 <= axis < len(shape) else math.prod(shape)
        require(channels == len(scale), f"{label} of shape {shape} has {len(scale)} scales")
    low, high = _ZERO_POINTS.get(dtype, (-(2**31), 2**31 - 1))
    require(((zero_point >= low) & (zero_point <= high)).all(), f"{label} has a zero point outside of {dtype}")


def check_finite(tensor: Any, index: int, buffers: Sequence[Any]) -> None:
    """Refuse NaN and infinity among the constants of one TensorT.

    Raises:
        Damage: `nan-weights`.
    """
    dtype = dtype_name(tensor.type)
    data = buffers[tensor.buffer].data
    if data is None or dtype not in {"float16", "float32", "float64", "bfloat16"}:
        return
    raw = np.asarray(data, np.uint8).tobytes()
    # bfloat16 is the upper half of a float32.
    values = (
        (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
        if dtype == "bfloat16"
        else np.frombuffer(raw, np.dtype(dtype).newbyteorder("<"))
    )
    bad = int(values.size - np.isfinite(values).sum())
    if bad:
        raise Damage(
            f"{tensor_label(tensor, index)} has {bad:,} values that are NaN or infinite, of {values.size:,}",
            code="nan-weights",
            remedy=f"Train again with a lower learning rate or gradient clipping. {EXPORT_AGAIN}",
        )
