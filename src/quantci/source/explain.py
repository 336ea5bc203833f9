"""What a loader or converter raised, as one sentence and a remedy."""

from __future__ import annotations

import errno
import re
from typing import Final

from quantci.errors import ModelRejected, QuantciError, ToolError

# The converter's summary, and the place in the graph of the first op that it complains about.
_UNCONVERTED: Final = re.compile(r"^(?:Custom|TF Select|Flex) ops: ([\w, ]+)$", re.MULTILINE)
_LAYER: Final = re.compile(r'error: loc\([^"]*"[^"]*", "([^"@]+)')
# What Keras says of the layer that it was in.
_KERAS_LAYER: Final = re.compile(r"calling (?:layer )?['\"]?([\w./-]+?)['\"]?(?:\.call\(\)|\s|\()")

_OUTSIDE: Final = "Compute it outside of the model, and give the result as its input."
_REMEDIES: Final = tuple(
    (re.compile(ops), remedy)
    for ops, remedy in (
        (
            r"Random|Multinomial|Dropout",
            "Export the model for inference (training=False): nothing in it may be random.",
        ),
        (r"FusedBatchNorm", "Export the model for inference (training=False): BatchNormalization still learns."),
        (r"FFT|Spectrogram|Mfcc|DCT", "Compute the spectrogram outside of the model, and give it as the input."),
        (
            r"AdjustContrast|AdjustHue|AdjustSaturation|ImageProjectiveTransform|HSV",
            "Take the augmentation out of the model, or do it before the picture is given: it is no part of inference.",
        ),
        (
            r"Decode|ParseExample|String|Regex|Vocab",
            "Export a model that takes numbers: files and texts are read before.",
        ),
        (r"Table|Bincount|Unique|Where", _OUTSIDE),
        (
            r"NonMaxSuppression|CropAndResize|TopK",
            "Export the model up to its scores and boxes; choose in the firmware.",
        ),
        (r"TensorList|TensorArray|While|Scan", "Set unroll=True on the recurrent layer: a loop cannot be quantized."),
        (r"3D", "Use two-dimensional layers: fold the third axis into the channels."),
        (r"Erfc?$", "Replace GELU by ReLU or hard-swish."),
        (r"ExtractImagePatches", "Use a Conv2D with the size of the patches as kernel and stride."),
        (r"MaxPoolWithArgmax|MaxUnpool", "Use MaxPooling2D, and Conv2DTranspose or Resizing for the way back."),
        (r"(?i)^a?(sin|cos|tan)h?2?$", _OUTSIDE),
        (r"gamma|Beta|Zeta|Bessel|Erfinv|Ndtri", _OUTSIDE),
        (r"Matrix|Cholesky|Svd|Qr|Eig|Lu$|Triangular|Determinant|Lstsq", _OUTSIDE),
        (r"Softplus|Softsign|Mish|Selu", "Use ReLU, LeakyReLU or hard-swish as the activation."),
        (r"Sparse", "Save the model with dense weights and inputs."),
        (r"Roll", "Cut the tensor in two with slices, and concatenate them in the other order."),
        (r"Cumprod", "Multiply the slices by each other, two at a time."),
    )
)
_ANY: Final = "Replace the layer by one of ops that TFLite has: its kernels are what runs on the chip."


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
            remedy=_remedy(ops[1]),
        )
    layer = _KERAS_LAYER.search(text)
    place = f" at the layer {layer[1][:200]}" if layer else ""
    return ModelRejected(
        "conversion",
        f"TensorFlow could not load or convert the model{place}: {text[:300]}",
        where=where,
        remedy="Convert it by hand with tf.lite.TFLiteConverter to see the whole message.",
    )


def _remedy(ops: str) -> str:
    """What helps with TensorFlow's ops of these names, each once."""
    found = [next((remedy for names, remedy in _REMEDIES if names.search(op.strip())), _ANY) for op in ops.split(",")]
    return " ".join(dict.fromkeys(found))
