"""An .onnx file as a source model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.records.quantize import FLOAT_MODEL
from quantci.source.control_flow import check_one_subgraph
from quantci.source.digest import digest
from quantci.source.float16 import check_float32
from quantci.source.onnx.once import ConvertOnce
from quantci.source.onnx.told import missing_onnx2tf
from quantci.tflite.flatbuffer import check_weights
from quantci.tflite.integer_only import check_no_flex
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from quantci.workers.jail import Jail

MAX_FILE_BYTES = 512 * 1024**2


class OnnxSource:
    """A model that onnx2tf converts."""

    format = "onnx"
    needs_tensorflow = False
    exported_difference: float | None = None
    signature: str | None = None

    def __init__(self, path: Path, input_shape: tuple[int, ...], jail: Jail, output_dir: Path | None) -> None:
        self.converter: str | None = None
        self.turned_shape: list[int] | None = None
        self._path = path
        self._input_shape = input_shape
        self.sha256 = digest(path)
        self._jail = jail
        self._once = ConvertOnce(jail, output_dir)

    def convert(self) -> Model:
        """Convert a copy of the file.

        Raises:
            ModelRejected: damaged, or not convertible.
            ToolError: `missing-extra`: onnx2tf is not installed, or does not run on this Python.
        """
        if (missing := missing_onnx2tf()) is not None:
            raise missing
        inside = self._jail.bring(self._path, "model.onnx", MAX_FILE_BYTES)
        data, known = self._once.convert(str(inside), digest(inside), self._input_shape, str(self._path))
        self.converter, self.turned_shape = known.converter, known.turned_shape
        return float_model(data, str(self._path))

    def outputs(self, samples: NDArray[np.float32]) -> list[NDArray[np.float32]] | None:
        """What ONNX Runtime answers to samples [n, ...] as the flatbuffer takes them."""
        return self._once.outputs(samples)

    def first_difference(self, samples: NDArray[np.float32]) -> str:
        """The first node of the ONNX graph that the flatbuffer computes otherwise."""
        return self._once.first_difference(samples)


def float_model(data: bytes, where: str) -> Model:
    """What onnx2tf has written, checked as any stranger's file is."""
    model = Model(data, where, file_name=FLOAT_MODEL)
    check_weights(model.tree, where)
    check_no_flex(model.summary.ops, where)
    check_one_subgraph(model)
    check_float32(model)
    return model
