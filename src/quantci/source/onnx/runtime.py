"""What ONNX Runtime answers, in the flatbuffer's layout, and where that begins to differ. Runs in the jail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from quantci.errors import ModelRejected
from quantci.source.onnx.graph import keeps_layout
from quantci.tflite.lite_rt import open_lite_rt, open_preserved

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.tflite.model import Model

# Of the largest value of a tensor: float kernels that sum in another order stay far below it.
_TOLERANCE: Final = 1e-3


class Converted(NamedTuple):
    """A model before and after its conversion.

    Attributes:
        onnx: of fixed shapes, as it was converted.
        flatbuffer: what it became.
        tensors: name in the flatbuffer by name in the ONNX graph, as far as onnx2tf says it.
    """

    onnx: Any
    flatbuffer: Model
    tensors: dict[str, str]


_last: list[Converted] = []  # one jail converts one model


def remember(converted: Converted) -> None:
    """Keep what was converted for the two functions below."""
    _last[:] = [converted]


def onnx_outputs(samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """ONNX Runtime's outputs for samples [n, ...] as the flatbuffer takes them, in the layout that it gives them in."""
    (converted,) = _last
    try:
        session = _open_session(converted.onnx)
        rows = [_run(session, converted.onnx, sample[np.newaxis]) for sample in samples]
    except Exception as error:  # noqa: BLE001  of its own kinds, all about the model
        raise ModelRejected(
            "forward",
            f"ONNX Runtime cannot run the model: {' '.join(str(error).split())[:300]}",
            where=converted.flatbuffer.where,
            remedy="Export it again, with an opset that ONNX Runtime has and its true types.",
        ) from None
    runner = open_lite_rt(converted.flatbuffer)
    given = runner.run([samples[:1]])
    return [np.concatenate([as_given(row[index], like) for row in rows]) for index, like in enumerate(given)]


def first_difference(samples: NDArray[np.float32]) -> str:
    """The first node of the ONNX graph that the flatbuffer computes otherwise, and by how much; empty for none."""
    import onnx

    (converted,) = _last
    shown = onnx.ModelProto()
    shown.CopyFrom(converted.onnx)
    nodes = [node for node in shown.graph.node if node.output and node.output[0] in converted.tensors]
    del shown.graph.output[:]
    shown.graph.output.extend(onnx.ValueInfoProto(name=node.output[0]) for node in nodes)
    session = _open_session(shown)
    runner = open_preserved(converted.flatbuffer, "builtin")
    places = {tensor.name: tensor.index for tensor in converted.flatbuffer.summary.tensors}
    for sample in samples:
        runner.run([sample[np.newaxis]])
        for node, own in zip(nodes, _run(session, shown, sample[np.newaxis]), strict=True):
            place = places.get(converted.tensors[node.output[0]])
            if place is None:
                continue
            given = runner.tensor(place)
            if given.size != own.size or own.dtype.kind != "f":
                continue
            difference = float(np.abs(as_given(own, given) - given).max())
            if not difference <= _TOLERANCE * max(1.0, float(np.abs(own).max())):
                return f"{node.name or node.output[0]} ({node.op_type}), by {difference:.3g}"
    return ""


def _run(session: Any, model: Any, sample: NDArray[np.float32]) -> list[NDArray[Any]]:
    """The outputs for one sample [1, ...] as the flatbuffer takes it."""
    own = sample if keeps_layout(model.graph) else np.moveaxis(sample, -1, 1)
    return [np.asarray(value) for value in session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(own)})]


def as_given(own: NDArray[Any], given: NDArray[Any]) -> NDArray[np.float32]:
    """ONNX Runtime's values in the flatbuffer's order: as they are, or with channels last, whichever is nearer."""
    values = own.astype(np.float32)
    ways = [values, np.moveaxis(values, 1, -1)] if values.ndim > 2 else [values]
    fitting = [way for way in ways if way.shape == given.shape] or ways[:1]
    if len(fitting) == 1:
        return fitting[0].reshape(given.shape)
    return min(fitting, key=lambda way: float(np.abs(way - given).max()))


def _open_session(model: Any) -> Any:
    """ONNX Runtime with the model, on one thread, silent."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        model.SerializeToString(), sess_options=options, providers=["CPUExecutionProvider"]
    )
