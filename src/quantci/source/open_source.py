"""The interface of a source model, and the choice of a reader by what the file is.

A new format is one more file with an `open_...` function and one more branch in `open_source`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

from quantci.errors import ModelRejected
from quantci.tflite.identify import read_head, sniff

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from quantci.records.config import ModelConfig
    from quantci.tflite.model import Model
    from quantci.workers.jail import Jail

# Two files of weights that TensorFlow writes.
_CHECKPOINT: Final = re.compile(r"\.ckpt$|\.index$|\.data-\d+-of-\d+$")


class Source(Protocol):
    """A source model.

    Attributes:
        format: as in records.quantize.SourceInfo.
        needs_tensorflow: True when TensorFlow reads it; the `tensorflow` engine then costs no further import.
        sha256: digest of the file, or of a folder's files.
        signature: the signature taken from a SavedModel, else None.
        converter: name and version of the converter, None for a .tflite that is taken as it is.
    """

    format: str
    needs_tensorflow: bool
    signature: str | None
    sha256: str

    @property
    def converter(self) -> str | None: ...

    def convert(self) -> Model:
        """The float model, batch size 1, as model_float.tflite; messages about it name the source."""
        ...

    def outputs(self, samples: NDArray[np.float32]) -> list[NDArray[np.float32]] | None:
        """The source model's own outputs for samples [n, ...], each [n, ...]; None when taken as it is."""
        ...


def open_source(path: Path, wanted: ModelConfig, *, jail: Jail) -> Source:
    """The reader for this file or folder.

    Args:
        path: file or SavedModel folder.
        wanted: [model], of which each format takes what it needs.
        jail: where the model is read, unless it is a .tflite.

    Raises:
        ModelRejected: missing, or not a format that is read.
    """
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise ModelRejected(
                "wrong-format",
                "This folder is not a SavedModel: it has no saved_model.pb.",
                where=str(path),
                remedy="Name a .keras, .h5, .onnx or .tflite file, or a folder written by model.export().",
            )
        from quantci.source.tensorflow import TensorflowSource

        return TensorflowSource(path, "saved-model", wanted.signature, jail)
    what = sniff(read_head(path))
    if what in {"keras", "hdf5"}:
        from quantci.source.tensorflow import TensorflowSource

        return TensorflowSource(path, what, None, jail)
    if what == "unknown" and _CHECKPOINT.search(path.name):
        from quantci.source.keras_file import weights_only

        raise weights_only(str(path))
    if what == "onnx" or (what == "unknown" and path.suffix.lower() == ".onnx"):
        from quantci.source.onnx.source import OnnxSource

        return OnnxSource(path, wanted.input_shape, jail)
    if what == "unknown" and path.suffix == ".pt2":
        raise ModelRejected(
            "format-not-accepted",
            f"{path.suffix} models are not read yet.",
            where=str(path),
            remedy="Export the model as .onnx, .keras, .h5, SavedModel or float .tflite.",
        )
    from quantci.source.tflite import TfliteSource

    return TfliteSource(path)  # which says what the file really is, should it be something else
