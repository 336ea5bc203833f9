"""Keras 3 (.keras, .h5), legacy Keras 2 (.h5, .hdf5) and SavedModel folders, through TensorFlow in a jail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.records.quantize import FLOAT_MODEL
from quantci.source.control_flow import check_one_subgraph
from quantci.source.digest import digest
from quantci.source.float16 import check_float32
from quantci.source.keras_file import MAX_FILE_BYTES
from quantci.source.load import convert, outputs
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from quantci.workers.jail import Jail

# The loaders choose by the end of the name.
_NAMES = {"keras": "model.keras", "hdf5": "model.h5", "saved-model": "saved_model"}


class TensorflowSource:
    """A model that only TensorFlow can read."""

    needs_tensorflow = True
    turned_shape: list[int] | None = None
    exported_difference: float | None = None

    def __init__(self, path: Path, kind: str, signature: str | None, jail: Jail) -> None:
        self.format = kind
        self.signature = signature
        self.converter: str | None = None
        self._path = path
        self.sha256 = digest(path)
        self._jail = jail

    def convert(self) -> Model:
        """Load the model and convert it.

        Raises:
            ModelRejected: damaged, made of code or of classes that Keras does not have, with dynamic shapes, with a
                loop, or not convertible.
            ConfigError: the SavedModel lacks the signature.
            ToolError: `missing-extra`: TensorFlow is not installed.
        """
        inside = self._jail.bring(self._path, _NAMES[self.format], MAX_FILE_BYTES)
        arguments = (str(inside), self.format, self.signature, str(self._path))
        data, self.format, self.converter = self._jail.call(convert, *arguments)
        model = Model(data, str(self._path), file_name=FLOAT_MODEL)
        check_one_subgraph(model)
        check_float32(model)
        return model

    def outputs(self, samples: NDArray[np.float32]) -> list[NDArray[np.float32]] | None:
        """The source model's own outputs for samples [n, ...], each [n, ...]."""
        return self._jail.call(outputs, samples)

    def first_difference(self, samples: NDArray[np.float32]) -> str:
        """Not known."""
        del samples
        return ""
