"""A float .tflite is taken as it is: it is its own reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.errors import ModelRejected
from quantci.records.quantize import FLOAT_MODEL
from quantci.tflite.flatbuffer import check_weights
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class TfliteSource:
    """A .tflite with float inputs, outputs and weights."""

    format = "tflite"
    needs_tensorflow = False
    signature: str | None = None
    converter: str | None = None

    def __init__(self, path: Path) -> None:
        self._model = Model.read(path, file_name=FLOAT_MODEL)
        self.sha256 = self._model.sha256

    def convert(self) -> Model:
        """The file itself, after its structure and weights were checked.

        Raises:
            ModelRejected: damaged, not float, or with NaN in its weights.
        """
        model = self._model
        where, summary = model.where, model.summary
        check_weights(model.tree, where)
        quantized = [tensor.name for tensor in summary.tensors if tensor.scale and tensor.dtype in {"int8", "uint8"}]
        if quantized or not summary.float_tensors:
            names = ", ".join(quantized[:3])
            raise ModelRejected(
                "already-quantized",
                f"This model is quantized already ({len(quantized)} integer tensors, such as {names}).",
                where=where,
                remedy="Name the float model that it was made from: quantci needs it as the reference.",
            )
        odd = [tensor for tensor in summary.inputs if tensor.dtype != "float32"]
        if odd:
            raise ModelRejected(
                "input-type",
                f"The input {odd[0].name} takes {odd[0].dtype}; the float model must take float32.",
                where=where,
                remedy="Convert without the CAST at its input; quantization.input_type sets what the INT8 model takes.",
            )
        return model

    def outputs(self, samples: NDArray[np.float32]) -> list[NDArray[np.float32]] | None:
        """None: the model is its own reference."""
        del samples
        return None
