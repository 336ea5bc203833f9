"""What onnx2tf raised, as one sentence that names the node, and what is usually put in its place."""

from __future__ import annotations

import re
from typing import Any, Final

from quantci.errors import ModelRejected

_REFUSED: Final = re.compile(r"op=(\S+) node=(.*?) reason_code=(\S+) message=(.*)", re.DOTALL)


def explain(error: BaseException, model: Any, where: str) -> ModelRejected:
    """A converter's exception as one sentence."""
    del model
    text = " ".join(str(error).split()) or type(error).__name__
    if (refused := _REFUSED.search(text)) is not None:
        op, node, _, why = refused.groups()
        return ModelRejected(
            "onnx-operator",
            f"onnx2tf has no TFLite op for {op[:60]} at the node {node[:200]}: {why[:200]}",
            where=where,
            remedy="Replace it in the model, and export it again.",
        )
    return ModelRejected(
        "conversion",
        f"onnx2tf could not convert the model: {text[:300]}",
        where=where,
        remedy="Convert it by hand with onnx2tf to see the whole message.",
    )
