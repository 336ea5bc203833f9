"""A float .tflite is taken as it is: it is its own reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.errors import ModelRejected
from quantci.records.quantize import FLOAT_MODEL
from quantci.source.control_flow import check_one_subgraph
from quantci.source.fixed_batch import fix_batch
from quantci.source.float16 import check_float32, widen
from quantci.source.integer_input import take_floats
from quantci.source.own_int8 import is_quantized, quantized_tensors
from quantci.tflite.flatbuffer import check_weights
from quantci.tflite.integer_only import check_no_flex
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from quantci.records.model import ModelSummary


class TfliteSource:
    """A .tflite with float inputs, outputs and weights."""

    format = "tflite"
    needs_tensorflow = False
    turned_shape: list[int] | None = None
    exported_difference: float | None = None
    signature: str | None = None
    converter: str | None = None

    def __init__(self, path: Path) -> None:
        self._model = Model.read(path, file_name=FLOAT_MODEL)
        self.sha256 = self._model.sha256

    def convert(self) -> Model:
        """The file itself, after its structure and weights were checked.

        Its weights become float32 if they are float16, its batch 1 if it is open, its input float32 if it is cast.

        Raises:
            ModelRejected: damaged, not float, with NaN in its weights, or with what cannot be quantized as a whole.
        """
        check_weights(self._model.tree, self._model.where)
        check_no_flex(self._model.summary.ops, self._model.where)
        check_one_subgraph(self._model)
        model = take_floats(fix_batch(widen(self._model)))
        where, summary = model.where, model.summary
        _check_float(summary, where)
        check_float32(model)
        odd = [tensor for tensor in summary.inputs if tensor.dtype != "float32"]
        if odd:
            raise ModelRejected(
                "input-type",
                f"The input {odd[0].name} takes {odd[0].dtype}, and the model computes with these integers; the float "
                "model must take float32.",
                where=where,
                remedy="Convert it with a float32 input, and do outside of the model what it does with the integers, "
                "such as looking up an embedding.",
            )
        return model

    def outputs(self, samples: NDArray[np.float32]) -> list[NDArray[np.float32]] | None:
        """None: the model is its own reference."""
        del samples
        return None

    def first_difference(self, samples: NDArray[np.float32]) -> str:
        """Not known."""
        del samples
        return ""


def _check_float(summary: ModelSummary, where: str) -> None:
    quantized = quantized_tensors(summary)
    names = ", ".join(tensor.name for tensor in quantized[:3])
    if quantized and not is_quantized(summary):
        raise ModelRejected(
            "already-quantized",
            f"Its weights are integers ({names}), its activations float: a dynamic-range model, not for TFLM.",
            where=where,
            remedy="Convert it again without converter.optimizations: quantci quantizes the float model itself.",
        )
    if quantized or not summary.float_tensors:
        raise ModelRejected(
            "already-quantized",
            f"This model is quantized already ({len(quantized)} integer tensors, such as {names}).",
            where=where,
            remedy="Name it as model.quantized to have it judged as it is; model.source is the float model that it was "
            "made from.",
        )
