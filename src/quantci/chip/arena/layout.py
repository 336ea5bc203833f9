"""Sizes of TFLM's own structs, which lie in the arena beside the tensors, in the builds that are simulated.

Source of the chip's: esp-tflite-micro 1.4.0, tensorflow/lite/micro/micro_allocator.cc, micro_allocation_info.h,
memory_planner/greedy_memory_planner.h, tensorflow/lite/c/common.h, as a 32-bit compiler lays them out; of the host's:
the same in the tflite-micro wheel 0.dev20261023182759 (x86-64), whose allocator records what it gives out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Build = Literal["esp-nn", "reference", "host"]

ALIGNMENT: Final = 16  # of the arena, and of every buffer of tensor data; micro_arena_constants.h
SPARE_REQUESTS: Final = 12  # scratch buffers that each op may ask for; kMaxScratchBuffersPerOp in micro_allocator.cc
PLANNED_BUFFER_BYTES: Final = 40  # work space of the planner for each buffer: no pointers, so the same in all builds


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Struct sizes in bytes. Each is aligned to `word`, but for arrays of integers, which are aligned to 4.

    Attributes:
        word: size of a pointer.
        start: what exists before there is a model: memory allocator, planner, MicroAllocator.
        builtin_allocator: MicroBuiltinDataAllocator.
        subgraph: SubgraphAllocations, one for each subgraph.
        eval_tensor: TfLiteEvalTensor, one for each tensor.
        node: NodeAndRegistration, one for each op.
        tensor: TfLiteTensor, kept for each input and output, and made for a while by ops that prepare themselves.
        quantization: TfLiteAffineQuantization, beside each quantized TfLiteTensor.
        scratch_request: ScratchBufferRequest, in the head until memory is planned.
        allocation: AllocationInfo, in the head while memory is planned.
    """

    word: int
    start: tuple[int, ...]
    builtin_allocator: int
    subgraph: int
    eval_tensor: int
    node: int
    tensor: int
    quantization: int
    scratch_request: int
    allocation: int


_CHIP: Final = Layout(
    word=4,
    start=(36, 44, 36),
    builtin_allocator=8,
    subgraph=8,
    eval_tensor=12,
    node=32,
    tensor=40,
    quantization=12,
    scratch_request=12,
    allocation=24,
)
_HOST: Final = Layout(
    word=8,
    start=(104, 72, 272),
    builtin_allocator=16,
    subgraph=24,
    eval_tensor=24,
    node=64,
    tensor=64,
    quantization=24,
    scratch_request=16,
    allocation=32,
)
LAYOUTS: Final[Mapping[Build, Layout]] = {"esp-nn": _CHIP, "reference": _CHIP, "host": _HOST}


def align(size: int, alignment: int = ALIGNMENT) -> int:
    """The next multiple of `alignment`."""
    return -(-size // alignment) * alignment
