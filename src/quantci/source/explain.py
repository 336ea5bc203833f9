"""What a loader or converter raised, as one sentence and a remedy."""

from __future__ import annotations

import errno
import re
from typing import Final

from quantci.errors import ModelRejected, QuantciError, ToolError

# The converter's summary, and the place in the graph of the first op that it complains about.
_UNCONVERTED: Final = re.compile(r"^(?:Custom|TF Select|Flex) ops: ([\w, ]+)$", re.MULTILINE)
_LAYER: Final = re.compile(r'error: loc\([^"]*"[^"]*", "([^"@]+)')


def explain(error: Exception, where: str) -> QuantciError:
    """A loader's or converter's exception as one sentence."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, MemoryError) or getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM}:
        return ToolError(
            "out-of-memory",
            f"TensorFlow ran out of memory or disk: {text[:200]}",
            where=where,
            remedy="Free memory and the temporary folder (TMPDIR), and run it again.",
        )
    if "Could not locate class" in text or "Unknown layer" in text or "custom object" in text.lower():
        return ModelRejected(
            "custom-layer",
            f"The model needs a layer of your own code: {text[:200]}",
            where=where,
            remedy="Export it with model.export(folder) and name that SavedModel folder.",
        )
    if isinstance(error, (OSError, EOFError)) or "not a valid" in text or "Unable to" in text:
        return ModelRejected(
            "malformed",
            f"The file cannot be read as a model: {text[:200]}",
            where=where,
            remedy="Save the model again; if it came through Git, check that LFS fetched it.",
        )
    ops = _UNCONVERTED.search(str(error))
    if ops is not None:
        layer = _LAYER.search(str(error))
        place = f" (layer {layer[1][:200]})" if layer else ""
        return ModelRejected(
            "conversion",
            f"TFLite has no op for TensorFlow's {ops[1].strip()[:200]}{place}.",
            where=where,
            remedy="Replace the layer by one of ops that TFLite has: its kernels are what runs on the chip.",
        )
    return ModelRejected(
        "conversion",
        f"TensorFlow could not load or convert the model: {text[:300]}",
        where=where,
        remedy="Convert it by hand with tf.lite.TFLiteConverter to see the whole message.",
    )
