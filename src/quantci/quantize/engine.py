"""Engines: from a float flatbuffer with ranges to an INT8 flatbuffer. Both give the same outputs in TFLM to 1 LSB.

All ops become INT8 (what TFLiteConverter calls TFLITE_BUILTINS_INT8), weights are per-channel, biases INT32.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from quantci.errors import ModelRejected, missing_tensorflow
from quantci.quantize.lstm import empty_intermediates, has_lstm
from quantci.quantize.sums import disguise_sums, reveal_sums
from quantci.tflite.integer_only import name_ops
from quantci.tflite.model import Model
from quantci.tflite.native_stderr import native_stderr
from quantci.tflite.remedies import replacement

if TYPE_CHECKING:
    from quantci.quantize.recipe import Types

# Of the same bytes TensorFlow 2.21 makes an INT8 SPLIT or, once in four times, one between DEQUANTIZE and QUANTIZE, as
# in the unrolled LSTM of Keras 3; it depends on where objects lie in memory.
_WAVERS: Final = "SPLIT"
_TRIES: Final = 20
_NAMED_OP: Final = re.compile(r"not yet supported for op: '(\w+)'")


def quantize_with_litert(calibrated: Model, types: Types) -> bytes:
    """Quantize inside ai-edge-litert, without TensorFlow. Runs in a worker.

    `QuantizeModel` of the calibration wrapper uses the ranges that stand in the flatbuffer when nothing was fed.
    A private module of a pinned wheel: tests/integration/test_engines.py holds it to TFLiteConverter's own result.

    Raises:
        ModelRejected: `unquantizable-op`: the op has no INT8 form.
    """
    import numpy as np
    from ai_edge_litert import _pywrap_tensorflow_lite_calibration_wrapper as wrapper

    def number(name: str) -> int:
        return np.dtype(name).num

    given, sums = disguise_sums(calibrated)
    calibrator = wrapper.CalibrationWrapper(given.data, [], [])
    calibrator.Prepare()
    allow_float, per_tensor = False, False
    try:
        result: bytes = calibrator.QuantizeModel(
            number(types.input),
            number(types.output),
            allow_float,
            number(types.activations),
            number("int64" if types.activations == "int16" else "int32"),
            per_tensor,
            types.per_tensor_dense,
        )
    except (RuntimeError, ValueError) as error:
        raise _refusal(calibrated, *_explain(calibrated, _one_line(error))) from None
    return reveal_sums(Model(bytes(result), calibrated.where), sums).data


def quantize_with_tensorflow(calibrated: Model, types: Types) -> bytes:
    """Quantize with TensorFlow's MLIR quantizer, as TFLiteConverter does. Runs in the TensorFlow worker.

    Asking the quantizer for uint8 gives int8 silently, so the input and output types are changed afterwards, as
    tensorflow/lite/python/lite.py (2.21.0) does.

    Raises:
        ModelRejected: `unquantizable-op`.
        ToolError: `missing-extra`: TensorFlow is not installed.
    """
    try:
        import tensorflow
        from tensorflow.lite.python.convert import mlir_quantize
        from tensorflow.lite.python.util import modify_model_io_type
    except ImportError:
        raise missing_tensorflow("The engine `tensorflow`", ", or set quantization.engine to litert") from None
    try:
        with native_stderr():  # it prints its settings
            run = partial(mlir_quantize, calibrated.data, disable_per_channel_for_dense_layers=types.per_tensor_dense)
            quantized = run()
            for _ in range(_TRIES):
                if not _wavered(bytes(quantized)):
                    break
                quantized = run()
            result: Any = modify_model_io_type(
                quantized, getattr(tensorflow, types.input), getattr(tensorflow, types.output)
            )
    except Exception as error:  # noqa: BLE001  whatever MLIR raises, it is about the model
        cause = f"TensorFlow's quantizer refused the model: {_one_line(error)}"
        remedy = "Set quantization.engine to litert: it names the op that it cannot quantize, and the layer."
        raise _refusal(calibrated, cause, remedy) from None
    if has_lstm(calibrated):
        return empty_intermediates(Model(bytes(result), calibrated.where)).data
    return bytes(result)


def _wavered(quantized: bytes) -> bool:
    """Whether asking again may give more integer ops."""
    return any(op.op == _WAVERS and op.is_float for op in Model(quantized, "").summary.ops)


def engine_version(engine: str) -> str:
    """Version of the package that an engine comes from."""
    from importlib.metadata import version

    return version("tensorflow" if engine == "tensorflow" else "ai-edge-litert")


def _explain(model: Model, reason: str) -> tuple[str, str]:
    """Cause and remedy, of the op that LiteRT's quantizer names and of the layers that have it."""
    named = _NAMED_OP.search(reason)
    ops = [
        op for op in model.summary.ops if named is not None and named[1] in {op.op, "CUSTOM" if op.is_custom else ""}
    ]
    if ops:
        return f"LiteRT's quantizer has no INT8 form of {name_ops(ops)}.", replacement(ops)
    return f"LiteRT's quantizer refused the model: {reason}", "Replace the layer that it names."


def _refusal(model: Model, cause: str, remedy: str) -> ModelRejected:
    return ModelRejected("unquantizable-op", cause, where=model.where, remedy=remedy)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
