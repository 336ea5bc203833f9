"""Drop what the chip never reads: tensor names, calibration ranges, metadata, signatures, the description.

The names stay in the record, so a later comparison can still name each layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from quantci.tflite.model import Model


def strip(quantized: Model) -> Model:
    """The lean model. It is told the names of its tensors, which its file lacks."""
    model = quantized.draft()
    for graph in model.subgraphs:
        graph.name = None
        for tensor in graph.tensors:
            tensor.name = None
            tensor.shapeSignature = None
            if tensor.quantization is not None:
                tensor.quantization.min = None
                tensor.quantization.max = None
    model.description = None
    model.metadata = None
    model.metadataBuffer = None
    model.signatureDefs = None
    _drop_unused_buffers(model)
    return quantized.changed(model, tensor_names=quantized.tensor_names)


def _drop_unused_buffers(model: Any) -> None:
    """Keep buffer 0 (empty by convention) and each buffer that a tensor uses; equal constants are stored once."""
    buffers = model.buffers
    kept = [buffers[0]]
    new_index: dict[bytes, int] = {b"": 0}
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            data = buffers[tensor.buffer].data
            content = b"" if data is None else np.asarray(data, dtype=np.uint8).tobytes()
            if content not in new_index:
                new_index[content] = len(kept)
                kept.append(buffers[tensor.buffer])
            tensor.buffer = new_index[content]
    model.buffers = kept
