"""What the generated headers say about inputs, outputs and preprocessing, in the words of C++."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quantci.errors import ModelRejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quantci.records.model import TensorInfo

TYPES: Final = {
    "bool": "bool",
    "float32": "float",
    "int8": "std::int8_t",
    "int16": "std::int16_t",
    "int32": "std::int32_t",
    "int64": "std::int64_t",
    "uint8": "std::uint8_t",
}
PIXEL_RANGE: Final = {"int8": (-128, 127), "uint8": (0, 255)}


@dataclass(frozen=True, kw_only=True)
class Port:
    """One input or output. Its constants are called kInput..., kOutput...; those of a second one kInput1..., and so on.

    Attributes:
        scale: None when the tensor is not quantized, as is zero_point.
    """

    prefix: str
    name: str
    type: str
    dims: list[int]
    scale: float | None
    zero_point: int | None


def ports(kind: str, tensors: Iterable[TensorInfo]) -> list[Port]:
    """The inputs (`kind` is Input) or outputs (Output) of a model.

    Raises:
        ModelRejected: `dynamic-shape` or `unsupported-type`: TFLM could not run it.
    """
    return [_port(kind, number, tensor) for number, tensor in enumerate(tensors)]


def _port(kind: str, number: int, tensor: TensorInfo) -> Port:
    if any(size < 1 for size in tensor.shape[1:]):
        raise ModelRejected(
            "dynamic-shape",
            f"The size of this {kind.lower()} is not fixed: {tensor.shape}.",
            where=tensor.name,
            remedy="Fix the input's shape before converting; TFLM allocates all memory at the start.",
        )
    if tensor.dtype not in TYPES:
        raise ModelRejected(
            "unsupported-type",
            f"This {kind.lower()} is {tensor.dtype}, which the component cannot pass on.",
            where=tensor.name,
            remedy=f"Use one of {', '.join(TYPES)}.",
        )
    return Port(
        prefix=f"{kind}{number or ''}",
        name=tensor.name,
        type=TYPES[tensor.dtype],
        dims=[size if size > 0 else 1 for size in tensor.shape],  # an open batch is allocated as one sample
        scale=tensor.scale[0] if tensor.scale else None,
        zero_point=tensor.zero_point[0] if tensor.zero_point else None,
    )


def check_table(table: Sequence[Sequence[int]], dtype: str, channels: int | None) -> list[list[int]]:
    """The lookup table as plain integers.

    Raises:
        ValueError: it does not fit the input; whoever made it has a bug.
    """
    low, high = PIXEL_RANGE.get(dtype, (0, -1))
    rows = [[int(value) for value in row] for row in table]
    fits = all(len(row) == 256 and low <= min(row) <= max(row) <= high for row in rows)
    if not rows or not fits or channels not in {None, len(rows)}:
        msg = f"the lookup table does not fit an input of type {dtype} with {channels} channels"
        raise ValueError(msg)
    return rows
