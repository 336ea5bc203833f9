"""Load a Keras or SavedModel model with TensorFlow, and convert it to a float flatbuffer. Runs in the jail.

The batch size is fixed to 1 before converting: with an open batch TFLiteConverter leaves SHAPE, STRIDED_SLICE and PACK
ops before each RESHAPE, and LSTM layers do not allocate in TFLM.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantci.errors import ConfigError, ModelRejected, QuantciError, missing_tensorflow
from quantci.source.explain import explain
from quantci.source.float16 import mixed_precision
from quantci.source.keras_file import pack_archive, read_archive, read_keras
from quantci.source.keras_rules import faults, without_training
from quantci.source.saved_model import check_saved_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The loaded model, kept between `convert` and `outputs` so that it is read once.
_loaded: dict[str, Any] = {}


def convert(inside: str, kind: str, signature: str | None, where: str) -> tuple[bytes, str, str]:
    """The float flatbuffer, the format more precisely, and the converter.

    Args:
        inside: the copy of the model in the jail; the loaders choose by its name.
        kind: `keras`, `hdf5` or `saved-model`.
        signature: of a SavedModel.
        where: the model's own path, for messages.
    """
    path = Path(inside)
    if kind != "saved-model":
        kind = _checked(path, kind, where)
    tensorflow = _import_tensorflow()
    if kind == "saved-model":
        check_saved_model(path, where)
    try:
        if kind == "saved-model":
            _load_saved_model(path, signature or "serving_default", where)
        else:
            _load_keras(path, kind, where)
        with tempfile.TemporaryDirectory() as folder:
            _loaded["export"](folder)
            converter = tensorflow.lite.TFLiteConverter.from_saved_model(folder)
            data: bytes = converter.convert()
    except QuantciError:
        raise
    except Exception as error:  # noqa: BLE001  whatever a loader or converter raises, it is about the model
        raise explain(error, where) from None
    return data, kind, f"TensorFlow {tensorflow.__version__} TFLiteConverter"


def _checked(path: Path, kind: str, where: str) -> str:
    """Refuse what is not Keras' own, before any loader sees the file; the format more precisely."""
    file = read_keras(path, kind, where)
    config = without_training(file.config)
    for fault in faults(config, file.format, where):
        raise fault.rejection(where)
    if policy := re.search(r'"mixed_b?float16"', json.dumps(config)):
        raise mixed_precision(f"It was trained with the dtype policy {policy[0]}", where)
    if kind == "keras":
        pack_archive(path, config, read_archive(path, where))
    return file.format


def _import_tensorflow() -> Any:
    try:
        import tensorflow
    except ImportError:
        raise missing_tensorflow("Reading a Keras or SavedModel source") from None
    return tensorflow


def _load_keras(path: Path, kind: str, where: str) -> None:
    legacy = kind == "hdf5-legacy"
    if legacy:
        import tf_keras as keras

        model = keras.models.load_model(path, compile=False, safe_mode=True)
    else:
        import keras

        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    inputs = _inputs(model, where)
    tensor = _only_input(inputs, [str(tensor.name) for tensor in inputs], where)
    shape = _fixed(list(tensor.shape), str(tensor.name), where)
    if getattr(tensor.dtype, "name", tensor.dtype) != "float32":
        model = _with_float_input(keras, model, shape)
    if legacy:
        _export_function(lambda batch: model(batch, training=False), shape)
    else:
        _loaded["export"] = lambda folder: _export_keras(model, shape, folder)
    _loaded["call"] = lambda batch: model(batch, training=False)
    _loaded["keep"] = model


def _with_float_input(keras: Any, model: Any, shape: list[int]) -> Any:
    """The same model, which takes as float32 what it took as integers: else it would begin with two CASTs."""
    clone = keras.models.clone_model(model, input_tensors=keras.Input(batch_shape=shape, dtype="float32"))
    clone.set_weights(model.get_weights())
    return clone


def _export_keras(model: Any, shape: list[int], folder: str) -> None:
    """Write the SavedModel of a prediction: Model.export() takes along what augments pictures in training."""
    import keras
    import tensorflow

    archive = keras.export.ExportArchive()
    archive.track(model)
    spec = tensorflow.TensorSpec(shape, tensorflow.float32)
    archive.add_endpoint("serve", lambda args_0: model(args_0, training=False), input_signature=[spec])
    archive.write_out(folder, verbose=False)


def _inputs(model: Any, where: str) -> list[Any]:
    try:
        inputs = model.inputs
    except (AttributeError, ValueError):  # Keras 3; Keras 2 has None
        inputs = None
    if not inputs:
        raise ModelRejected(
            "unbuilt",
            "The model was saved before it knew the shape of its input, so it has no weights.",
            where=where,
            remedy="Begin it with keras.Input(shape), train it, and save it again.",
        )
    return list(inputs)


def _load_saved_model(path: Path, signature: str, where: str) -> None:
    import tensorflow

    loaded = tensorflow.saved_model.load(str(path))
    if signature not in loaded.signatures:
        known = ", ".join(sorted(loaded.signatures)) or "none"
        raise ConfigError(
            "signature",
            f"The SavedModel has no signature {signature!r}; it has: {known}.",
            where=where,
            remedy="Set model.signature to one of them.",
        )
    function = loaded.signatures[signature]
    specs = function.structured_input_signature[1]
    name = _only_input(list(specs), list(specs), where)
    shape = _fixed(list(specs[name].shape), name, where)

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


def outputs(samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The outputs of the model that `convert` has loaded."""
    import numpy as np

    result = _loaded["call"](samples)
    if isinstance(result, dict):
        result = [result[key] for key in sorted(result)]
    elif not isinstance(result, (list, tuple)):
        result = [result]
    return [np.asarray(output, dtype=np.float32) for output in result]


def _only_input(inputs: list[Any], names: list[str], where: str) -> Any:
    if len(inputs) != 1:
        raise ModelRejected(
            "multi-input",
            f"The model has {len(inputs)} inputs ({', '.join(names)}); quantci needs a model with one input.",
            where=where,
            remedy="Name a model or a signature with one input.",
        )
    return inputs[0]


def _fixed(shape: list[int | None], name: str, where: str) -> list[int]:
    """The shape with batch 1."""
    open_axes = [axis for axis, size in enumerate(shape) if size is None and axis > 0]
    if open_axes or not shape:
        raise ModelRejected(
            "dynamic-shape",
            f"Input {name} has no fixed size (shape {shape}).",
            where=where,
            remedy="Give the model's Input a fixed shape; a microcontroller reserves its memory once.",
        )
    return [1, *(int(size) for size in shape[1:] if size is not None)]
