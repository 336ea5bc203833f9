"""A float .tflite is taken as it is: it is its own reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.errors import ModelRejected
from quantci.source.digest import digest
from quantci.tflite.flatbuffer import check_weights, parse
from quantci.tflite.identify import read_model_file
from quantci.tflite.summary import summary_of

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
        self._path = path
        self.sha256 = digest(path)

    def convert(self) -> bytes:
        """The file itself, after its structure and weights were checked.

        Raises:
            ModelRejected: damaged, not float, or with NaN in its weights.
        """
        data = read_model_file(self._path)
        where = str(self._path)
        model = parse(data, where)
        check_weights(model, where)
        summary = summary_of(model, data, self._path.name)
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
        return data

    def outputs(self, samples: NDArray[np.float32]) -> list[NDArray[np.float32]] | None:
        """None: the model is its own reference."""
        del samples
        return None
