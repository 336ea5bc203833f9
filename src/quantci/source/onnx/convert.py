"""From an .onnx to the float flatbuffer. Runs in the jail."""

from __future__ import annotations

import json
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantci.source.onnx.explain import explain
from quantci.source.onnx.graph import check_runnable, keeps_layout, read_onnx
from quantci.source.onnx.runtime import Converted, remember
from quantci.source.onnx.simplify import simplify
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence


def convert_onnx(
    inside: str, input_shape: Sequence[int], where: str
) -> tuple[bytes, str, list[int] | None, dict[str, str]]:
    """The float flatbuffer, with a batch of 1, the converter, what turned_shape() says, and the names of its tensors.

    What convolutions read is channels first in ONNX and channels last in the flatbuffer; any other input keeps its
    layout. onnx_outputs() then answers for this model.

    Args:
        inside: an .onnx file in the jail.
        input_shape: of the input, where the file leaves sizes open; empty where it does not.
        where: the model's own path, for messages.

    Raises:
        ModelRejected: see docs/errors.md.
    """
    model = simplify(read_onnx(Path(inside), where), input_shape, where)
    check_runnable(model.graph, where)
    data, tensors = to_flatbuffer(model, where)
    remember(Converted(model, Model(data, where), tensors))
    return data, f"onnx2tf {version('onnx2tf')}", turned_shape(model), tensors


def recall(inside: str, input_shape: Sequence[int], where: str, data: bytes, tensors: dict[str, str]) -> None:
    """Let onnx_outputs() answer for a model that was converted by an earlier run, to this flatbuffer.

    Raises:
        ModelRejected: as convert_onnx() does.
    """
    model = simplify(read_onnx(Path(inside), where), input_shape, where)
    remember(Converted(model, Model(data, where), tensors))


def turned_shape(model: Any) -> list[int] | None:
    """The shape of the ONNX input, where the flatbuffer takes its channels last instead."""
    (taken,) = model.graph.input
    shape = [dim.dim_value for dim in taken.type.tensor_type.shape.dim]
    is_same = len(shape) < 3 or shape == [shape[0], *shape[2:], shape[1]] or keeps_layout(model.graph)
    return None if is_same else shape


def to_flatbuffer(model: Any, where: str) -> tuple[bytes, dict[str, str]]:
    """What onnx2tf makes of a model of fixed shapes, and the names of its tensors by those in the ONNX graph."""
    from onnx2tf.tflite_builder import export_tflite_model_flatbuffer_direct

    (taken,) = model.graph.input
    try:
        with tempfile.TemporaryDirectory() as folder:
            # The function behind onnx2tf.convert(), without what that does around it: it writes into the user's file,
            # simplifies once more, shows progress bars, and makes of an unknown op a custom one.
            written = export_tflite_model_flatbuffer_direct(
                onnx_graph=model,
                output_folder_path=folder,
                output_file_name="model",
                flatbuffer_direct_show_progress=False,
                keep_shape_absolutely_input_names=[taken.name] if keeps_layout(model.graph) else [],
            )
            report = json.loads(Path(written["tensor_correspondence_report_path"]).read_text())
            return Path(written["float32_tflite_path"]).read_bytes(), {
                record["onnx_output_name"]: record["resolved_tflite_tensor_name"]
                for record in report["records"]
                if record["exists_in_final_model"]
            }
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever a converter raises, it is about the model
        raise explain(error, where) from None
