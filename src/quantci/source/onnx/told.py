"""What is said of an ONNX model that cannot be taken."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from quantci.errors import ModelRejected, ToolError

_EXPORT = "Export the model again, such as with torch.onnx.export(); if it came through Git, check that LFS fetched it."


def missing_onnx2tf() -> ToolError | None:
    """What is missing here to read ONNX; None where nothing is."""
    if not (3, 12) <= sys.version_info[:2] <= (3, 13):
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return ToolError(
            "missing-extra",
            f"Reading an ONNX source needs onnx2tf, which has no release for Python {version}.",
            remedy="Use Python 3.12 or 3.13, or convert the model there and name the float .tflite as model.source.",
        )
    if find_spec("onnx2tf") is None or find_spec("onnx") is None:
        return ToolError(
            "missing-extra",
            "Reading an ONNX source needs onnx2tf, which is not installed.",
            remedy="Install it with pip install 'quantci[onnx]'.",
        )
    return None


def malformed(why: str, where: str) -> ModelRejected:
    """It is no ONNX model, or a damaged one."""
    return ModelRejected(
        "malformed", f"The file cannot be read as an ONNX model: {why[:200]}.", where=where, remedy=_EXPORT
    )
