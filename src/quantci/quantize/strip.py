"""Drop what the chip never reads: tensor names, calibration ranges, metadata, signatures, the description.

The names stay in the record, so a later comparison can still name each layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.errors import ToolError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.tflite.model import Model
    from quantci.tflite.oracle import Oracle


def strip(quantized: Model) -> tuple[Model, list[str]]:
    """The lean model, and the names of its tensors by index."""
    model, names = quantized.draft(), list(quantized.tensor_names)
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
    return quantized.changed(model, tensor_names=names), names


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


def outputs_of(model: Model, samples: list[NDArray[np.float32]], oracle: Oracle) -> list[list[list[NDArray[Any]]]]:
    """Run an integer model on the samples in LiteRT and in the oracle: outputs by interpreter. Runs in a worker."""
    from quantci.tflite.fixed_point import quantize
    from quantci.tflite.lite_rt import open_lite_rt
    from quantci.tflite.oracle import open_oracle

    results = []
    for runner in (open_lite_rt(model), open_oracle(model, oracle)):
        port = runner.inputs[0]
        given = [quantize(sample, port.scale, port.zero_point, port.dtype) for sample in samples]
        results.append([runner.run([tensor]) for tensor in given])
    return results


def check_same_outputs(
    before: list[list[list[NDArray[Any]]]], after: list[list[list[NDArray[Any]]]], interpreters: list[str]
) -> None:
    """Hold the outputs of the stripped model to those of the model before, in each of these interpreters.

    Raises:
        ToolError: `strip-changed-outputs`: a bug in quantci; the stripped model is not kept.
    """
    for interpreter, old, new in zip(interpreters, before, after, strict=True):
        for expected, found in zip(old, new, strict=True):
            if not all(np.array_equal(left, right) for left, right in zip(expected, found, strict=True)):
                raise ToolError(
                    "strip-changed-outputs",
                    f"Stripping the model changed its outputs in {interpreter}.",
                    remedy="Set quantization.strip = false, and report this as a bug with the model.",
                )
