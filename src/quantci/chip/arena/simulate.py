"""One allocation from its start to its end, as MicroInterpreter::AllocateTensors makes it, byte by byte.

Source: esp-tflite-micro 1.4.0, tensorflow/lite/micro/micro_interpreter.cc, micro_allocator.cc,
micro_allocation_info.cc and arena_allocator/single_arena_buffer_allocator.cc.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantci.chip.arena.kernel_memory import kernel_of
from quantci.chip.arena.layout import LAYOUTS, PLANNED_BUFFER_BYTES, SPARE_REQUESTS, align
from quantci.chip.arena.lifetimes import Planned, lifetimes
from quantci.chip.arena.memory_planner import height, plan
from quantci.chip.arena.prepare import Persistent, Scratch, Temporary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from quantci.chip.arena.kernel_memory import Kernel
    from quantci.chip.arena.layout import Build, Layout
    from quantci.chip.arena.prepare import Ask
    from quantci.chip.graph import Graph
    from quantci.chip.op import Op, Tensor


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What the allocation came to, in bytes.

    Attributes:
        head: what tensors and scratch take, placed by the planner.
        tail: what stays for the model's life.
        transient: the most that is in use at once while ops prepare and memory is planned, which can be more than head
            and tail together.
        planned: the buffers of the head.
    """

    head: int
    tail: int
    transient: int
    planned: Sequence[Planned]

    @property
    def used(self) -> int:
        """What `arena_used_bytes()` gives."""
        return self.head + self.tail

    @property
    def minimum(self) -> int:
        """The smallest arena, a multiple of 16, in which the allocation goes through."""
        return align(max(self.used, self.transient))


def simulate(graph: Graph, build: Build, scratch_of: Callable[[Op], int] | None = None) -> Simulation:
    """Allocate a model whose ops are all in the table.

    Args:
        graph: the model.
        build: which build of TFLM.
        scratch_of: bytes of scratch that ESP-NN asks for, for each op; None for kernels that ask for none.

    Raises:
        KeyError: an op is not in the table of kernels.
    """
    arena = _Arena(LAYOUTS[build])
    arena.start(graph)
    kernels = [_known(op) for op in graph.ops]
    for kernel in kernels:
        if kernel.options is not None:
            arena.keep(*kernel.options.of(build))
    for kernel in kernels:
        if kernel.data is not None:
            arena.keep(kernel.data.of(build))
    scratch: list[tuple[int, int]] = []  # op, bytes
    for op, kernel in zip(graph.ops, kernels, strict=True):
        requests = arena.prepare(kernel.prepare(op))
        if scratch_of is not None and (extra := scratch_of(op)):
            requests.append(extra)
        scratch += [(op.index, size) for size in requests]
        arena.reserve_requests(len(scratch))
    planned = lifetimes(graph, scratch)
    buffers = [piece.buffer for piece in planned]
    arena.plan(graph, scratch=len(scratch), buffers=len(buffers))
    transient = arena.most
    head = height(buffers, plan(buffers))
    arena.finish(graph, head)
    return Simulation(head=head, tail=arena.tail, transient=transient, planned=planned)


def _known(op: Op) -> Kernel:
    kernel = kernel_of(op)
    if kernel is None:
        raise KeyError(op.name)
    return kernel


class _Arena:
    """The two ends of the arena. The tail grows down from an end that is a multiple of 16."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.tail = 0
        self.most = 0
        self._head = 0  # requests for scratch
        self._borrowed = 0  # end of what is in the head for a while

    def start(self, graph: Graph) -> None:
        layout = self._layout
        for size in (*layout.start, layout.builtin_allocator):
            self.keep(size, layout.word)
        self.reserve_requests(0)
        for size in (
            layout.subgraph * graph.subgraphs,
            layout.eval_tensor * len(graph.tensors),
            layout.node * len(graph.ops),
        ):
            self.keep(size, layout.word)

    def keep(self, size: int, alignment: int = 16) -> None:
        self.tail = align(self.tail + size, alignment)
        self.most = max(self.most, self._head + self.tail)

    def borrow(self, size: int, alignment: int) -> None:
        self._borrowed = align(self._borrowed, alignment) + size
        self.most = max(self.most, self._borrowed + self.tail)

    def borrow_tensor(self, tensor: Tensor) -> None:
        for size, alignment in self._tensor(tensor):
            self._borrowed = align(self._borrowed, alignment) + size
        self.most = max(self.most, self._borrowed + self.tail)

    def prepare(self, asks: Iterable[Ask]) -> list[int]:
        """Do what an op's Prepare asks for; gives the sizes of its scratch buffers."""
        scratch = []
        for ask in asks:
            match ask:
                case Temporary(tensor):
                    self.borrow_tensor(tensor)
                case Persistent(size):
                    self.keep(size)
                case Scratch(size):
                    scratch.append(size)
        return scratch

    def reserve_requests(self, count: int) -> None:
        """Room for the requests so far and for those of the next op; whatever was borrowed is given back."""
        self._head = self._borrowed = self._layout.scratch_request * (count + SPARE_REQUESTS)
        self.most = max(self.most, self._head + self.tail)

    def plan(self, graph: Graph, *, scratch: int, buffers: int) -> None:
        """The work space of planning, with the variables that are allocated in its midst."""
        layout = self._layout
        if scratch:
            self.keep(layout.word * scratch, layout.word)
        self.borrow(layout.word * graph.subgraphs, layout.word)
        self.borrow(layout.allocation * (len(graph.tensors) + scratch), layout.word)
        for tensor in graph.tensors:
            if tensor.is_variable:
                self.keep(tensor.size)
        self.most = max(self.most, align(self._borrowed) + PLANNED_BUFFER_BYTES * buffers + align(self.tail))

    def finish(self, graph: Graph, head: int) -> None:
        self._head = self._borrowed = head
        for tensors in (graph.inputs, graph.outputs):
            self.keep(self._layout.word * len(tensors))
            for tensor in tensors:
                for size, alignment in self._tensor(tensor):
                    self.keep(size, alignment)

    def _tensor(self, tensor: Tensor) -> Iterable[tuple[int, int]]:
        """A TfLiteTensor; where it is quantized with a TfLiteAffineQuantization and its zero points."""
        layout = self._layout
        yield layout.tensor, layout.word
        if tensor.channels:
            yield layout.quantization, layout.word
            yield 4 + 4 * tensor.channels, 4
