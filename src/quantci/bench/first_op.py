"""The first op whose output on the device is not TFLM's: by the checksum of each op's outputs, for one sample.

The wheel of TFLM shows outputs only, so the host's side of an op is a model that is cut off after it.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from quantci.errors import QuantciError
from quantci.records.bench import FirstOp
from quantci.tflite.cut import cut_after

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from quantci.tflite.model import Model
    from quantci.tflite.runner import Runner


class Found(NamedTuple):
    """The op, or why none is named."""

    op: FirstOp | None
    reason: str = ""


def first_different(
    model: Model, integers: NDArray[np.generic], sample: str, crcs: Sequence[int], open_model: Callable[[Model], Runner]
) -> Found:
    """Compare op by op, from the first on.

    Args:
        model: the INT8 model, with the names that its tensors had.
        integers: its input.
        sample: what that is the input of.
        crcs: of each op's outputs on the device, in the order in which ops run.
        open_model: opens a model in TFLM on the host.
    """
    ops = model.summary.ops
    if model.summary.subgraph_count != 1:
        return Found(None, "The model has several subgraphs.")
    if len(crcs) != len(ops):
        return Found(None, f"The device tells of {len(crcs)} ops, and the model has {len(ops)}.")
    not_compared = 0
    for op, crc in zip(ops, crcs, strict=True):
        try:
            expected = outputs_crc(open_model(cut_after(model, op.index)), integers)
        except QuantciError:  # the wheel does not read outputs of every type
            not_compared += 1
            continue
        if expected != crc:
            names = [model.tensor_names[tensor] for tensor in op.outputs[:1]]
            return Found(FirstOp(index=op.index, op=op.op, name=names[0] if names else "", sample=sample))
    if not_compared:
        return Found(None, f"{not_compared} of {len(ops)} ops could not be compared, the others agree.")
    return Found(None, "Every op agrees when this sample is run again: the difference does not repeat.")


def outputs_crc(runner: Runner, integers: NDArray[np.generic]) -> int:
    """CRC-32 of all outputs' bytes one after the other, as the protocol has it."""
    crc = 0
    for output in runner.run([integers]):
        crc = zlib.crc32(output.tobytes(), crc)
    return crc
