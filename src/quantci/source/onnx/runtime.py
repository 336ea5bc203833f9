"""What ONNX Runtime answers, in the layout of the flatbuffer. Runs in the jail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.source.onnx.graph import keeps_layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The model that was converted last: one jail has one.
_converted: dict[str, Any] = {}


def remember(model: Any, data: bytes, where: str) -> None:
    """Keep the model for onnx_outputs()."""
    _converted.clear()
    _converted.update(model=model, data=data, where=where)


def onnx_outputs(samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The outputs for samples [n, ...] as the flatbuffer takes them."""
    model = _converted["model"]
    session = open_session(model)
    first = samples if keeps_layout(model.graph) else np.moveaxis(samples, -1, 1)
    name = session.get_inputs()[0].name
    rows = [session.run(None, {name: np.ascontiguousarray(first[index : index + 1])}) for index in range(len(samples))]
    return [np.concatenate(parts).astype(np.float32) for parts in zip(*rows, strict=True)]


def open_session(model: Any) -> Any:
    """ONNX Runtime with the model, on one thread, silent."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        model.SerializeToString(), sess_options=options, providers=["CPUExecutionProvider"]
    )
