"""Keras 3 (.keras, .h5), legacy Keras 2 (.h5, .hdf5) and SavedModel folders, through TensorFlow in its own process.

The batch size is fixed to 1 before converting: with an open batch TFLiteConverter leaves SHAPE, STRIDED_SLICE and PACK
ops before each RESHAPE, and LSTM layers do not allocate in TFLM.
"""

from __future__ import annotations

import errno
import tempfile
from typing import TYPE_CHECKING, Any

from quantci.errors import ConfigError, ModelRejected, QuantciError, ToolError, missing_tensorflow
from quantci.source.digest import digest
from quantci.tflite.native_stderr import native_stderr

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from quantci.workers.pool import Pool

# The worker's loaded model, kept between `convert` and `outputs` so that it is read once.
_loaded: dict[str, Any] = {}


class TensorflowSource:
    """A model that only TensorFlow can read."""

    needs_tensorflow = True

    def __init__(self, path: Path, kind: str, signature: str | None, tensorflow: Pool) -> None:
        self.format = kind
        self.signature = signature
        self.converter: str | None = None
        self._path = path
        self.sha256 = digest(path)
        self._tensorflow = tensorflow

    def convert(self) -> bytes:
        """Load the model and convert it.

        Raises:
            ModelRejected: damaged, needs custom code, has dynamic shapes, or cannot be converted.
            ConfigError: the SavedModel lacks the signature.
            ToolError: `missing-extra`: TensorFlow is not installed.
        """
        data, self.format, self.converter = self._tensorflow.call(_convert, self._path, self.format, self.signature)
        return data

    def outputs(self, samples: NDArray[np.float32]) -> list[NDArray[np.float32]] | None:
        """The source model's own outputs for samples [n, ...], each [n, ...]."""
        return self._tensorflow.call(_outputs, samples)


def _convert(path: Path, kind: str, signature: str | None) -> tuple[bytes, str, str]:
    """Runs in the TensorFlow worker. What TensorFlow prints on the way is of no use to anybody: errors are raised."""
    with native_stderr():
        return _convert_silently(path, kind, signature)


def _convert_silently(path: Path, kind: str, signature: str | None) -> tuple[bytes, str, str]:
    tensorflow = _import_tensorflow()
    try:
        if kind == "saved-model":
            _load_saved_model(path, signature or "serving_default")
        else:
            kind = _load_keras(path, kind)
        with tempfile.TemporaryDirectory() as folder:
            _loaded["export"](folder)
            converter = tensorflow.lite.TFLiteConverter.from_saved_model(folder)
            data: bytes = converter.convert()
    except QuantciError:
        raise
    except Exception as error:  # noqa: BLE001  whatever a loader or converter raises, it is about the model
        raise _explain(error, path) from None
    return data, kind, f"TensorFlow {tensorflow.__version__} TFLiteConverter"


def _import_tensorflow() -> Any:
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    try:
        import tensorflow
    except ImportError:
        raise missing_tensorflow("Reading a Keras or SavedModel source") from None
    return tensorflow


def _load_keras(path: Path, kind: str) -> str:
    legacy = kind == "hdf5" and _keras_version(path).startswith("2")
    if legacy:
        import tf_keras as keras

        model = keras.models.load_model(path, compile=False, safe_mode=True)
    else:
        import keras

        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    tensor = _only_input(list(model.inputs), [str(tensor.name) for tensor in model.inputs], path)
    shape = _fixed(list(tensor.shape), str(tensor.name), path)
    if legacy:
        _export_function(lambda batch: model(batch, training=False), shape)
    else:
        spec = keras.InputSpec(shape=tuple(shape), dtype="float32")
        _loaded["export"] = lambda folder: model.export(
            folder, format="tf_saved_model", input_signature=[spec], verbose=False
        )
    _loaded["call"] = lambda batch: model(batch, training=False)
    _loaded["keep"] = model
    return "hdf5-legacy" if legacy else kind


def _load_saved_model(path: Path, signature: str) -> None:
    import tensorflow

    loaded = tensorflow.saved_model.load(str(path))
    if signature not in loaded.signatures:
        known = ", ".join(sorted(loaded.signatures)) or "none"
        raise ConfigError(
            "signature",
            f"The SavedModel has no signature {signature!r}; it has: {known}.",
            where=str(path),
            remedy="Set model.signature to one of them.",
        )
    function = loaded.signatures[signature]
    specs = function.structured_input_signature[1]
    name = _only_input(list(specs), list(specs), path)
    shape = _fixed(list(specs[name].shape), name, path)

    def run(batch: Any) -> Any:
        return function(**{name: tensorflow.cast(batch, specs[name].dtype)})

    def call(batch: Any) -> Any:
        if specs[name].shape[0] != 1:
            return run(batch)
        rows = [run(batch[index : index + 1]) for index in range(len(batch))]
        return {key: tensorflow.concat([row[key] for row in rows], axis=0) for key in rows[0]}

    _export_function(run, shape)
    _loaded["call"] = call
    _loaded["keep"] = loaded


def _export_function(function: Any, shape: list[int]) -> None:
    """Wrap a callable as a SavedModel of this float32 input shape."""
    import tensorflow

    module = tensorflow.Module()
    spec = tensorflow.TensorSpec(shape, tensorflow.float32, name="input")
    module.call = tensorflow.function(function, input_signature=[spec])

    def export(folder: str) -> None:
        module.keep = _loaded["keep"]  # its variables must be reachable from the saved object
        tensorflow.saved_model.save(module, folder, signatures=module.call.get_concrete_function())

    _loaded["export"] = export


def _outputs(samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Runs in the TensorFlow worker."""
    import numpy as np

    with native_stderr():
        result = _loaded["call"](samples)
    if isinstance(result, dict):
        result = [result[key] for key in sorted(result)]
    elif not isinstance(result, (list, tuple)):
        result = [result]
    return [np.asarray(output, dtype=np.float32) for output in result]


def _keras_version(path: Path) -> str:
    import h5py

    with h5py.File(path, "r") as file:
        return str(file.attrs.get("keras_version", "3"))


def _only_input(inputs: list[Any], names: list[str], path: Path) -> Any:
    if len(inputs) != 1:
        raise ModelRejected(
            "multi-input",
            f"The model has {len(inputs)} inputs ({', '.join(names)}); quantci feeds models of one input.",
            where=str(path),
            remedy="Name a model or a signature with one input.",
        )
    return inputs[0]


def _fixed(shape: list[int | None], name: str, path: Path) -> list[int]:
    """The shape with batch 1."""
    open_axes = [axis for axis, size in enumerate(shape) if size is None and axis > 0]
    if open_axes or not shape:
        raise ModelRejected(
            "dynamic-shape",
            f"Input {name} has no fixed size (shape {shape}).",
            where=str(path),
            remedy="Give the model's Input a fixed shape; a microcontroller reserves its memory once.",
        )
    return [1, *(int(size) for size in shape[1:] if size is not None)]


def _explain(error: Exception, path: Path) -> QuantciError:
    """A loader's or converter's exception as one sentence."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, MemoryError) or getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM}:
        return ToolError(
            "out-of-memory",
            f"TensorFlow ran out of memory or disk: {text[:200]}",
            where=str(path),
            remedy="Free memory and the temporary folder (TMPDIR), and run it again.",
        )
    if "lambda" in text.lower() and "safe" in text.lower():
        return ModelRejected(
            "format-not-accepted",
            "The model has a Lambda layer, which is code from the file; it is not run.",
            where=str(path),
            remedy="Replace the Lambda layer by Keras layers, or export the model as SavedModel.",
        )
    if "Could not locate class" in text or "Unknown layer" in text or "custom object" in text.lower():
        return ModelRejected(
            "custom-layer",
            f"The model needs a layer of your own code: {text[:200]}",
            where=str(path),
            remedy="Export it with model.export(folder) and name that SavedModel folder.",
        )
    if isinstance(error, (OSError, EOFError)) or "not a valid" in text or "Unable to" in text:
        return ModelRejected(
            "malformed",
            f"The file cannot be read as a model: {text[:200]}",
            where=str(path),
            remedy="Save the model again; if it came through Git, check that LFS fetched it.",
        )
    return ModelRejected(
        "conversion",
        f"TensorFlow could not load or convert the model: {text[:300]}",
        where=str(path),
        remedy="Convert it by hand with tf.lite.TFLiteConverter to see the whole message.",
    )
