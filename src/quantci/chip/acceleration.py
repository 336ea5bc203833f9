"""Which kernel runs each op on the chip: the vector unit's, or why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.chip.esp_nn.dispatch import REFERENCE, Choice, choose
from quantci.records.kernels import OpKernel

if TYPE_CHECKING:
    from quantci.chip.datasheet import Chip
    from quantci.chip.graph import Graph


def op_kernels(graph: Graph, chip: Chip) -> list[OpKernel] | None:
    """The kernel of each op of the main subgraph, in order; None where ESP-NN's kernels for the chip are not known.

    Args:
        graph: of a quantized model.
        chip: what runs it.
    """
    if chip.kernel_set == "esp32p4":
        return None
    plain = Choice(REFERENCE, "this chip has no accelerated kernels")
    choices = [plain if chip.kernels == "reference" else choose(op) for op in graph.ops]
    return [
        OpKernel(
            op_index=op.index,
            op=op.name,
            path=choice.kernel.path,
            reason=choice.reason,
            remedy=choice.remedy,
            wanted=choice.wanted,
        )
        for op, choice in zip(graph.ops, choices, strict=True)
    ]
