"""The interface of a source model, and the choice of a reader by what the file is.

A new format is one more file with an `open_...` function and one more branch in `open_source`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

from quantci.errors import ConfigError, ModelRejected
from quantci.records.code_name import CodeName
from quantci.tflite.identify import check_fetched, read_head, sniff

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
        turned_shape: the source's own input shape, where the float model takes its channels last instead; else None.
        exported_difference: of PyTorch's module to its ONNX, once outputs() was called; None for other sources.
    """

    format: str
    needs_tensorflow: bool
    signature: str | None
    sha256: str

    @property
    def converter(self) -> str | None: ...

    @property
    def turned_shape(self) -> list[int] | None: ...

    @property
    def exported_difference(self) -> float | None: ...

    def convert(self) -> Model:
        """The float model, batch size 1, as model_float.tflite; messages about it name the source."""
        ...

    def outputs(self, samples: NDArray[np.float32]) -> list[NDArray[np.float32]] | None:
        """The source model's own outputs for samples [n, ...], each [n, ...]; None when taken as it is."""
        ...

    def first_difference(self, samples: NDArray[np.float32]) -> str:
        """Where the float model as it was converted begins to differ from its source; empty where that is not known."""
        ...


def open_model(
    wanted: ModelConfig, base: Path, *, jail: Jail, allow_code: bool, output_dir: Path | None = None
) -> Source:
    """The reader for model.source: a file, a folder, or a function that builds a PyTorch module.

    Args:
        wanted: [model], with a source.
        base: folder that its paths start from.
        jail: where the model is read.
        allow_code: whether the repository's code may run.
        output_dir: where conversions are kept for later runs; None keeps none.

    Raises:
        ModelRejected: as open_source() does.
        ConfigError: `code-not-allowed`, `weights-unused`.
    """
    assert wanted.source is not None
    name = CodeName.parse(wanted.source)
    if name is None:
        if wanted.weights is not None:
            raise ConfigError(
                "weights-unused",
                "model.weights is for a function that builds a PyTorch module, but the source is a file.",
                where=f"model.source: {wanted.source}",
                remedy="Remove model.weights, or name the function as model.source.",
            )
        return open_source(base / wanted.source, wanted, jail=jail, output_dir=output_dir)
    from quantci.source.torch import open_function

    return open_function(name, wanted, base, jail, allow_code=allow_code, output_dir=output_dir)


def open_source(path: Path, wanted: ModelConfig, *, jail: Jail, output_dir: Path | None = None) -> Source:
    """The reader for this file or folder.

    Args:
        path: file or SavedModel folder.
        wanted: [model], of which each format takes what it needs.
        jail: where the model is read, unless it is a .tflite.
        output_dir: where conversions are kept for later runs; None keeps none.

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

        for file in (path / "saved_model.pb", *path.glob("variables/variables.*")):
            check_fetched(file)
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

        return OnnxSource(path, wanted.input_shape, jail, output_dir)
    if what in {"zip", "torch"} and path.suffix.lower() == ".pt2":
        from quantci.source.torch import TorchSource

        return TorchSource(str(path), "exported-program", wanted, path.parent, jail, str(path), output_dir)
    from quantci.source.tflite import TfliteSource

    return TfliteSource(path)  # which says what the file really is, should it be something else
