"""What SELECT says of a model: its tensors, and the arena that it takes."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.device.fields import Fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

# tflite::TensorType -> NumPy's name, of the types that TFLM gives in or out.
DTYPES: Final = {
    0: "float32",
    1: "float16",
    2: "int32",
    3: "uint8",
    4: "int64",
    6: "bool",
    7: "int16",
    9: "int8",
    10: "float64",
    12: "uint64",
    15: "uint32",
    16: "uint16",
}
_NUMBERS: Final = {name: number for number, name in DTYPES.items()}


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """An input or output on the device.

    Attributes:
        dtype: NumPy's name of its type.
        shape: its dimensions.
        scale: real value of one step; 0.0 when it is not quantized.
        zero_point: integer that stands for 0.0.
    """

    dtype: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int

    @property
    def size_bytes(self) -> int:
        """Bytes of its data."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    def array(self, data: bytes) -> NDArray[Any]:
        """The data as an array."""
        return np.frombuffer(data, np.dtype(self.dtype).newbyteorder("<")).reshape(self.shape).astype(self.dtype)


@dataclass(frozen=True, kw_only=True)
class Description:
    """A model that a device has allocated.

    Attributes:
        arena_used_bytes: what it takes of the arena.
        arena_given_bytes: the arena's size.
        op_count: operators of its main subgraph.
    """

    arena_used_bytes: int
    arena_given_bytes: int
    op_count: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def input_bytes(self) -> int:
        """Bytes of all inputs together."""
        return sum(tensor.size_bytes for tensor in self.inputs)

    @property
    def output_bytes(self) -> int:
        """Bytes of all outputs together."""
        return sum(tensor.size_bytes for tensor in self.outputs)

    def split_outputs(self, data: bytes) -> list[NDArray[Any]]:
        """The outputs, out of all their bytes one after the other."""
        arrays, start = [], 0
        for tensor in self.outputs:
            arrays.append(tensor.array(data[start : start + tensor.size_bytes]))
            start += tensor.size_bytes
        return arrays


def parse_description(payload: bytes) -> Description:
    """Read SELECT's reply.

    Raises:
        ValueError: it is too short or too long, names a type that is not known, or sizes that disagree.
    """
    fields = Fields(payload)
    used, given, ops, inputs, outputs = fields.take("<IIHBB")
    tensors = [_parse_tensor(fields) for _ in range(inputs + outputs)]
    fields.end()
    return Description(
        arena_used_bytes=used,
        arena_given_bytes=given,
        op_count=ops,
        inputs=tuple(tensors[:inputs]),
        outputs=tuple(tensors[inputs:]),
    )


def _parse_tensor(fields: Fields) -> Tensor:
    number, rank = fields.take("<BB")
    shape = fields.take(f"<{rank}I")
    size, scale, zero_point = fields.take("<Ifi")
    if number not in DTYPES:
        msg = f"a tensor of type {number}"
        raise ValueError(msg)
    tensor = Tensor(dtype=DTYPES[number], shape=shape, scale=scale, zero_point=zero_point)
    if tensor.size_bytes != size:
        msg = f"{size} bytes for a tensor of {tensor.size_bytes}"
        raise ValueError(msg)
    return tensor


def write_description(description: Description) -> bytes:
    """SELECT's reply."""
    head = struct.pack(
        "<IIHBB",
        description.arena_used_bytes,
        description.arena_given_bytes,
        description.op_count,
        len(description.inputs),
        len(description.outputs),
    )
    return head + b"".join(map(_write_tensor, (*description.inputs, *description.outputs)))


def _write_tensor(tensor: Tensor) -> bytes:
    rank = len(tensor.shape)
    head = struct.pack(f"<BB{rank}I", _NUMBERS[tensor.dtype], rank, *tensor.shape)
    return head + struct.pack("<Ifi", tensor.size_bytes, tensor.scale, tensor.zero_point)
