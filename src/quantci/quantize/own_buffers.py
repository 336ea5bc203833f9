"""A buffer for each float constant: the engine `litert` quantizes constants where they lie.

Converters store equal constants once. Two biases in one buffer would then get the scale of one of them, and a bias
that is also the slope of a PRELU would make a damaged file.
"""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

from quantci.errors import ModelRejected
from quantci.tflite.enums import dtype_name
from quantci.tflite.identify import MAX_MODEL_BYTES
from quantci.tflite.verify.tensors import stored_bytes


def give_own_buffers(model: Any, where: str) -> None:
    """Copy the buffers that a float constant shares with another tensor, in a draft of a model.

    Raises:
        ModelRejected: `too-large`: the copies would not fit into any model.
    """
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    readers = Counter(tensor.buffer for tensor in tensors)
    copied = 0
    for tensor in tensors:
        size = stored_bytes(tensor, model.buffers)
        if not size or readers[tensor.buffer] == 1 or dtype_name(tensor.type) != "float32":
            continue
        copied += size
        if copied > MAX_MODEL_BYTES:
            raise ModelRejected(
                "too-large",
                f"Its tensors share buffers: stored on their own, they take more than {MAX_MODEL_BYTES:,} bytes.",
                where=where,
                remedy="Use a model that is meant for a microcontroller.",
            )
        readers[tensor.buffer] -= 1
        model.buffers.append(copy.copy(model.buffers[tensor.buffer]))
        tensor.buffer = len(model.buffers) - 1
        readers[tensor.buffer] = 1
