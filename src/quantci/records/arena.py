"""The tensor arena that the model will need on the chip: how large, where it fits, and what fills it."""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Bytes, Count


class ArenaPeak(Record, frozen=True, kw_only=True):
    """The op during which most of the head is in use."""

    op_index: Annotated[Count, Meta(description="Index of the op in the main subgraph.")]
    op: Annotated[str, Meta(description="TFLite builtin name.")]
    name: Annotated[str, Meta(description="Name of its output, from before stripping; empty when it has none.")]
    bytes_in_use: Annotated[Bytes, Meta(description="Tensors and scratch that are alive then.")]


class ArenaPiece(Record, frozen=True, kw_only=True):
    """A tensor, or the scratch of an op, that is alive at the peak."""

    tensor: Annotated[Count | None, Meta(description="Index of the tensor; null for scratch.")]
    name: Annotated[str, Meta(description="Name from before stripping; for scratch that of the op's output.")]
    piece_bytes: Annotated[Bytes, Meta(description="What it takes, a multiple of 16.")]
    gain_bytes: Annotated[
        int | None,
        Meta(description="How much smaller the smallest arena would be if this were half as large; null if not tried."),
    ]


class Arena(Record, frozen=True, kw_only=True):
    """Tensor arena. Never measured on a chip: `kind` says how the figures came about."""

    kind: Annotated[
        Literal["simulated", "estimated"],
        Meta(description="simulated: TFLM's allocator, byte by byte; estimated: from what TFLM used on the host."),
    ]
    used_bytes: Annotated[Bytes, Meta(description="What arena_used_bytes() will give on the chip.")]
    minimum_bytes: Annotated[Bytes, Meta(description="The smallest arena in which the model allocates.")]
    recommended_bytes: Annotated[Bytes, Meta(description="What the generated header reserves.")]
    headroom_bytes: Annotated[Bytes, Meta(description="Recommended minus minimum.")]
    head_bytes: Annotated[Bytes | None, Meta(description="Activations and scratch; null when estimated.")]
    tail_bytes: Annotated[Bytes | None, Meta(description="TFLM's own structs; null when estimated.")]
    scratch_bytes: Annotated[Bytes, Meta(description="Largest scratch that ESP-NN asks for in any one op.")]
    host_used_bytes: Annotated[Bytes | None, Meta(description="What 64-bit TFLM used on the host; null: not asked.")]
    basis: Annotated[str, Meta(description="One sentence: what the figures rest on.")]
    chip: Annotated[str, Meta(description="Chip that they are for.")]
    memory: Annotated[
        Literal["internal", "psram", "none"], Meta(description="Fastest memory that the recommended arena fits into.")
    ]
    internal_room_bytes: Annotated[Bytes, Meta(description="What a typical firmware leaves of the internal memory.")]
    psram_room_bytes: Annotated[Bytes, Meta(description="What there is outside; 0 without PSRAM.")]
    unknown_ops: Annotated[list[str], Meta(description="Ops whose kernels are not in the table: hence an estimate.")]
    peak: Annotated[ArenaPeak | None, Meta(description="Null for a model without ops, or with several subgraphs.")]
    alive: Annotated[list[ArenaPiece], Meta(description="What is alive at the peak, largest first.")]
    timeline: Annotated[list[Bytes], Meta(description="Bytes of the head in use during each op.")]
