"""What training learned, written back: weights into the flatbuffer's buffers, ranges to those of the activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from quantci.quantize.own_buffers import give_own_buffers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quantci.records.qat import QatInfo
    from quantci.records.quantize import TensorRange
    from quantci.tflite.model import Model


class Learned(NamedTuple):
    """What training learned.

    Attributes:
        constants: by tensor of the main subgraph.
        ranges: of its activations.
        info: for the record.
    """

    constants: Mapping[int, NDArray[np.float32]]
    ranges: Mapping[int, tuple[float, float]]
    info: QatInfo


def with_constants(model: Model, constants: Mapping[int, NDArray[np.float32]]) -> Model:
    """The float model with these values: for the engine only, the reference stays what it was."""
    draft = model.draft()
    give_own_buffers(draft, model.where)  # what was one constant may now be two
    for index, values in constants.items():
        buffer = draft.buffers[draft.subgraphs[0].tensors[index].buffer]
        buffer.data = np.frombuffer(values.astype("<f4").tobytes(), np.uint8)
    return model.changed(draft)


def with_learned(ranges: Sequence[TensorRange], learned: Mapping[int, tuple[float, float]]) -> list[TensorRange]:
    """The ranges as they were learned; what was not learned stays."""
    return [
        msgspec.structs.replace(entry, min=learned[entry.tensor][0], max=learned[entry.tensor][1])
        if entry.tensor in learned
        else entry
        for entry in ranges
    ]
